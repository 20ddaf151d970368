#include <algorithm>
#include <array>
#include <utility>

#include "gateway/base/event.h"
#include "gateway/base/failure.h"
#include "gateway/upstream/attempts.h"

namespace frontdesk::upstream {
namespace {

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
  // One failed in a way that no other attempt may follow: it was said to be no use, or not paid
  // for.
  bool closed = false;
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

// A good answer, or one that another attempt would only repeat.
bool IsFinal(const Call& call, const Outcome& outcome) {
  const absl::Status& status = outcome.reply.status();
  if (status.ok()) return true;
  return outcome.attempted && Judge(status, false) == Verdict::kGood &&
         !call.policy.retry.codes.Has(status.code());
}

// Looks at what has come since the last time: true when one of the answers is final. `next` is when
// another attempt may be made because one failed.
bool Look(Race& race, size_t most, Reply& answer, std::optional<TimePoint>& next) {
  for (size_t i = 0; i < race.started; ++i) {
    Race::Runner& runner = *race.runners[i];
    if (!runner.outcome || std::exchange(runner.seen, true)) continue;
    Outcome& outcome = *runner.outcome;
    const bool final = IsFinal(race.call, outcome);
    const bool never_sent = WasNeverSent(outcome.reply.status());
    if (!final && !next && race.started < (never_sent ? kMostAttempts : most)) {
      next = NextAttempt(race.call, outcome, most);
      race.closed = race.closed || !next;
    }
    // What was refused here says less than what a back end did.
    if (outcome.attempted || race.call.attempts == 0) answer = std::move(outcome.reply);
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
    if (next <= now && race.started < (again ? kMostAttempts : most)) {
      const bool hedge = race.started > 0 && !again;
      if (hedge && call.attempts < race.started) {
        // The one before still waits for its turn; another one would wait behind it.
        next = After(now, delay);
        continue;
      }
      const bool may = !hedge || call.cluster().TakeRetry(now);
      if (call.target.observer && hedge) {
        call.target.observer->OnRetry(may ? RetryEvent::kHedge : RetryEvent::kNoBudget);
      }
      if (may) StartRunner(race);
      again.reset();
      next = race.started < most && may ? After(now, delay) : TimePoint::max();
    }
    if (race.running == 0 && next == TimePoint::max()) break;
    // Who runs hears of a cancellation by itself, and between attempts nobody does.
    Cancellation* const cancel = race.running == 0 ? &call.context.cancel : nullptr;
    co_await race.news->Until(call.loop(), next, cancel);
    if (race.running == 0 && call.context.cancel.cancelled())
      co_return call.context.cancel.reason();
    won = Look(race, most, answer, again);
    if (again) {
      next = *again;
    } else if (race.closed) {
      next = TimePoint::max();
    }
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

}  // namespace frontdesk::upstream
