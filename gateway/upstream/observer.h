// What is told about calls while they happen; metrics and tests listen.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/contract/method_name.h"

namespace frontdesk::upstream {

enum class RetryEvent {
  kRetry,     // an attempt failed, another one follows
  kHedge,     // an attempt is slow, another one starts
  kNoBudget,  // one would follow, and the retry budget is spent
};

// Hears of the calls of one method that one worker makes, on its loop; outlives them.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void OnStart() = 0;
  // Exactly once for each OnStart(); `code` is the gRPC status code of the outcome.
  virtual void OnEnd(absl::StatusCode code, Duration took) = 0;
  virtual void OnRetry(RetryEvent) {}
  // The breaker of the method is open: the call ends without an attempt.
  virtual void OnRefused() {}
};

// Who wants to hear of a method; null for nobody. Asked once per worker and method.
using ObserverOf = std::function<CallObserver*(const contract::MethodName& method)>;

}  // namespace frontdesk::upstream
