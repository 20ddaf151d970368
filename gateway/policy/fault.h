// Trouble made on purpose, to rehearse it.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "gateway/base/task.h"
#include "gateway/exchange.h"
#include "gateway/observe/metrics.h"

namespace frontdesk::policy {

// Numbers in [0, 1).
using Random = std::function<double()>;

// Waits or fails as the exchange's route says; only for a route whose fault is on. OK: nothing more
// is wrong. A wait ends with the deadline, or when the client leaves.
Task<absl::Status> InjectFault(Exchange& exchange, const Random& random,
                               observe::MetricsShard& metrics);

}  // namespace frontdesk::policy
