#include "gateway/admin/upstreams.h"

#include <string>

#include "gateway/base/text.h"

namespace frontdesk::admin {
namespace {

using nlohmann::ordered_json;
using upstream::ClusterView;

void AddTime(ordered_json& json, const std::string& name, Duration time) {
  json[name] = upstream::TimeText(time);
  json[name + "_ms"] = std::chrono::ceil<std::chrono::milliseconds>(time).count();
}

ordered_json BreakerToJson(const upstream::BreakerView& breaker) {
  if (!breaker.on) return {{"state", "off"}};
  ordered_json json{{"state", upstream::NameOf(breaker.state)}};
  if (breaker.state != Breaker::State::kClosed) {
    json["why"] = breaker.why;
    AddTime(json, "until_probe", breaker.until_probe);
  }
  json["opened"] = breaker.opened;
  json["seen"] = {{"calls", breaker.seen.calls},
                  {"failures", breaker.seen.failures},
                  {"slow", breaker.seen.slow}};
  return json;
}

ordered_json EndpointToJson(const upstream::EndpointView& endpoint) {
  ordered_json json{{"address", endpoint.address},
                    {"authority", endpoint.authority},
                    {"weight", endpoint.weight}};
  if (!endpoint.zone.empty()) json["zone"] = endpoint.zone;
  json["state"] = upstream::NameOf(endpoint.standing);
  json["healthy"] = endpoint.healthy;
  json["connection"] = upstream::NameOf(endpoint.connection);
  if (const auto& failure = endpoint.last_failure) {
    ordered_json& last = json["last_failure"] = {{"why", failure->why}, {"count", failure->count}};
    AddTime(last, "since", failure->since);
    AddTime(last, "ago", failure->ago);
  }
  if (endpoint.ejected_for > Duration::zero()) {
    AddTime(json, "ejected_for", endpoint.ejected_for);
  }
  json["ejections_in_a_row"] = endpoint.ejections;
  json["breaker"] = BreakerToJson(endpoint.breaker);
  return json;
}

ordered_json MethodToJson(const upstream::MethodView& method) {
  ordered_json json{{"rpc", Cat(method.service, '/', method.name)},
                    {"breaker", BreakerToJson(method.breaker)}};
  if (method.hedge_percentile > 0) {
    json["hedge"] = {{"percentile", method.hedge_percentile}};
    if (method.hedge_latency) AddTime(json["hedge"], "latency", *method.hedge_latency);
  }
  return json;
}

ordered_json VersionToJson(const upstream::VersionView& version) {
  ordered_json json{{"of", version.of}, {"name", version.name}, {"percent", version.percent}};
  const auto& counts = version.counts;
  for (size_t i = 0; i < counts.chosen.size(); ++i) {
    json["chosen"][std::string(upstream::kChosenBy[i])] = counts.chosen[i];
  }
  uint64_t calls = 0;
  for (const uint64_t of_code : counts.calls) calls += of_code;
  json["calls"] = calls;
  json["failed"] = calls - counts.calls[0];
  if (calls > 0) json["mean_ms"] = counts.seconds * 1e3 / static_cast<double>(calls);
  return json;
}

ordered_json ClusterToJson(const ClusterView& view) {
  ordered_json json{{"name", view.name}, {"services", view.services}, {"panic", view.panic}};
  if (view.version) json["version"] = VersionToJson(*view.version);
  json["endpoints"] = ordered_json::array();
  for (const auto& endpoint : view.endpoints) json["endpoints"].push_back(EndpointToJson(endpoint));
  json["methods"] = ordered_json::array();
  for (const auto& method : view.methods) json["methods"].push_back(MethodToJson(method));
  json["retries_left"] = view.retries_left;
  json["ejections"] = view.ejections;
  if (view.room) {
    json["room"] = {{"limit", view.room->limit},
                    {"in_flight", view.room->in_flight},
                    {"waiting", view.room->waiting}};
  }
  json["waiting_for_connection"] = view.waiting_for_connection;
  ordered_json discovery = ordered_json::object();
  if (!view.discovery_failure.empty()) discovery["failure"] = view.discovery_failure;
  for (const upstream::NameView& name : view.names) {
    ordered_json one{{"name", name.name}, {"endpoints", name.endpoints}};
    if (!name.error.empty()) one["error"] = name.error;
    if (name.looked_up) AddTime(one, "looked_up_ago", name.ago);
    AddTime(one, "next_look_up", name.next);
    discovery["names"].push_back(std::move(one));
  }
  json["discovery"] = std::move(discovery);
  return json;
}

}  // namespace

ordered_json UpstreamsToJson(const std::vector<ClusterView>& views) {
  ordered_json all = ordered_json::array();
  for (const ClusterView& view : views) all.push_back(ClusterToJson(view));
  return {{"upstreams", std::move(all)}};
}

}  // namespace frontdesk::admin
