// What an operator says about one upstream, as plain values: config/ fills it from the YAML file,
// generated clients and tests by hand.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "gateway/base/clock.h"

namespace frontdesk::upstream {

// Uniform in [0, 1).
using Random = std::function<double()>;

enum class TransportKind {
  kH2,    // the gateway's own HTTP/2 client
  kGrpc,  // gRPC C++, for targets such as "xds:///name"
};

struct UpstreamSettings {
  std::string name;                    // for messages and logs
  std::vector<std::string> services;   // "package.Service"; each belongs to one upstream
  std::vector<std::string> endpoints;  // "host:port", "[v6]:port"; for kGrpc also a target's URI
  TransportKind transport = TransportKind::kH2;

  // Connections per end point and event loop.
  size_t connections = 1;
  // Until a connection is usable: resolving, TCP and the server's SETTINGS together.
  Duration connect_timeout = std::chrono::seconds(2);
  // Of one message, either way.
  size_t max_message_bytes = 4 << 20;
  // Calls waiting for a connection or a free stream; the next one fails with UPSTREAM_OVERLOADED.
  size_t max_pending = 1024;
  // Longest time of a call when nothing shorter is said.
  Duration timeout = std::chrono::seconds(15);

  // A connection that has carried so many is replaced; HTTP/2 has numbers for 2^30.
  size_t calls_per_connection = size_t{1} << 29;
  // A connection without calls is closed after this time.
  Duration idle_timeout = std::chrono::minutes(5);
  // PING when calls are in flight and nothing was read for this long; zero switches it off. Off by
  // default, since gRPC servers answer pings below five minutes with GOAWAY(too_many_pings). Sent
  // data that nobody acknowledges is noticed anyway, see unacknowledged_timeout.
  Duration keepalive_interval = Duration::zero();
  Duration keepalive_timeout = std::chrono::seconds(5);
  // TCP_USER_TIMEOUT: how long the peer's kernel may stay silent about data sent to it.
  Duration unacknowledged_timeout = std::chrono::seconds(15);
  // Waiting between attempts to connect: from the first to the last, growing by 1.6, each less a
  // random part of up to a fifth (so that the whole fleet does not return at once).
  Duration first_backoff = std::chrono::milliseconds(50);
  Duration last_backoff = std::chrono::seconds(1);

  std::string user_agent = "frontdesk";
};

}  // namespace frontdesk::upstream
