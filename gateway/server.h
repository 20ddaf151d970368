// A running gateway, wired by hand: START HERE for what a process owns and in which order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/admin/admin.h"
#include "gateway/drain.h"
#include "gateway/identity/key_metrics.h"
#include "gateway/tls/credentials_metrics.h"
#include "gateway/upstream/cluster_metrics.h"
#include "gateway/upstream/control_loop.h"
#include "gateway/worker.h"

namespace frontdesk {

// Of one thread, which has blocked the signals that Drain() waits for.
class Server {
 public:
  // `code` outlives it.
  Server(std::unique_ptr<config::Snapshot> snapshot, const compose::Registry& code);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes every file and port that it needs, and begins to look up names and keys. The error says
  // what stands in the way.
  absl::Status Open();
  // Workers answer; returns when it is known whom to ask and whom to let in, or that takes too
  // long: the process is ready. False when it is not, because it shall end: one of StopSignals()
  // came meanwhile, and is still there to be heard. Stop() follows either way.
  bool Start();
  // "TLS on 127.0.0.1:8080, admin on 127.0.0.1:9900", with the ports that were free.
  std::string Addresses() const;
  // The access log is opened anew, after it was moved away; certificates that have changed are
  // read, and the shares of callers that versions of upstreams get. All else that has changed waits
  // for a restart. The log says so, and what is wrong with the files as they are now. `proto_path`
  // as for config::Compile().
  void Reload(const std::string& config_file, const std::vector<std::string>& proto_path);
  // Ends with what is in flight.
  void Stop() { Drain(workers_, connections_, shared_); }

 private:
  absl::Status OpenLog();
  absl::Status OpenPort();
  absl::Status OpenAdmin();
  // Tells the counters' store where it is; its name, if it has one, is looked up by who gets it.
  std::vector<upstream::WatchedHost> FindRedis();
  void MakeLimits();
  void MakeWorkers();
  std::vector<upstream::ClusterView> Upstreams() const;
  std::vector<tls::CredentialsView> Certificates() const;

  // In the order in which they need each other.
  const std::shared_ptr<const config::Snapshot> snapshot_;
  observe::Metrics metrics_;
  policy::MemoryIdempotencyStore idempotency_;
  policy::InFlight in_flight_;
  policy::Bulkheads bulkheads_;
  policy::Authenticator authenticator_;
  identity::KeyMetrics key_metrics_;
  identity::IntrospectionMetrics introspection_metrics_;
  // Limits are counted in one of both, where there are any.
  std::unique_ptr<limit::MemoryStore> limits_in_memory_;
  std::unique_ptr<limit::SharedLimits> shared_limits_;
  std::optional<policy::Limits> limits_;
  Shared shared_;
  upstream::ClusterMetrics upstream_metrics_;
  const std::vector<std::shared_ptr<tls::Credentials>> credentials_;
  tls::CredentialsMetrics certificate_metrics_;
  std::unique_ptr<observe::AccessLog> log_;
  std::unique_ptr<upstream::ControlLoop> control_;
  http::ConnectionShare connections_;
  Workers workers_;
  std::unique_ptr<admin::Admin> admin_;
};

}  // namespace frontdesk
