#include "gateway/config/upstreams.h"

#include "gateway/contract/header_names.h"
#include "gateway/contract/to_call_policy.h"

namespace frontdesk::config {
namespace {

RetryBudgetSettings ToRetryBudget(const v1::Upstream::RetryBudget& from) {
  RetryBudgetSettings budget;
  if (from.has_budget_percent()) budget.percent = from.budget_percent();
  if (from.has_min_retries_per_second()) budget.min_per_second = from.min_retries_per_second();
  return budget;
}

OutlierSettings ToOutlier(const v1::Upstream::OutlierDetection& from) {
  OutlierSettings outlier;
  if (from.has_enabled()) outlier.on = from.enabled();
  if (from.has_consecutive_failures()) outlier.consecutive_failures = from.consecutive_failures();
  outlier.interval = contract::ToDuration(from.interval(), outlier.interval);
  outlier.base_ejection_time =
      contract::ToDuration(from.base_ejection_time(), outlier.base_ejection_time);
  outlier.max_ejection_time =
      contract::ToDuration(from.max_ejection_time(), outlier.max_ejection_time);
  if (from.has_max_ejection_percent()) outlier.max_ejection_percent = from.max_ejection_percent();
  if (from.has_panic_threshold()) outlier.panic_threshold = from.panic_threshold();
  if (from.has_success_rate_stdev_factor()) {
    outlier.success_rate_stdev_factor = from.success_rate_stdev_factor();
  }
  if (from.has_success_rate_minimum_hosts()) {
    outlier.success_rate_minimum_hosts = from.success_rate_minimum_hosts();
  }
  if (from.has_success_rate_request_volume()) {
    outlier.success_rate_request_volume = from.success_rate_request_volume();
  }
  return outlier;
}

upstream::HealthCheckSettings ToHealthCheck(const v1::Upstream& upstream) {
  const v1::Upstream::HealthCheck& from = upstream.health_check();
  upstream::HealthCheckSettings check;
  check.on = upstream.has_health_check();
  check.service = from.service();
  check.interval = contract::ToDuration(from.interval(), check.interval);
  check.timeout = contract::ToDuration(from.timeout(), check.timeout);
  if (from.has_unhealthy_threshold()) check.unhealthy_threshold = from.unhealthy_threshold();
  if (from.has_healthy_threshold()) check.healthy_threshold = from.healthy_threshold();
  return check;
}

upstream::AdaptiveConcurrencySettings ToAdaptive(const v1::Upstream& upstream) {
  const v1::Upstream::AdaptiveConcurrency& from = upstream.adaptive_concurrency();
  upstream::AdaptiveConcurrencySettings adaptive;
  adaptive.on = upstream.has_adaptive_concurrency();
  if (from.has_min()) adaptive.gradient.min = from.min();
  if (from.has_initial()) adaptive.gradient.initial = from.initial();
  if (from.has_max()) adaptive.gradient.max = from.max();
  if (from.has_tolerance()) adaptive.gradient.tolerance = from.tolerance();
  return adaptive;
}

template <class From>
std::vector<upstream::EndpointSettings> ToEndpoints(const From& from) {
  std::vector<upstream::EndpointSettings> endpoints(from.endpoints().begin(),
                                                    from.endpoints().end());
  for (const v1::Upstream::Endpoint& endpoint : from.weighted()) {
    endpoints.emplace_back(endpoint.address(), endpoint.has_weight() ? endpoint.weight() : 1,
                           endpoint.zone());
  }
  return endpoints;
}

upstream::CanarySettings ToCanary(const v1::Upstream::Canary& from) {
  upstream::CanarySettings canary;
  canary.sticky_header = contract::LowerCase(from.sticky_header());
  canary.sticky_cookie = from.sticky_cookie();
  for (const v1::Upstream::Canary::Version& each : from.versions()) {
    upstream::VersionSettings& version = canary.versions.emplace_back();
    version.name = each.name();
    version.percent = each.percent();
    version.fallback = !each.has_fallback() || each.fallback();
    version.endpoints = ToEndpoints(each);
    version.max_in_flight = each.max_in_flight();
    for (const v1::Upstream::Canary::Match& match : each.match()) {
      version.match.push_back({contract::LowerCase(match.header()),
                               match.claim(),
                               {match.values().begin(), match.values().end()}});
    }
  }
  return canary;
}

}  // namespace

upstream::UpstreamSettings ToSettings(const std::string& name, const v1::Upstream& from,
                                      const std::string& zone) {
  upstream::UpstreamSettings settings;
  settings.name = name;
  settings.services.assign(from.services().begin(), from.services().end());
  settings.endpoints = ToEndpoints(from);
  settings.canary = ToCanary(from.canary());
  if (from.transport() == v1::Upstream::GRPC) settings.transport = upstream::TransportKind::kGrpc;
  if (from.has_connections()) settings.connections = from.connections();
  settings.connect_timeout = contract::ToDuration(from.connect_timeout(), settings.connect_timeout);
  if (from.has_max_message_bytes()) settings.max_message_bytes = from.max_message_bytes();
  if (from.has_max_pending()) settings.max_pending = from.max_pending();
  if (from.has_max_in_flight()) settings.max_in_flight = from.max_in_flight();
  settings.queue_age.max_age =
      contract::ToDuration(from.max_queue_age(), settings.queue_age.max_age);
  settings.adaptive = ToAdaptive(from);
  settings.retry_budget = ToRetryBudget(from.retry_budget());
  settings.breaker = contract::ToBreaker(from.breaker(), settings.breaker);
  settings.outlier = ToOutlier(from.outlier_detection());
  settings.health_check = ToHealthCheck(from);
  settings.slow_start = contract::ToDuration(from.slow_start(), settings.slow_start);
  settings.zone = zone;
  settings.dns_refresh = contract::ToDuration(from.dns_refresh(), settings.dns_refresh);
  settings.keepalive_interval =
      contract::ToDuration(from.keepalive_interval(), settings.keepalive_interval);
  settings.keepalive_timeout =
      contract::ToDuration(from.keepalive_timeout(), settings.keepalive_timeout);
  settings.max_connection_age =
      contract::ToDuration(from.max_connection_age(), settings.max_connection_age);
  settings.timeout = contract::ToDuration(from.timeout(), settings.timeout);
  return settings;
}

std::optional<std::vector<VersionPercent>> ReadPercents(const std::string& config_file,
                                                        contract::Findings& findings) {
  const std::optional<LoadedConfig> loaded = LoadConfig(config_file, findings);
  if (!loaded || !findings.empty()) return std::nullopt;
  std::vector<VersionPercent> percents;
  for (const auto& [name, upstream] : loaded->config.upstreams()) {
    for (const v1::Upstream::Canary::Version& version : upstream.canary().versions()) {
      percents.push_back({name, version.name(), version.percent()});
    }
  }
  return percents;
}

}  // namespace frontdesk::config
