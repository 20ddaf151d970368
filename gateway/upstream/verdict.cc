#include "gateway/upstream/verdict.h"

#include <algorithm>
#include <utility>

#include "absl/strings/cord.h"
#include "gateway/base/text.h"

namespace frontdesk::upstream {
namespace {

constexpr char kActed[] = "frontdesk/acted";
constexpr char kLost[] = "frontdesk/lost";
constexpr char kHeld[] = "frontdesk/held";

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
      if (WasHeld(status)) return Verdict::kNothing;
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

bool MayHaveActed(const absl::Status& failure) {
  if (WasNeverSent(failure)) return false;
  switch (failure.code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      break;
  }
  // An answer that was lost or can't be read, whatever code its end was given.
  if (OriginOf(failure) == Origin::kUpstream && ReasonOf(failure).starts_with("UPSTREAM_")) {
    return true;
  }
  return failure.GetPayload(kActed).has_value() && !SaysNo(failure.code());
}

void MarkActed(absl::Status& failure) { failure.SetPayload(kActed, absl::Cord("1")); }

bool SaysNo(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return true;
    default:
      return false;
  }
}

void MarkLost(absl::Status& status) { status.SetPayload(kLost, absl::Cord("1")); }

bool WasLost(const absl::Status& status) { return status.GetPayload(kLost).has_value(); }

void MarkHeld(absl::Status& status) { status.SetPayload(kHeld, absl::Cord("1")); }

bool WasHeld(const absl::Status& status) { return status.GetPayload(kHeld).has_value(); }

Verdict Losses::Filter(Verdict verdict, const absl::Status& status, TimePoint now) {
  constexpr Duration kMoment = std::chrono::milliseconds(10);
  return verdict == Verdict::kBad && WasLost(status) ? Filter(verdict, kMoment, now) : verdict;
}

Verdict Losses::Filter(Verdict verdict, Duration moment, TimePoint now) {
  if (verdict != Verdict::kBad) return verdict;
  const Duration::rep ticks = now.time_since_epoch().count();
  const Duration::rep last = last_.load(std::memory_order_relaxed);
  if (ticks - moment.count() < last) return Verdict::kNothing;
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
