#include "gateway/policy/shed.h"

#include <string_view>

#include "gateway/base/failure.h"

namespace frontdesk::policy {
namespace {

absl::Status Overloaded(std::string_view what) {
  return Failure(absl::StatusCode::kUnavailable, "OVERLOADED", what, Origin::kGateway)
      .NeverSent()
      .Header("Retry-After", "1");
}

}  // namespace

size_t InFlight::MostFor(Priority priority) const {
  switch (priority) {
    case Priority::kCritical:
      return most_;
    case Priority::kNormal:
      return most_ - most_ / 20;
    case Priority::kSheddable:
      return most_ - most_ / 10;
  }
  return most_;
}

bool InFlight::Take(Priority priority, Place& place) {
  if (most_ == std::numeric_limits<size_t>::max()) return true;
  const size_t most = MostFor(priority);
  size_t count = count_.load(std::memory_order_relaxed);
  while (count < most) {
    if (count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) {
      place = Place(*this);
      return true;
    }
  }
  return false;
}

bool Shedder::TooLateFor(Priority priority, TimePoint now) {
  const Lateness::Level level = lateness_.level(now);
  switch (priority) {
    case Priority::kCritical:
      return false;
    case Priority::kNormal:
      // Every other one: a refusal costs half of what an answer costs, so a worker that refuses all
      // that come too late may end up doing nothing else.
      return level == Lateness::Level::kVeryLate && !(spared_ = !spared_);
    case Priority::kSheddable:
      return level != Lateness::Level::kNone;
  }
  return false;
}

absl::StatusOr<InFlight::Place> Shedder::Admit(Priority priority, TimePoint now) {
  // Made once, because refusals must be cheap; never destroyed, because loops may outlive statics.
  static const auto& kTooLate =
      *new absl::Status(Overloaded("there is more to do than can be done in time"));
  static const auto& kTooMany = *new absl::Status(Overloaded("too many requests are in flight"));
  if (TooLateFor(priority, now)) {
    metrics_.OnShed(observe::ShedReason::kQueueAge);
    return kTooLate;
  }
  InFlight::Place place;
  if (!in_flight_.Take(priority, place)) {
    metrics_.OnShed(observe::ShedReason::kMaxInFlight);
    return kTooMany;
  }
  return place;
}

}  // namespace frontdesk::policy
