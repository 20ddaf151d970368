#include "gateway/upstream/attempts.h"

#include <algorithm>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/attempt.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/pushback.h"

namespace frontdesk::upstream {
namespace {

// Who takes so many times as long as usual is to blame, however little time there was.
constexpr double kUnusual = 4;
// Shares of the time that it has when nobody takes of it: enough for anything; what a pause takes,
// so that five of them in a row are no sooner than attempts that nobody overtakes would run out of
// time; and too little where it is not known what is usual.
constexpr int kMuch = 2;
constexpr int kPause = 4;
constexpr int kLittle = 10;
// The share of an attempt's time that this process may have been late by.
constexpr int kLate = 10;

// The request's own where it is out of the ordinary, else that of the method.
Priority PriorityOf(const Call& call) {
  const Priority of_request = call.context.priority;
  return of_request == Priority::kNormal ? call.policy.priority : of_request;
}

absl::Status NoRoom(Admission::Outcome outcome, const Call& call, const Cancellation& cancel) {
  switch (outcome) {
    case Admission::Outcome::kCancelled:
      return cancel.reason();
    case Admission::Outcome::kDeadline:
      return DeadlineExceeded("there was no room for the call in time").NeverSent();
    default:
      return Overloaded(Cat(call.cluster().settings().name, " has as many calls as it may"));
  }
}

bool WasInVain(const absl::Status& status) {
  return status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kCancelled;
}

// Nobody was called, for what the client wants sent along: that says nothing of an end point, and
// would be so at the next one.
bool WasTooMuch(const absl::Status& status) {
  return WasNeverSent(status) && OriginOf(status) == Origin::kClient;
}

// Only answers tell how fast an end point is. One that was waited for in vain is at least as slow
// as that, and who refuses or fails is kept away from for a while, however fast that was.
void LearnLatency(Lane& lane, const absl::Status& status, Verdict verdict, Duration took,
                  TimePoint now) {
  constexpr Duration kTrouble = std::chrono::milliseconds(100);
  const bool refused = status.code() == absl::StatusCode::kResourceExhausted ||
                       status.code() == absl::StatusCode::kUnimplemented;
  if (WasInVain(status)) {
    const auto nanos = std::chrono::duration<double, std::nano>(took).count();
    if (nanos > lane.latency.nanos(now)) lane.latency.Record(took, now);
  } else if (verdict == Verdict::kBad || refused) {
    lane.latency.Record(std::max(took, kTrouble), now);
  } else if (verdict == Verdict::kGood) {
    lane.latency.Record(took, now);
    lane.answers.Record(took, now);
  }
}

Load LoadOf(const absl::Status& status, Verdict verdict) {
  if (status.ok()) return Load::kServed;
  const bool refused = status.code() == absl::StatusCode::kResourceExhausted ||
                       status.code() == absl::StatusCode::kUnavailable ||
                       status.code() == absl::StatusCode::kDeadlineExceeded;
  return refused && IsJudged(verdict) ? Load::kDropped : Load::kNothing;
}

// What an attempt has when neither others nor the client's wish take of it.
Duration WholeOf(const Call& call) {
  return std::min(call.whole, call.policy.retry.per_attempt_timeout);
}

// `usual`: how long an answer takes, in nanoseconds.
bool IsUsual(Duration time, double usual) {
  return static_cast<double>(time.count()) < kUnusual * usual;
}

// A client that may choose how little time there is could let any call that takes longer than is
// usual for all methods together fail as often as it likes.
bool IsWish(const Call& call, TimePoint deadline) {
  return call.context.client_deadline && deadline == call.context.deadline;
}

// Whether it is not the back end's fault that there was no answer between `start` and `deadline`:
// the client would not wait for longer, others had taken of that time before, or this process had
// none for it. `usual` is 0 when that is not known.
bool IsImpatient(const Call& call, TimePoint start, TimePoint deadline, double usual) {
  const Duration given = deadline - start;
  if (call.loop().LateSince(start, given / kLate)) return true;
  const Duration whole = WholeOf(call);
  const bool wish = IsWish(call, deadline);
  // What somebody wishes is not enough for anything as soon as it is half of the time.
  if (given >= whole / kMuch && !(wish && usual > 0)) return false;
  if (given < whole / kLittle && (usual == 0 || wish)) return true;
  return IsUsual(given, usual);
}

// Another attempt was faster, which blames an end point only for far more than is usual: it was not
// waited for until its time was over.
Verdict JudgeLoser(const Call& call, const Lane& lane, TimePoint start) {
  const TimePoint now = call.loop().Now();
  const Duration had = now - start;
  const Duration whole = WholeOf(call);
  const double usual = lane.answers.nanos(now);
  const bool soon = usual > 0 ? IsUsual(had, usual) : had < whole / kMuch;
  if (soon || call.loop().LateSince(start, had / kLate)) return Verdict::kNothing;
  // All that meet a pause are overtaken; that is one thing that happened.
  return lane.state->overtaken.Filter(Verdict::kBad, std::max(had, whole / kPause), now);
}

// What a failure, which `cancel` may have brought about, says about the end point.
Verdict JudgeFailure(const Call& call, const Cancellation& cancel, const Lane& lane,
                     const absl::Status& status, TimePoint start, bool impatient) {
  // Whatever the reason that is given for it, what was stopped here is not the back end's doing.
  if (call.context.cancel.cancelled()) return Verdict::kNothing;
  if (cancel.cancelled()) {
    return WasHeld(status) ? Verdict::kNothing : JudgeLoser(call, lane, start);
  }
  return lane.state->losses.Filter(JudgeEndpoint(status, impatient), status, call.loop().Now());
}

}  // namespace

Verdict WhenTimed(Verdict verdict, bool stood_still) {
  return stood_still && verdict != Verdict::kBad ? Verdict::kNothing : verdict;
}

Task<Outcome> Attempt(Call& call, Cancellation& cancel, const EndpointState* avoid, bool entered) {
  ++call.begun;
  Cluster& cluster = call.cluster();
  const bool limited = cluster.is_limited();
  if (limited && !entered && !cluster.room().TryEnter()) {
    Admission::Wait room =
        cluster.room().Enter(call.loop(), PriorityOf(call), call.spec.deadline, &cancel);
    const Admission::Outcome waited = co_await room;
    if (waited != Admission::Outcome::kEntered) co_return Outcome{NoRoom(waited, call, cancel)};
  }
  Channel::Place place(call.target.channel, PriorityOf(call), avoid, call.spec.deadline, cancel);
  co_await place;
  if (!place.lane()) {
    if (limited) cluster.LeaveRoom(Load::kNothing, Duration::zero(), call.loop().Now());
    co_return Outcome{place.status()};
  }
  Lane& lane = *place.lane();
  call.last = lane.state.get();
  const TimePoint start = call.loop().Now();
  CallSpec spec = call.spec;
  spec.previous_attempts = call.attempts++;
  const Duration most = call.policy.retry.per_attempt_timeout;
  if (most < spec.deadline - start) spec.deadline = start + most;
  UnaryAttempt attempt(*lane.transport, call.loop(), cancel, spec, call.request);
  co_await attempt;
  Outcome outcome{attempt.TakeResult(), true};

  const TimePoint now = call.loop().Now();
  const Duration took = now - start;
  const bool stood_still = call.loop().StalledSince(start);
  const absl::Status& status = outcome.reply.status();
  Verdict verdict = Verdict::kGood;
  if (!status.ok()) {
    const bool impatient = IsImpatient(call, start, spec.deadline, lane.answers.nanos(now));
    call.had_time |= !impatient && !IsWish(call, spec.deadline);
    call.may_have_acted |= MayHaveActed(status);
    verdict = JudgeFailure(call, cancel, lane, status, start, impatient);
  }
  const bool called = !WasTooMuch(status);
  const bool heard = !WasInVain(status) || OriginOf(status) == Origin::kUpstream;
  if (called && heard) lane.silence.OnAnswer(now);
  if (called && !stood_still) LearnLatency(lane, status, verdict, took, now);
  cluster.RecordAttempt(*lane.state, place.TakeTicket(), WhenTimed(verdict, stood_still), took,
                        now);
  if (limited) cluster.LeaveRoom(stood_still ? Load::kNothing : LoadOf(status, verdict), took, now);
  co_return outcome;
}

// What was refused here, or processed by nobody, says less than what a back end may have done
// before.
bool SaysMore(const Call& call, const Outcome& outcome) {
  if (!outcome.attempted) return call.attempts == 0;
  return !call.may_have_acted || !WasNeverSent(outcome.reply.status());
}

std::optional<TimePoint> NextAttempt(Call& call, const Outcome& outcome) {
  const absl::Status& status = outcome.reply.status();
  if (status.ok() || WasTooMuch(status) || call.context.cancel.cancelled()) return std::nullopt;
  // What was refused here would be refused again; only an end point that is gone may come back.
  const bool gone = call.attempts > 0 && ReasonOf(status) == "UPSTREAM_UNREACHABLE";
  if (!outcome.attempted && !gone) return std::nullopt;
  const TimePoint now = call.loop().Now();
  if (now >= call.spec.deadline || call.begun >= kMostAttempts) return std::nullopt;
  const bool never_sent = WasNeverSent(status);
  // No back end has processed it: another one may, at once; but not again and again.
  if (outcome.attempted && never_sent && call.unsent++ == 0) {
    if (call.target.observer) call.target.observer->OnRetry(RetryEvent::kRetry);
    return now;
  }
  const bool timed_out =
      status.code() == absl::StatusCode::kDeadlineExceeded && OriginOf(status) == Origin::kGateway;
  // Whoever found its time over may have been early, and that was all there is.
  if (timed_out && now + kEarly >= call.spec.deadline) return std::nullopt;
  const bool may = call.name.idempotency != contract::Idempotency::kUnknown &&
                   (timed_out || call.policy.retry.codes.Has(status.code()));
  if (!never_sent && !may) return std::nullopt;
  const uint32_t allowed = call.policy.retry.max_attempts;
  // Where retries are on at all, what is certainly safe is given a few more.
  if (call.begun - call.refused >= allowed && !(never_sent && allowed > 1)) return std::nullopt;
  const std::optional<Duration> pushback = PushbackOf(status);
  if (pushback == Duration::max()) return std::nullopt;
  const Duration wait = pushback.value_or(
      FullJitter(call.policy.retry.backoff, call.begun, call.target.channel.random()()));
  if (wait >= call.spec.deadline - now) return std::nullopt;
  if (!call.cluster().TakeRetry(now)) {
    if (call.target.observer) call.target.observer->OnRetry(RetryEvent::kNoBudget);
    return std::nullopt;
  }
  if (call.target.observer) call.target.observer->OnRetry(RetryEvent::kRetry);
  return now + wait;
}

}  // namespace frontdesk::upstream
