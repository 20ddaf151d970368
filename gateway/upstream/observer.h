// What is told about calls while they happen; metrics and tests listen.
#pragma once

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/contract/method_name.h"

namespace frontdesk::upstream {

enum class RetryEvent {
  kRetry,     // an attempt failed, another one follows
  kHedge,     // an attempt is slow, another one starts
  kNoBudget,  // one would follow, and the retry budget is spent
};

// One per worker, on its loop; outlives the calls.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void OnStart(const contract::MethodName& method) = 0;
  // Exactly once for each OnStart(); `code` is the gRPC status code of the outcome.
  virtual void OnEnd(const contract::MethodName& method, absl::StatusCode code, Duration took) = 0;
  virtual void OnRetry(const contract::MethodName&, RetryEvent) {}
  // The breaker of the method is open: the call ends without an attempt.
  virtual void OnRefused(const contract::MethodName&) {}
};

}  // namespace frontdesk::upstream
