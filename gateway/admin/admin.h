// The operators' listener: health, readiness, metrics, upstreams, version. Loopback only, on
// threads of its own, so that it answers when every loop is busy.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/identity/key_source.h"
#include "gateway/observe/metrics.h"
#include "gateway/tls/credentials.h"
#include "gateway/upstream/cluster_view.h"

namespace frontdesk::admin {

// Where the answers come from. References outlive the Admin; functions are called on its threads,
// several at a time.
struct Sources {
  // False before the first listener is open and from the begin of draining.
  const std::atomic<bool>& ready;
  const observe::Metrics& metrics;
  std::string version;
  std::string compiler;
  // What is wrong with the process, such as a loop that does not answer; "" when it is well. May be
  // empty: then it is always well.
  std::function<std::string()> trouble;
  // How each upstream does. May be empty: then there are none.
  std::function<std::vector<upstream::ClusterView>()> upstreams;
  // What is proved by certificates. May be empty: then there are none.
  std::function<std::vector<tls::CredentialsView>()> certificates;
  // What callers are judged by. May be empty: then there are none.
  std::function<std::vector<identity::KeySourceStatus>()> keys;
};

class Admin {
 public:
  // Listens when it returns. Fails when the address is not numeric "host:port" on loopback or can't
  // be listened on. Port 0 takes any.
  static absl::StatusOr<std::unique_ptr<Admin>> Start(std::string_view address, Sources sources);
  // Answers what has begun and ends; takes about a second at most.
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  uint16_t port() const;

 private:
  class Server;
  explicit Admin(std::unique_ptr<Server> server);

  const std::unique_ptr<Server> server_;
};

}  // namespace frontdesk::admin
