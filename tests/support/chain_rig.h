// What the chain of policies needs of a worker and its process, for one loop.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/policy/chain.h"
#include "gateway/upstream/random.h"

namespace frontdesk::testing_support {

struct ChainRig {
  struct Options {
    policy::AuthSettings auth;
    policy::OverloadSettings overload;
    std::vector<policy::BulkheadSettings> bulkheads;
    policy::Random random = [] { return 0.5; };
    identity::UnixTime wall{};
  };
  ChainRig() : ChainRig(Options()) {}
  explicit ChainRig(const Options& options)
      : settings{.auth = options.auth},
        in_flight(options.overload),
        authenticator(
            settings.auth, [wall = options.wall] { return wall; }, upstream::MakeRandom, 1, upstream::DnsSettings()),
        bulkheads(options.bulkheads, std::chrono::minutes(1)),
        random(options.random) {}

  policy::ChainHost Host(policy::LimitHost limits = {}) {
    return {.idempotency = {idempotency, scope, metrics.AddShard(), nullptr},
            .metrics = metrics.AddShard(),
            .shedder = shedder,
            .authenticator = authenticator,
            .bulkheads = bulkheads,
            .random = random,
            .limits = limits,
            .wall = [this] { return today; }};
  }

  Loop loop;
  policy::WallTime today = std::chrono::sys_days(std::chrono::January / 1 / 2026);
  policy::ChainSettings settings;
  observe::Metrics metrics{"1", "test"};
  policy::MemoryIdempotencyStore idempotency{{}};
  Scope scope{10};
  Lateness lateness{std::chrono::milliseconds(50)};
  policy::InFlight in_flight;
  policy::Shedder shedder{lateness, in_flight, metrics.AddShard()};
  policy::Authenticator authenticator;
  policy::Bulkheads bulkheads;
  policy::Random random;
};

// The first binding of a method.
inline route::Route RouteOf(const contract::Contract& contract, const char* method) {
  route::Route route;
  route.method = contract.FindMethod(method);
  route.binding = &route.method->bindings[0];
  return route;
}

}  // namespace frontdesk::testing_support
