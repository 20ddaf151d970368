#include "gateway/observe/metrics.h"

#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

#include "gateway/base/text.h"
#include "gateway/observe/process_metrics.h"

namespace frontdesk::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// The first ids are the requests without a route, one per method.
constexpr std::array<std::string_view, 10> kNoRouteMethods = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "_OTHER"};

// By CallEvent: the counter's name and help.
constexpr std::array<std::pair<const char*, const char*>, kCallEvents> kCallEventNames = {
    {{"frontdesk_upstream_retries_total", "Attempts made because the one before failed."},
     {"frontdesk_upstream_hedges_total", "Attempts made because the one before was slow."},
     {"frontdesk_upstream_retry_budget_exhausted_total",
      "Attempts not made because the upstream's retry budget was spent."},
     {"frontdesk_upstream_breaker_refused_total",
      "Calls refused because the method's breaker was open."}}};

ClientMetric Labelled(std::initializer_list<std::pair<const char*, std::string>> labels) {
  ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

// Sums the same series of several shards.
class HistogramSum {
 public:
  void Add(const HistogramCells& cells) {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += cells.bucket(i);
    nanos_ += cells.sum_nanos();
  }
  // The count is that of the buckets, so that both agree although writers go on writing.
  ClientMetric::Histogram Fold() const {
    ClientMetric::Histogram out;
    out.sample_sum = static_cast<double>(nanos_) / 1e9;
    out.bucket.reserve(counts_.size());
    for (size_t i = 0; i < counts_.size(); ++i) {
      out.sample_count += counts_[i];
      const bool last = i == kBucketBounds.size();
      out.bucket.push_back({out.sample_count, last ? std::numeric_limits<double>::infinity()
                                                   : static_cast<double>(kBucketBounds[i]) / 1e9});
    }
    return out;
  }

 private:
  std::array<uint64_t, kBucketBounds.size() + 1> counts_{};
  uint64_t nanos_ = 0;
};

MetricFamily Single(const char* name, const char* help, MetricType type, double value) {
  ClientMetric metric;
  if (type == MetricType::Gauge) {
    metric.gauge.value = value;
  } else {
    metric.counter.value = value;
  }
  return {name, help, type, {std::move(metric)}};
}

}  // namespace

MetricsShard::RouteCells::~RouteCells() {
  for (auto& slot : slots_) delete slot.load(std::memory_order_relaxed);
}

HistogramCells& MetricsShard::RouteCells::Add(int status) {
  const auto free = std::find_if(slots_.begin(), slots_.end(), [](const auto& slot) {
    return slot.load(std::memory_order_relaxed) == nullptr;
  });
  const bool last = free == slots_.end() - 1;
  auto cells = std::make_unique<StatusCells>(last ? kOther : status);
  HistogramCells& seconds = cells->seconds;
  free->store(cells.release(), std::memory_order_release);
  return seconds;
}

Metrics::Metrics(std::string_view version, std::string_view compiler) {
  prometheus::BuildGauge()
      .Name("frontdesk_build_info")
      .Help("Always 1; the labels say which build this is.")
      .Register(registry_)
      .Add({{"version", std::string(version)}, {"compiler", std::string(compiler)}})
      .Set(1);
  MutexLock lock(mutex_);
  for (std::string_view method : kNoRouteMethods)
    routes_.push_back({std::string(method), "none", ""});
}

RouteId Metrics::NoRoute(std::string_view http_method) {
  const auto found = std::find(kNoRouteMethods.begin(), kNoRouteMethods.end() - 1, http_method);
  return static_cast<RouteId>(found - kNoRouteMethods.begin());
}

RouteId Metrics::AddRoute(std::string_view http_method, std::string_view route,
                          std::string_view api) {
  MutexLock lock(mutex_);
  if (routes_.size() == decltype(MetricsShard::routes_)::kCapacity) return NoRoute(http_method);
  Route key{std::string(http_method), std::string(route), std::string(api)};
  const auto [at, added] = route_ids_.try_emplace(key, static_cast<RouteId>(routes_.size()));
  if (added) routes_.push_back(std::move(key));
  return at->second;
}

MethodId Metrics::AddMethod(std::string_view service, std::string_view method,
                            std::string_view type) {
  MutexLock lock(mutex_);
  const size_t next = std::min(methods_.size(), decltype(MetricsShard::methods_)::kCapacity - 1);
  const auto [at, added] = method_ids_.try_emplace(
      std::pair(std::string(service), std::string(method)), static_cast<MethodId>(next));
  if (added && next == methods_.size()) {
    methods_.push_back({std::string(service), std::string(method), std::string(type)});
  }
  return at->second;
}

MetricsShard& Metrics::AddShard() {
  MutexLock lock(mutex_);
  return *shards_.emplace_back(std::make_unique<MetricsShard>());
}

