// Rate limits of whole gateways: what clients are told, whom proxies name, floods, several gateways
// that share one limit through a real Redis, and that Redis in trouble.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"
#include "tests/support/jose.h"
#include "tests/support/open_load.h"
#include "tests/support/redis_server.h"

namespace frontdesk::e2e {
namespace {

using namespace std::chrono_literals;
using testing::JoseKey;
using testing_support::LoadPlan;
using testing_support::LoadReport;
using testing_support::RedisServer;
using testing_support::WriteTempFile;

constexpr char kOrder[] = "/api/v1/orders/order-1";
constexpr char kUser[] = "/api/v1/users/user-1";
constexpr char kOrders[] = "shop.order.v1.Orders/GetOrder";

std::string Limits(std::string_view method, std::string_view limits) {
  return Cat("methods:\n  ", method, ": {limit: [", limits, "]}\n");
}

std::string RedisAt(const RedisServer& redis, std::string_view more = "") {
  return Cat("redis: {address: \"127.0.0.1:", redis.port(), "\"", more, "}\n");
}

// "429 RATE_LIMITED", or "200".
std::string Told(const RawResponse& response) {
  const std::string reason = ReasonOf(response);
  return reason.empty() ? Cat(response.status) : Cat(response.status, ' ', reason);
}

// What came while a process got no processor is lost to a limit: a least figure says nothing then.
bool IsStarved(const testing_support::RouteReport& report) {
  return report.GoodPercentile(99) > 100;
}

class RateLimit : public ::testing::TestWithParam<unsigned> {
 protected:
  std::unique_ptr<Frontdesk> Start(const std::string& extra, unsigned trusted_hops = 0) {
    GatewayOptions options;
    options.trusted_hops = trusted_hops;
    options.workers = GetParam();
    // Behind a proxy nobody is taken for this machine's.
    if (trusted_hops > 0) options.caller = "";
    options.extra = extra;
    return std::make_unique<Frontdesk>(mocks_, options);
  }
  Mocks mocks_;
};

TEST_P(RateLimit, WhatClientsAreTold) {
  const auto gateway = Start(Limits(
      kOrders, "{key: caller, requests: 3, per: 1h, name: orders}, {key: route, requests: 100}"));
  for (int left = 2; left >= 0; --left) {
    const RawResponse response = Fetch(gateway->port(), "GET", kOrder);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Header("ratelimit-limit"), "3");
    EXPECT_EQ(response.Header("ratelimit-remaining"), Cat(left));
    EXPECT_EQ(response.Header("ratelimit-policy"), "3;w=3600;burst=3");
  }
  const RawResponse refused = Fetch(gateway->port(), "GET", kOrder);
  EXPECT_EQ(Told(refused), "429 RATE_LIMITED");
  EXPECT_EQ(refused.Header("ratelimit-remaining"), "0");
  const int retry_after = std::stoi("0" + refused.Header("retry-after"));
  EXPECT_GT(retry_after, 1100);
  EXPECT_LE(retry_after, 1200);
  // Every spelling of the path is the same route.
  EXPECT_EQ(Told(Fetch(gateway->port(), "GET", "/api/v1/orders/%6frder-1?")), "429 RATE_LIMITED");
  const RawResponse other = Fetch(gateway->port(), "GET", kUser);
  EXPECT_EQ(other.status, 200);
  EXPECT_EQ(other.Header("ratelimit-limit"), "");
  EXPECT_EQ(mocks_.Count("order", "calls"), 3u);
  EXPECT_EQ(gateway->Metric("frontdesk_limit_refused_total{limit=\"orders\"}"), 2);
  EXPECT_TRUE(Eventually([&] {
    return gateway->process().Stderr().find("\"reason\":\"RATE_LIMITED\"") != std::string::npos;
  }));
}

TEST_P(RateLimit, WhomTrustedProxiesName) {
  const JoseKey key("ES256");
  const std::string token = Cat(
      "Bearer ", key.Token(R"({"iss":"idp","aud":"shop","sub":"user-1","scope":"orders.read"})"));
  const auto gateway =
      Start(Cat("auth: {providers: {idp: {issuer: idp, audiences: [shop], allow_no_expiry: true, "
                "jwks_file: ",
                WriteTempFile("jwks.json", key.Set()), "}}}\n",
                Limits(kOrders, "{key: address, requests: 1, per: 1h}")),
            1);
  const auto ask = [&](const std::string& name, const std::string& value) {
    return Told(Fetch(gateway->port(), "GET", kOrder, {{name, value}, {"authorization", token}}));
  };
  EXPECT_EQ(ask("x-forwarded-for", "6.6.6.6, 203.0.113.1"), "200");
  EXPECT_EQ(ask("x-forwarded-for", "7.7.7.7, 203.0.113.1"), "429 RATE_LIMITED");
  EXPECT_EQ(ask("forwarded", "for=203.0.113.2"), "200");
  EXPECT_EQ(ask("x-forwarded-for", "2001:db8::1"), "200");
  EXPECT_EQ(ask("x-forwarded-for", "2001:db8::2"), "429 RATE_LIMITED") << "the same network";
  EXPECT_EQ(ask("x-forwarded-for", "nonsense"), "200") << "the peer's";
  EXPECT_EQ(ask("x-forwarded-for", "others"), "429 RATE_LIMITED");
  // However many a client has written before it: the last one is the proxy's.
  std::string thousand = "6.6.6.6";
  for (int i = 1; i < 1000; ++i) thousand += Cat(",8.8.", i / 250, '.', i % 250);
  EXPECT_EQ(ask("x-forwarded-for", Cat(thousand, ",203.0.113.4")), "200");
  EXPECT_EQ(ask("x-forwarded-for", Cat(thousand, ",203.0.113.1")), "429 RATE_LIMITED");
  // Quoted, in brackets, with a port: one network. A zone is of nobody else's machine, and what
  // can't be read is the peer, whose one request is used up.
  EXPECT_EQ(ask("forwarded", "for=\"[2001:db8:1::1]:4711\";proto=https"), "200");
  EXPECT_EQ(ask("forwarded", "for=\"[2001:db8:1::2]\""), "429 RATE_LIMITED");
  EXPECT_EQ(ask("forwarded", "for=6.6.6.6;x=\"a, for=203.0.113.9\""), "429 RATE_LIMITED");
  EXPECT_EQ(ask("forwarded", "for=\"203.0.113.9"), "429 RATE_LIMITED");
  EXPECT_EQ(ask("x-forwarded-for", "fe80::1%eth0"), "429 RATE_LIMITED");
  EXPECT_EQ(ask("x-forwarded-for", "[fe80::1%25eth0]:80"), "429 RATE_LIMITED");
  EXPECT_EQ(mocks_.Count("order", "calls"), 6u) << "what was answered 200";
  EXPECT_TRUE(Eventually([&] {
    const std::string log = gateway->process().Stderr();
    return log.find("\"peer\":\"203.0.113.1\"") != std::string::npos &&
           log.find("\"peer\":\"127.0.0.1\"") != std::string::npos &&
           log.find("\"peer\":\"6.6.6.6\"") == std::string::npos;
  }));
}

// As fast as the generator can, against one route.
TEST_P(RateLimit, AFloodReachesItsBackEndAtTheLimitAndNobodyElse) {
  const auto gateway =
      Start(Limits(kOrders, "{key: route, requests: 200, burst: 20}") + "log: {access: off}\n");
  mocks_.Reset();
  Loop loop;
  LoadPlan flood{.port = gateway->port()};
  flood.routes = {{.name = "flood", .target = kOrder, .echoes_id = false}};
  flood.length = 3s;
  flood.connections = 16;
  flood.ids = "flood";
  LoadPlan others = flood;
  others.routes = {{.name = "other", .target = kUser, .echoes_id = false}};
  others.rate = 50;
  others.ids = "other";
  testing_support::OpenLoad flooding(loop, flood), asking(loop, others);
  flooding.Start();
  asking.Start();
  loop.RunUntil([&] { return flooding.done() && asking.done(); });
  const auto& flooded = flooding.report()["flood"];
  const auto& other = asking.report()["other"];
  const double seconds = std::max(flooding.report().seconds, 3.0);
  std::printf(
      "flood: %.0f requests/s, %llu reached the back end in %.1f s; others: %llu of %llu "
      "good, p99 %.1f ms\n",
      static_cast<double>(flooded.sent()) / seconds,
      static_cast<unsigned long long>(flooded.good()), seconds,
      static_cast<unsigned long long>(other.good()), static_cast<unsigned long long>(other.sent()),
      other.GoodPercentile(99));
  EXPECT_EQ(flooded.good() + flooded.Count(429), flooded.sent());
  EXPECT_EQ(mocks_.Count("order", "calls"), flooded.good());
  EXPECT_LE(static_cast<double>(flooded.good()), 1.05 * (200 * seconds + 20) + 20);
  if (!IsStarved(other)) {
    EXPECT_GE(static_cast<double>(flooded.good()), 0.9 * 200 * 3);
  }
  EXPECT_EQ(other.good(), other.sent());
}

// Short; tests/bench/limits_main.cc measures it over ten seconds.
TEST_P(RateLimit, ThreeGatewaysHoldOneLimit) {
  const RedisServer redis;
  const std::string extra =
      Limits(kOrders, "{key: route, requests: 1000, burst: 300, name: orders}") +
      RedisAt(redis, ", timeout: 1s") + "log: {access: off}\n";
  std::vector<std::unique_ptr<Frontdesk>> gateways;
  for (int i = 0; i < 3; ++i) gateways.push_back(Start(extra));
  for (const auto& gateway : gateways) {
    ASSERT_TRUE(
        Eventually([&] { return gateway->Metric("frontdesk_limit_redis_up") == GetParam(); }));
  }
  Loop loop;
  std::vector<std::unique_ptr<testing_support::OpenLoad>> loads;
  for (size_t i = 0; i < gateways.size(); ++i) {
    LoadPlan plan{.port = gateways[i]->port()};
    plan.routes = {{.name = "orders", .target = kOrder, .echoes_id = false}};
    plan.rate = 600;
    plan.length = 3s;
    plan.seed = i;
    plan.ids = Cat("g", i);
    loads.push_back(std::make_unique<testing_support::OpenLoad>(loop, plan));
  }
  const auto begun = Clock::now();
  for (auto& load : loads) load->Start();
  loop.RunUntil([&] {
    return std::all_of(loads.begin(), loads.end(), [](const auto& load) { return load->done(); });
  });
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  uint64_t good = 0, sent = 0, limited = 0;
  bool starved = false;
  double calls = 0, failures = 0;
  for (size_t i = 0; i < loads.size(); ++i) {
    const auto& report = loads[i]->report()["orders"];
    good += report.good();
    limited += report.Count(429);
    sent += report.sent();
    starved = starved || IsStarved(report);
    calls += gateways[i]->Metric("frontdesk_limit_redis_calls_total");
    failures += gateways[i]->Metric("frontdesk_limit_redis_failures_total");
  }
  std::printf("three gateways: %llu of %llu allowed in %.2f s, %.0f calls of Redis, %.0f failed\n",
              static_cast<unsigned long long>(good), static_cast<unsigned long long>(sent), seconds,
              calls, failures);
  EXPECT_EQ(good + limited, sent);
  EXPECT_LE(static_cast<double>(good), 1.05 * (1000 * seconds + 300));
  if (!starved) {
    EXPECT_EQ(failures, 0);
    EXPECT_GE(static_cast<double>(good), 0.95 * 1000 * 3);
  }
  EXPECT_LT(calls, 0.5 * static_cast<double>(sent)) << "most are decided by what is in hand";
}

TEST_P(RateLimit, RedisDownIsOpenToAShareOrClosed) {
  for (const bool open : {true, false}) {
    RedisServer redis;
    const auto gateway = Start(
        Limits(kOrders, "{key: caller, requests: 10, per: 1h}") +
        RedisAt(redis, Cat(", timeout: 1s, on_error: ", open ? "open, instances: 2" : "closed")));
    ASSERT_TRUE(
        Eventually([&] { return gateway->Metric("frontdesk_limit_redis_up") == GetParam(); }));
    EXPECT_EQ(Told(Fetch(gateway->port(), "GET", kOrder)), "200");
    redis.Kill();
    ASSERT_TRUE(Eventually([&] { return gateway->Metric("frontdesk_limit_redis_up") == 0; }));
    std::string told;
    for (int i = 0; i < 7; ++i) told += Told(Fetch(gateway->port(), "GET", kOrder)) + ' ';
    const std::string unavailable = "503 LIMITS_UNAVAILABLE ";
    std::string closed;
    for (int i = 0; i < 7; ++i) closed += unavailable;
    EXPECT_EQ(told, open ? "200 200 200 200 200 429 RATE_LIMITED 429 RATE_LIMITED " : closed);
    EXPECT_EQ(Fetch(gateway->port(), "GET", kUser).status, 200) << "it has no limit";
    redis.Start();
    ASSERT_TRUE(
        Eventually([&] { return gateway->Metric("frontdesk_limit_redis_up") == GetParam(); }));
    EXPECT_EQ(Told(Fetch(gateway->port(), "GET", kOrder)), "200");
  }
}

struct Trouble {
  const char* name;
  std::function<void(RedisServer&)> begin, end;
};

std::vector<Trouble> Troubles() {
  const auto command = [](std::vector<std::string> words) {
    return [words = std::move(words)](const RedisServer& redis) {
      EXPECT_EQ(redis.Command(words), "+OK\r\n");
    };
  };
  return {
      {"takes connections and says nothing", [](RedisServer& redis) { redis.Freeze(); },
       [](RedisServer& redis) { redis.Thaw(); }},
      {"slow by a second", command({"CLIENT", "PAUSE", "1000", "ALL"}), [](RedisServer&) {}},
      {"full", command({"CONFIG", "SET", "maxmemory", "1"}),
       command({"CONFIG", "SET", "maxmemory", "0"})},
  };
}

// After the first few nobody waits for it: a gateway that counts by itself is no faster, asked at
// the same time, so that a busy machine is both's.
TEST_P(RateLimit, ARedisInTroubleIsNotFelt) {
  const std::string limit =
      Limits(kOrders, "{key: caller, requests: 100000}") + "log: {access: off}\n";
  const auto without = Start(limit);
  for (const Trouble& trouble : Troubles()) {
    SCOPED_TRACE(trouble.name);
    RedisServer redis({"--maxmemory-policy", "noeviction"});
    const auto gateway = Start(limit + RedisAt(redis, ", timeout: 20ms"));
    const auto is_up = [&] { return gateway->Metric("frontdesk_limit_redis_up") == GetParam(); };
    ASSERT_TRUE(Eventually(is_up));
    Loop loop;
    LoadPlan plan{.port = gateway->port()};
    plan.routes = {{.name = "orders", .target = kOrder, .echoes_id = false}};
    plan.rate = 200;
    plan.length = 1500ms;
    plan.ids = "with";
    LoadPlan beside = plan;
    beside.port = without->port();
    beside.ids = "without";
    testing_support::OpenLoad asking(loop, plan), asking_beside(loop, beside);
    trouble.begin(redis);
    asking.Start();
    asking_beside.Start();
    loop.RunUntil([&] { return asking.done() && asking_beside.done(); });
    trouble.end(redis);
    const auto& orders = asking.report()["orders"];
    const auto& others = asking_beside.report()["orders"];
    std::printf(
        "Redis %s: %llu of %llu good, p50 %.2f ms, p90 %.2f ms (without it %.2f, %.2f), %.0f calls "
        "failed\n",
        trouble.name, static_cast<unsigned long long>(orders.good()),
        static_cast<unsigned long long>(orders.sent()), orders.GoodPercentile(50),
        orders.GoodPercentile(90), others.GoodPercentile(50), others.GoodPercentile(90),
        gateway->Metric("frontdesk_limit_redis_failures_total"));
    EXPECT_EQ(orders.good(), orders.sent());
    EXPECT_LE(gateway->Metric("frontdesk_limit_redis_failures_total"), 60);
    // Whoever waited for it would wait for 20 ms.
    if (!IsStarved(others)) {
      EXPECT_LE(orders.GoodPercentile(50), others.GoodPercentile(50) + 10);
    }
    EXPECT_TRUE(Eventually(is_up));
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, RateLimit, ::testing::Values(1u, 4u));

}  // namespace
}  // namespace frontdesk::e2e
