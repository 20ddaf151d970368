#include "gateway/tls/credentials_metrics.h"

#include <prometheus/metric_family.h>

#include <string>

namespace frontdesk::tls {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

std::vector<MetricFamily> CredentialsMetrics::Collect() const {
  MetricFamily left{"frontdesk_tls_certificate_expiry_seconds",
                    "Time until the certificate in force ends; below zero once it has.",
                    MetricType::Gauge,
                    {}};
  MetricFamily reloads{"frontdesk_tls_reloads_total",
                       "Changed files of certificates that were read, by what became of them.",
                       MetricType::Counter,
                       {}};
  const WallTime now = now_();
  for (const CredentialsView& view : views_()) {
    for (const CredentialsView::One& one : view.certificates) {
      ClientMetric& metric = left.metric.emplace_back();
      metric.label = {{"for", view.of}, {"file", one.file}};
      metric.gauge.value = std::chrono::duration<double>(one.certificate.not_after - now).count();
    }
    for (const auto& [result, count] :
         {std::pair{"success", view.reloads}, std::pair{"failure", view.failures}}) {
      ClientMetric& metric = reloads.metric.emplace_back();
      metric.label = {{"for", view.of}, {"result", result}};
      metric.counter.value = static_cast<double>(count);
    }
  }
  std::vector<MetricFamily> out;
  for (MetricFamily* family : {&left, &reloads}) {
    if (!family->metric.empty()) out.push_back(std::move(*family));
  }
  return out;
}

}  // namespace frontdesk::tls