void Metrics::AddSource(const prometheus::Collectable& source) {
  MutexLock lock(mutex_);
  sources_.push_back(&source);
}

ClientMetric Metrics::LabelledBy(const Route& route, const std::string& status) {
  ClientMetric metric =
      Labelled({{"http_request_method", route.method}, {"http_route", route.route}});
  if (!status.empty()) metric.label.push_back({"http_response_status_code", status});
  if (!route.api.empty()) metric.label.push_back({"api", route.api});
  return metric;
}

MetricFamily Metrics::Requests() const {
  MetricFamily family{"http_server_request_duration_seconds",
                      "Time from a request's head to the end of its answer.",
                      MetricType::Histogram,
                      {}};
  for (size_t id = 0; id < routes_.size(); ++id) {
    std::map<int, HistogramSum> by_status;
    for (const auto& shard : shards_) {
      const auto* cells = shard->routes_.Find(id);
      for (size_t i = 0; cells && i < MetricsShard::RouteCells::kStatuses && cells->at(i); ++i) {
        by_status[cells->at(i)->status].Add(cells->at(i)->seconds);
      }
    }
    for (const auto& [status, sum] : by_status) {
      const bool other = status == MetricsShard::RouteCells::kOther;
      family.metric.push_back(LabelledBy(routes_[id], other ? "other" : Cat(status)));
      family.metric.back().histogram = sum.Fold();
    }
  }
  return family;
}

MetricFamily Metrics::Deprecated() const {
  MetricFamily family{"frontdesk_deprecated_requests_total",
                      "Requests for methods that are deprecated or retired.",
                      MetricType::Counter,
                      {}};
  for (size_t id = 0; id < routes_.size(); ++id) {
    uint64_t total = 0;
    for (const auto& shard : shards_) {
      if (const auto* cells = shard->routes_.Find(id)) total += cells->deprecated.Get();
    }
    if (total == 0) continue;
    family.metric.push_back(LabelledBy(routes_[id]));
    family.metric.back().counter.value = static_cast<double>(total);
  }
  return family;
}

void Metrics::CollectCalls(std::vector<Family>& out) const {
  Family started{"grpc_client_started_total", "Calls made to back ends.", MetricType::Counter, {}};
  Family handled{"grpc_client_handled_total",
                 "Calls to back ends that ended, by status.",
                 MetricType::Counter,
                 {}};
  Family seconds{"grpc_client_handling_seconds",
                 "Time from a call's start to its end.",
                 MetricType::Histogram,
                 {}};
  for (size_t id = 0; id < methods_.size(); ++id) {
    uint64_t starts = 0;
    std::array<uint64_t, kGrpcCodes> codes{};
    HistogramSum sum;
    for (const auto& shard : shards_) {
      const auto* cells = shard->methods_.Find(id);
      if (cells == nullptr) continue;
      starts += cells->started.Get();
      for (size_t code = 0; code < kGrpcCodes; ++code) codes[code] += cells->handled[code].Get();
      sum.Add(cells->seconds);
    }
    const Rpc& rpc = methods_[id];
    const ClientMetric named = Labelled(
        {{"grpc_service", rpc.service}, {"grpc_method", rpc.method}, {"grpc_type", rpc.type}});
    started.metric.push_back(named);
    started.metric.back().counter.value = static_cast<double>(starts);
    seconds.metric.push_back(named);
    seconds.metric.back().histogram = sum.Fold();
    for (size_t code = 0; code < kGrpcCodes; ++code) {
      // OK is there from the start: a rate over a series that appears late misses its first step.
      if (codes[code] == 0 && code != 0) continue;
      handled.metric.push_back(named);
      handled.metric.back().label.push_back({"grpc_code", std::string(kGrpcCodeLabels[code])});
      handled.metric.back().counter.value = static_cast<double>(codes[code]);
    }
  }
  for (Family* family : {&started, &handled, &seconds}) {
    if (!family->metric.empty()) out.push_back(std::move(*family));
  }
}

// Of every method from its first call on: a rate over a series that appears late misses a step.
void Metrics::CollectCallEvents(std::vector<Family>& out) const {
  std::array<Family, kCallEvents> families;
  for (size_t event = 0; event < kCallEvents; ++event) {
    families[event] = {
        kCallEventNames[event].first, kCallEventNames[event].second, MetricType::Counter, {}};
  }
  for (size_t id = 0; id < methods_.size(); ++id) {
    std::array<uint64_t, kCallEvents> totals{};
    bool called = false;
    for (const auto& shard : shards_) {
      const auto* cells = shard->methods_.Find(id);
      if (cells == nullptr) continue;
      called = true;
      for (size_t event = 0; event < kCallEvents; ++event) {
        totals[event] += cells->events[event].Get();
      }
    }
    if (!called) continue;
    for (size_t event = 0; event < kCallEvents; ++event) {
      ClientMetric metric =
          Labelled({{"grpc_service", methods_[id].service}, {"grpc_method", methods_[id].method}});
      metric.counter.value = static_cast<double>(totals[event]);
      families[event].metric.push_back(std::move(metric));
    }
  }
  for (Family& family : families) {
    if (!family.metric.empty()) out.push_back(std::move(family));
  }
}

