// Metrics: each worker counts in a shard of its own, a scrape folds the shards. Series are resolved
// to small ids when the configuration is built, so that a request needs no look-up and no lock.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/mutex.h"
#include "gateway/observe/cells.h"
#include "gateway/observe/grpc_code.h"

namespace frontdesk::observe {

using RouteId = uint32_t;
using MethodId = uint32_t;

// What an Idempotency-Key led to.
enum class IdempotencyOutcome { kRun, kReplayed, kInFlight, kReused, kRefused };
inline constexpr std::array<std::string_view, 5> kIdempotencyOutcomes = {
    "run", "replayed", "in_flight", "reused", "refused"};

// Why a request was refused although nothing was wrong with it.
enum class ShedReason { kQueueAge, kMaxInFlight, kMaxBodyBytes };
inline constexpr std::array<std::string_view, 3> kShedReasons = {"queue_age", "max_in_flight",
                                                                 "max_body_bytes"};

// What was injected into a request.
enum class FaultKind { kDelay, kAbort };
inline constexpr std::array<std::string_view, 2> kFaultKinds = {"delay", "abort"};

// What became of a client's TLS handshake.
inline constexpr std::array<std::string_view, 12> kHandshakes = {
    "full",           "resumed",         "plain_http",      "version", "cipher",  "alpn",
    "no_certificate", "bad_certificate", "refused_by_peer", "cut",     "timeout", "other"};

// What stood between a call and its back end.
enum class CallEvent { kRetry, kHedge, kNoBudget, kBreakerOpen };
inline constexpr size_t kCallEvents = 4;

// What one worker counts. Every member function belongs to that worker's thread.
class MetricsShard {
 public:
  MetricsShard() = default;
  MetricsShard(const MetricsShard&) = delete;
  MetricsShard& operator=(const MetricsShard&) = delete;

  // A request that was answered with `status`; `duration` from its head to the end of its answer.
  void OnRequest(RouteId route, int status, std::chrono::nanoseconds duration) {
    routes_.Get(route).For(status).Observe(duration);
  }
  // One of a method that is deprecated or retired.
  void OnDeprecated(RouteId route) { routes_.Get(route).deprecated.Add(1); }
  // `change` is +1 or -1.
  void AddActive(int change) { active_.Add(static_cast<uint64_t>(int64_t{change})); }
  void AddConnections(int change) { connections_.Add(static_cast<uint64_t>(int64_t{change})); }

  void OnCallStarted(MethodId method) { methods_.Get(method).started.Add(1); }
  // A call's end; `grpc_code` is its status' number.
  void OnCallHandled(MethodId method, int grpc_code, std::chrono::nanoseconds duration) {
    MethodCells& cells = methods_.Get(method);
    cells.handled[GrpcCodeIndex(grpc_code)].Add(1);
    cells.seconds.Observe(duration);
  }

  void OnCallEvent(MethodId method, CallEvent event) {
    methods_.Get(method).events[static_cast<size_t>(event)].Add(1);
  }

  // Something that the parser refused, so that it never became a request.
  void OnRefused() { refused_.Add(1); }
  void OnLogDropped(uint64_t lines = 1) { log_dropped_.Add(lines); }

  // A request with an Idempotency-Key.
  void OnIdempotency(IdempotencyOutcome outcome) {
    idempotency_[static_cast<size_t>(outcome)].Add(1);
  }
  void OnShed(ShedReason reason) { shed_[static_cast<size_t>(reason)].Add(1); }
  // One of kHandshakes; what is none counts as the last.
  void OnHandshake(std::string_view outcome) {
    size_t i = 0;
    while (i + 1 < kHandshakes.size() && kHandshakes[i] != outcome) ++i;
    handshakes_[i].Add(1);
  }
  void OnFault(FaultKind kind) { faults_[static_cast<size_t>(kind)].Add(1); }
  // A step of a failed composition that was taken back, or could not be.
  void OnUndo(bool done) { (done ? undone_ : not_undone_).Add(1); }

 private:
  friend class Metrics;

  struct StatusCells {
    explicit StatusCells(int code) : status(code) {}
    const int status;
    HistogramCells seconds;
  };
  // A histogram per status that occurred. Few do; the last place takes what does not fit.
  class RouteCells {
   public:
    static constexpr size_t kStatuses = 32;
    static constexpr int kOther = 0;

