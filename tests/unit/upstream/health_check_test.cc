#include "gateway/upstream/health_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include "gateway/base/text.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::GrpcHead;
using testing_support::GrpcMessage;
using testing_support::HeaderFields;
using testing_support::kEnd;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;
using testing_support::ScriptedRequest;

constexpr std::string_view kServing = "\x08\x01";
constexpr std::string_view kNotServing = "\x08\x02";
const std::string kLong(2000, '\0');

TEST(HealthCountTest, ChangesAfterSoManyInARow) {
  const struct {
    uint32_t unhealthy_threshold;
    uint32_t healthy_threshold;
    std::string_view checks;   // '+' good, '-' bad
    std::string_view healthy;  // after each: 'h', 'u'
  } rows[] = {
      {2, 2, "++++", "hhhh"},         {2, 2, "----", "huuu"},       {2, 2, "-+-+-+", "hhhhhh"},
      {2, 2, "--+-+-++", "huuuuuuh"}, {3, 1, "--+---+", "hhhhhuh"}, {1, 3, "-++-+++", "uuuuuuh"},
      {1, 1, "-+-+", "uhuh"},         {0, 0, "-+-", "uhu"},
  };
  for (const auto& row : rows) {
    HealthCount count({.unhealthy_threshold = row.unhealthy_threshold,
                       .healthy_threshold = row.healthy_threshold});
    EXPECT_TRUE(count.healthy());
    std::string healthy;
    for (const char check : row.checks) {
      const bool before = count.healthy();
      const bool changed = count.Record(check == '+');
      EXPECT_EQ(changed, before != count.healthy());
      healthy.push_back(count.healthy() ? 'h' : 'u');
    }
    EXPECT_EQ(healthy, row.healthy) << row.checks;
  }
}

TEST(HealthCheckMessages, AreOfTheProtocol) {
  EXPECT_EQ(HealthCheckRequest(""), "");
  EXPECT_EQ(HealthCheckRequest("shop.Orders"), "\x0a\x0bshop.Orders");
  EXPECT_EQ(HealthCheckRequest(std::string(200, 's')),
            std::string("\x0a\xc8\x01") + std::string(200, 's'));
  using namespace std::string_view_literals;
  const struct {
    std::string_view response;
    std::string_view trouble;
  } rows[] = {
      {kServing, ""},
      {"", "UNKNOWN"},
      {"\x08\x00"sv, "UNKNOWN"},
      {kNotServing, "NOT_SERVING"},
      {"\x08\x03", "SERVICE_UNKNOWN"},
      {"\x08\x04", "status 4"},
      {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "status 18446744073709551615"},
      {"\x08\x02\x08\x01", ""},     // the last one counts
      {"\x12\x03xyz\x08\x01", ""},  // with fields of another day
      {"\x0a\x01\x01", "UNKNOWN"},  // of another type
      {"\x08", "the answer is no HealthCheckResponse"},
      {"\x08\x01\xff", "the answer is no HealthCheckResponse"},
      {"<html>", "the answer is no HealthCheckResponse"},
  };
  for (const auto& row : rows) EXPECT_EQ(TroubleOf(row.response), row.trouble);
}

// Answers a stream as a test wants it to.
using Answer = std::function<void(ScriptedConnection&, const ScriptedRequest&)>;

Answer Says(std::string_view message) {
  return [message](ScriptedConnection& c, const ScriptedRequest& request) {
    c.Answer(request.stream, message);
  };
}

Answer Refuses(const char* code) {
  return [code](ScriptedConnection& c, const ScriptedRequest& request) {
    HeaderFields fields = GrpcHead();
    fields.push_back({"grpc-status", code});
    fields.push_back({"grpc-message", "so it says"});
    c.Headers(request.stream, fields, kEnd);
  };
}

// A server that answers checks.
ScriptedH2Server::Script Serve(Answer answer, std::atomic<int>* checks = nullptr) {
  return [answer = std::move(answer), checks](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) {
      if (checks) ++*checks;
      answer(c, *request);
    }
  };
}