template <size_t kLabels>
Metrics::Family Metrics::ByLabel(const char* name, const char* help, const char* label,
                                 const std::array<std::string_view, kLabels>& labels,
                                 std::array<Cell, kLabels> MetricsShard::*cells) const {
  Family family{name, help, MetricType::Counter, {}};
  for (size_t i = 0; i < kLabels; ++i) {
    uint64_t total = 0;
    for (const auto& shard : shards_) total += ((*shard).*cells)[i].Get();
    family.metric.push_back(Labelled({{label, std::string(labels[i])}}));
    family.metric.back().counter.value = static_cast<double>(total);
  }
  return family;
}

// What is carried out once or taken back.
void Metrics::CollectOnce(std::vector<Family>& out) const {
  Family keys =
      ByLabel("frontdesk_idempotency_total", "Requests with an Idempotency-Key, by what it led to.",
              "outcome", kIdempotencyOutcomes, &MetricsShard::idempotency_);
  Family undos{"frontdesk_undo_total",
               "Steps of failed compositions that were taken back, or could not be.",
               MetricType::Counter,
               {}};
  const std::pair<const char*, uint64_t> totals[] = {
      {"undone", Total(&MetricsShard::undone_)}, {"not_undone", Total(&MetricsShard::not_undone_)}};
  for (const auto& [outcome, total] : totals) {
    undos.metric.push_back(Labelled({{"outcome", outcome}}));
    undos.metric.back().counter.value = static_cast<double>(total);
  }
  out.push_back(std::move(keys));
  out.push_back(std::move(undos));
}

uint64_t Metrics::Total(Cell MetricsShard::*cell) const {
  uint64_t total = 0;
  for (const auto& shard : shards_) total += (*shard.*cell).Get();
  return total;
}

std::vector<MetricFamily> Metrics::Collect() const {
  std::vector<MetricFamily> out = registry_.Collect();
  CollectProcess(out);
  MutexLock lock(mutex_);
  Family requests = Requests();
  if (!requests.metric.empty()) out.push_back(std::move(requests));
  Family deprecated = Deprecated();
  if (!deprecated.metric.empty()) out.push_back(std::move(deprecated));
  // Wraps around below zero for a moment when a shard is read between two others' changes.
  const auto gauge = [](uint64_t total) {
    return static_cast<double>(std::max<int64_t>(0, static_cast<int64_t>(total)));
  };
  out.push_back(Single("http_server_active_requests", "Requests that are being answered.",
                       MetricType::Gauge, gauge(Total(&MetricsShard::active_))));
  out.push_back(Single("frontdesk_client_connections", "Open connections of clients.",
                       MetricType::Gauge, gauge(Total(&MetricsShard::connections_))));
  out.push_back(Single("frontdesk_refused_total", "Malformed requests that the parser refused.",
                       MetricType::Counter, static_cast<double>(Total(&MetricsShard::refused_))));
  out.push_back(Single("frontdesk_log_dropped_total",
                       "Lines of the access log that were dropped because it could not be written "
                       "fast enough.",
                       MetricType::Counter,
                       static_cast<double>(Total(&MetricsShard::log_dropped_))));
  out.push_back(ByLabel("frontdesk_shed_total", "Requests refused because there were too many.",
                        "reason", kShedReasons, &MetricsShard::shed_));
  out.push_back(ByLabel("frontdesk_fault_injected_total",
                        "Requests that were delayed or aborted on purpose.", "kind", kFaultKinds,
                        &MetricsShard::faults_));
  Family handshakes = ByLabel("frontdesk_tls_handshakes_total", "TLS handshakes of clients.",
                              "outcome", kHandshakes, &MetricsShard::handshakes_);
  const auto is_there = [](const prometheus::ClientMetric& one) { return one.counter.value > 0; };
  // Who has no TLS need not read of it.
  if (std::any_of(handshakes.metric.begin(), handshakes.metric.end(), is_there)) {
    out.push_back(std::move(handshakes));
  }
  CollectOnce(out);
  CollectCalls(out);
  CollectCallEvents(out);
  for (const prometheus::Collectable* source : sources_) {
    for (Family& family : source->Collect()) out.push_back(std::move(family));
  }
  return out;
}

std::vector<MetricFamily> Metrics::CollectOfCalls() const {
  std::vector<MetricFamily> out;
  MutexLock lock(mutex_);
  CollectCalls(out);
  CollectCallEvents(out);
  return out;
}

std::string Metrics::Text() const { return prometheus::TextSerializer().Serialize(Collect()); }

}  // namespace frontdesk::observe
