// Which end point gets an attempt, and what waits for one.
#include "gateway/upstream/grpc_wire.h"
#include "tests/unit/upstream/channel_rig.h"

namespace frontdesk::upstream {
namespace {

using ::testing::HasSubstr;
using Readiness = Transport::Readiness;

TEST_F(ChannelTest, EqualsShareTheCalls) {
  EndPoints(4);
  const auto counts = AtOnce(80);
  ASSERT_EQ(counts.size(), 4u);
  for (const auto& [who, calls] : counts) EXPECT_GE(calls, 10) << who;
}

TEST_F(ChannelTest, WeightsAreShares) {
  settings_.endpoints = {{"127.0.0.1:1", 90, ""}, {"127.0.0.1:2", 10, ""}};
  const auto counts = Many(1000);
  EXPECT_GE(counts.at("127.0.0.1:2"), 70);
  EXPECT_LE(counts.at("127.0.0.1:2"), 130);
}

TEST_F(ChannelTest, TheBusyOneGetsLess) {
  EndPoints(2);
  for (int i = 0; i < 10; ++i) Start();
  ASSERT_EQ(Live().size(), 10u);
  for (const auto& [who, transport] : transports_) EXPECT_EQ(transport->live.size(), 5u) << who;
  while (!Live().empty()) {
    Live()[0]->Answer("");
    Turn();
  }
}

TEST_F(ChannelTest, CallsWaitForTheFirstThatIsConnected) {
  EndPoints(2);
  on_transport_ = [](FakeTransport& transport) { transport.now = Readiness::kConnecting; };
  Pending& first = Start();
  Pending& second = Start();
  EXPECT_TRUE(Live().empty());
  for (const auto& [who, transport] : transports_) EXPECT_GE(transport->connects, 1) << who;
  transports_["127.0.0.1:2"]->Become(Readiness::kReady);
  Turn();
  ASSERT_EQ(Live().size(), 2u) << "the other one hangs: nobody waits for it";
  Live()[0]->Answer("");
  Live()[0]->Answer("");
  EXPECT_TRUE(ResultOf(first).ok());
  EXPECT_TRUE(ResultOf(second).ok());
}

TEST_F(ChannelTest, WithoutHopeTheyFailAtOnce) {
  EndPoints(2);
  on_transport_ = [](FakeTransport& transport) {
    transport.now = Readiness::kFailing;
    transport.failure = Unreachable("127.0.0.1: refused");
  };
  Pending& at_once = Start();
  ASSERT_TRUE(at_once.result.has_value());
  EXPECT_EQ(ReasonOf(at_once.result->status()), "UPSTREAM_UNREACHABLE");

  transports_["127.0.0.1:1"]->now = Readiness::kConnecting;
  Pending& hopes = Start();
  EXPECT_FALSE(hopes.result.has_value());
  transports_["127.0.0.1:1"]->Become(Readiness::kFailing);
  Turn();
  ASSERT_TRUE(hopes.result.has_value());
  EXPECT_THAT(std::string(hopes.result->status().message()), HasSubstr("refused"));
}

TEST_F(ChannelTest, TheQueueIsBoundedAndOrdered) {
  settings_.max_pending = 3;
  settings_.queue_age = {std::chrono::minutes(1), std::chrono::minutes(1)};
  on_transport_ = [](FakeTransport& transport) { transport.now = Readiness::kFull; };
  std::vector<Pending*> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(&Start({}, {}, Cat("request ", i)));
  Pending& last = Start();
  ASSERT_TRUE(last.result.has_value());
  EXPECT_EQ(ReasonOf(last.result->status()), "UPSTREAM_OVERLOADED");
  EXPECT_EQ(last.result->status().code(), absl::StatusCode::kUnavailable);
  waiting[1]->cancel.Cancel(absl::CancelledError("left"));
  EXPECT_EQ(ResultOf(*waiting[1]).status().code(), absl::StatusCode::kCancelled);
  Pending& newcomer = Start({}, {}, "newcomer");
  EXPECT_FALSE(newcomer.result.has_value());
  transports_["127.0.0.1:1"]->Become(Readiness::kReady);
  Turn();
  ASSERT_EQ(Live().size(), 3u);
  EXPECT_EQ(Live()[0]->sent[0], "request 0");
  EXPECT_EQ(Live()[1]->sent[0], "request 2");
  EXPECT_EQ(Live()[2]->sent[0], "newcomer");
  while (!Live().empty()) {
    Live()[0]->Answer("");
    Turn();
  }
}

TEST_F(ChannelTest, WhoWaitsStillHasADeadline) {
  on_transport_ = [](FakeTransport& transport) { transport.now = Readiness::kConnecting; };
  deadline_ = loop_.Now() + milliseconds(5);
  Pending& pending = Start();
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(WasNeverSent(ResultOf(pending).status()));
}

TEST_F(ChannelTest, AFailingEndPointIsEjectedAfterFiveFailures) {
  EndPoints(2);
  settings_.breaker.on = false;
  int failed = 0;
  const auto answer = [&](const std::string& who) {
    if (who != "127.0.0.1:1") return absl::OkStatus();
    ++failed;
    return BackendStatus(14, "down", "");
  };
  // What ends together counts once: six of them are no reason yet.
  AtOnce(12, answer);
  EXPECT_GE(failed, 5);
  EXPECT_TRUE(cluster().endpoints()->at(0).state->usable(loop_.Now()));
  Rounds(4, failed, answer);
  EXPECT_FALSE(cluster().endpoints()->at(0).state->usable(loop_.Now()));
  EXPECT_TRUE(cluster().endpoints()->at(1).state->usable(loop_.Now()));
  const int before = failed;
  AtOnce(500, answer);
  EXPECT_EQ(failed, before);
}

TEST_F(ChannelTest, TheOnlyOneIsNeverEjectedAndNeverMoreThanMayBe) {
  settings_.breaker.on = false;
  const auto down = [](const std::string&) { return BackendStatus(14, "down", ""); };
  Many(50, down);
  EXPECT_TRUE(cluster().endpoints()->at(0).state->usable(loop_.Now()));
}

TEST_F(ChannelTest, WhenMostFailEverybodyIsAsked) {
  EndPoints(4);
  settings_.breaker.on = false;
  settings_.outlier.max_ejection_percent = 100;
  const auto down = [](const std::string&) { return BackendStatus(14, "down", ""); };
  Many(200, down);
  const auto counts = Many(200, down);
  EXPECT_EQ(counts.size(), 4u) << "panic: the judgement itself is doubtful";
}

TEST_F(ChannelTest, AnEndPointsBreakerKeepsCallsAwayAndLetsProbesThrough) {
  EndPoints(2);
  settings_.outlier.on = false;
  settings_.breaker.open_time = settings_.breaker.max_open_time = milliseconds(20);
  bool down = true;
  int asked = 0;
  const auto answer = [&](const std::string& who) {
    if (who != "127.0.0.1:1") return absl::OkStatus();
    ++asked;
    return down ? BackendStatus(14, "down", "") : absl::OkStatus();
  };
  AtOnce(12, answer);
  EXPECT_GE(asked, 5);
  const int probed = asked;
  const TimePoint until = loop_.Now() + milliseconds(25);
  RunUntil([&] { return Clock::now() >= until; });
  down = false;
  // So many that the other one is worse than what is known of this one.
  Rounds(5, asked, answer);
  EXPECT_GE(asked, probed + 3);
  EXPECT_EQ(cluster().endpoints()->at(0).state->breaker.Look().state(loop_.Now()),
            Breaker::State::kClosed);
}

TEST_F(ChannelTest, WithEveryBreakerOpenCallsFailAtOnce) {
  settings_.breaker.open_time = settings_.breaker.max_open_time = seconds(100);
  const auto down = [](const std::string&) { return BackendStatus(14, "down", ""); };
  Many(5, down);
  Pending& pending = Start();
  ASSERT_TRUE(pending.result.has_value());
  const absl::Status& status = pending.result->status();
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_BREAKER_OPEN");
  EXPECT_TRUE(WasNeverSent(status));
  EXPECT_THAT(HeadersOf(status), HasSubstr("Retry-After: 100"));
}

TEST_F(ChannelTest, OurOwnZoneIsPreferredWhileItIsWell) {
  settings_.zone = "a";
  settings_.breaker.on = false;
  settings_.outlier.max_ejection_percent = 100;
  settings_.endpoints = {{"127.0.0.1:1", 1, "a"},
                         {"127.0.0.1:2", 1, "a"},
                         {"127.0.0.1:3", 1, "b"},
                         {"127.0.0.1:4", 1, "b"}};
  EXPECT_EQ(Many(100).count("127.0.0.1:3"), 0u);
  const auto a_down = [](const std::string& who) {
    return who < "127.0.0.1:3" ? BackendStatus(14, "down", "") : absl::OkStatus();
  };
  Many(200, a_down);
  const auto counts = Many(100, a_down);
  EXPECT_GT(counts.count("127.0.0.1:3") + counts.count("127.0.0.1:4"), 0u);
}

TEST_F(ChannelTest, ANewSetKeepsWhatIsKnownAndDrainsWhatLeft) {
  EndPoints(2);
  settings_.breaker.on = false;
  Many(20);
  Pending& under_way = Start();
  FakeTransport& busy = NextLive().transport;
  FakeTransport* const kept =
      transports_[busy.address == "127.0.0.1:1" ? "127.0.0.1:2" : "127.0.0.1:1"];
  const auto target = [](const std::string& authority, uint16_t port) {
    FoundEndpoint found;
    found.target.authority = authority;
    found.target.host = "127.0.0.1";
    found.target.port = port;
    return found;
  };
  const std::string kept_address = kept->address;
  const auto kept_port = static_cast<uint16_t>(kept_address.back() - '0');
  cluster().Publish({target(kept_address, kept_port), target("127.0.0.1:9", 9)}, loop_.Now());
  Turn();
  EXPECT_TRUE(busy.drained);
  EXPECT_FALSE(kept->drained);
  busy.live[0]->Answer("in peace");
  ASSERT_TRUE(ResultOf(under_way).ok());
  // So many that one which was slow once gets some, too.
  EXPECT_EQ(AtOnce(500).size(), 2u);
  EXPECT_TRUE(transports_.contains("127.0.0.1:9"));
  EXPECT_EQ(transports_[kept_address], kept) << "its connections stay";
  cluster().Publish({}, loop_.Now());
  EXPECT_EQ(AtOnce(500).size(), 2u) << "an empty answer never empties a good set";
}

TEST_F(ChannelTest, WithoutAnyAddressYetCallsWaitForDiscovery) {
  settings_.endpoints = {"orders.internal:1"};
  Pending& pending = Start();
  EXPECT_FALSE(pending.result.has_value());
  FoundEndpoint found;
  found.target.authority = "orders.internal:1";
  found.target.host = "127.0.0.1";
  found.target.port = 1;
  cluster().Publish({found}, loop_.Now());
  NextLive().Answer("");
  EXPECT_TRUE(ResultOf(pending).ok());
}

TEST_F(ChannelTest, AFailedDiscoveryIsToldAtOnce) {
  settings_.endpoints = {"orders.internal:1"};
  Pending& pending = Start();
  cluster().PublishFailure(Unreachable("orders.internal: no such host"));
  EXPECT_EQ(ReasonOf(ResultOf(pending).status()), "UPSTREAM_UNREACHABLE");
  Pending& later = Start();
  ASSERT_TRUE(later.result.has_value());
}

TEST_F(ChannelTest, RoomIsLimitedByPriority) {
  settings_.max_in_flight = 1;
  settings_.max_pending = 2;
  settings_.queue_age = {std::chrono::seconds(100), std::chrono::seconds(100)};
  CallPolicy critical, sheddable;
  critical.priority = Priority::kCritical;
  sheddable.priority = Priority::kSheddable;
  CallOptions as_critical, as_sheddable;
  as_critical.policy = &critical;
  as_sheddable.policy = &sheddable;
  Pending& first = Start({}, {}, "first");
  Pending& low = Start({}, as_sheddable, "low");
  Pending& normal = Start({}, {}, "normal");
  Pending& high = Start({}, as_critical, "high");
  EXPECT_EQ(Live().size(), 1u);
  EXPECT_EQ(ReasonOf(ResultOf(low).status()), "UPSTREAM_OVERLOADED") << "pushed out";
  EXPECT_THAT(HeadersOf(ResultOf(low).status()), HasSubstr("Retry-After: 1"));
  Live()[0]->Answer("");
  EXPECT_TRUE(ResultOf(first).ok());
  RunUntil([&] { return !Live().empty(); });
  EXPECT_EQ(Live()[0]->sent[0], "high");
  Live()[0]->Answer("");
  EXPECT_TRUE(ResultOf(high).ok());
  RunUntil([&] { return !Live().empty(); });
  EXPECT_EQ(Live()[0]->sent[0], "normal");
  Live()[0]->Answer("");
  EXPECT_TRUE(ResultOf(normal).ok());
}

TEST_F(ChannelTest, ADeadZoneIsLeft) {
  settings_.zone = "a";
  settings_.endpoints = {{"127.0.0.1:1", 1, "a"}, {"127.0.0.1:2", 1, "a"}, {"127.0.0.1:3", 1, "b"}};
  on_transport_ = [](FakeTransport& transport) {
    if (transport.address == "127.0.0.1:3") return;
    transport.now = Readiness::kFailing;
    transport.failure = Unreachable("refused");
  };
  EXPECT_EQ(Many(20).at("127.0.0.1:3"), 20);
}

// Our own zone goes first, but not before not going back.
TEST_F(ChannelTest, ARetryGoesBackOnlyWhenThereIsNobodyElse) {
  settings_.zone = "a";
  settings_.endpoints = {{"127.0.0.1:1", 1, "a"}, {"127.0.0.1:2", 1, "b"}, {"127.0.0.1:3", 1, "a"}};
  policy().retry.max_attempts = 2;
  on_transport_ = [](FakeTransport& transport) {
    if (transport.address != "127.0.0.1:1") transport.now = Readiness::kConnecting;
  };
  const struct {
    const char* name;
    Readiness other_zone;
    Readiness our_zone;
    const char* second;
  } rows[] = {
      {"another one in our zone", Readiness::kReady, Readiness::kReady, "127.0.0.1:3"},
      {"one in the other zone", Readiness::kReady, Readiness::kFailing, "127.0.0.1:2"},
      {"nobody else", Readiness::kFailing, Readiness::kFailing, "127.0.0.1:1"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Renew();
    Pending& pending = Start(contract::Idempotency::kNoSideEffects);
    FakeTransport::Call& first = NextLive();
    EXPECT_EQ(first.transport.address, "127.0.0.1:1");
    transports_.at("127.0.0.1:2")->now = row.other_zone;
    transports_.at("127.0.0.1:3")->now = row.our_zone;
    first.Fail(BackendStatus(14, "down", ""));
    Turn();
    FakeTransport::Call& second = NextLive();
    EXPECT_EQ(second.transport.address, row.second);
    second.Answer("");
    EXPECT_TRUE(ResultOf(pending).ok());
  }
}

TEST_F(ChannelTest, AnEjectedOneIsAskedWhenNobodyElseIsLeft) {
  EndPoints(2);
  settings_.breaker.on = false;
  int failed = 0;
  const auto answer = [&](const std::string& who) {
    if (who != "127.0.0.1:1") return absl::OkStatus();
    ++failed;
    return BackendStatus(14, "down", "");
  };
  Rounds(5, failed, answer);
  ASSERT_FALSE(cluster().endpoints()->at(0).state->usable(loop_.Now()));
  transports_["127.0.0.1:2"]->failure = Unreachable("refused");
  transports_["127.0.0.1:2"]->Become(Readiness::kFailing);
  EXPECT_EQ(Many(20).at("127.0.0.1:1"), 20);
}

TEST_F(ChannelTest, WeightsAreSharesOfAllHoweverMany) {
  settings_.endpoints.clear();
  for (int i = 1; i <= 16; ++i) {
    settings_.endpoints.emplace_back(Cat("127.0.0.1:", i), i <= 8 ? 1 : 99, "");
  }
  int canaries = 0;
  for (const auto& [who, calls] : Many(2000)) {
    if (who.size() == std::string("127.0.0.1:1").size() && who < "127.0.0.1:9") canaries += calls;
  }
  EXPECT_LE(canaries, 45) << "1 % of the calls";
}

TEST_F(ChannelTest, TheSurvivorOfManyIsNotFlooded) {
  EndPoints(16);
  on_transport_ = [](FakeTransport& transport) {
    const std::string port = transport.address.substr(10);
    if (std::stoi(port) > 7) return;
    transport.now = Readiness::kFailing;
  };
  for (const auto& [who, calls] : AtOnce(90)) EXPECT_LE(calls, 25) << who;
}

TEST_F(ChannelTest, ASetThatIsWhollyNewSharesItsSlowStart) {
  EndPoints(4);
  settings_.slow_start = seconds(1000);
  const auto counts = AtOnce(80);
  ASSERT_EQ(counts.size(), 4u);
  for (const auto& [who, calls] : counts) EXPECT_GE(calls, 8) << who;
}

TEST_F(ChannelTest, WhoRefusesFastIsNotTakenForFast) {
  EndPoints(2);
  const auto counts = Many(100, [](const std::string& who) {
    return who == "127.0.0.1:1" ? BackendStatus(8, "busy", "") : absl::OkStatus();
  });
  EXPECT_GE(counts.at("127.0.0.1:2"), 80);
}

Task<void> Pass(Loop& loop, Duration time) {
  const absl::Status slept = co_await loop.SleepUntil(loop.Now() + time);
  EXPECT_TRUE(slept.ok());
}

TEST_F(ChannelTest, WhoHangsIsLeftBeforeItsCallsAreGivenUp) {
  EndPoints(2);
  AtOnce(20);
  Start();
  const FakeTransport& hangs = NextLive().transport;
  testing_support::RunOnLoop(loop_, Pass(loop_, milliseconds(300)));
  for (int i = 0; i < 20; ++i) Start();
  int there = -1;
  for (const FakeTransport::Call* call : Live()) there += &call->transport == &hangs;
  EXPECT_LE(there, 3);
  for (FakeTransport::Call* call : Live()) call->Answer("reply");
  RunUntil([&] {
    return std::all_of(calls_.begin(), calls_.end(),
                       [](const Pending& call) { return call.result.has_value(); });
  });
}

TEST_F(ChannelTest, WhoRefusesEveryStreamIsEjectedAndCostsLittle) {
  EndPoints(2);
  int refused = 0;
  const absl::Status refuse =
      Failure(absl::StatusCode::kUnavailable, "UPSTREAM_REFUSED", "refused", Origin::kUpstream)
          .NeverSent();
  const auto answer = [&](const std::string& who) {
    if (who != "127.0.0.1:1") return absl::OkStatus();
    ++refused;
    return refuse;
  };
  Rounds(5, refused, answer);
  EXPECT_GE(refused, 5);
  const int before = refused;
  AtOnce(500, answer);
  EXPECT_EQ(refused, before);
}

}  // namespace
}  // namespace frontdesk::upstream
