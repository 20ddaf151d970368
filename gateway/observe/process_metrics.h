// Metrics of the process, under the names that every Prometheus client library gives them.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace frontdesk::observe {

// CPU time, resident and virtual memory, open and allowed file descriptors, threads, start time.
// What /proc does not tell is left out.
void CollectProcess(std::vector<prometheus::MetricFamily>& out);

}  // namespace frontdesk::observe