constexpr milliseconds kSoon{50};

class HealthChecks : public ::testing::Test {
 protected:
  void Begin(const std::vector<std::string>& addresses) {
    UpstreamSettings settings;
    settings.name = "orders";
    for (const std::string& address : addresses) settings.endpoints.push_back(address);
    settings.health_check = check_;
    settings.connect_timeout = connect_timeout_;
    settings.first_backoff = milliseconds(1);
    settings.last_backoff = milliseconds(5);
    cluster_.emplace(settings, loop_.Now());
    health_.emplace(
        loop_, [] { return 0.5; }, *cluster_);
  }
  std::shared_ptr<EndpointState> endpoint(size_t nth = 0) const {
    return (*cluster_->endpoints())[nth].state;
  }
  bool RunUntil(const std::function<bool()>& done) {
    const TimePoint limit = loop_.Now() + seconds(10);
    loop_.RunUntil([&] { return done() || loop_.Now() > limit; });
    return done();
  }
  bool RunUntilHealthy(bool healthy) {
    return RunUntil([&] { return endpoint()->healthy() == healthy; });
  }

  // A busy machine is no trouble of theirs: only who hangs is waited for, see kSoon.
  HealthCheckSettings check_{.on = true,
                             .interval = milliseconds(5),
                             .timeout = seconds(5),
                             .unhealthy_threshold = 2,
                             .healthy_threshold = 2};
  Duration connect_timeout_ = seconds(5);
  Loop loop_;
  std::optional<Cluster> cluster_;
  std::optional<UpstreamHealth> health_;
};

TEST_F(HealthChecks, AsksForTheService) {
  std::promise<ScriptedRequest> asked;
  std::atomic<int> checks{0};
  ScriptedH2Server server(Serve(
      [&](ScriptedConnection& c, const ScriptedRequest& request) {
        if (checks == 1) asked.set_value(request);
        c.Answer(request.stream, kServing);
      },
      &checks));
  check_.service = "shop.Orders";
  Begin({server.address()});
  ASSERT_TRUE(RunUntil([&] { return checks > 3; }));
  const ScriptedRequest request = asked.get_future().get();
  EXPECT_EQ(request.Field(":path"), "/grpc.health.v1.Health/Check");
  EXPECT_EQ(request.Field(":authority"), server.address());
  EXPECT_EQ(request.body, GrpcMessage("\x0a\x0bshop.Orders"));
  EXPECT_NE(request.Field("grpc-timeout"), "");
  EXPECT_EQ(server.connections(), 1);  // one for all checks
}

TEST_F(HealthChecks, StaysHealthy) {
  const struct {
    const char* what;
    Answer answer;
  } rows[] = {
      {"SERVING", Says(kServing)},
      {"without the service", Refuses("12")},
  };
  for (const auto& row : rows) {
    std::atomic<int> checks{0};
    ScriptedH2Server server(Serve(row.answer, &checks));
    Begin({server.address()});
    const uint64_t version = cluster_->version();
    EXPECT_TRUE(endpoint()->healthy());
    EXPECT_TRUE(RunUntil([&] { return checks > 5; })) << row.what;
    EXPECT_TRUE(endpoint()->healthy()) << row.what;
    EXPECT_EQ(cluster_->version(), version) << row.what;
    health_.reset();
  }
}

