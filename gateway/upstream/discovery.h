// Finds the end points of every upstream: looks up the names among them and publishes what becomes
// of the set.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/base/mutex.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/watched_name.h"

namespace frontdesk::upstream {

// How one name of an upstream does, for operators.
struct DiscoveryStatus {
  std::string upstream;
  std::string name;      // as configured
  size_t endpoints = 0;  // that are known
  std::string error;     // why the last look-up found nothing, or only a part; "" when it was good
  bool looked_up = false;
  TimePoint last{};  // of the last look-up's end
  TimePoint next{};  // when it is looked up again
};

// The set of one upstream. On one loop.
class UpstreamDiscovery {
 public:
  // `looked_up` is called after each look-up, when the set was published.
  UpstreamDiscovery(Loop& loop, const DnsSettings& dns, const Random& random, Cluster& cluster,
                    std::function<void()> looked_up);
  UpstreamDiscovery(const UpstreamDiscovery&) = delete;
  UpstreamDiscovery& operator=(const UpstreamDiscovery&) = delete;

  // Without names there is nothing to find.
  bool has_names() const { return !names_.empty(); }
  void Start();
  // Each name was looked up at least once, whatever was found.
  bool settled() const;
  std::vector<DiscoveryStatus> status() const;

 private:
  struct Name {
    EndpointSettings configured;
    bool srv;
    std::string error;   // of the last look-up
    LookupOutcome said;  // in the log
    std::unique_ptr<WatchedName> watched;
  };

  void AddName(const DnsSettings& dns, const Random& random, const EndpointSettings& configured,
               const Endpoint& parsed);
  void OnLookedUp(Name& name);
  void LogOutcome(Name& name);
  void Publish();
  void PublishFailure();
  std::vector<FoundEndpoint> Found();
  void LogChange(const std::vector<FoundEndpoint>& found);

  Loop& loop_;
  Cluster& cluster_;
  const std::function<void()> looked_up_;
  const std::vector<FoundEndpoint> fixed_;  // that need no looking up
  std::vector<FoundEndpoint> published_;
  std::string failure_;  // that was published
  bool said_too_many_ = false;
  std::vector<std::unique_ptr<Name>> names_;
};

// Of all upstreams. Everything but status() belongs to the loop's thread, as do construction and
// destruction, which ends all look-ups.
class Discovery {
 public:
  Discovery(Loop& loop, const Clusters& clusters, const Random& random, const DnsSettings& dns);
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  // `settled` is called once, when each name was looked up, whatever was found: at once where there
  // are none.
  void Start(std::function<void()> settled);
  // Any thread.
  std::vector<DiscoveryStatus> status() const;

 private:
  void OnLookedUp();

  std::function<void()> settled_;
  mutable Mutex mutex_;
  std::vector<DiscoveryStatus> status_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<UpstreamDiscovery>> upstreams_;
};

}  // namespace frontdesk::upstream
