// Which end point gets an attempt, and what waits for one.
#include "gateway/upstream/grpc_wire.h"
#include "tests/unit/upstream/chain.h"

#include <algorithm>
#include <random>
#include <thread>

namespace frontdesk::upstream {
namespace {

using contract::Idempotency;
using ::testing::HasSubstr;
using Readiness = Transport::Readiness;

class ChannelTest : public Chain {
 protected:
  ChannelTest() {
    auto engine = std::make_shared<std::mt19937>(7);
    random_ = [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
    policy().retry.max_attempts = 1;
    policy().breaker.on = false;
  }
  void EndPoints(int count) {
    settings_.endpoints.clear();
    for (int i = 1; i <= count; ++i) settings_.endpoints.emplace_back(Cat("127.0.0.1:", i));
  }
  // One call, each attempt at it answered or failed at once by whoever gets it; who that was.
  std::string One(const std::function<absl::Status(const std::string&)>& answer = nullptr) {
    Pending& pending = Start(Idempotency::kNoSideEffects);
    std::string who;
    while (true) {
      RunUntil([&] { return pending.result.has_value() || !Live().empty(); });
      if (pending.result) return who;
      FakeTransport::Call& call = *Live()[0];
      who = call.transport.address;
      const absl::Status status = answer ? answer(who) : absl::OkStatus();
      if (status.ok()) {
        call.Answer("reply");
      } else {
        call.Fail(status);
      }
      Turn();
    }
  }
  // So many calls at the same time, so that it does not matter how long they take here.
  std::map<std::string, int> AtOnce(
      int calls, const std::function<absl::Status(const std::string&)>& answer = nullptr) {
    std::map<std::string, int> counts;
    const size_t before = calls_.size();
    for (int i = 0; i < calls; ++i) Start(Idempotency::kNoSideEffects);
    for (const FakeTransport::Call* call : Live()) ++counts[call->transport.address];
    while (!std::all_of(calls_.begin() + static_cast<std::ptrdiff_t>(before), calls_.end(),
                        [](const Pending& call) { return call.result.has_value(); })) {
      for (std::vector<FakeTransport::Call*> live = Live(); !live.empty(); live.pop_back()) {
        FakeTransport::Call& call = *live.back();
        const absl::Status status = answer ? answer(call.transport.address) : absl::OkStatus();
        if (status.ok()) {
          call.Answer("reply");
        } else {
          call.Fail(status);
        }
      }
      Turn();
    }
    return counts;
  }
  std::map<std::string, int> Many(
      int calls, const std::function<absl::Status(const std::string&)>& answer = nullptr) {
    std::map<std::string, int> counts;
    for (int i = 0; i < calls; ++i) ++counts[One(answer)];
    return counts;
  }
};

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
  AtOnce(12, answer);
  EXPECT_GE(failed, 5);
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
  for (int i = 0; i < 5; ++i) AtOnce(300, answer);
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
  EXPECT_EQ(AtOnce(8).size(), 2u);
  EXPECT_TRUE(transports_.contains("127.0.0.1:9"));
  EXPECT_EQ(transports_[kept_address], kept) << "its connections stay";
  cluster().Publish({}, loop_.Now());
  EXPECT_EQ(AtOnce(8).size(), 2u) << "an empty answer never empties a good set";
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

TEST_F(ChannelTest, AnEjectedOneIsAskedWhenNobodyElseIsLeft) {
  EndPoints(2);
  settings_.breaker.on = false;
  AtOnce(12, [](const std::string& who) {
    return who == "127.0.0.1:1" ? BackendStatus(14, "down", "") : absl::OkStatus();
  });
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

TEST_F(ChannelTest, WhoWaitsForAStreamTooLongIsRefusedEarly) {
  settings_.queue_age = {milliseconds(4), milliseconds(10)};
  on_transport_ = [](FakeTransport& transport) { transport.now = Readiness::kFull; };
  const TimePoint start = loop_.Now();
  Pending& pending = Start();
  const absl::Status status = ResultOf(pending).status();
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_OVERLOADED");
  EXPECT_THAT(HeadersOf(status), HasSubstr("Retry-After"));
  EXPECT_LT(loop_.Now() - start, seconds(5));
}

TEST_F(ChannelTest, WhoRefusesFastIsNotTakenForFast) {
  EndPoints(2);
  const auto counts = Many(100, [](const std::string& who) {
    return who == "127.0.0.1:1" ? BackendStatus(8, "busy", "") : absl::OkStatus();
  });
  EXPECT_GE(counts.at("127.0.0.1:2"), 80);
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
  AtOnce(12, answer);
  EXPECT_GE(refused, 5);
  const int before = refused;
  AtOnce(500, answer);
  EXPECT_EQ(refused, before);
}

class BreakerOfMethod : public ChannelTest {
 protected:
  BreakerOfMethod() {
    settings_.breaker.on = false;
    settings_.outlier.on = false;
    policy().breaker.on = true;
    policy().breaker.consecutive_failures = 5;
    policy().breaker.open_time = policy().breaker.max_open_time = milliseconds(20);
  }
  Breaker::State State() { return cluster().Method(Named({})).breaker.Look().state(loop_.Now()); }
  void Fail(int calls) {
    Many(calls, [](const std::string&) { return BackendStatus(13, "broken", ""); });
  }
};

TEST_F(BreakerOfMethod, OpensRefusesProbesAndCloses) {
  Fail(5);
  EXPECT_EQ(State(), Breaker::State::kOpen);
  EXPECT_EQ(cluster().Method(Named({})).breaker.Look().opened(), 1u);
  const int before = transports_.begin()->second->started;
  Pending& refused = Start();
  ASSERT_TRUE(refused.result.has_value()) << "at once";
  EXPECT_EQ(ReasonOf(refused.result->status()), "UPSTREAM_BREAKER_OPEN");
  EXPECT_EQ(counts_.refused, 1);
  EXPECT_EQ(transports_.begin()->second->started, before);
  const TimePoint until = loop_.Now() + milliseconds(25);
  RunUntil([&] { return Clock::now() >= until; });
  // One probe at a time.
  Pending& probe = Start();
  EXPECT_FALSE(probe.result.has_value());
  Pending& too_many = Start();
  EXPECT_TRUE(too_many.result.has_value());
  NextLive().Answer("");
  EXPECT_TRUE(ResultOf(probe).ok());
  Many(2);
  EXPECT_EQ(State(), Breaker::State::kClosed);
  EXPECT_EQ(counts_.refused, 2);
}

TEST_F(BreakerOfMethod, WhatSaysNothingAboutTheBackEndDoesNotCount) {
  const struct {
    const char* name;
    absl::Status status;
  } rows[] = {{"an answer", BackendStatus(5, "no such order", "")},
              {"the caller's quota", BackendStatus(8, "", "")},
              {"no connection", Unreachable("refused")}};
  for (const auto& row : rows) {
    Many(30, [&](const std::string&) { return row.status; });
    EXPECT_EQ(State(), Breaker::State::kClosed) << row.name;
  }
  for (int i = 0; i < 10; ++i) {
    Pending& left = Start();
    left.cancel.Cancel(absl::CancelledError("the client left"));
    ResultOf(left);
  }
  EXPECT_EQ(State(), Breaker::State::kClosed) << "clients that leave";
  client_deadline_ = true;
  for (int i = 0; i < 10; ++i) {
    deadline_ = loop_.Now() + milliseconds(1);
    ResultOf(Start());
  }
  EXPECT_EQ(State(), Breaker::State::kClosed) << "clients that are impatient";
  client_deadline_ = false;
  for (int i = 0; i < 5; ++i) {
    deadline_ = loop_.Now() + milliseconds(1);
    ResultOf(Start());
  }
  EXPECT_EQ(State(), Breaker::State::kOpen) << "a back end that is too slow";
}

TEST_F(BreakerOfMethod, UnlessAskedItJudgesByShares) {
  policy().breaker = MethodBreaker();
  Many(19, [](const std::string&) { return BackendStatus(13, "broken", ""); });
  EXPECT_EQ(State(), Breaker::State::kClosed) << "too few to say";
  Many(1, [](const std::string&) { return BackendStatus(13, "broken", ""); });
  EXPECT_EQ(State(), Breaker::State::kOpen);
}

TEST_F(BreakerOfMethod, OneConnectionThatEndsIsOneFailure) {
  settings_.endpoints = {"127.0.0.1:1"};
  settings_.outlier.on = false;
  settings_.breaker = {};
  for (int i = 0; i < 20; ++i) Start();
  ASSERT_EQ(Live().size(), 20u);
  absl::Status lost = Reset(absl::StatusCode::kUnavailable, "lost");
  MarkLost(lost);
  while (!Live().empty()) Live()[0]->Fail(lost);
  for (Pending& call : calls_) EXPECT_EQ(ReasonOf(ResultOf(call).status()), "UPSTREAM_RESET");
  EXPECT_EQ(State(), Breaker::State::kClosed);
  const Breaker of_end_point = cluster().endpoints()->at(0).state->breaker.Look();
  EXPECT_EQ(of_end_point.state(loop_.Now()), Breaker::State::kClosed);
  EXPECT_EQ(of_end_point.seen(loop_.Now()).failures, 1u);
}

TEST_F(BreakerOfMethod, WhatRanOutOfTimeWhileWeStoodStillIsNotTheBackEndsFault) {
  for (int i = 0; i < 10; ++i) {
    deadline_ = loop_.Now() + milliseconds(100);
    Start();
  }
  loop_.Post([] { std::this_thread::sleep_for(milliseconds(400)); });  // or a stopped process
  for (Pending& call : calls_) {
    EXPECT_EQ(ResultOf(call).status().code(), absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_EQ(State(), Breaker::State::kClosed);
}

TEST_F(BreakerOfMethod, AProbeThatIsCancelledMakesRoomForAnother) {
  Fail(5);
  const TimePoint until = loop_.Now() + milliseconds(25);
  RunUntil([&] { return Clock::now() >= until; });
  Pending& probe = Start();
  probe.cancel.Cancel(absl::CancelledError("left"));
  ResultOf(probe);
  Many(3);
  EXPECT_EQ(State(), Breaker::State::kClosed);
}

}  // namespace
}  // namespace frontdesk::upstream
