// A fast gRPC back end over nghttp2 for benches and load tests: every method is answered with the
// same message, or with its own request. Checks little; tests of behaviour use ScriptedH2Server.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "gateway/base/loop.h"

namespace frontdesk::testing_support {

struct LightBackendOptions {
  uint16_t port = 0;  // on 127.0.0.1; 0 for any
  std::string reply;  // the message, without its prefix
  bool echo = false;  // answer with the request's message instead
  Duration delay = Duration::zero();
};

// On one loop; outlives nothing that it accepted.
class LightBackend {
 public:
  LightBackend(Loop& loop, const LightBackendOptions& options);
  ~LightBackend();

  uint16_t port() const { return acceptor_.local_endpoint().port(); }
  uint64_t calls() const { return calls_; }

 private:
  class Connection;

  void Accept();

  Loop& loop_;
  const LightBackendOptions options_;
  std::string framed_;
  boost::asio::ip::tcp::acceptor acceptor_;
  uint64_t calls_ = 0;
  std::set<std::shared_ptr<Connection>> connections_;
};

}  // namespace frontdesk::testing_support
