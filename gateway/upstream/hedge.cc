// Hedged(): attempts at one call that overlap.
#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "gateway/base/event.h"
#include "gateway/base/failure.h"
#include "gateway/upstream/attempts.h"
#include "gateway/upstream/pushback.h"

namespace frontdesk::upstream {
namespace {

// A tick of the timers. With no delay at all, who looks again after it would see no time go by.
constexpr Duration kLeastDelay = std::chrono::milliseconds(1);

// The attempts of a hedged call. Lives in Hedged()'s frame.
struct Race {
  struct Runner {
    Runner(Cancellation& parent, bool is_hedge) : cancel(parent), hedge(is_hedge) {}
    Cancellation cancel;
    const bool hedge;
    std::optional<Outcome> outcome;
    bool seen = false;
  };

  explicit Race(Call& of) : call(of) {}

  Call& call;
  std::array<std::optional<Runner>, kMostAttempts> runners;  // the first Call::begun are there
  size_t running = 0;
  size_t unmade = 0;    // that ended without having reached an end point
  bool closed = false;  // one of them ForbidsMore()
  std::optional<Event> news;
};

// gRPC A6: whoever says that nobody is to try again is heard, whatever comes before or along with
// it.
bool ForbidsMore(const absl::Status& status) {
  return !status.ok() && PushbackOf(status) == Duration::max();
}

internal::Detached Run(Race* race, Race::Runner* runner, const EndpointState* avoid) {
  {
    Task<Outcome> attempt = Attempt(race->call, runner->cancel, avoid, runner->hedge);
    runner->outcome = co_await std::move(attempt);
  }
  if (!runner->outcome->attempted) {
    ++race->unmade;
    if (runner->hedge) ++race->call.refused;
  }
  race->closed |= ForbidsMore(runner->outcome->reply.status());
  --race->running;
  race->news->Set();
}

// `hedge`: it has its room.
void StartRunner(Race& race, bool hedge) {
  const EndpointState* const avoid = race.call.last;
  Race::Runner& runner = race.runners[race.call.begun].emplace(race.call.context.cancel, hedge);
  ++race.running;
  Run(&race, &runner, avoid);
}

// How long the attempt before is waited for.
Duration HedgeDelay(Call& call) {
  const HedgePolicy& hedge = call.policy.hedge;
  Duration delay = hedge.delay;
  if (hedge.percentile > 0) {
    MethodState& method = call.target.method;
    const MutexLock lock(method.mutex);
    delay = method.latency.Quantile(hedge.percentile / 100, call.loop().Now()).value_or(delay);
  }
  return std::max(delay, kLeastDelay);
}

TimePoint After(TimePoint now, Duration delay) {
  return delay < TimePoint::max() - now ? now + delay : TimePoint::max();
}

// A good answer, or one that another attempt would only repeat.
bool IsFinal(const Call& call, const Outcome& outcome) {
  const absl::Status& status = outcome.reply.status();
  if (status.ok()) return true;
  return outcome.attempted && Judge(status, false) == Verdict::kGood &&
         !call.policy.retry.codes.Has(status.code());
}

// Starts another attempt because those before are slow, if it can be had at once; when the next one
// may be due.
TimePoint StartHedge(Race& race, size_t most, Duration delay) {
  Call& call = race.call;
  Cluster& cluster = call.cluster();
  const TimePoint now = call.loop().Now();
  const bool limited = cluster.is_limited();
  // Behind one that still waits for its turn, or behind first attempts, it would only wait as well.
  if (call.attempts + race.unmade < call.begun || (limited && !cluster.room().TryEnter())) {
    return After(now, delay);
  }
  // Last, so that hardly anything is spent on what is not made: there may be no place at an end
  // point.
  const bool may = cluster.TakeRetry(now);
  if (call.target.observer) {
    call.target.observer->OnRetry(may ? RetryEvent::kHedge : RetryEvent::kNoBudget);
  }
  if (may) {
    StartRunner(race, true);
  } else if (limited) {
    cluster.LeaveRoom(Load::kNothing, Duration::zero(), now);
  }
  return may && call.begun < most ? After(now, delay) : TimePoint::max();
}

// Looks at what has come since the last time: true when one of the answers is final. `next` is when
// another attempt may be made because one failed.
bool Look(Race& race, Reply& answer, std::optional<TimePoint>& next) {
  if (race.closed) next.reset();
  for (size_t i = 0; i < race.call.begun; ++i) {
    Race::Runner& runner = *race.runners[i];
    if (!runner.outcome || std::exchange(runner.seen, true)) continue;
    Outcome& outcome = *runner.outcome;
    const bool final = IsFinal(race.call, outcome);
    if (!final && !next && !race.closed) next = NextAttempt(race.call, outcome);
    if (SaysMore(race.call, outcome)) answer = std::move(outcome.reply);
    if (final) return true;
  }
  return false;
}

}  // namespace

Task<Reply> Hedged(Call& call) {
  Race race(call);
  const size_t most = std::clamp<size_t>(call.policy.hedge.max_attempts, 1, kMostAttempts);
  const Duration delay = HedgeDelay(call);
  Reply answer = absl::UnknownError("");
  std::optional<TimePoint> again;  // paid for already
  TimePoint next = call.loop().Now();
  bool won = false;
  while (!won) {
    const TimePoint now = call.loop().Now();
    race.news.emplace();
    if (next <= now && call.begun > 0 && !again) {
      next = StartHedge(race, most, delay);
    } else if (next <= now) {
      StartRunner(race, false);
      again.reset();
      next = call.begun < most ? After(now, delay) : TimePoint::max();
    }
    if (race.running == 0 && next == TimePoint::max()) break;
    // Who runs hears of a cancellation by itself, and between attempts nobody does.
    Cancellation* const cancel = race.running == 0 ? &call.context.cancel : nullptr;
    co_await race.news->Until(call.loop(), next, cancel);
    if (race.running == 0 && call.context.cancel.cancelled())
      co_return call.context.cancel.reason();
    won = Look(race, answer, again);
    if (again) {
      next = *again;
    } else if (race.closed) {
      next = TimePoint::max();
    }
    if (race.running == 0 && !again) break;
  }
  // Losers end at once; they are waited for because they refer to this frame.
  for (size_t i = 0; i < call.begun; ++i) {
    race.runners[i]->cancel.Cancel(absl::CancelledError("another attempt was faster"));
  }
  while (race.running > 0) {
    race.news.emplace();
    co_await race.news->Until(call.loop(), TimePoint::max(), nullptr);
  }
  co_return answer;
}

}  // namespace frontdesk::upstream
