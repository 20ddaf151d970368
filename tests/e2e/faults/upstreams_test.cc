// What upstreams can be told to do, in the assembled gateway, with light back ends that count what
// reaches them. Each with one worker and with four: what is judged is of the whole process, but for
// connections, which are of each worker.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gateway/base/loop.h"
#include "gateway/base/text.h"
#include "tests/e2e/stack.h"
#include "tests/support/dns_server.h"
#include "tests/support/light_backend.h"
#include "tests/support/open_load.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::DnsType;
using testing_support::LightBackend;
using testing_support::LightBackendOptions;
using testing_support::LightBehaviour;
using testing_support::LoadPlan;
using testing_support::RouteReport;

// An Item, and a HealthCheckResponse, too: each reads its own field 1.
constexpr char kServing[] = "\x0a\x01x\x08\x01";
constexpr char kNotServing[] = "\x0a\x01x\x08\x02";

class Upstreams : public ::testing::TestWithParam<unsigned> {
 protected:
  static unsigned workers() { return GetParam(); }
  std::unique_ptr<LightBackend> BackEnd(const std::string& reply = "", uint16_t port = 0) {
    LightBackendOptions options;
    options.echo = reply.empty();
    options.reply = reply;
    options.remember = true;
    options.port = port;
    return std::make_unique<LightBackend>(loop_, options);
  }
  static std::string At(const LightBackend& backend) {
    return Cat("\"127.0.0.1:", backend.port(), '"');
  }
  // Calls that were made for requests: health checks are none, and have no id.
  static size_t Calls(const LightBackend& backend) {
    return backend.seen().size() - backend.seen().count("");
  }

  // A gateway in which the first service has this upstream; the others are nowhere.
  void Start(const std::string& upstream, const std::string& extra = "") {
    std::string yaml =
        Cat("listen: {address: \"127.0.0.1:0\", workers: ", workers(),
            "}\nadmin: {address: \"127.0.0.1:0\"}\ndescriptor_set: " FAULTS_CONTRACT
            "\nlog: {access: off}\ndrain: {grace: 10ms}\n",
            extra, "upstreams:\n  u1: {services: [frontdesk.faults.S1], ", upstream, "}\n");
    for (int i = 2; i <= 7; ++i) {
      yaml += Cat("  u", i, ": {services: [frontdesk.faults.S", i,
                  "], endpoints: [\"127.0.0.1:9\"]}\n");
    }
    gateway_.emplace(testing_support::WriteTempFile("upstreams.yaml", yaml));
    ASSERT_NE(gateway_->port(), 0);
  }
  // So many requests per second; 0: as fast as `connections` can.
  RouteReport Load(double rate, Duration length, size_t connections = 64, bool echoes = true) {
    LoadPlan plan;
    plan.port = gateway_->port();
    plan.routes = {{.name = "get", .target = "/1/{id}", .echoes_id = echoes}};
    // So that each worker gets its share: a connection stays with one, and few are enough here.
    if (workers() > 1 && rate > 0) plan.routes[0].headers = "connection: close\r\n";
    plan.rate = rate;
    plan.length = length;
    plan.connections = connections;
    plan.ids = Cat("load", loads_++);
    return testing_support::RunLoad(loop_, plan).Total();
  }
  // While requests come, so that the back ends' loop runs: half a minute at most.
  bool Eventually(const std::function<bool()>& holds, bool echoes = true) {
    for (int i = 0; i < 300 && !holds(); ++i) Load(100, milliseconds(100), 64, echoes);
    return holds();
  }

  Loop loop_;
  testing_support::DnsServer dns_;
  std::optional<e2e::Frontdesk> gateway_;
  int loads_ = 0;
};

TEST_P(Upstreams, WhoIsNotServingGetsNoCalls) {
  const auto well = BackEnd(kServing);
  auto ill = BackEnd(kNotServing);
  Start(Cat("endpoints: [", At(*well), ", ", At(*ill),
            "], health_check: {interval: 2s, timeout: 2s, unhealthy_threshold: 1, "
            "healthy_threshold: 1}"));
  const auto unhealthy = [&] {
    return gateway_->Metric("frontdesk_upstream_endpoints{upstream=\"u1\",state=\"unhealthy\"}");
  };
  ASSERT_TRUE(Eventually([&] { return unhealthy() == 1; }, false));
  well->Forget();
  ill->Forget();
  RouteReport report = Load(200, seconds(1), 64, false);
  EXPECT_EQ(report.failed(), 0u);
  EXPECT_EQ(Calls(*well), 200u);
  EXPECT_EQ(Calls(*ill), 0u);
  EXPECT_TRUE(Eventually([&] { return ill->calls() > 0; }, false)) << "it is asked all the same";
  // It has recovered.
  const uint16_t port = ill->port();
  ill.reset();
  ill = BackEnd(kServing, port);
  EXPECT_TRUE(Eventually([&] { return unhealthy() == 0 && Calls(*ill) > 0; }, false));
}

