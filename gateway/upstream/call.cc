#include "gateway/upstream/call.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "gateway/base/event.h"
#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/attempt.h"
#include "gateway/upstream/cluster_log.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/pushback.h"

namespace frontdesk::upstream {
namespace {

using Admitted = Breaker::Admission;
using Reply = absl::StatusOr<UnaryReply>;

// A configuration asks for fewer.
constexpr size_t kMostAttempts = 5;

// What the attempts at one call share. Lives in MakeCall()'s frame.
struct Call {
  const Target target;
  CallContext& context;
  const contract::MethodName& name;
  const CallPolicy& policy;
  CallObserver* const observer;
  const CallSpec spec;  // of the first attempt
  const std::string_view request;
  uint32_t attempts = 0;
  uint32_t unsent = 0;  // those that no back end processed
  // Where the last one went.
  const EndpointState* last = nullptr;

  Loop& loop() const { return context.loop; }
  Cluster& cluster() const { return target.channel.cluster(); }
};

// One attempt's answer, and what it says about trying again.
struct Outcome {
  Reply reply = absl::UnknownError("");
  bool attempted = false;  // a transport had it
};

// Whether it is not the back end's fault that there was no answer at `deadline`.
bool IsImpatient(const Call& call, TimePoint start, TimePoint deadline) {
  return (call.context.client_deadline && deadline == call.context.deadline) ||
         call.loop().StalledSince(start);
}

// The request's own where it is out of the ordinary, else that of the method.
Priority PriorityOf(const Call& call) {
  const Priority of_request = call.context.priority;
  return of_request == Priority::kNormal ? call.policy.priority : of_request;
}

absl::Status NoRoom(Admission::Outcome outcome, const Call& call) {
  switch (outcome) {
    case Admission::Outcome::kCancelled:
      return call.context.cancel.reason();
    case Admission::Outcome::kDeadline:
      return DeadlineExceeded().NeverSent();
    default:
      return Overloaded(Cat(call.cluster().settings().name, " has as many calls as it may"));
  }
}

// Room below the upstream's limit, end point, transport; and what comes of it for all of them.
Task<Outcome> Attempt(Call& call, Cancellation& cancel, const EndpointState* avoid) {
  Cluster& cluster = call.cluster();
  Outcome outcome;
  const bool limited = cluster.is_limited();
  if (limited && !cluster.room().TryEnter()) {
    Admission::Wait room =
        cluster.room().Enter(call.loop(), PriorityOf(call), call.spec.deadline, &cancel);
    const Admission::Outcome entered = co_await room;
    if (entered != Admission::Outcome::kEntered) {
      outcome.reply = NoRoom(entered, call);
      co_return outcome;
    }
  }
  Channel::Place place(call.target.channel, avoid, call.spec.deadline, cancel);
  co_await place;
  if (!place.lane()) {
    if (limited) cluster.LeaveRoom(Verdict::kNothing, Duration::zero(), call.loop().Now());
    outcome.reply = place.status();
    co_return outcome;
  }
  const std::shared_ptr<Lane> lane = place.lane();
  call.last = lane->state.get();
  const TimePoint start = call.loop().Now();
  CallSpec spec = call.spec;
  spec.previous_attempts = call.attempts++;
  const Duration most = call.policy.retry.per_attempt_timeout;
  if (most < spec.deadline - start) spec.deadline = start + most;
  UnaryAttempt attempt(*lane->transport, call.loop(), cancel, spec, call.request);
  co_await attempt;
  outcome.attempted = true;
  outcome.reply = attempt.TakeResult();

  const TimePoint now = call.loop().Now();
  const Duration took = now - start;
  const absl::Status& status = outcome.reply.status();
  const Verdict verdict = lane->state->losses.Filter(
      Judge(status, IsImpatient(call, start, spec.deadline)), status, now);
  if (verdict == Verdict::kGood) lane->latency.Record(took, now);
  cluster.RecordAttempt(*lane->state, place.admitted(), verdict, took, now);
  if (limited) cluster.LeaveRoom(verdict, took, now);
  co_return outcome;
}

// When the next attempt may be made after one that failed; nothing when it may not.
std::optional<TimePoint> NextAttempt(Call& call, const Outcome& outcome, uint32_t most_attempts) {
  const absl::Status& status = outcome.reply.status();
  // What was refused here would be refused again.
  if (!outcome.attempted || call.context.cancel.cancelled()) return std::nullopt;
  const TimePoint now = call.loop().Now();
  const bool never_sent = WasNeverSent(status);
  // No back end has processed it: another one may, at once; but not again and again.
  if (never_sent && call.unsent++ == 0) {
    if (call.observer) call.observer->OnRetry(call.name, RetryEvent::kRetry);
    return now;
  }
  const bool timed_out = status.code() == absl::StatusCode::kDeadlineExceeded &&
                         OriginOf(status) == Origin::kGateway && now < call.spec.deadline;
  const bool may = call.name.idempotency != contract::Idempotency::kUnknown &&
                   (timed_out || call.policy.retry.codes.Has(status.code()));
  if (!never_sent && !may) return std::nullopt;
  if (call.attempts >= most_attempts) return std::nullopt;
  const std::optional<Duration> pushback = PushbackOf(status);
  if (pushback == Duration::max()) return std::nullopt;
  const Duration wait = pushback.value_or(
      FullJitter(call.policy.retry.backoff, call.attempts, call.target.channel.random()()));
  if (wait >= call.spec.deadline - now) return std::nullopt;
  if (!call.cluster().TakeRetry(now)) {
    if (call.observer) call.observer->OnRetry(call.name, RetryEvent::kNoBudget);
    return std::nullopt;
  }
  if (call.observer) call.observer->OnRetry(call.name, RetryEvent::kRetry);
  return now + wait;
}

// The attempts of a hedged call. Lives in Hedged()'s frame.
struct Race {
  struct Runner {
    explicit Runner(Cancellation& parent) : cancel(parent) {}
    Cancellation cancel;
    std::optional<Outcome> outcome;
    bool seen = false;
  };