TEST_F(HealthChecks, FindsTrouble) {
  const struct {
    const char* what;
    ScriptedH2Server::Script script;
    const char* logged;
    bool hangs = false;
  } rows[] = {
      {"NOT_SERVING", Serve(Says(kNotServing)), "NOT_SERVING"},
      {"no such service", Serve(Refuses("5")), "NOT_FOUND: so it says"},
      {"overloaded", Serve(Refuses("14")), "UNAVAILABLE: so it says"},
      {"garbage", Serve(Says("<html>")), "the answer is no HealthCheckResponse"},
      {"too long", Serve(Says(kLong)), "RESOURCE_EXHAUSTED: "},
      {"reset", Serve([](ScriptedConnection& c, const ScriptedRequest& request) {
         c.Headers(request.stream, GrpcHead(), !kEnd);
         c.Reset(request.stream, 2);
       }),
       "INTERNAL: the back end reset the stream"},
      {"hangs", Serve([](ScriptedConnection&, const ScriptedRequest&) {}), "no answer in time",
       true},
      {"no HTTP/2 settings", [](ScriptedConnection& c, int) { c.WaitForEnd(); },
       "no answer in time", true},
      {"closes at once", [](ScriptedConnection&, int) {}, ""},
      {"another protocol",
       [](ScriptedConnection& c, int) {
         c.Raw("HTTP/1.1 400 Bad Request\r\n\r\n");
         c.WaitForEnd();
       },
       ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    ::testing::internal::CaptureStderr();
    ScriptedH2Server server(row.script);
    check_.timeout = row.hangs ? kSoon : milliseconds(5000);
    Begin({server.address()});
    EXPECT_TRUE(endpoint()->healthy());
    EXPECT_TRUE(RunUntilHealthy(false));
    health_.reset();
    EXPECT_THAT(
        ::testing::internal::GetCapturedStderr(),
        ::testing::HasSubstr(Cat("orders: ", server.address(), " is unhealthy: ", row.logged)));
  }
}

TEST_F(HealthChecks, FindsThatNobodyListens) {
  std::string address;
  {
    ScriptedH2Server server([](ScriptedConnection&, int) {});
    address = server.address();
  }
  // A refused connection is no matter of time.
  const TimePoint start = loop_.Now();
  Begin({address});
  EXPECT_TRUE(RunUntilHealthy(false));
  EXPECT_LT(loop_.Now() - start, seconds(2));
}

TEST_F(HealthChecks, FindsThatItIsWellAgain) {
  std::atomic<bool> well{false};
  ScriptedH2Server server(Serve([&](ScriptedConnection& c, const ScriptedRequest& request) {
    c.Answer(request.stream, well ? kServing : kNotServing);
  }));
  Begin({server.address()});
  for (int i = 0; i < 3; ++i) {
    well = false;
    EXPECT_TRUE(RunUntilHealthy(false));
    well = true;
    EXPECT_TRUE(RunUntilHealthy(true));
  }
}

TEST_F(HealthChecks, ComesBackToOneThatHung) {
  std::atomic<bool> well{false};
  ScriptedH2Server server(Serve([&](ScriptedConnection& c, const ScriptedRequest& request) {
    if (well) c.Answer(request.stream, kServing);
  }));
  check_.timeout = kSoon;
  Begin({server.address()});
  EXPECT_TRUE(RunUntilHealthy(false));
  well = true;
  EXPECT_TRUE(RunUntilHealthy(true));
}

// As after SIGSTOP: what ran out of time then says nothing about who was asked.
TEST_F(HealthChecks, AStandstillOfOurOwnIsNoTrouble) {
  const struct {
    const char* what;
    bool connects;  // else it hangs before its SETTINGS
  } rows[] = {{"asked", true}, {"connecting", false}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    std::atomic<int> begun{0};
    std::atomic<bool> stand_still{true};
    const auto hang = [&] {
      ++begun;
      if (!stand_still) return;
      loop_.Post([] { std::this_thread::sleep_for(milliseconds(1200)); });
    };
    ScriptedH2Server server([&](ScriptedConnection& c, int) {
      if (!row.connects) hang();
      if (!row.connects || !c.Handshake()) return c.WaitForEnd();
      while (c.NextRequest()) hang();
    });
    check_.unhealthy_threshold = 1;
    check_.timeout = milliseconds(800);
    connect_timeout_ = milliseconds(row.connects ? 5000 : 750);
    Begin({server.address()});
    EXPECT_TRUE(RunUntil([&] { return begun >= 2 || !endpoint()->healthy(); }));
    EXPECT_TRUE(endpoint()->healthy());
    // Nor is it an excuse for longer than it lasts.
    stand_still = false;
    EXPECT_TRUE(RunUntilHealthy(false));
    health_.reset();
  }
}

TEST_F(HealthChecks, FlappingIsNothingBelowTheThresholds) {
  for (const uint32_t threshold : {2u, 1u}) {
    std::atomic<int> checks{0};
    ScriptedH2Server server(Serve(
        [&](ScriptedConnection& c, const ScriptedRequest& request) {
          c.Answer(request.stream, checks % 2 == 0 ? kServing : kNotServing);
        },
        &checks));
    check_.unhealthy_threshold = check_.healthy_threshold = threshold;
    Begin({server.address()});
    const uint64_t version = cluster_->version();
    ASSERT_TRUE(RunUntil([&] { return checks >= 12; }));
    health_.reset();
    const uint64_t changes = cluster_->version() - version;
    EXPECT_EQ(changes > 0, threshold == 1) << changes;
  }
}

TEST_F(HealthChecks, SaysOnceThatThereIsNoSuchService) {
  std::atomic<int> checks{0};
  ScriptedH2Server one(Serve(Refuses("12"), &checks));
  ScriptedH2Server other(Serve(Refuses("12"), &checks));
  ::testing::internal::CaptureStderr();
  Begin({one.address(), other.address()});
  ASSERT_TRUE(RunUntil([&] { return checks > 10; }));
  health_.reset();
  const std::string log = ::testing::internal::GetCapturedStderr();
  const std::string said = "has no grpc.health.v1.Health";
  ASSERT_NE(log.find(said), std::string::npos);
  EXPECT_EQ(log.find(said, log.find(said) + 1), std::string::npos) << log;
}

// End points are checked as long as they are in the set, and each by itself.
TEST_F(HealthChecks, FollowsTheSet) {
  std::atomic<int> ended{0};
  ScriptedH2Server leaves([&](ScriptedConnection& c, int) {
    c.Handshake();
    while (const auto request = c.NextRequest()) c.Answer(request->stream, kServing);
    ++ended;
  });
  ScriptedH2Server comes(Serve(Says(kNotServing)));
  Begin({leaves.address()});
  ASSERT_TRUE(RunUntil([&] { return leaves.connections() == 1; }));
  const auto left = endpoint();
  FoundEndpoint found;
  found.target.authority = comes.address();
  found.target.host = "127.0.0.1";
  found.target.port = ParseEndpoint(comes.address())->port;
  cluster_->Publish({found}, loop_.Now());
  EXPECT_TRUE(RunUntilHealthy(false));
  EXPECT_TRUE(RunUntil([&] {
    loop_.Post([] {});  // what another thread does is no event of this loop
    return ended == 1;
  }));
  EXPECT_TRUE(left->healthy());
}

TEST_F(HealthChecks, DoesNothingWhereItIsOff) {
  ScriptedH2Server server(Serve(Says(kNotServing)));
  check_.on = false;
  Begin({server.address()});
  for (int i = 0; i < 20; ++i) {
    bool turned = false;
    loop_.Post([&] { turned = true; });
    loop_.RunUntil([&] { return turned; });
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(HealthChecks, MayEndAtAnyTime) {
  std::atomic<int> checks{0};
  ScriptedH2Server server(Serve([](ScriptedConnection&, const ScriptedRequest&) {}, &checks));
  check_.timeout = seconds(30);
  Begin({server.address()});
  ASSERT_TRUE(RunUntil([&] {
    loop_.Post([] {});
    return checks == 1;
  }));
  cluster_->SetHealthy(*endpoint(), false, loop_.Now());  // posts to what is about to go
  health_.reset();
  bool turned = false;
  loop_.Post([&] { turned = true; });
  loop_.RunUntil([&] { return turned; });
}

}  // namespace
}  // namespace frontdesk::upstream