// 96 clients and a back end that does four calls at a time: what it is given beyond that
// waits there, until nobody waits for the answer.
TEST_P(Upstreams, AdaptiveConcurrencyKeepsTheGoodputUp) {
  constexpr char kLimit[] = "frontdesk_upstream_limit{upstream=\"u1\"}";
  double good[2] = {};
  for (const bool on : {false, true}) {
    const auto backend = BackEnd();
    LightBehaviour behaviour;
    behaviour.delay = milliseconds(10);
    behaviour.slots = 4;
    backend->Behave(behaviour);
    Start(Cat("endpoints: [", At(*backend), "], breaker: {enabled: false}",
              on ? ", adaptive_concurrency: {initial: 96, min: 2}" : ""),
          "methods: {frontdesk.faults.S1/Get: {timeout: 150ms, retry: {max_attempts: 1}, breaker: "
          "{enabled: false}}}\n");
    Load(0, seconds(1), 96);
    const RouteReport report = Load(0, milliseconds(1500), 96);
    good[on] = static_cast<double>(report.good()) / 1.5;
    const double limit = gateway_->Metric(kLimit);
    if (on) {
      EXPECT_LE(limit, 48);
      EXPECT_GE(limit, 2);
    } else {
      EXPECT_EQ(limit, -1);
    }
    gateway_.reset();
  }
  // It can do 400 per second.
  EXPECT_GE(good[true], 160) << "without a limit " << good[false];
  EXPECT_GT(good[true], good[false]);
}

TEST_P(Upstreams, OwnZoneFirst) {
  const auto here = BackEnd();
  const auto there = BackEnd();
  Start(
      Cat("weighted: [{address: ", At(*here), ", zone: a}, {address: ", At(*there), ", zone: b}]"),
      "zone: a\n");
  EXPECT_EQ(Load(200, seconds(1)).failed(), 0u);
  EXPECT_EQ(Calls(*there), 0u);
  EXPECT_EQ(Calls(*here), 200u);
  EXPECT_EQ(here->connections(), workers()) << "all of them take part";
  // Nobody is left in it.
  here->Refuse();
  here->ResetAll();
  EXPECT_EQ(Load(200, seconds(1)).failed(), 0u);
  EXPECT_GE(Calls(*there), 190u);
}

TEST_P(Upstreams, WeightsAreShares) {
  const auto big = BackEnd();
  const auto small = BackEnd();
  Start(Cat("weighted: [{address: ", At(*big), ", weight: 9}, {address: ", At(*small), "}]"));
  ASSERT_TRUE(Eventually([&] { return Calls(*big) > 0 && Calls(*small) > 0; }));
  big->Forget();
  small->Forget();
  EXPECT_EQ(Load(500, seconds(2)).failed(), 0u);
  // 100 of 1,000; five standard deviations are 48.
  EXPECT_GT(Calls(*small), 50u);
  EXPECT_LT(Calls(*small), 150u);
}

TEST_P(Upstreams, ConnectionsPerEndPoint) {
  for (const size_t connections : {1, 3}) {
    const auto backend = BackEnd();
    // So that there are always calls side by side, at each worker: one by one they have no need of
    // another one.
    LightBehaviour behaviour;
    behaviour.delay = milliseconds(20 * workers());
    backend->Behave(behaviour);
    Start(Cat("endpoints: [", At(*backend), "], connections: ", connections));
    EXPECT_EQ(Load(500, seconds(1)).failed(), 0u);
    EXPECT_EQ(backend->connections(), connections * workers());
    EXPECT_EQ(backend->connections_accepted(), connections * workers());
    gateway_.reset();
  }
}

TEST_P(Upstreams, OldConnectionsAreReplacedWithoutALoss) {
  const auto backend = BackEnd();
  LightBehaviour behaviour;
  behaviour.delay = milliseconds(20);
  backend->Behave(behaviour);
  Start(Cat("endpoints: [", At(*backend), "], max_connection_age: 1s"));
  EXPECT_EQ(Load(300, seconds(4)).failed(), 0u);
  EXPECT_GE(backend->connections_accepted(), 3 * workers());
  EXPECT_LE(backend->connections_accepted(), 8 * workers());
  EXPECT_LE(backend->connections(), 2 * workers());
}

TEST_P(Upstreams, SrvRecordsGiveHostsPortsAndWeights) {
  const auto big = BackEnd();
  const auto small = BackEnd();
  dns_.SetHost("big.test", {"127.0.0.1"});
  dns_.SetHost("small.test", {"127.0.0.1"});
  dns_.Set("items.test", DnsType::kSrv,
           {.records = {testing_support::SrvRecord(0, 9, big->port(), "big.test"),
                        testing_support::SrvRecord(0, 1, small->port(), "small.test")}});
  Start("endpoints: [\"srv://items.test\"], dns_refresh: 1s",
        Cat("dns: {servers: [\"", dns_.address(), "\"]}\n"));
  ASSERT_TRUE(Eventually([&] { return Calls(*big) > 0 && Calls(*small) > 0; }));
  big->Forget();
  small->Forget();
  EXPECT_EQ(Load(500, seconds(1)).failed(), 0u);
  EXPECT_GT(Calls(*small), 15u);
  EXPECT_LT(Calls(*small), 100u);
  // One goes.
  dns_.Set("items.test", DnsType::kSrv,
           {.records = {testing_support::SrvRecord(0, 1, small->port(), "small.test")}});
  ASSERT_TRUE(Eventually([&] { return big->connections() == 0; }));
  big->Forget();
  EXPECT_EQ(Load(200, seconds(1)).failed(), 0u);
  EXPECT_EQ(Calls(*big), 0u);
}

INSTANTIATE_TEST_SUITE_P(Workers, Upstreams, ::testing::Values(1u, 4u),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace frontdesk::faults
