#include "gateway/base/mechanism/bucket.h"

#include <algorithm>

namespace frontdesk {
namespace {

constexpr double kShortestUnit = 1000;  // nanoseconds: a million per second
// Longer than anybody waits, and far from where a Duration ends.
constexpr double kLongest = 1e18;
constexpr std::chrono::seconds kSkew{1};

Duration Nanos(double nanos) {
  return std::chrono::duration_cast<Duration>(
      std::chrono::nanoseconds(static_cast<int64_t>(std::min(nanos, kLongest))));
}

}  // namespace

BucketRule::BucketRule(uint64_t requests, Duration per, uint64_t burst)
    : requests_(std::max<uint64_t>(requests, 1)),
      per_(std::max(per, Duration(1))),
      burst_(burst == 0 ? requests_ : burst),
      unit_(std::max(static_cast<double>(per_.count()) / static_cast<double>(requests_),
                     kShortestUnit)),
      burst_time_(Nanos(unit_ * static_cast<double>(burst_))) {}

Duration BucketRule::TimeOf(uint64_t cost) const {
  return Nanos(unit_ * static_cast<double>(std::min(cost, burst_)));
}

uint64_t BucketRule::UnitsIn(Duration time) const {
  if (time <= Duration::zero()) return 0;
  // The time of n units was rounded down: what is left of a burst is a whole number of them again.
  const double units = (static_cast<double>(time.count()) + 1) / unit_;
  return units >= static_cast<double>(burst_) ? burst_ : static_cast<uint64_t>(units);
}

BucketVerdict Bucket::Peek(const BucketRule& rule, uint64_t cost, TimePoint now) const {
  Bucket copy = *this;
  return copy.Take(rule, cost, now);
}

BucketVerdict Bucket::Take(const BucketRule& rule, uint64_t cost, TimePoint now) {
  full_at_ = std::max(full_at_, now);
  // Only another rule can have put it so far away. What several loops call now differs by a little,
  // and none may shorten what another one has taken.
  if (full_at_ - now > rule.burst_time() + kSkew) full_at_ = now + rule.burst_time();
  const Duration there = std::max(rule.burst_time() - (full_at_ - now), Duration::zero());
  BucketVerdict verdict;
  if (cost > rule.burst()) {
    verdict.retry_after = Duration::max();
  } else if (const Duration wanted = rule.TimeOf(cost); wanted > there) {
    verdict.retry_after = full_at_ + wanted - rule.burst_time() - now;
  } else {
    verdict.taken = true;
    full_at_ += wanted;
  }
  verdict.reset = full_at_ - now;
  verdict.remaining = rule.UnitsIn(rule.burst_time() - verdict.reset);
  return verdict;
}

}  // namespace frontdesk
