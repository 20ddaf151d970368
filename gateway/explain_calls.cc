#include "gateway/explain_calls.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <set>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/value_rules.h"
#include "gateway/explain_canary.h"
#include "gateway/tls/credentials.h"

namespace frontdesk {

using nlohmann::ordered_json;

namespace {

constexpr const char* kNever = "never";
constexpr const char* kNoLimit = "no limit";

ordered_json Time(Duration time) {
  return contract::DurationText(std::chrono::duration_cast<std::chrono::nanoseconds>(time));
}
ordered_json TimeOr(Duration time, Duration none, const char* otherwise) {
  return time == none ? ordered_json(otherwise) : Time(time);
}
// 0 switches it off.
ordered_json CountOr(double number, const char* otherwise) {
  if (number == 0) return otherwise;
  // Without a fraction where there is none.
  if (number == std::floor(number) && number < 1e9) return static_cast<int64_t>(number);
  return number;
}

const char* LevelName(contract::Idempotency level) {
  switch (level) {
    case contract::Idempotency::kUnknown:
      return "not declared";
    case contract::Idempotency::kIdempotent:
      return "IDEMPOTENT";
    case contract::Idempotency::kNoSideEffects:
      return "NO_SIDE_EFFECTS";
  }
  return "";
}

// Every value in force under its name in the schema, with its place.
class Values {
 public:
  explicit Values(const contract::PolicyPlaces& places) : places_(places) {}

  void Add(const std::string& name, ordered_json value) {
    out_[name] = Explained(std::move(value), places_, name);
  }
  void AddBreaker(const BreakerSettings& breaker) {
    Add("breaker.enabled", breaker.on);
    if (!breaker.on) return;
    Add("breaker.consecutive_failures", CountOr(breaker.consecutive_failures, kNever));
    Add("breaker.error_percent", CountOr(breaker.error_percent, kNever));
    Add("breaker.slow_call", TimeOr(breaker.slow_call, Duration::zero(), kNever));
    if (breaker.slow_call != Duration::zero()) Add("breaker.slow_percent", breaker.slow_percent);
    Add("breaker.window", Time(breaker.window));
    Add("breaker.minimum_calls", breaker.minimum_calls);
    Add("breaker.open_time", Time(breaker.open_time));
    Add("breaker.max_open_time", Time(breaker.max_open_time));
    Add("breaker.probes", breaker.probes);
  }
  void AddOutlier(const OutlierSettings& outlier) {
    Add("outlier_detection.enabled", outlier.on);
    if (!outlier.on) return;
    const auto add = [&](const char* name, ordered_json value) {
      Add(Cat("outlier_detection.", name), std::move(value));
    };
    add("consecutive_failures", CountOr(outlier.consecutive_failures, kNever));
    add("interval", Time(outlier.interval));
    add("base_ejection_time", Time(outlier.base_ejection_time));
    add("max_ejection_time", Time(outlier.max_ejection_time));
    add("max_ejection_percent", outlier.max_ejection_percent);
    add("panic_threshold", outlier.panic_threshold);
    add("success_rate_stdev_factor", CountOr(outlier.success_rate_stdev_factor, kNever));
    add("success_rate_minimum_hosts", outlier.success_rate_minimum_hosts);
    add("success_rate_request_volume", outlier.success_rate_request_volume);
  }
  void AddHealthCheck(const upstream::HealthCheckSettings& check) {
    if (!check.on) return;
    Add("health_check.service", check.service);
    Add("health_check.interval", Time(check.interval));
    Add("health_check.timeout", Time(check.timeout));
    Add("health_check.unhealthy_threshold", check.unhealthy_threshold);
    Add("health_check.healthy_threshold", check.healthy_threshold);
  }
  ordered_json Take() { return std::move(out_); }

