// What a process does for all of its upstreams at once, beside the workers and their calls: looking
// up names, checking health and watching the files of certificates, on a thread with a loop of its
// own.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/loop.h"
#include "gateway/tls/credentials_watch.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/discovery.h"
#include "gateway/upstream/health_check.h"
#include "gateway/upstream/watched_name.h"

namespace frontdesk::upstream {

// A name that is no upstream's, looked up as those are.
struct WatchedHost {
  Endpoint name;
  // Hears what was found; on the control loop's thread.
  std::function<void(const std::vector<DnsTarget>& targets)> found;
};

// Every member may be called from any thread but its own.
class ControlLoop {
 public:
  // Starts the thread, which has the signal mask of this one. `clusters` outlive it. `credentials`
  // are read anew when their files change.
  explicit ControlLoop(const Clusters& clusters, const DnsSettings& dns = {},
                       std::vector<WatchedHost> hosts = {},
                       std::vector<std::shared_ptr<tls::Credentials>> credentials = {});
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;
  // Ends the thread; look-ups and checks under way are given up.
  ~ControlLoop();

  // Waits until each name was looked up once, whatever was found. False when that takes longer.
  bool WaitUntilSettled(Duration patience) const;
  std::vector<DiscoveryStatus> discovery() const { return discovery_.status(); }
  // Looks at the files of certificates now.
  void RefreshCredentials();

 private:
  Loop loop_;
  Discovery discovery_;
  std::vector<std::unique_ptr<UpstreamHealth>> health_;
  std::vector<std::unique_ptr<WatchedName>> hosts_;
  tls::CredentialsWatch credentials_;
  std::promise<void> settled_;
  const std::shared_future<void> is_settled_;
  std::thread thread_;
};

}  // namespace frontdesk::upstream
