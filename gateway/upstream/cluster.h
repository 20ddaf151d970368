// What all workers of this process know together about one upstream: its end points and how they
// do, what its calls may cost (retry budget, room) and the breakers of its methods. The part of one
// worker is channel.h. Everything here may be called on any thread; locks are short.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "gateway/base/admission.h"
#include "gateway/base/clock.h"
#include "gateway/base/mechanism/latency_window.h"
#include "gateway/base/mutex.h"
#include "gateway/base/shared_breaker.h"
#include "gateway/contract/method_name.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/reachability.h"
#include "gateway/upstream/settings.h"
#include "gateway/upstream/verdict.h"

namespace frontdesk::upstream {

class Canary;        // canary.h
struct ClusterView;  // cluster_view.h

// What an attempt says about how much its back end has to do.
enum class Load {
  kServed,
  kDropped,  // it may have had too much to do
  kNothing,
};

// An end point as it was found.
struct FoundEndpoint {
  EndpointTarget target;
  uint32_t weight = 1;
  std::string zone;

  bool operator==(const FoundEndpoint&) const = default;
};

// How one end point does. Lives as long as it is in the set, or a call to it is under way.
class EndpointState {
 public:
  EndpointState(const EndpointTarget& at, const UpstreamSettings& settings, TimePoint now)
      : target(at), joined(now), breaker(settings.breaker) {}

  // Neither ejected nor reported unhealthy.
  bool usable(TimePoint now) const { return healthy() && !ejected(now); }
  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }
  bool ejected(TimePoint now) const { return now < ejected_until(); }
  TimePoint ejected_until() const {
    return TimePoint(Duration(ejected_until_.load(std::memory_order_relaxed)));
  }

  const EndpointTarget target;
  const TimePoint joined;  // the set
  // For the slow start: when it joined, or came back from its last ejection or illness.
  TimePoint since() const {
    return std::max({joined, ejected_until(),
                     TimePoint(Duration(well_since_.load(std::memory_order_relaxed)))});
  }
  SharedBreaker breaker;
  Losses losses;
  Losses overtaken;  // attempts, by others that are made because they are slow

 private:
  friend class Cluster;
  std::atomic<bool> healthy_{true};
  std::atomic<Duration::rep> ejected_until_{TimePoint::min().time_since_epoch().count()};
  // When a health check found it well again.
  std::atomic<Duration::rep> well_since_{TimePoint::min().time_since_epoch().count()};
  Mutex mutex_;
  Outlier outlier_ ABSL_GUARDED_BY(mutex_);
  bool away_ ABSL_GUARDED_BY(mutex_) = false;  // ejected, and not yet told to be back
  Reachability reached_ ABSL_GUARDED_BY(mutex_);
};

struct PublishedEndpoint {
  std::shared_ptr<EndpointState> state;
  uint32_t weight = 1;
  std::string zone;
};
// Immutable once published.
using Endpoints = std::vector<PublishedEndpoint>;

// One method of the upstream: lives as long as the cluster.
struct MethodState {
  MethodState(CallPolicy with, bool settings)
      : policy(std::move(with)), from_settings(settings), breaker(policy.breaker) {}

  const CallPolicy policy;
  const bool from_settings;  // UpstreamSettings::methods: nothing else counts
  SharedBreaker breaker;
  Losses losses;
  // How long successful calls take; kept only where a hedge waits for a percentile.
  Mutex mutex;
  LatencyWindow latency ABSL_GUARDED_BY(mutex);
};

class Cluster {
 public:
  // Numeric end points, and those of the grpc transport, are there at once; Discovery finds the
  // others.
  Cluster(UpstreamSettings settings, TimePoint now);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  const UpstreamSettings& settings() const { return settings_; }

  // The set, and why it is empty: OK while nobody knows yet.
  std::shared_ptr<const Endpoints> endpoints() const;
  absl::Status failure() const;
  // Replaces the set. Those that stay (same target) keep how they do. An empty one is ignored: the
  // last good set stays.
  void Publish(const std::vector<FoundEndpoint>& found, TimePoint now);
  // Looking for end points failed; matters while there are none.
  void PublishFailure(absl::Status why);
  // What an active health check found.
  void SetHealthy(EndpointState& endpoint, bool healthy, TimePoint now);

  // Raised by each change of the set and of who is ejected or unhealthy.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // `changed` is called after each such change, on whatever thread made it, under a lock: it only
  // posts to a loop.
  uint64_t Watch(std::function<void()> changed);
  void Unwatch(uint64_t watch);