 private:
  const contract::PolicyPlaces& places_;
  ordered_json out_ = ordered_json::object();
};

ordered_json CodesOf(const upstream::CodeSet& codes) {
  ordered_json names = ordered_json::array();
  for (int code = 0; code < v1::Policy::Retry::Code_ARRAYSIZE; ++code) {
    if (codes.Has(static_cast<absl::StatusCode>(code))) {
      names.push_back(v1::Policy::Retry::Code_Name(code));
    }
  }
  return names;
}

std::string WhyRetried(const upstream::RetryPolicy& retry, contract::Idempotency level) {
  if (retry.max_attempts <= 1) {
    return "not retried once a back end may have seen it: max_attempts is 1";
  }
  if (level == contract::Idempotency::kUnknown) {
    return "not retried once a back end may have seen it: idempotency_level is not declared";
  }
  return Cat("retried: idempotency_level is ", LevelName(level));
}

std::string WhyHedged(const upstream::HedgePolicy& hedge, contract::Idempotency level) {
  if (hedge.on) {
    const bool timed = hedge.delay != Duration::max();
    const std::string delay = timed ? Cat("after ", Text(Time(hedge.delay))) : "not at all";
    if (hedge.percentile == 0) return Cat("hedged ", delay);
    return Cat("hedged after a percentile of its latency; while that is not known, ", delay);
  }
  if (level != contract::Idempotency::kNoSideEffects) {
    return Cat("not hedged: idempotency_level is ", LevelName(level));
  }
  return hedge.max_attempts <= 1 ? "not hedged: max_attempts is 1" : "not hedged: no `hedge`";
}

// The shortest of the times that hold for a call, and who says so.
class Deadline {
 public:
  void Add(std::chrono::nanoseconds time, const std::string& from) {
    if (time >= time_) return;
    time_ = time;
    from_ = from;
  }
  void AddTimeout(Duration time, const contract::PolicyPlaces& places) {
    const auto place = places.find("timeout");
    Add(time, place == places.end() ? "default" : place->second.ToString());
  }
  void AddUpstream(const config::Snapshot& snapshot, const upstream::UpstreamSettings& upstream) {
    const auto index = static_cast<size_t>(&upstream - snapshot.upstreams.data());
    AddTimeout(upstream.timeout, snapshot.upstream_places[index]);
  }
  ordered_json ToJson() const {
    return {{"value", contract::DurationText(time_)}, {"from", from_}};
  }

