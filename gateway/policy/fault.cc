#include "gateway/policy/fault.h"

#include <algorithm>

#include "gateway/base/failure.h"

namespace frontdesk::policy {

Task<absl::Status> InjectFault(Exchange& exchange, const Random& random,
                               observe::MetricsShard& metrics) {
  const route::Route::Fault& fault = exchange.route->fault;
  upstream::CallContext& call = exchange.call;
  // Drawn for each by itself: a request may be both late and refused.
  if (fault.delay > Duration::zero() && random() * 100 < fault.delay_percent) {
    metrics.OnFault(observe::FaultKind::kDelay);
    const TimePoint now = call.loop.Now();
    const Duration left = std::max(call.deadline - now, Duration::zero());
    const absl::Status slept =
        co_await call.loop.SleepUntil(now + std::min(fault.delay, left), &call.cancel);
    if (!slept.ok()) co_return slept;
    if (call.loop.Now() >= call.deadline) {
      co_return DeadlineExceeded("the deadline passed during an injected delay").NeverSent();
    }
  }
  if (fault.abort != absl::StatusCode::kOk && random() * 100 < fault.abort_percent) {
    metrics.OnFault(observe::FaultKind::kAbort);
    co_return Failure(fault.abort, "FAULT_INJECTED", "this failure was injected", Origin::kGateway)
        .NeverSent();
  }
  co_return absl::OkStatus();
}

}  // namespace frontdesk::policy
