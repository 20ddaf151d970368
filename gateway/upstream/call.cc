#include "gateway/upstream/call.h"

#include <optional>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/upstream/attempts.h"
#include "gateway/upstream/cluster_log.h"

namespace frontdesk::upstream {
namespace {

using Admitted = Breaker::Admission;

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
  if (deadline <= now) {
    return DeadlineExceeded("the time was over before the call").NeverSent();
  }
  admitted = method.breaker.Admit(now);
  if (admitted != Admitted::kNo) return absl::OkStatus();
  if (observer) observer->OnRefused(name);
  return BreakerOpen(name.full_name, method.breaker.Look().until_probe(now));
}

void LearnFrom(Call& call, Admitted admitted, const absl::Status& status, TimePoint start) {
  MethodState& method = call.target.method;
  const TimePoint now = call.loop().Now();
  const Verdict judged = method.losses.Filter(
      Judge(status, IsImpatient(call, start, call.spec.deadline)), status, now);
  const Verdict verdict = WhenTimed(judged, call.loop().StalledSince(start));
  if (verdict == Verdict::kGood && call.policy.hedge.percentile > 0) {
    const MutexLock lock(method.mutex);
    method.latency.Record(now - start, now);
  }
  if (const auto changed = method.breaker.Record(admitted, verdict, now - start, now)) {
    LogBreaker(call.name.full_name, *changed, now);
  }
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
