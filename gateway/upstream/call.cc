#include "gateway/upstream/call.h"

#include <optional>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/attempts.h"
#include "gateway/upstream/cluster_log.h"

namespace frontdesk::upstream {
namespace {

// What is known without an attempt. OK: the breaker has admitted the call.
absl::Status Refuse(const Target& target, const CallContext& context,
                    const contract::MethodName& name, TimePoint deadline, Breaker::Ticket& ticket) {
  const TimePoint now = context.loop.Now();
  if (context.cancel.cancelled()) return context.cancel.reason();
  if (deadline <= now) {
    return DeadlineExceeded("the time was over before the call").NeverSent();
  }
  ticket = target.method.breaker.Admit(now);
  if (ticket.admitted()) return absl::OkStatus();
  if (target.observer) target.observer->OnRefused();
  return BreakerOpen(name.full_name, target.method.breaker.Look().until_probe(now));
}

// An attempt before may have done what the last one says nothing of.
absl::Status WithActs(const Call& call, absl::Status failure) {
  const bool acted = call.may_have_acted && !call.name.no_side_effects();
  if (acted && !MayHaveActed(failure)) MarkActed(failure);
  return failure;
}

void LearnFrom(Call& call, Breaker::Ticket ticket, const absl::Status& status, TimePoint start) {
  MethodState& method = call.target.method;
  const TimePoint now = call.loop().Now();
  // Whatever the reason that is given for it: when this process stops, all calls end at once.
  const bool stopped = !status.ok() && call.context.cancel.cancelled();
  const Verdict judged = stopped ? Verdict::kNothing : Judge(status, !call.had_time);
  const Verdict verdict =
      WhenTimed(method.losses.Filter(judged, status, now), call.loop().StalledSince(start));
  if (verdict == Verdict::kGood && call.policy.hedge.percentile > 0) {
    const MutexLock lock(method.mutex);
    method.latency.Record(now - start, now);
  }
  if (const auto changed =
          RecordVerdict(method.breaker, std::move(ticket), verdict, now - start, now)) {
    const std::string& version = call.cluster().settings().version;
    LogBreaker(Cat(call.name.full_name, version.empty() ? "" : Cat(" in version ", version)),
               *changed, now);
  }
}

}  // namespace

// The retries stand here and not in a coroutine of their own, whose frame, and an answer moved out
// of it twice, cost each call 400 instructions.
Task<absl::StatusOr<UnaryReply>> MakeCall(Target target, CallContext& context,
                                          const contract::MethodName& name, CallSpec spec,
                                          Duration whole, std::string_view request,
                                          const CallPolicy& policy) {
  ++context.calls;
  const TimePoint start = context.loop.Now();
  if (target.observer) target.observer->OnStart();
  Breaker::Ticket ticket;
  Reply reply;
  const absl::Status refused = Refuse(target, context, name, spec.deadline, ticket);
  if (!refused.ok()) {
    reply = refused;
  } else {
    Call call{target, context, name, policy, spec, whole, request};
    call.cluster().CountCall(start);
    std::optional<TimePoint> next = start;
    if (policy.hedge.on && name.no_side_effects()) {
      Task<Reply> made = Hedged(call);
      reply = co_await std::move(made);
      next.reset();
    }
    while (next) {
      if (*next > context.loop.Now()) {
        Loop::Sleep pause = context.loop.SleepUntil(*next, &context.cancel);
        const absl::Status cancelled = co_await pause;
        if (!cancelled.ok()) {
          reply = cancelled;
          break;
        }
      }
      Task<Outcome> attempt = Attempt(call, context.cancel, call.last);
      Outcome outcome = co_await std::move(attempt);
      next = NextAttempt(call, outcome);
      if (SaysMore(call, outcome)) reply = std::move(outcome.reply);
    }
    if (!reply.ok()) reply = WithActs(call, reply.status());
    if (call.attempts > 1) context.retries += call.attempts - 1;
    LearnFrom(call, std::move(ticket), reply.status(), start);
  }
  if (target.observer) target.observer->OnEnd(reply.status().code(), context.loop.Now() - start);
  co_return reply;
}

}  // namespace frontdesk::upstream
