// What operators see of an upstream: plain values, as of one moment.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/breaker.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/reachability.h"

namespace frontdesk::upstream {

struct BreakerView {
  bool on = true;
  Breaker::State state = Breaker::State::kClosed;
  Breaker::Trip trip = Breaker::Trip::kNone;  // what opened it; kNone while closed
  std::string why;                            // the same at length: "5 failures in a row"
  Duration until_probe = Duration::zero();    // zero when a call may go now
  uint64_t opened = 0;                        // how often so far, reopenings included
  Breaker::Seen seen;                         // the window's calls
};

// What an end point is to its upstream, apart from its breaker. An unreachable one is neither
// ejected nor unhealthy: calls would go to it, if it could be connected to.
enum class Standing : uint8_t { kUsable, kUnreachable, kEjected, kUnhealthy };

// Attempts to connect that failed since one has last succeeded.
struct ConnectFailuresView {
  std::string why;  // of the last one
  uint64_t count = 0;
  Duration since = Duration::zero();  // the first one
  Duration ago = Duration::zero();    // the last one
};

struct EndpointView {
  std::string address;    // AddressOf() it
  std::string authority;  // as configured
  uint32_t weight = 1;
  std::string zone;
  Standing standing = Standing::kUsable;
  bool healthy = true;                      // as active health checks say
  Duration ejected_for = Duration::zero();  // from now on
  uint32_t ejections = 0;                   // in a row
  Connection connection = Connection::kIdle;
  std::optional<ConnectFailuresView> last_failure;
  BreakerView breaker;
};

struct MethodView {
  std::string service, name;
  BreakerView breaker;
  double hedge_percentile = 0;            // of the latency, after which it is hedged; 0: it is not
  std::optional<Duration> hedge_latency;  // that percentile, once it is known
};

// Where there is a limit of calls in flight.
struct RoomView {
  size_t limit = 0, in_flight = 0, waiting = 0;
};

// A name among the configured end points, as discovery looks it up.
struct NameView {
  std::string name;      // as configured
  size_t endpoints = 0;  // that are known
  std::string error;     // of the last look-up; "" when it was good
  bool looked_up = false;
  Duration ago = Duration::zero();   // the last look-up ended
  Duration next = Duration::zero();  // until the next one
};

// Why a request's calls go to a version.
enum class ChosenBy : uint8_t { kWeight, kMatch, kFallback };
inline constexpr std::array<std::string_view, 3> kChosenBy = {"weight", "match", "fallback"};

// What became of one version so far.
struct VersionCounts {
  std::array<uint64_t, kChosenBy.size()> chosen{};  // requests, by why
  std::array<uint64_t, 17> calls{};                 // that ended, by their gRPC code
  double seconds = 0;                               // that they took together
};

// Which version of an upstream a cluster is, where there are several.
struct VersionView {
  std::string of, name;
  double percent = 0;
  VersionCounts counts;
};

struct ClusterView {
  std::string name;
  std::optional<VersionView> version;
  std::vector<std::string> services;
  std::vector<EndpointView> endpoints;
  bool panic = false;               // so few are usable that calls go to all
  std::vector<MethodView> methods;  // that were called so far, by name
  double retries_left = 0;          // of the budget
  uint64_t ejections = 0;           // since the start
  uint64_t breakers_opened = 0;     // of end points, since the start
  std::optional<RoomView> room;
  size_t waiting_for_connection = 0;
  std::string discovery_failure;  // "" when the last look-up was good, or none is needed
  std::vector<NameView> names;

  size_t Count(Standing standing) const;
  // End points whose breakers are in this state.
  size_t Count(Breaker::State state) const;
};

BreakerView Look(const Breaker& breaker, TimePoint now);
// "5 failures in a row", "12 of 20 calls failed"; "" while it is closed.
std::string WhyOpen(const Breaker& breaker, TimePoint now);
// The one word that logs, pages and labels have for it: "closed", "open", "half_open".
std::string_view NameOf(Breaker::State state);
// "consecutive_failures", "error_percent", "slow_percent", as settings name them.
std::string_view NameOf(Breaker::Trip trip);
std::string_view NameOf(Standing standing);
std::string_view NameOf(Connection connection);
// What is connected to: "127.0.0.1:50051", "[::1]:50051", "xds:///orders".
std::string AddressOf(const EndpointTarget& target);
// For readers: "780ms", rounded up; from ten seconds on "29.8s".
std::string TimeText(Duration time);

}  // namespace frontdesk::upstream
