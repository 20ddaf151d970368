// What failures say: about who was called, and about trying again.
#pragma once

#include <atomic>
#include <optional>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/base/failure.h"
#include "gateway/base/shared_breaker.h"

namespace frontdesk::upstream {

// What the end of a call or attempt says about who was called.
enum class Verdict {
  kGood,
  kBad,
  kCutShort,  // no more than that it took at least so long
  kNothing,
};
// Good or bad.
inline bool IsJudged(Verdict verdict) {
  return verdict == Verdict::kGood || verdict == Verdict::kBad;
}

// By code: UNAVAILABLE, DEADLINE_EXCEEDED, UNKNOWN, INTERNAL and DATA_LOSS are bad; what the back
// end says about the request (NOT_FOUND, RESOURCE_EXHAUSTED ...) is an answer like any other. What
// never was sent, and what was cancelled or held until its time was over, says nothing.
// `impatient`: the client wanted its answer sooner than the configuration asks, or this process
// stood still: being late is not held against the back end then.
Verdict Judge(const absl::Status& status, bool impatient);

// The same of an attempt, about its end point: one that refuses a stream is bad, though nothing is
// lost by it.
Verdict JudgeEndpoint(const absl::Status& status, bool impatient);

// Gives the ticket of a call back with what its end says; as SharedBreaker::Record(). What was cut
// short counts where it is slow already.
std::optional<Breaker> RecordVerdict(SharedBreaker& breaker, Breaker::Ticket ticket,
                                     Verdict verdict, Duration took, TimePoint now);

// Whether a call that failed may have been carried out nevertheless: its answer was lost or can't
// be read, or nobody knows. So also of one that is marked, unless it SaysNo().
bool MayHaveActed(const absl::Status& failure);
// That an attempt before the one which ended like this may have been carried out.
void MarkActed(absl::Status& failure);
// The back end has looked at the request, and has not done it and will not.
bool SaysNo(absl::StatusCode code);

// Marks a failure that all calls of one connection have together.
void MarkLost(absl::Status& status);
bool WasLost(const absl::Status& status);

// Marks a failure of what its transport held to its end (OutgoingCall::IsHeld()): that there was no
// answer in time says nothing about who was called. It may have been on its way by then, so not
// that nobody has acted on it.
void MarkHeld(absl::Status& status);
bool WasHeld(const absl::Status& status);

// What happens to many calls at once is one thing that happened, not so many failures in a row:
// what is bad within a moment of what counted before says nothing more. Any thread.
class Losses {
 public:
  // A connection that ends takes all calls on it along.
  Verdict Filter(Verdict verdict, const absl::Status& status, TimePoint now);
  // Of calls that are all of one kind.
  Verdict Filter(Verdict verdict, Duration moment, TimePoint now);

 private:
  std::atomic<Duration::rep> last_{TimePoint::min().time_since_epoch().count()};
};

// UPSTREAM_BREAKER_OPEN: 503 at once, without a call. `until_probe` becomes Retry-After.
Failure BreakerOpen(std::string_view of, Duration until_probe);

}  // namespace frontdesk::upstream
