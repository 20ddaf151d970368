#include "gateway/upstream/verdict.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "gateway/base/text.h"

namespace frontdesk::upstream {
namespace {

constexpr char kLost[] = "frontdesk/lost";

bool IsSlow(const SharedBreaker& breaker, Duration took) {
  const Duration slow_call = breaker.Look().settings().slow_call;
  return slow_call > Duration::zero() && took >= slow_call;
}

}  // namespace

Verdict Judge(const absl::Status& status, bool impatient) {
  if (status.ok()) return Verdict::kGood;
  if (WasNeverSent(status)) return Verdict::kNothing;
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
      return Verdict::kNothing;
    case absl::StatusCode::kDeadlineExceeded:
      return impatient ? Verdict::kCutShort : Verdict::kBad;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
      return Verdict::kBad;
    default:
      return Verdict::kGood;
  }
}

Verdict JudgeEndpoint(const absl::Status& status, bool impatient) {
  if (status.ok()) return Verdict::kGood;
  if (WasNeverSent(status) && ReasonOf(status) == "UPSTREAM_REFUSED") return Verdict::kBad;
  return Judge(status, impatient);
}

std::optional<Breaker> RecordVerdict(SharedBreaker& breaker, Breaker::Ticket ticket,
                                     Verdict verdict, Duration took, TimePoint now) {
  if (IsJudged(verdict) || (verdict == Verdict::kCutShort && IsSlow(breaker, took))) {
    return breaker.Record(std::move(ticket), verdict != Verdict::kBad, took, now);
  }
  breaker.Release(std::move(ticket));
  return std::nullopt;
}

void MarkLost(absl::Status& status) { status.SetPayload(kLost, absl::Cord("1")); }

bool WasLost(const absl::Status& status) { return status.GetPayload(kLost).has_value(); }

Verdict Losses::Filter(Verdict verdict, const absl::Status& status, TimePoint now) {
  constexpr Duration kMoment = std::chrono::milliseconds(10);
  if (verdict != Verdict::kBad || !WasLost(status)) return verdict;
  const Duration::rep ticks = now.time_since_epoch().count();
  const Duration::rep last = last_.load(std::memory_order_relaxed);
  if (ticks - kMoment.count() < last) return Verdict::kNothing;
  last_.store(ticks, std::memory_order_relaxed);
  return verdict;
}

Failure BreakerOpen(std::string_view of, Duration until_probe) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(until_probe).count();
  return Failure(absl::StatusCode::kUnavailable, "UPSTREAM_BREAKER_OPEN",
                 Cat("the breaker of ", of, " is open"), Origin::kGateway)
      .NeverSent()
      .Header("Retry-After", Cat(std::max<int64_t>(1, seconds)));
}

}  // namespace frontdesk::upstream