  // The outcome of an attempt that `breaker` of the end point admitted: its breaker and the outlier
  // detection learn from it.
  void RecordAttempt(EndpointState& endpoint, Breaker::Ticket ticket, Verdict verdict,
                     Duration took, TimePoint now);

  // What a worker has of the end point has changed, or an attempt to connect failed once more, as
  // Reachability::Change() takes it; the log is told what is new.
  void RecordConnection(EndpointState& endpoint, Connection before, Connection now,
                        std::string_view why, TimePoint at);

  // The retry budget: each first attempt is counted, each further one taken.
  void CountCall(TimePoint now);
  bool TakeRetry(TimePoint now);

  // Room for attempts in flight; asked for only where there is a limit.
  bool is_limited() const { return limited_; }
  Admission& room() { return room_; }
  // An attempt that had room ended; adaptive concurrency learns from it.
  void LeaveRoom(Load load, Duration took, TimePoint now);
  // Calls that wait for a connection, of at most settings().max_pending.
  bool EnterQueue();
  void LeaveQueue() { waiting_.fetch_sub(1, std::memory_order_relaxed); }

  // As the settings say, or else what `method` was declared with when it was first asked for.
  MethodState& Method(const contract::MethodName& method);

  // How everything does, for operators.
  ClusterView Describe(TimePoint now);
  // Tells the log which ejections are over and whether too few end points are usable. To be called
  // after each change, and after the end of each ejection; by every worker, but a change is told
  // once.
  void NoticeChanges(TimePoint now);

 private:
  void Changed();
  void Eject(EndpointState& endpoint, std::string_view why, TimePoint now);
  void CompareSuccessRates(TimePoint now);
  size_t CountEjected(const Endpoints& endpoints, TimePoint now) const;

  const UpstreamSettings settings_;
  const bool limited_;
  Admission room_;
  std::atomic<size_t> waiting_{0};
  std::atomic<uint64_t> version_{1};
  std::atomic<Duration::rep> next_comparison_;
  std::atomic<uint64_t> ejections_{0};
  std::atomic<uint64_t> breakers_opened_{0};  // of end points

  mutable Mutex mutex_;
  std::shared_ptr<const Endpoints> endpoints_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::unique_ptr<MethodState>, std::less<>> methods_ ABSL_GUARDED_BY(mutex_);

  Mutex eject_mutex_;

  Mutex notice_mutex_;
  TimePoint noticed_at_ ABSL_GUARDED_BY(notice_mutex_) = TimePoint::min();
  bool panic_ ABSL_GUARDED_BY(notice_mutex_) = false;

  Mutex budget_mutex_;
  RetryBudget budget_ ABSL_GUARDED_BY(budget_mutex_);

  Mutex gradient_mutex_;
  GradientLimit gradient_ ABSL_GUARDED_BY(gradient_mutex_);

  Mutex watch_mutex_;
  std::map<uint64_t, std::function<void()>> watches_ ABSL_GUARDED_BY(watch_mutex_);
  uint64_t next_watch_ ABSL_GUARDED_BY(watch_mutex_) = 1;
};

// End points that need no looking up: numeric ones, and whatever the grpc transport is given.
std::vector<FoundEndpoint> StaticEndpoints(const UpstreamSettings& settings);

// Every upstream of the process, found by service; each version of one is a cluster. Outlives the
// workers.
class Clusters {
 public:
  Clusters(const std::vector<UpstreamSettings>& upstreams, TimePoint now);
  ~Clusters();

  // The stable version; null when no upstream has it.
  Cluster* Find(std::string_view service) const;
  // Null when there is no other version.
  Canary* CanaryOf(const Cluster& stable) const;
  // What callers a version gets from now on; false when there is none of this name. Any thread.
  bool SetPercent(std::string_view upstream, std::string_view version, double percent);
  std::vector<ClusterView> Describe(TimePoint now) const;
  const std::vector<std::unique_ptr<Cluster>>& all() const { return clusters_; }

 private:
  void AddVersions(const UpstreamSettings& settings, Cluster& stable, TimePoint now);

  std::vector<std::unique_ptr<Cluster>> clusters_;
  std::vector<std::unique_ptr<Canary>> canaries_;
  absl::flat_hash_map<std::string, Cluster*> by_service_;
};

}  // namespace frontdesk::upstream