  explicit Race(Call& of) : call(of) {}

  Call& call;
  std::array<std::optional<Runner>, kMostAttempts> runners;
  size_t started = 0;
  size_t running = 0;
  std::optional<Event> news;
};

internal::Detached Run(Race* race, Race::Runner* runner, const EndpointState* avoid) {
  {
    Task<Outcome> attempt = Attempt(race->call, runner->cancel, avoid);
    runner->outcome = co_await std::move(attempt);
  }
  --race->running;
  race->news->Set();
}

void StartRunner(Race& race) {
  const EndpointState* const avoid = race.call.last;
  Race::Runner& runner = race.runners[race.started++].emplace(race.call.context.cancel);
  ++race.running;
  Run(&race, &runner, avoid);
}

// How long the attempt before is waited for.
Duration HedgeDelay(Call& call) {
  const HedgePolicy& hedge = call.policy.hedge;
  if (hedge.percentile <= 0) return hedge.delay;
  MethodState& method = call.target.method;
  const MutexLock lock(method.mutex);
  return method.latency.Quantile(hedge.percentile / 100, call.loop().Now()).value_or(hedge.delay);
}

TimePoint After(TimePoint now, Duration delay) {
  return delay < TimePoint::max() - now ? now + delay : TimePoint::max();
}

// Looks at what has come since the last time: true when one of the answers is good. `next` is when
// another attempt may be made because one failed.
bool Look(Race& race, size_t most, Reply& answer, std::optional<TimePoint>& next) {
  for (size_t i = 0; i < race.started; ++i) {
    Race::Runner& runner = *race.runners[i];
    if (!runner.outcome || std::exchange(runner.seen, true)) continue;
    Outcome& outcome = *runner.outcome;
    const bool good = outcome.reply.ok();
    if (!good && !next && race.started < most) next = NextAttempt(race.call, outcome, most);
    // What was refused here says less than what a back end did.
    if (outcome.attempted || race.started == 1) answer = std::move(outcome.reply);
    if (good) return true;
  }
  return false;
}

Task<Reply> Hedged(Call& call) {
  Race race(call);
  const size_t most = std::min<size_t>(call.policy.hedge.max_attempts, kMostAttempts);
  const Duration delay = HedgeDelay(call);
  Reply answer = absl::UnknownError("");
  std::optional<TimePoint> again;  // paid for already
  TimePoint next = call.loop().Now();
  bool won = false;
  while (!won) {
    const TimePoint now = call.loop().Now();
    race.news.emplace();
    if (next <= now && race.started < most) {
      const bool hedge = race.started > 0 && !again;
      const bool may = !hedge || call.cluster().TakeRetry(now);
      if (call.observer && hedge) {
        call.observer->OnRetry(call.name, may ? RetryEvent::kHedge : RetryEvent::kNoBudget);
      }
      if (may) StartRunner(race);
      again.reset();
      next = race.started < most && may ? After(now, delay) : TimePoint::max();
    }
    if (race.running == 0 && next == TimePoint::max()) break;
    co_await race.news->Until(call.loop(), next, nullptr);
    won = Look(race, most, answer, again);
    if (again) next = *again;
    if (race.running == 0 && !again) break;
  }
  // Losers end at once; they are waited for because they refer to this frame.
  for (size_t i = 0; i < race.started; ++i) {
    race.runners[i]->cancel.Cancel(absl::CancelledError("another attempt was faster"));
  }
  while (race.running > 0) {
    race.news.emplace();
    co_await race.news->Until(call.loop(), TimePoint::max(), nullptr);
  }
  co_return answer;
}

Task<Reply> Retried(Call& call) {
  Reply reply = absl::UnknownError("");
  while (true) {
    Task<Outcome> attempt = Attempt(call, call.context.cancel, call.last);
    Outcome outcome = co_await std::move(attempt);
    const std::optional<TimePoint> next =
        outcome.reply.ok() ? std::nullopt
                           : NextAttempt(call, outcome, call.policy.retry.max_attempts);
    // What was refused here says less than what a back end did before.
    if (outcome.attempted || call.attempts == 0) reply = std::move(outcome.reply);
    if (!next) co_return reply;
    if (*next <= call.loop().Now()) continue;
    Loop::Sleep pause = call.loop().SleepUntil(*next, &call.context.cancel);
    const absl::Status cancelled = co_await pause;
    if (!cancelled.ok()) co_return cancelled;
  }
}

// What is known without an attempt. OK: the breaker has admitted the call.
absl::Status Refuse(MethodState& method, const CallContext& context,
                    const contract::MethodName& name, TimePoint deadline, Admitted& admitted,
                    CallObserver* observer) {
  const TimePoint now = context.loop.Now();
  if (context.cancel.cancelled()) return context.cancel.reason();
  if (deadline <= now) return DeadlineExceeded().NeverSent();
  admitted = method.breaker.Admit(now);
  if (admitted != Admitted::kNo) return absl::OkStatus();
  if (observer) observer->OnRefused(name);
  return BreakerOpen(name.full_name, method.breaker.Look().until_probe(now));
}

void LearnFrom(Call& call, Admitted admitted, const absl::Status& status, TimePoint start) {
  MethodState& method = call.target.method;
  const TimePoint now = call.loop().Now();
  const Verdict verdict = method.losses.Filter(
      Judge(status, IsImpatient(call, start, call.spec.deadline)), status, now);
  if (verdict == Verdict::kGood && call.policy.hedge.percentile > 0) {
    const MutexLock lock(method.mutex);
    method.latency.Record(now - start, now);
  }
  const auto changed = method.breaker.Record(admitted, verdict, now - start, now);
  if (!changed) return;
  LogBreaker(call.name.full_name, *changed, now);
  if (call.observer) call.observer->OnBreaker(call.name, *changed);
}

}  // namespace

Task<absl::StatusOr<UnaryReply>> MakeCall(Target target, CallContext& context,
                                          const contract::MethodName& name, CallSpec spec,
                                          std::string_view request, const CallPolicy& policy,
                                          CallObserver* observer) {
  ++context.calls;
  const TimePoint start = context.loop.Now();
  if (observer) observer->OnStart(name);
  Admitted admitted = Admitted::kNo;
  Reply reply = absl::UnknownError("");
  const absl::Status refused =
      Refuse(target.method, context, name, spec.deadline, admitted, observer);
  if (!refused.ok()) {
    reply = refused;
  } else {
    Call call{target, context, name, policy, observer, spec, request};
    call.cluster().CountCall(start);
    Task<Reply> made = policy.hedge.on && name.no_side_effects() ? Hedged(call) : Retried(call);
    reply = co_await std::move(made);
    if (call.attempts > 1) context.retries += call.attempts - 1;
    LearnFrom(call, admitted, reply.status(), start);
  }
  if (observer) observer->OnEnd(name, reply.status().code(), context.loop.Now() - start);
  co_return reply;
}

}  // namespace frontdesk::upstream
