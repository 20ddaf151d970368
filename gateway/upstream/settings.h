// What an operator says about one upstream, as plain values: config/ fills it from the YAML file,
// generated clients and tests by hand.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/gradient_limit.h"
#include "gateway/base/mechanism/outlier.h"
#include "gateway/base/mechanism/queue_age.h"
#include "gateway/base/mechanism/retry_budget.h"
#include "gateway/upstream/call_policy.h"

namespace frontdesk::tls {
class Credentials;
}

namespace frontdesk::upstream {

// Uniform in [0, 1).
using Random = std::function<double()>;

enum class TransportKind {
  kH2,    // the gateway's own HTTP/2 client
  kGrpc,  // gRPC C++, for targets such as "xds:///name"
};

// How names are looked up.
struct DnsSettings {
  // "127.0.0.1:5353,[::1]:53": asked instead of the name servers of /etc/resolv.conf.
  std::string servers;
  // Of a look-up as a whole.
  Duration time_limit = std::chrono::seconds(5);
  // A name server that has not answered is asked once more, or another one is.
  Duration try_limit = std::chrono::seconds(1);
};

// Where calls go, as it was written down.
struct EndpointSettings {
  // NOLINTNEXTLINE(google-explicit-constructor): most are nothing but an address
  EndpointSettings(const char* at) : address(at) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  EndpointSettings(std::string at) : address(std::move(at)) {}
  EndpointSettings(std::string at, uint32_t of_weight, std::string in_zone)
      : address(std::move(at)), weight(of_weight), zone(std::move(in_zone)) {}

  // "host:port", "[v6]:port", "srv://name"; for kGrpc also a target's URI.
  std::string address;
  uint32_t weight = 1;
  std::string zone;  // "" when it does not matter
};

struct HealthCheckSettings {
  bool on = false;
  std::string service;  // asked for; "" for the server as a whole
  Duration interval = std::chrono::seconds(5);
  Duration timeout = std::chrono::seconds(1);
  uint32_t unhealthy_threshold = 2;
  uint32_t healthy_threshold = 2;
};

struct AdaptiveConcurrencySettings {
  bool on = false;
  GradientSettings gradient;
};

// A version of the back end beside the stable one.
struct VersionSettings {
  // What a request must be like; all that is not empty must hold.
  struct Match {
    std::string header;               // lower case
    std::string claim;                // a path: "organisation.plan"
    std::vector<std::string> values;  // none: it must be there
  };
  std::string name;
  double percent = 0;        // of callers that no match is for
  std::vector<Match> match;  // one of them is enough
  bool fallback = true;      // to the stable version, while this one can't be called
  std::vector<EndpointSettings> endpoints;
  size_t max_in_flight = 0;  // 0: as the upstream
};

struct CanarySettings {
  std::vector<VersionSettings> versions;  // besides the stable one; none: it is all there is
  // Tells callers apart of whom nothing is verified; lower case. "" for none.
  std::string sticky_header;
  std::string sticky_cookie;
};

// Of one upstream; what is beyond is not used. Few enough that looking at all of
// them for one pick costs little.
inline constexpr size_t kMostEndpoints = 256;

struct UpstreamSettings {
  std::string name;                   // for messages and logs
  std::vector<std::string> services;  // "package.Service"; each belongs to one upstream
  std::vector<EndpointSettings> endpoints;
  TransportKind transport = TransportKind::kH2;
  CanarySettings canary;
  // Of a cluster that is one version of an upstream: whose, and which; both "" where there are
  // none.
  std::string version_of;
  std::string version;
  // Calls go within TLS, with these; null for plain TCP.
  std::shared_ptr<tls::Credentials> tls;
  // By path, "/package.Service/Method". What is in it holds as a whole, instead of whatever the
  // contract of generated code says of the method's calls (a composition's steps, `timeout` and
  // `max_response_bytes` included): it is how an operator changes what a program was compiled with.
  // What is not in it is as that contract says, or has the defaults. Versions of one upstream name
  // the same methods.
  std::map<std::string, CallPolicy> methods;

  // Connections per end point and event loop.
  size_t connections = 1;
  // Until a connection is usable: TCP, TLS and the server's SETTINGS together.
  Duration connect_timeout = std::chrono::seconds(2);
  // Of one message, either way.
  size_t max_message_bytes = 4 << 20;
  // Calls waiting for a connection, a free stream or room; the next one fails with
  // UPSTREAM_OVERLOADED.
  size_t max_pending = 1024;
  // Calls in flight in this process.
  size_t max_in_flight = std::numeric_limits<size_t>::max();
  // How long calls may wait for room below that, or for a stream.
  QueueAgeSettings queue_age{.critical = 10};
  AdaptiveConcurrencySettings adaptive;
  RetryBudgetSettings retry_budget;
  // Of each end point.
  BreakerSettings breaker;
  OutlierSettings outlier;
  HealthCheckSettings health_check;
  // A new end point gets its full share of calls only after this time.
  Duration slow_start = Duration::zero();
  // The zone this process is in: its end points are preferred. "" when it does not matter.
  std::string zone;
  // Names are looked up again after this, or earlier when their records' time to live is over.
  Duration dns_refresh = std::chrono::seconds(5);
  // A connection of this age is replaced.
  Duration max_connection_age = Duration::max();
  // Longest time of a call when nothing shorter is said.
  Duration timeout = std::chrono::seconds(15);

  // A connection that has carried so many is replaced; HTTP/2 has numbers for 2^30.
  size_t calls_per_connection = size_t{1} << 29;
  // A connection without calls is closed after this time.
  Duration idle_timeout = std::chrono::minutes(5);
  // PING when calls are in flight and nothing was read for this long; zero switches it off. Off by
  // default, since gRPC servers answer pings below five minutes with GOAWAY(too_many_pings); one
  // PING is sent all the same in each silence of half the unacknowledged_timeout, which notices.
  Duration keepalive_interval = Duration::zero();
  Duration keepalive_timeout = std::chrono::seconds(5);
  // TCP_USER_TIMEOUT: how long the peer's kernel may stay silent about data sent to it. Well below
  // `timeout`, so that reads that meet a dead machine have time for another one.
  Duration unacknowledged_timeout = std::chrono::seconds(5);
  // Waiting between attempts to connect: from the first to the last, growing by 1.6, each less a
  // random part of up to a fifth (so that the whole fleet does not return at once).
  Duration first_backoff = std::chrono::milliseconds(50);
  Duration last_backoff = std::chrono::seconds(1);

  std::string user_agent = "frontdesk";
};

}  // namespace frontdesk::upstream
