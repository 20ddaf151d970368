#include "gateway/policy/in_flight.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

namespace frontdesk::policy {

size_t InFlight::MostFor(Priority priority) const {
  switch (priority) {
    case Priority::kCritical:
      return most_;
    case Priority::kNormal:
      return most_ - most_ / 20;
    case Priority::kSheddable:
      return most_ - most_ / 10;
  }
  return most_;
}

bool InFlight::Take(Priority priority, Place& place) {
  if (most_ == std::numeric_limits<size_t>::max()) return true;
  const size_t most = MostFor(priority);
  size_t count = count_.load(std::memory_order_relaxed);
  while (count < most) {
    if (count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) {
      place = Place(*this);
      return true;
    }
  }
  return false;
}

std::vector<prometheus::MetricFamily> InFlight::Collect() const {
  if (most_ == std::numeric_limits<size_t>::max()) return {};
  prometheus::MetricFamily family{"frontdesk_overload_in_flight",
                                  "Requests that count against overload.max_in_flight.",
                                  prometheus::MetricType::Gauge,
                                  {}};
  prometheus::ClientMetric metric;
  metric.gauge.value = static_cast<double>(count());
  family.metric.push_back(std::move(metric));
  return {std::move(family)};
}

}  // namespace frontdesk::policy
