#include "gateway/upstream/call_metrics.h"

namespace frontdesk::upstream {

void CallMetrics::OnRetry(RetryEvent event) {
  switch (event) {
    case RetryEvent::kRetry:
      return shard_.OnCallEvent(id_, observe::CallEvent::kRetry);
    case RetryEvent::kHedge:
      return shard_.OnCallEvent(id_, observe::CallEvent::kHedge);
    case RetryEvent::kNoBudget:
      return shard_.OnCallEvent(id_, observe::CallEvent::kNoBudget);
  }
}

}  // namespace frontdesk::upstream
