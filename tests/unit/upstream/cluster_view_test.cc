// What operators see of an upstream: as values, as lines of the log, as metrics.
#include "gateway/upstream/cluster_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "gateway/base/text.h"
#include "gateway/observe/metrics.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/cluster_log.h"
#include "gateway/upstream/cluster_metrics.h"
#include "tests/support/stderr_pipe.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing_support::StderrPipe;

// The texts of the log's lines.
std::vector<std::string> Lines(const StderrPipe& pipe) {
  std::istringstream text(pipe.ReadSome());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    const auto value = [&](std::string_view key) {
      const size_t at = line.find(key) + key.size();
      return line.substr(at, line.find('"', at) - at);
    };
    lines.push_back(Cat(value(R"("level":")"), ' ', value(R"("text":")")));
  }
  return lines;
}

// Orders at three end points, of which nothing was asked yet.
class ClusterViewTest : public ::testing::Test {
 protected:
  ClusterViewTest() {
    settings_.name = "orders";
    settings_.services = {"shop.order.v1.Orders"};
    settings_.endpoints = {{"127.0.0.1:1", 9, "a"}, {"127.0.0.1:2", 1, ""}, {"[::1]:3", 1, ""}};
    settings_.breaker.on = false;
    for (BreakerSettings* breaker : {&policy_.breaker, &settings_.breaker}) {
      breaker->open_time = breaker->max_open_time = milliseconds(800);
    }
  }
  Cluster& cluster() {
    if (!cluster_) {
      settings_.methods["/shop.order.v1.Orders/GetOrder"] = policy_;
      cluster_.emplace(settings_, now_);
    }
    return *cluster_;
  }
  EndpointState& At(size_t i) { return *(*cluster().endpoints())[i].state; }
  // An attempt at an end point that was not admitted is not made.
  void Attempt(size_t at, Verdict verdict, int times = 1) {
    for (int i = 0; i < times; ++i) {
      now_ += milliseconds(1);  // what ends together is no row
      EndAttempt(at, verdict, now_);
    }
  }
  void EndAttempt(size_t at, Verdict verdict, TimePoint now) {
    Breaker::Ticket ticket = At(at).breaker.Admit(now);
    if (!ticket.admitted()) return;
    cluster().RecordAttempt(At(at), std::move(ticket), verdict, milliseconds(1), now);
  }
  MethodState& Method() { return cluster().Method({"shop.order.v1.Orders", "GetOrder"}); }
  void Call(Verdict verdict, int times = 1, Duration took = milliseconds(1)) {
    for (int i = 0; i < times; ++i) {
      now_ += milliseconds(1);
      EndCall(verdict, took, now_);
    }
  }
  void EndCall(Verdict verdict, Duration took, TimePoint now) {
    const auto changed =
        RecordVerdict(Method().breaker, Method().breaker.Admit(now), verdict, took, now);
    if (changed) LogBreaker("shop.order.v1.Orders.GetOrder", *changed, now);
  }
  BreakerView SeenBreaker() { return cluster().Describe(now_).methods.at(0).breaker; }
  std::string Metrics() {
    observe::Metrics metrics("0", "c");
    const ClusterMetrics source(
        [this] { return std::vector<ClusterView>{cluster().Describe(now_)}; });
    metrics.AddSource(source);
    return metrics.Text();
  }

  TimePoint now_{seconds(1000)};
  UpstreamSettings settings_;
  CallPolicy policy_{.breaker = BreakerSettings()};  // opens after failures in a row
  std::optional<Cluster> cluster_;
};

TEST_F(ClusterViewTest, OfOneThatIsWell) {
  const ClusterView view = cluster().Describe(now_);
  EXPECT_EQ(view.name, "orders");
  EXPECT_THAT(view.services, ElementsAre("shop.order.v1.Orders"));
  ASSERT_EQ(view.endpoints.size(), 3u);
  EXPECT_EQ(view.endpoints[0].address, "127.0.0.1:1");
  EXPECT_EQ(view.endpoints[0].weight, 9u);
  EXPECT_EQ(view.endpoints[0].zone, "a");
  EXPECT_EQ(view.endpoints[2].address, "[::1]:3");
  EXPECT_EQ(view.Count(Standing::kUsable), 3u);
  EXPECT_FALSE(view.panic);
  EXPECT_FALSE(view.endpoints[0].breaker.on);
  EXPECT_THAT(view.methods, IsEmpty());  // none was called
  EXPECT_FALSE(view.room);               // no limit
  EXPECT_EQ(view.discovery_failure, "");
  EXPECT_GT(view.retries_left, 0);
}

