// What is counted of the calls of one method.
#pragma once

#include "gateway/observe/metrics.h"
#include "gateway/upstream/observer.h"

namespace frontdesk::upstream {

// In the shard of one worker, which outlives it.
class CallMetrics final : public CallObserver {
 public:
  CallMetrics(observe::MethodId id, observe::MetricsShard& shard) : id_(id), shard_(shard) {}

  void OnStart() override { shard_.OnCallStarted(id_); }
  void OnEnd(absl::StatusCode code, Duration took) override {
    shard_.OnCallHandled(id_, static_cast<int>(code), took);
  }
  void OnRetry(RetryEvent event) override;
  void OnRefused() override { shard_.OnCallEvent(id_, observe::CallEvent::kBreakerOpen); }

 private:
  const observe::MethodId id_;
  observe::MetricsShard& shard_;
};

}  // namespace frontdesk::upstream
