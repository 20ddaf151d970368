#include "gateway/identity/key_metrics.h"

#include <prometheus/metric_family.h>

#include <string>

namespace frontdesk::identity {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::vector<MetricFamily> KeyMetrics::Collect() const {
  MetricFamily keys{
      "frontdesk_keys", "Keys in use, by who vouches with them.", MetricType::Gauge, {}};
  MetricFamily age{"frontdesk_keys_age_seconds",
                   "Time since they were last read and good.",
                   MetricType::Gauge,
                   {}};
  MetricFamily fetches{"frontdesk_key_fetches_total",
                       "Times they were read, by what came of it.",
                       MetricType::Counter,
                       {}};
  for (const KeySourceStatus& view : views_()) {
    ClientMetric& count = keys.metric.emplace_back();
    count.label = {{"provider", view.name}};
    count.gauge.value = static_cast<double>(view.keys);
    if (view.age) {
      ClientMetric& metric = age.metric.emplace_back();
      metric.label = {{"provider", view.name}};
      metric.gauge.value = std::chrono::duration<double>(*view.age).count();
    }
    for (const auto& [result, number] : {std::pair{"success", view.fetches - view.failed_fetches},
                                         std::pair{"failure", view.failed_fetches}}) {
      ClientMetric& metric = fetches.metric.emplace_back();
      metric.label = {{"provider", view.name}, {"result", result}};
      metric.counter.value = static_cast<double>(number);
    }
  }
  std::vector<MetricFamily> out;
  for (MetricFamily* family : {&keys, &age, &fetches}) {
    if (!family->metric.empty()) out.push_back(std::move(*family));
  }
  return out;
}

std::vector<MetricFamily> IntrospectionMetrics::Collect() const {
  const std::optional<IntrospectionStatus> view = view_();
  if (!view) return {};
  MetricFamily answers{"frontdesk_introspections_total",
                       "Opaque tokens that were not remembered, by what was learnt of them.",
                       MetricType::Counter,
                       {}};
  for (const auto& [result, number] : {std::pair{"active", view->active},
                                       {"inactive", view->inactive},
                                       {"failed", view->failed},
                                       {"skipped", view->skipped},
                                       {"joined", view->joined}}) {
    ClientMetric& metric = answers.metric.emplace_back();
    metric.label = {{"provider", view->name}, {"result", result}};
    metric.counter.value = static_cast<double>(number);
  }
  return {answers};
}

}  // namespace frontdesk::identity