    RouteCells() = default;
    RouteCells(const RouteCells&) = delete;
    RouteCells& operator=(const RouteCells&) = delete;
    ~RouteCells();
    HistogramCells& For(int status) {
      for (auto& slot : slots_) {
        StatusCells* cells = slot.load(std::memory_order_relaxed);
        if (cells == nullptr) return Add(status);
        if (cells->status == status) return cells->seconds;
      }
      return slots_.back().load(std::memory_order_relaxed)->seconds;
    }
    // Null from the first free place on. Any thread.
    const StatusCells* at(size_t i) const { return slots_[i].load(std::memory_order_acquire); }

    Cell deprecated;

   private:
    HistogramCells& Add(int status);

    std::array<std::atomic<StatusCells*>, kStatuses> slots_{};
  };
  struct MethodCells {
    Cell started;
    std::array<Cell, kGrpcCodes> handled;
    std::array<Cell, kCallEvents> events;
    HistogramCells seconds;
  };

  alignas(64) Cell active_;
  Cell connections_;
  Cell refused_;
  Cell log_dropped_;
  std::array<Cell, kIdempotencyOutcomes.size()> idempotency_;
  std::array<Cell, kShedReasons.size()> shed_;
  std::array<Cell, kFaultKinds.size()> faults_;
  std::array<Cell, kHandshakes.size()> handshakes_;
  Cell undone_;
  Cell not_undone_;
  CellTable<RouteCells> routes_;
  CellTable<MethodCells> methods_;
};

// One per process; every member function may be called from any thread. Registration and scrapes
// take a lock, the shards never do.
class Metrics : public prometheus::Collectable {
 public:
  // `version` and `compiler` are the labels of frontdesk_build_info.
  Metrics(std::string_view version, std::string_view compiler);

  // The id of a route, the same for the same three. `route` is the template, never a path; `api`
  // the front that it belongs to, which is a label where it is not empty. Beyond
  // CellTable::kCapacity routes share the id of NoRoute(http_method).
  RouteId AddRoute(std::string_view http_method, std::string_view route, std::string_view api = "");
  // The id of requests without a route: route "none", unknown methods as "_OTHER".
  static RouteId NoRoute(std::string_view http_method);
  // The id of an rpc; `type` is "unary", "client_stream", "server_stream" or "bidi_stream". Beyond
  // CellTable::kCapacity methods share the last id.
  MethodId AddMethod(std::string_view service, std::string_view method, std::string_view type);

  // A new worker's shard; lives as long as the Metrics.
  MetricsShard& AddShard();

  // What `source`, which lives as long as scrapes are made, collects is part of each scrape; any
  // thread.
  void AddSource(const prometheus::Collectable& source);
  // For counts that are not on the request path.
  prometheus::Registry& registry() { return registry_; }

  std::vector<prometheus::MetricFamily> Collect() const override;
  // Of the calls alone, for a program that serves nothing itself.
  std::vector<prometheus::MetricFamily> CollectOfCalls() const;
  // Everything in Prometheus' text format.
  std::string Text() const;

 private:
  struct Rpc {
    std::string service;
    std::string method;
    std::string type;
  };
  using Family = prometheus::MetricFamily;

  Family Requests() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Family Deprecated() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CollectOnce(std::vector<Family>& out) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  template <size_t kLabels>
  Family ByLabel(const char* name, const char* help, const char* label,
                 const std::array<std::string_view, kLabels>& labels,
                 std::array<Cell, kLabels> MetricsShard::*cells) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CollectCalls(std::vector<Family>& out) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CollectCallEvents(std::vector<Family>& out) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t Total(Cell MetricsShard::*cell) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  prometheus::Registry registry_;
  mutable Mutex mutex_;
  std::vector<const prometheus::Collectable*> sources_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<MetricsShard>> shards_ ABSL_GUARDED_BY(mutex_);
  struct Route {
    std::string method, route, api;
    auto operator<=>(const Route&) const = default;
  };
  static prometheus::ClientMetric LabelledBy(const Route& route, const std::string& status = "");
  std::vector<Route> routes_ ABSL_GUARDED_BY(mutex_);  // by id
  std::map<Route, RouteId> route_ids_ ABSL_GUARDED_BY(mutex_);
  std::vector<Rpc> methods_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, MethodId> method_ids_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace frontdesk::observe