TEST_F(ClusterViewTest, AnEjectedEndPointAndItsReturn) {
  StderrPipe pipe;
  Attempt(1, Verdict::kBad, 4);
  cluster().NoticeChanges(now_);
  EXPECT_THAT(Lines(pipe), IsEmpty());
  Attempt(1, Verdict::kBad);
  for (int worker = 0; worker < 4; ++worker) cluster().NoticeChanges(now_);
  EXPECT_THAT(Lines(pipe),
              ElementsAre("warn orders: 127.0.0.1:2 ejected for 30s: 5 failures in a row"));

  now_ += milliseconds(10'250);
  ClusterView view = cluster().Describe(now_);
  EXPECT_EQ(view.endpoints[1].standing, Standing::kEjected);
  EXPECT_EQ(view.endpoints[1].ejected_for, milliseconds(19'750));
  EXPECT_EQ(view.endpoints[1].ejections, 1u);
  EXPECT_EQ(view.endpoints[0].standing, Standing::kUsable);
  EXPECT_EQ(view.ejections, 1u);
  EXPECT_FALSE(view.panic);

  now_ += milliseconds(19'750);
  view = cluster().Describe(now_);
  EXPECT_EQ(view.endpoints[1].standing, Standing::kUsable);
  EXPECT_EQ(view.endpoints[1].ejected_for, Duration::zero());
  EXPECT_EQ(view.ejections, 1u);
  for (int worker = 0; worker < 4; ++worker) {
    cluster().NoticeChanges(now_);
    cluster().NoticeChanges(now_ - milliseconds(5));  // whose clock is read earlier
  }
  EXPECT_THAT(Lines(pipe), ElementsAre("info orders: 127.0.0.1:2 is back after its ejection"));
}

TEST_F(ClusterViewTest, EjectedForItsSuccessRate) {
  settings_.outlier.consecutive_failures = 0;
  settings_.outlier.success_rate_minimum_hosts = 3;
  settings_.outlier.success_rate_stdev_factor = 1;
  StderrPipe pipe;
  for (size_t at = 0; at < 3; ++at) Attempt(at, Verdict::kGood, at == 2 ? 60 : 100);
  Attempt(2, Verdict::kBad, 40);
  now_ += seconds(11);
  Attempt(0, Verdict::kGood);
  EXPECT_THAT(Lines(pipe), ElementsAre("warn orders: [::1]:3 ejected for 30s: 40 of 100 calls "
                                       "failed, more than at the other end points"));
}

// Two workers: what each of them learns is one thing that operators see.
TEST_F(ClusterViewTest, AnEndPointThatCannotBeReachedAndItsReturn) {
  using enum Connection;
  StderrPipe pipe;
  EndpointState& state = At(0);
  const auto change = [&](Connection before, Connection now, std::string_view why = "") {
    cluster().RecordConnection(state, before, now, why, now_);
  };
  const auto seen = [&] { return cluster().Describe(now_).endpoints[0]; };
  EXPECT_EQ(seen().connection, kIdle);
  change(kIdle, kConnecting);
  EXPECT_EQ(seen().connection, kConnecting);
  EXPECT_EQ(seen().standing, Standing::kUsable);
  change(kConnecting, kFailing, "127.0.0.1:1: Connection refused");
  const std::vector<std::string> told = Lines(pipe);
  EXPECT_THAT(told, ElementsAre("warn orders: cannot connect to 127.0.0.1:1: Connection refused"));
  now_ += seconds(2);
  change(kFailing, kFailing, "127.0.0.1:1: No route to host");
  change(kIdle, kFailing, "127.0.0.1:1: No route to host");  // the other worker
  now_ += seconds(1);
  ClusterView view = cluster().Describe(now_);
  EXPECT_EQ(view.endpoints[0].connection, kFailing);
  EXPECT_EQ(view.endpoints[0].standing, Standing::kUnreachable);
  ASSERT_TRUE(view.endpoints[0].last_failure);
  EXPECT_EQ(view.endpoints[0].last_failure->why, "No route to host");
  EXPECT_EQ(view.endpoints[0].last_failure->count, 3u);
  EXPECT_EQ(view.endpoints[0].last_failure->since, seconds(3));
  EXPECT_EQ(view.endpoints[0].last_failure->ago, seconds(1));
  // Nobody tries for a while: what was learnt last stays what is known.
  change(kFailing, kIdle);
  change(kFailing, kConnecting);
  EXPECT_EQ(seen().connection, kFailing);
  EXPECT_THAT(Lines(pipe), IsEmpty()) << "known already";

  change(kConnecting, kConnected);
  EXPECT_EQ(seen().connection, kConnected);
  EXPECT_EQ(seen().standing, Standing::kUsable);
  EXPECT_FALSE(seen().last_failure);
  EXPECT_THAT(Lines(pipe), ElementsAre("info orders: 127.0.0.1:1 is connected again, after 3s"));
  // While one worker is connected the end point can be reached.
  change(kIdle, kFailing, "Connection refused");
  EXPECT_EQ(seen().connection, kConnected);
  EXPECT_TRUE(seen().last_failure);
  change(kFailing, kConnected);
  change(kConnected, kIdle);
  EXPECT_EQ(seen().connection, kConnected);
  change(kConnected, kIdle);
  EXPECT_EQ(seen().connection, kIdle);
}

// However often it comes and goes, and never so that the log's last word stays wrong.
TEST_F(ClusterViewTest, AnEndPointThatComesAndGoesIsToldOfOnceAMinute) {
  using enum Connection;
  StderrPipe pipe;
  size_t unreachable = 0;
  size_t connected = 0;
  const auto count = [&] {
    for (const std::string& line : Lines(pipe)) {
      (line.find("cannot connect") != std::string::npos ? unreachable : connected) += 1;
    }
  };
  cluster().RecordConnection(At(0), kIdle, kConnected, "", now_);
  for (int second = 0; second < 100; second += 2) {
    cluster().RecordConnection(At(0), kConnected, kFailing, std::string(10'000, 'x'), now_);
    now_ += seconds(1);
    cluster().RecordConnection(At(0), kFailing, kConnected, "", now_);
    now_ += seconds(1);
  }
  count();
  EXPECT_EQ(unreachable, 2u);
  EXPECT_EQ(connected, 2u);
  // It stays away: the first attempt after that minute tells.
  for (int second = 0; second < 61; ++second) {
    cluster().RecordConnection(At(0), second == 0 ? kConnected : kFailing, kFailing, "x", now_);
    now_ += seconds(1);
  }
  count();
  EXPECT_EQ(unreachable, 3u);
  EXPECT_EQ(connected, 2u);
  cluster().RecordConnection(At(0), kFailing, kFailing, std::string(10'000, 'x'), now_);
  EXPECT_LE(cluster().Describe(now_).endpoints[0].last_failure->why.size(), 256u);
}

TEST_F(ClusterViewTest, MetricsTellWhoCannotBeReached) {
  const std::string state = R"(frontdesk_upstream_endpoints{upstream="orders",state=)";
  StderrPipe pipe;
  EXPECT_THAT(Metrics(), HasSubstr(Cat(state, "\"unreachable\"} 0\n")));
  for (const size_t at : {0, 1}) {
    cluster().RecordConnection(At(at), Connection::kIdle, Connection::kFailing, "refused", now_);
  }
  cluster().SetHealthy(At(1), false, now_);
  const std::string text = Metrics();
  for (const char* line :
       {"\"usable\"} 1\n", "\"unreachable\"} 1\n", "\"ejected\"} 0\n", "\"unhealthy\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(Cat(state, line)));
  }
  // Calls go by who was judged, so that this is no panic.
  EXPECT_FALSE(cluster().Describe(now_).panic);
}

TEST_F(ClusterViewTest, PanicIsToldOnceAndSoIsItsEnd) {
  StderrPipe pipe;
  cluster().SetHealthy(At(0), false, now_);
  cluster().NoticeChanges(now_);
  EXPECT_THAT(Lines(pipe), IsEmpty());
  cluster().SetHealthy(At(1), false, now_);
  EXPECT_TRUE(cluster().Describe(now_).panic);
  EXPECT_EQ(cluster().Describe(now_).Count(Standing::kUnhealthy), 2u);
  for (int worker = 0; worker < 4; ++worker) cluster().NoticeChanges(now_);
  EXPECT_THAT(Lines(pipe), ElementsAre("warn orders: 1 of 3 end points usable: too few, calls go "
                                       "to all of them"));
  cluster().SetHealthy(At(0), true, now_);
  EXPECT_FALSE(cluster().Describe(now_).panic);
  for (int worker = 0; worker < 4; ++worker) cluster().NoticeChanges(now_);
  EXPECT_THAT(Lines(pipe), ElementsAre("info orders: 2 of 3 end points usable: calls go to these "
                                       "alone again"));
}

TEST_F(ClusterViewTest, ABreakerOpensAndClosesAgain) {
  StderrPipe pipe;
  Call(Verdict::kGood);
  EXPECT_EQ(SeenBreaker().state, Breaker::State::kClosed);
  EXPECT_EQ(SeenBreaker().why, "");
  Call(Verdict::kBad, 5);
  EXPECT_THAT(Lines(pipe), ElementsAre("warn breaker of shop.order.v1.Orders.GetOrder opened: 5 "
                                       "failures in a row; next probe in 800ms"));
  now_ += microseconds(20'100);
  BreakerView seen = SeenBreaker();
  EXPECT_EQ(seen.state, Breaker::State::kOpen);
  EXPECT_EQ(seen.why, "5 failures in a row");
  EXPECT_EQ(seen.until_probe, microseconds(779'900));
  EXPECT_EQ(TimeText(seen.until_probe), "780ms");
  EXPECT_EQ(seen.opened, 1u);
  EXPECT_EQ(seen.seen.calls, 6u);
  EXPECT_EQ(seen.seen.failures, 5u);

  now_ += milliseconds(780);
  EXPECT_EQ(SeenBreaker().state, Breaker::State::kHalfOpen);
  EXPECT_EQ(SeenBreaker().until_probe, Duration::zero());
  Call(Verdict::kBad);  // the probe
  seen = SeenBreaker();
  EXPECT_EQ(seen.state, Breaker::State::kOpen);
  EXPECT_EQ(seen.why, "5 failures in a row, and a probe has failed since");
  EXPECT_EQ(seen.opened, 2u);
  EXPECT_THAT(Lines(pipe), IsEmpty());  // it was open before

  now_ += milliseconds(800);
  Call(Verdict::kGood, 3);
  EXPECT_THAT(Lines(pipe),
              ElementsAre("info breaker of shop.order.v1.Orders.GetOrder closed again"));
  EXPECT_EQ(SeenBreaker().why, "");
}

TEST_F(ClusterViewTest, ABreakerSaysWhichShareOpenedIt) {
  policy_.breaker.consecutive_failures = 0;
  policy_.breaker.error_percent = 12.5;
  policy_.breaker.slow_call = milliseconds(500);
  policy_.breaker.minimum_calls = 16;
  Call(Verdict::kGood, 14);
  Call(Verdict::kBad, 2);
  EXPECT_EQ(SeenBreaker().why, "2 of 16 calls failed");
  now_ += seconds(30);
  EXPECT_EQ(SeenBreaker().why, "12.5% of calls failed");  // they are out of the window

  cluster_.reset();
  Call(Verdict::kGood, 3);
  Call(Verdict::kGood, 13, milliseconds(600));
  EXPECT_EQ(SeenBreaker().why, "13 of 16 calls took 500ms or longer");
}

TEST_F(ClusterViewTest, TheBreakerOfAnEndPoint) {
  settings_.breaker.on = true;
  settings_.outlier.on = false;
  StderrPipe pipe;
  Attempt(0, Verdict::kBad, 9);
  EXPECT_THAT(Lines(pipe), ElementsAre("warn breaker of orders at 127.0.0.1:1 opened: 5 failures "
                                       "in a row; next probe in 800ms"));
  const ClusterView view = cluster().Describe(now_);
  EXPECT_EQ(view.endpoints[0].breaker.state, Breaker::State::kOpen);
  EXPECT_EQ(view.endpoints[0].standing, Standing::kUsable);
  EXPECT_EQ(view.endpoints[1].breaker.state, Breaker::State::kClosed);
  now_ += milliseconds(800);
  Attempt(0, Verdict::kGood, 3);
  EXPECT_THAT(Lines(pipe), ElementsAre("info breaker of orders at 127.0.0.1:1 closed again"));
}

TEST_F(ClusterViewTest, FourWorkersTellAChangeOnce) {
  StderrPipe pipe;
  cluster();
  Method();
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([this] {
      for (int i = 1; i <= 100; ++i) {
        const TimePoint now = now_ + milliseconds(i);
        EndAttempt(0, Verdict::kBad, now);
        EndCall(Verdict::kBad, milliseconds(1), now);
        cluster().NoticeChanges(now);
        cluster().Describe(now);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(Lines(pipe).size(), 2u);  // an ejection, a breaker
}

TEST_F(ClusterViewTest, RoomBudgetHedgeAndDiscovery) {
  settings_.endpoints = {"orders.internal:50051"};
  settings_.max_in_flight = 2;
  settings_.retry_budget = {.percent = 50, .min_per_second = 0};
  policy_.hedge = {.on = true, .delay = seconds(1), .percentile = 95};
  cluster().PublishFailure(absl::UnavailableError("no such name"));
  ASSERT_TRUE(cluster().room().TryEnter());
  ASSERT_TRUE(cluster().EnterQueue());
  for (int i = 0; i < 4; ++i) cluster().CountCall(now_);
  Method();
  ClusterView view = cluster().Describe(now_);
  ASSERT_TRUE(view.room);
  EXPECT_EQ(view.room->limit, 2u);
  EXPECT_EQ(view.room->in_flight, 1u);
  EXPECT_EQ(view.room->waiting, 0u);
  EXPECT_EQ(view.waiting_for_connection, 1u);
  EXPECT_EQ(view.retries_left, 2);
  EXPECT_EQ(view.discovery_failure, "no such name");
  EXPECT_EQ(view.methods.at(0).service, "shop.order.v1.Orders");
  EXPECT_EQ(view.methods.at(0).name, "GetOrder");
  EXPECT_EQ(view.methods.at(0).hedge_percentile, 95);
  EXPECT_FALSE(view.methods.at(0).hedge_latency);  // too few calls
  {
    const MutexLock lock(Method().mutex);
    for (int i = 0; i < 100; ++i) Method().latency.Record(milliseconds(10), now_);
  }
  view = cluster().Describe(now_);
  ASSERT_TRUE(view.methods.at(0).hedge_latency);
  EXPECT_NEAR(static_cast<double>(view.methods.at(0).hedge_latency->count()), 1e7, 1e6);
  while (cluster().TakeRetry(now_)) {
  }
  EXPECT_EQ(cluster().Describe(now_).retries_left, 0);
  cluster().room().Leave();
}

TEST_F(ClusterViewTest, WhoWasIllStartsSlowlyAgain) {
  const TimePoint joined = now_;
  EXPECT_EQ(At(1).since(), joined);
  now_ += seconds(60);
  cluster().SetHealthy(At(1), true, now_);  // as it was
  EXPECT_EQ(At(1).since(), joined);
  cluster().SetHealthy(At(1), false, now_);
  EXPECT_EQ(At(1).since(), joined);
  now_ += seconds(5);
  cluster().SetHealthy(At(1), true, now_);
  EXPECT_EQ(At(1).since(), now_);
  EXPECT_EQ(At(0).since(), joined);
}

TEST_F(ClusterViewTest, MetricsOfEndPointsBreakers) {
  const std::string state = R"(frontdesk_upstream_endpoint_breakers{upstream="orders",state=)";
  EXPECT_THAT(Metrics(), Not(HasSubstr("endpoint_breaker"))) << "off";
  cluster_.reset();
  settings_.breaker = BreakerSettings();
  settings_.outlier.on = false;
  const std::string opened =
      R"(frontdesk_upstream_endpoint_breaker_opened_total{upstream="orders"} )";
  EXPECT_THAT(Metrics(), HasSubstr(Cat(state, "\"closed\"} 3\n")));
  Attempt(0, Verdict::kBad, 5);
  std::string text = Metrics();
  EXPECT_THAT(text, HasSubstr(Cat(state, "\"closed\"} 2\n")));
  EXPECT_THAT(text, HasSubstr(Cat(state, "\"open\"} 1\n")));
  EXPECT_THAT(text, HasSubstr(Cat('\n', opened, "1\n")));
  EXPECT_THAT(text, HasSubstr("frontdesk_upstream_endpoint_breaker_reason{upstream=\"orders\","
                              "reason=\"consecutive_failures\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("frontdesk_upstream_endpoint_breaker_until_probe_seconds{"
                              "upstream=\"orders\"} 0."));
  now_ += seconds(2);
  EXPECT_THAT(Metrics(), HasSubstr(Cat(state, "\"half_open\"} 1\n")));
  Attempt(0, Verdict::kBad);  // the probe
  EXPECT_THAT(Metrics(), HasSubstr(Cat('\n', opened, "2\n")));
}

TEST_F(ClusterViewTest, Metrics) {
  settings_.max_in_flight = 7;
  Call(Verdict::kBad, 5);
  Attempt(0, Verdict::kBad, 5);
  cluster().SetHealthy(At(1), false, now_);
  const std::string rpc = R"({grpc_service="shop.order.v1.Orders",grpc_method="GetOrder"} )";
  const std::string reason =
      R"(frontdesk_upstream_breaker_reason{grpc_service="shop.order.v1.Orders",grpc_method="GetOrder",reason=)";
  const std::string of = R"({upstream="orders"} )";
  const std::string state = R"(frontdesk_upstream_endpoints{upstream="orders",state=)";
  const std::string text = Metrics();
  for (const std::string& line :
       {Cat("frontdesk_upstream_breaker_state", rpc, "2\n"),
        Cat("frontdesk_upstream_breaker_opened_total", rpc, "1\n"),
        Cat(reason, "\"consecutive_failures\"} 1\n"),
        Cat("frontdesk_upstream_breaker_until_probe_seconds", rpc,
            "0.795\n"),  // the attempts took 5 ms
        Cat(state, "\"usable\"} 1\n"), Cat(state, "\"ejected\"} 1\n"),
        Cat(state, "\"unhealthy\"} 1\n"), Cat("frontdesk_upstream_panic", of, "1\n"),
        Cat("frontdesk_upstream_ejections_total", of, "1\n"),
        Cat("frontdesk_upstream_limit", of, "7\n"), Cat("frontdesk_upstream_in_flight", of, "0\n"),
        std::string("frontdesk_upstream_pending{upstream=\"orders\",for=\"room\"} 0\n"),
        std::string("frontdesk_upstream_pending{upstream=\"orders\",for=\"connection\"} 0\n"),
        Cat("frontdesk_upstream_retry_budget_left", of)}) {
    EXPECT_THAT(text, HasSubstr(Cat('\n', line)));
  }
  EXPECT_THAT(text, Not(HasSubstr("127.0.0.1")));
  now_ += milliseconds(800);
  EXPECT_THAT(Metrics(), HasSubstr(Cat("frontdesk_upstream_breaker_state", rpc, "1\n")));
  Call(Verdict::kGood, 3);
  EXPECT_THAT(Metrics(), HasSubstr(Cat("frontdesk_upstream_breaker_state", rpc, "0\n")));
  EXPECT_THAT(Metrics(), Not(HasSubstr(reason)));
}

TEST(TimeTextTest, IsRoundedUpForReaders) {
  const struct {
    Duration time;
    const char* text;
  } rows[] = {
      {Duration::zero(), "0s"},        {std::chrono::nanoseconds(1), "1ms"},
      {microseconds(999), "1ms"},      {milliseconds(780), "780ms"},
      {milliseconds(1000), "1s"},      {milliseconds(1500), "1500ms"},
      {milliseconds(9999), "9999ms"},  {microseconds(9'999'001), "10s"},
      {milliseconds(29'750), "29.8s"}, {seconds(30), "30s"},
      {seconds(300), "300s"},          {milliseconds(10'001), "10.1s"},
  };
  for (const auto& row : rows) EXPECT_EQ(TimeText(row.time), row.text);
}

TEST(AddressOfTest, NamesWhatIsConnectedTo) {
  EXPECT_EQ(AddressOf({.authority = "orders:1", .host = "10.0.0.1", .port = 1}), "10.0.0.1:1");
  EXPECT_EQ(AddressOf({.authority = "orders:1", .host = "fe80::1", .port = 1}), "[fe80::1]:1");
  EXPECT_EQ(AddressOf({.authority = "xds:///orders", .uri = "xds:///orders"}), "xds:///orders");
}

}  // namespace
}  // namespace frontdesk::upstream