 private:
  std::chrono::nanoseconds time_ = std::chrono::nanoseconds::max();
  std::string from_;
};

ordered_json PolicyToJson(const upstream::CallPolicy& policy, const contract::PolicyPlaces& places,
                          ordered_json deadline) {
  Values values(places);
  const upstream::RetryPolicy& retry = policy.retry;
  values.Add("retry.max_attempts", retry.max_attempts);
  if (retry.max_attempts > 1) {
    values.Add("retry.initial_backoff", Time(retry.backoff.initial));
    values.Add("retry.max_backoff", Time(retry.backoff.max));
    values.Add("retry.backoff_multiplier", retry.backoff.multiplier);
    values.Add("retry.retryable_status_codes", CodesOf(retry.codes));
    values.Add("retry.per_attempt_timeout",
               TimeOr(retry.per_attempt_timeout, Duration::max(), kNoLimit));
  }
  if (policy.hedge.on) {
    values.Add("hedge.delay", TimeOr(policy.hedge.delay, Duration::max(), "not given"));
    values.Add("hedge.percentile", CountOr(policy.hedge.percentile, "not given"));
    values.Add("hedge.max_attempts", policy.hedge.max_attempts);
  }
  values.AddBreaker(policy.breaker);
  values.Add("priority", PriorityName(policy.priority));
  ordered_json out{{"timeout", std::move(deadline)}};
  out.update(values.Take());
  return out;
}

ordered_json ProtectionToJson(const contract::Method& called,
                              const upstream::UpstreamSettings& upstream,
                              const upstream::CallPolicy& policy,
                              const contract::PolicyPlaces& places, const Deadline& deadline) {
  ordered_json out{{"rpc", called.path.substr(1)}, {"upstream", upstream.name}};
  out["idempotency_level"] = LevelName(called.idempotency);
  out["retry"] = WhyRetried(policy.retry, called.idempotency);
  out["hedge"] = WhyHedged(policy.hedge, called.idempotency);
  out["policy"] = PolicyToJson(policy, places, deadline.ToJson());
  return out;
}

ordered_json SettingsToJson(const upstream::UpstreamSettings& upstream,
                            const upstream::DnsSettings& dns,
                            const contract::PolicyPlaces& places) {
  Values values(places);
  values.Add("timeout", Time(upstream.timeout));
  if (!upstream.zone.empty()) values.Add("zone", upstream.zone);
  values.Add("connections", upstream.connections);
  values.Add("connect_timeout", Time(upstream.connect_timeout));
  if (upstream.tls) {
    const tls::ClientSettings& tls = upstream.tls->client();
    const bool system = tls.ca_file.empty();
    values.Add("tls.ca_file", system ? "the system's authorities" : tls.ca_file);
    values.Add("tls.server_name", tls.server_name.empty() ? "each end point's" : tls.server_name);
    if (!tls.key_pair.cert_file.empty()) values.Add("tls.cert_file", tls.key_pair.cert_file);
  }
  values.Add("max_message_bytes", upstream.max_message_bytes);
  values.Add("max_pending", upstream.max_pending);
  const bool limited = upstream.max_in_flight != std::numeric_limits<size_t>::max();
  values.Add("max_in_flight", limited ? ordered_json(upstream.max_in_flight) : kNoLimit);
  values.Add("max_queue_age", Time(upstream.queue_age.max_age));
  if (upstream.adaptive.on) {
    const GradientSettings& gradient = upstream.adaptive.gradient;
    values.Add("adaptive_concurrency.min", gradient.min);
    values.Add("adaptive_concurrency.initial", gradient.initial);
    values.Add("adaptive_concurrency.max", gradient.max);
    values.Add("adaptive_concurrency.tolerance", gradient.tolerance);
  }
  values.Add("retry_budget.budget_percent", upstream.retry_budget.percent);
  values.Add("retry_budget.min_retries_per_second", upstream.retry_budget.min_per_second);
  values.AddBreaker(upstream.breaker);
  values.AddOutlier(upstream.outlier);
  values.AddHealthCheck(upstream.health_check);
  values.Add("slow_start", Time(upstream.slow_start));
  values.Add("dns_refresh", Time(upstream.dns_refresh));
  values.Add("dns.servers", dns.servers.empty() ? "/etc/resolv.conf" : dns.servers);
  values.Add("keepalive_interval", TimeOr(upstream.keepalive_interval, Duration::zero(), kNever));
  if (upstream.keepalive_interval != Duration::zero()) {
    values.Add("keepalive_timeout", Time(upstream.keepalive_timeout));
  }
  values.Add("max_connection_age", TimeOr(upstream.max_connection_age, Duration::max(), kNever));
  return values.Take();
}

// Only what somebody wrote: defaults are in the documentation, and in the JSON.
void PrintWritten(const ordered_json& values) {
  for (const auto& [name, value] : values.items()) {
    if (value["from"] == "default") continue;
    std::printf("    %-30s %-12s %s\n", name.c_str(), Text(value["value"]).c_str(),
                Text(value["from"]).c_str());
  }
}

}  // namespace

const char* PriorityName(Priority priority) {
  switch (priority) {
    case Priority::kCritical:
      return "critical";
    case Priority::kNormal:
      return "normal";
    case Priority::kSheddable:
      return "sheddable";
  }
  return "";
}

std::string Text(const ordered_json& value) {
  if (value.is_number_float()) return contract::NumberText(value.get<double>());
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

const upstream::UpstreamSettings* UpstreamOf(const config::Snapshot& snapshot,
                                             const contract::Method& called) {
  for (const upstream::UpstreamSettings& upstream : snapshot.upstreams) {
    const auto& services = upstream.services;
    if (std::find(services.begin(), services.end(), called.service) != services.end()) {
      return &upstream;
    }
  }
  return nullptr;
}

ordered_json Explained(ordered_json value, const contract::PolicyPlaces& places,
                       const std::string& name) {
  const auto place = places.find(name);
  const std::string from = place == places.end() ? "default" : place->second.ToString();
  return {{"value", std::move(value)}, {"from", from}};
}

ordered_json CallToJson(const config::Snapshot& snapshot, const route::Route& route,
                        const contract::PlanStep* step) {
  const contract::Method& called = step ? step->called() : *route.method;
  const upstream::UpstreamSettings* const upstream = UpstreamOf(snapshot, called);
  if (!upstream) return ordered_json::object();
  const upstream::CallPolicy* policy = &upstream->methods.at(called.path);
  contract::PolicyPlaces places = snapshot.policy_places.at(&called);
  Deadline deadline;
  if (step) {
    const auto steps = snapshot.step_policies.Of(*route.method);
    const auto index = static_cast<size_t>(step - route.method->plan->steps.data());
    if (index < steps.size() && steps[index]) policy = steps[index];
    const auto own = snapshot.step_places.find(step);
    if (own != snapshot.step_places.end()) places = own->second;
    deadline.Add(step->timeout, step->timeout_place.ToString());
    deadline.Add(route.method->plan->deadline, route.method->plan->deadline_place.ToString());
  }
  deadline.AddTimeout(route.timeout, route.places);
  deadline.AddUpstream(snapshot, *upstream);
  return ProtectionToJson(called, *upstream, *policy, places, deadline);
}

ordered_json UndoToJson(const config::Snapshot& snapshot, const contract::PlanStep& step) {
  const contract::Method& called = *step.undo->method;
  const upstream::UpstreamSettings* const upstream = UpstreamOf(snapshot, called);
  if (!upstream) return ordered_json::object();
  // Nothing of the request's holds for it, its deadline and its priority least of all.
  upstream::CallPolicy policy = upstream->methods.at(called.path);
  policy.priority = Priority::kCritical;
  contract::PolicyPlaces places = snapshot.policy_places.at(&called);
  places.erase("priority");
  Deadline deadline;
  const std::string written = step.undo_timeout_place.ToString();
  deadline.Add(step.undo->timeout, written.empty() ? "default" : written);
  deadline.AddUpstream(snapshot, *upstream);
  return ProtectionToJson(called, *upstream, policy, places, deadline);
}

ordered_json UpstreamsToJson(const config::Snapshot& snapshot, const contract::Method& method) {
  std::set<const upstream::UpstreamSettings*> used;
  if (!method.plan && !method.custom) used.insert(UpstreamOf(snapshot, method));
  for (size_t i = 0; method.plan && i < method.plan->steps.size(); ++i) {
    const contract::PlanStep& step = method.plan->steps[i];
    used.insert(UpstreamOf(snapshot, step.called()));
    if (step.undo) used.insert(UpstreamOf(snapshot, *step.undo->method));
  }
  ordered_json out = ordered_json::object();
  for (size_t i = 0; i < snapshot.upstreams.size(); ++i) {
    const upstream::UpstreamSettings& upstream = snapshot.upstreams[i];
    if (!used.contains(&upstream)) continue;
    ordered_json endpoints = ordered_json::array();
    for (const upstream::EndpointSettings& endpoint : upstream.endpoints) {
      ordered_json one{{"address", endpoint.address}, {"weight", endpoint.weight}};
      if (!endpoint.zone.empty()) one["zone"] = endpoint.zone;
      endpoints.push_back(std::move(one));
    }
    out[upstream.name] = {
        {"endpoints", std::move(endpoints)},
        {"settings", SettingsToJson(upstream, snapshot.dns, snapshot.upstream_places[i])}};
    if (!upstream.canary.versions.empty()) {
      out[upstream.name]["canary"] = CanaryToJson(upstream.canary);
    }
  }
  return out;
}

void PrintCall(const ordered_json& call, const std::string& name) {
  if (call.empty()) return;
  std::printf("  %-16s %s at %s\n", name.c_str(), Text(call["rpc"]).c_str(),
              Text(call["upstream"]).c_str());
  std::printf("    %s\n    %s\n", Text(call["retry"]).c_str(), Text(call["hedge"]).c_str());
  PrintWritten(call["policy"]);
}

void PrintUpstreams(const ordered_json& upstreams) {
  std::puts("upstreams");
  for (const auto& [name, upstream] : upstreams.items()) {
    std::string endpoints;
    for (const ordered_json& endpoint : upstream["endpoints"]) {
      endpoints += Cat(endpoints.empty() ? "" : ", ", Text(endpoint["address"]));
      if (endpoint["weight"] != 1) endpoints += Cat(" weight ", Text(endpoint["weight"]));
      if (endpoint.contains("zone")) endpoints += Cat(" zone ", Text(endpoint["zone"]));
    }
    std::printf("  %-16s %s\n", name.c_str(), endpoints.c_str());
    PrintWritten(upstream["settings"]);
    if (upstream.contains("canary")) PrintCanary(upstream["canary"]);
  }
}

}  // namespace frontdesk
