#include "gateway/policy/in_flight.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

namespace frontdesk::policy {

size_t InFlight::MostFor(Priority priority, size_t most) {
  switch (priority) {
    case Priority::kCritical:
      return most;
    case Priority::kNormal:
      return most - most / 20;
    case Priority::kSheddable:
      return most - most / 10;
  }
  return most;
}

bool InFlight::Take(Priority priority, Place& place) {
  if (most_ == std::numeric_limits<size_t>::max()) return true;
  const size_t most = MostFor(priority, most_);
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
  std::vector<prometheus::MetricFamily> families;
  const auto add = [&](const char* name, const char* help, size_t value) {
    prometheus::ClientMetric metric;
    metric.gauge.value = static_cast<double>(value);
    families.push_back({name, help, prometheus::MetricType::Gauge, {std::move(metric)}});
  };
  add("frontdesk_overload_body_bytes",
      "Bytes of request bodies, and of large heads, that are held.",
      bytes_.taken() + heads_.taken());
  if (most_ != std::numeric_limits<size_t>::max()) {
    add("frontdesk_overload_in_flight", "Requests that count against overload.max_in_flight.",
        count());
  }
  return families;
}

}  // namespace frontdesk::policy
