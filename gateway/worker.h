// One event loop with everything that lives on it: START HERE for what a worker owns.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/base/spare_memory.h"
#include "gateway/config/snapshot.h"
#include "gateway/gateway.h"
#include "gateway/http/listener.h"
#include "gateway/limit/memory_store.h"
#include "gateway/limit/redis_store.h"
#include "gateway/observe/access_log.h"
#include "gateway/observe/metrics.h"
#include "gateway/upstream/call_metrics.h"
#include "gateway/upstream/channels.h"

namespace frontdesk {

// Counts calls in the worker's shard. Generated clients have a name of their own for what they
// call, so methods are found by path; one that the contract does not have is not counted.
class MethodMetrics {
 public:
  MethodMetrics(const contract::Contract& contract, const std::vector<observe::MethodId>& ids,
                observe::MetricsShard& shard);

  upstream::CallObserver* Of(const contract::MethodName& method);

 private:
  std::map<std::string, upstream::CallMetrics> methods_;
};

// What all workers share and outlives them.
struct Shared {
  const compose::Registry& code;
  std::shared_ptr<const config::Snapshot> snapshot;
  std::unique_ptr<upstream::Clusters> clusters;
  std::vector<observe::MethodId> method_ids;  // parallel to the contract's methods
  policy::IdempotencyStore& idempotency;
  policy::InFlight& in_flight;
  policy::Authenticator& authenticator;
  policy::Bulkheads& bulkheads;
  limit::MemoryStore* limits_in_memory = nullptr;  // one of both
  limit::SharedLimits* shared_limits = nullptr;
  policy::Limits* limits = nullptr;
  std::atomic<size_t> detached{0};  // tasks of all workers' scopes
  ReadyFlag ready{false};
  observe::Metrics& metrics;
  observe::AccessLog* log = nullptr;  // null when switched off
};

// Built by main's thread; after Start() everything is touched on the worker's own thread only,
// which Post() is the way to.
class Worker final : private Timer {
 public:
  Worker(Shared& shared, http::ConnectionShare& connections, size_t index,
         http::Listener::Elsewhere elsewhere);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // After the loop has ended.
  ~Worker() override;

  // Before Start().
  absl::Status Open(const std::string& address, uint16_t port, int backlog) {
    return listener_.Open(address, port, backlog);
  }
  uint16_t port() const { return listener_.port(); }
  void Start();

  // Any thread: runs on the worker's loop.
  void Post(std::function<void(Worker&)> work);
  // Any thread but the worker's: open connections, or nothing when the loop does not answer in
  // time.
  std::optional<size_t> AskConnections(std::chrono::milliseconds patience);
  // Any thread: cancels what is left and lets it unwind for a few seconds; Join() waits for that.
  void Stop();
  void Join();

  http::Listener& listener() { return listener_; }

 private:
  // A peak that is over leaves memory behind that nobody else would get.
  void OnTimer() override;
  // The process' own, or this worker's way to the one that is shared.
  limit::Store* LimitStore(const Shared& shared);

  Loop loop_;
  const upstream::Random random_;
  observe::MetricsShard& shard_;
  Lateness lateness_;
  MethodMetrics call_metrics_;
  upstream::Channels channels_;
  Scope scope_;
  std::optional<limit::RedisStore> shared_limits_;
  Gateway gateway_;
  http::Listener listener_;
  SpareMemory spare_memory_;
  std::thread thread_;
};

}  // namespace frontdesk
