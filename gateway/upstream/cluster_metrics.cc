#include "gateway/upstream/cluster_metrics.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>

#include "gateway/observe/grpc_code.h"
#include "gateway/upstream/canary.h"

namespace frontdesk::upstream {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// What dashboards draw: the worse, the higher.
double Number(Breaker::State state) {
  switch (state) {
    case Breaker::State::kClosed:
      return 0;
    case Breaker::State::kHalfOpen:
      return 1;
    case Breaker::State::kOpen:
      return 2;
  }
  return 0;
}

struct Series {
  MetricFamily family;

  Series(const char* name, const char* help, MetricType type) : family{name, help, type, {}} {}
  void Add(double value, std::vector<ClientMetric::Label> labels) {
    ClientMetric& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }
};

using Labels = std::vector<ClientMetric::Label>;

// Of which upstream a series is, and of which version, where it has several.
Labels LabelsOf(const ClusterView& view, Labels more = {}) {
  Labels labels = {{"upstream", view.version ? view.version->of : view.name}};
  if (view.version) labels.push_back({"version", view.version->name});
  for (ClientMetric::Label& label : more) labels.push_back(std::move(label));
  return labels;
}

void MoveTo(std::vector<MetricFamily>& out, std::initializer_list<Series*> all) {
  for (Series* series : all) {
    if (!series->family.metric.empty()) out.push_back(std::move(series->family));
  }
}

void CollectMethods(const std::vector<ClusterView>& views, std::vector<MetricFamily>& out) {
  Series state("frontdesk_upstream_breaker_state",
               "Breakers of methods: 0 closed, 1 half-open, 2 open.", MetricType::Gauge);
  Series opened("frontdesk_upstream_breaker_opened_total",
                "How often breakers of methods have opened, after failed probes included.",
                MetricType::Counter);
  Series reason("frontdesk_upstream_breaker_reason",
                "1 for what has opened a method's breaker, until it is closed.", MetricType::Gauge);
  Series until_probe("frontdesk_upstream_breaker_until_probe_seconds",
                     "Until a breaker of a method lets the next probe through; 0 when it may go.",
                     MetricType::Gauge);
  for (const ClusterView& view : views) {
    for (const MethodView& method : view.methods) {
      if (!method.breaker.on) continue;
      Labels labels = {{"grpc_service", method.service}, {"grpc_method", method.name}};
      if (view.version) labels.push_back({"version", view.version->name});
      state.Add(Number(method.breaker.state), labels);
      opened.Add(static_cast<double>(method.breaker.opened), labels);
      until_probe.Add(std::chrono::duration<double>(method.breaker.until_probe).count(), labels);
      if (method.breaker.trip == Breaker::Trip::kNone) continue;
      Labels with_reason = labels;
      with_reason.push_back({"reason", std::string(NameOf(method.breaker.trip))});
      reason.Add(1, std::move(with_reason));
    }
  }
  MoveTo(out, {&state, &opened, &reason, &until_probe});
}

void CollectEndpoints(const std::vector<ClusterView>& views, std::vector<MetricFamily>& out) {
  Series endpoints("frontdesk_upstream_endpoints", "End points by state.", MetricType::Gauge);
  Series panic("frontdesk_upstream_panic",
               "1 while so few end points are usable that calls go to all.", MetricType::Gauge);
  Series ejections("frontdesk_upstream_ejections_total",
                   "End points that were left out for a while by outlier detection.",
                   MetricType::Counter);
  for (const ClusterView& view : views) {
    for (const Standing standing :
         {Standing::kUsable, Standing::kUnreachable, Standing::kEjected, Standing::kUnhealthy}) {
      endpoints.Add(static_cast<double>(view.Count(standing)),
                    LabelsOf(view, {{"state", std::string(NameOf(standing))}}));
    }
    panic.Add(view.panic, LabelsOf(view));
    ejections.Add(static_cast<double>(view.ejections), LabelsOf(view));
  }
  MoveTo(out, {&endpoints, &panic, &ejections});
}

void CollectEndpointBreakers(const std::vector<ClusterView>& views,
                             std::vector<MetricFamily>& out) {
  Series breakers("frontdesk_upstream_endpoint_breakers", "End points by their breakers' states.",
                  MetricType::Gauge);
  Series opened("frontdesk_upstream_endpoint_breaker_opened_total",
                "How often breakers of end points have opened, after failed probes included.",
                MetricType::Counter);
  Series reason("frontdesk_upstream_endpoint_breaker_reason",
                "End points whose breakers are not closed, by what has opened them.",
                MetricType::Gauge);
  Series until_probe("frontdesk_upstream_endpoint_breaker_until_probe_seconds",
                     "Until the first of these breakers lets a probe through; 0 when it may go.",
                     MetricType::Gauge);
  for (const ClusterView& view : views) {
    const auto on = [](const EndpointView& one) { return one.breaker.on; };
    if (std::none_of(view.endpoints.begin(), view.endpoints.end(), on)) continue;
    for (const auto state :
         {Breaker::State::kClosed, Breaker::State::kHalfOpen, Breaker::State::kOpen}) {
      breakers.Add(static_cast<double>(view.Count(state)),
                   LabelsOf(view, {{"state", std::string(NameOf(state))}}));
    }
    opened.Add(static_cast<double>(view.breakers_opened), LabelsOf(view));
    std::map<Breaker::Trip, int> by_reason;
    Duration soonest = Duration::max();
    for (const EndpointView& one : view.endpoints) {
      if (one.breaker.trip == Breaker::Trip::kNone) continue;
      ++by_reason[one.breaker.trip];
      soonest = std::min(soonest, one.breaker.until_probe);
    }
    for (const auto& [trip, count] : by_reason) {
      reason.Add(count, LabelsOf(view, {{"reason", std::string(NameOf(trip))}}));
    }
    if (by_reason.empty()) continue;
    until_probe.Add(std::chrono::duration<double>(soonest).count(), LabelsOf(view));
  }
  MoveTo(out, {&breakers, &opened, &reason, &until_probe});
}

void CollectRoom(const std::vector<ClusterView>& views, std::vector<MetricFamily>& out) {
  Series limit("frontdesk_upstream_limit", "Attempts that may be in flight, where that is limited.",
               MetricType::Gauge);
  Series in_flight("frontdesk_upstream_in_flight", "Attempts in flight, where that is limited.",
                   MetricType::Gauge);
  Series pending("frontdesk_upstream_pending",
                 "Calls that wait for room below the limit, or for a connection.",
                 MetricType::Gauge);
  Series left("frontdesk_upstream_retry_budget_left", "Retries and hedges that may be made now.",
              MetricType::Gauge);
  for (const ClusterView& view : views) {
    if (view.room) {
      limit.Add(static_cast<double>(view.room->limit), LabelsOf(view));
      in_flight.Add(static_cast<double>(view.room->in_flight), LabelsOf(view));
      pending.Add(static_cast<double>(view.room->waiting), LabelsOf(view, {{"for", "room"}}));
    }
    pending.Add(static_cast<double>(view.waiting_for_connection),
                LabelsOf(view, {{"for", "connection"}}));
    left.Add(view.retries_left, LabelsOf(view));
  }
  MoveTo(out, {&limit, &in_flight, &pending, &left});
}

void CollectVersions(const std::vector<ClusterView>& views, std::vector<MetricFamily>& out) {
  Series percent("frontdesk_upstream_version_percent",
                 "Share of callers that a version of an upstream gets.", MetricType::Gauge);
  Series chosen("frontdesk_upstream_version_chosen_total",
                "Requests whose calls went to a version of an upstream, by why.",
                MetricType::Counter);
  Series calls("frontdesk_upstream_version_calls_total",
               "Calls to a version of an upstream that ended, by status.", MetricType::Counter);
  Series seconds("frontdesk_upstream_version_call_seconds_total",
                 "Time that calls to a version of an upstream took together.", MetricType::Counter);
  for (const ClusterView& view : views) {
    if (!view.version) continue;
    const VersionCounts& counts = view.version->counts;
    percent.Add(view.version->percent, LabelsOf(view));
    seconds.Add(counts.seconds, LabelsOf(view));
    for (size_t i = 0; i < counts.chosen.size(); ++i) {
      if (view.version->name == kStable && i == static_cast<size_t>(ChosenBy::kMatch)) continue;
      chosen.Add(static_cast<double>(counts.chosen[i]),
                 LabelsOf(view, {{"by", std::string(kChosenBy[i])}}));
    }
    for (size_t code = 0; code < counts.calls.size(); ++code) {
      // OK is there from the start: a rate over a series that appears late misses its first step.
      if (counts.calls[code] == 0 && code != 0) continue;
      calls.Add(static_cast<double>(counts.calls[code]),
                LabelsOf(view, {{"grpc_code", std::string(observe::kGrpcCodeLabels[code])}}));
    }
  }
  MoveTo(out, {&percent, &chosen, &calls, &seconds});
}

}  // namespace

std::vector<MetricFamily> ClusterMetrics::Collect() const {
  const std::vector<ClusterView> views = views_();
  std::vector<MetricFamily> out;
  CollectMethods(views, out);
  CollectEndpoints(views, out);
  CollectEndpointBreakers(views, out);
  CollectRoom(views, out);
  CollectVersions(views, out);
  return out;
}

}  // namespace frontdesk::upstream
