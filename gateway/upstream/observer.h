// What is told about calls while they happen; metrics and tests listen.
#pragma once

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/contract/method_name.h"

namespace frontdesk::upstream {

// One per worker, on its loop; outlives the calls.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void OnStart(const contract::MethodName& method) = 0;
  // Exactly once for each OnStart(); `code` is the gRPC status code of the outcome.
  virtual void OnEnd(const contract::MethodName& method, absl::StatusCode code, Duration took) = 0;
};

}  // namespace frontdesk::upstream
