// The breaker of a method: what opens it, whom it refuses, what does not count.
#include <thread>

#include "gateway/upstream/grpc_wire.h"
#include "tests/unit/upstream/channel_rig.h"

namespace frontdesk::upstream {
namespace {

constexpr int kPatience = 100;

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
  // A chain that has not seen anything.
  void Renew() {
    calls_.clear();
    channels_.reset();
    clusters_.reset();
    transports_.clear();
  }
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
  whole_ = seconds(15);
  for (int i = 0; i < 10; ++i) {
    deadline_ = loop_.Now() + milliseconds(1);
    ResultOf(Start());
  }
  EXPECT_EQ(State(), Breaker::State::kClosed) << "clients that are impatient";
  client_deadline_ = false;
  whole_ = Duration::zero();
  // What this process was late for does not count either: a busy machine needs more of them.
  for (int i = 0; i < kPatience && State() != Breaker::State::kOpen; ++i) {
    deadline_ = loop_.Now() + milliseconds(1);
    ResultOf(Start());
  }
  EXPECT_EQ(State(), Breaker::State::kOpen) << "a back end that is too slow";
}

// A call that others left little time for: the second of a composition behind a slow one, a retry
// that begins late; or whose client wishes for less than the route gives. The breaker of an end
// point hears of clients' wishes too, that of a method does not: who asks for what takes long would
// close it to all others.
TEST_F(BreakerOfMethod, WhoWasGivenLittleTimeIsNotBlamed) {
  const struct {
    const char* name;
    milliseconds whole, left;
    milliseconds usual;  // how long answers took before; 0: there were none
    Breaker::State state;
    bool clients = false;
  } rows[] = {
      {"no time for anybody", milliseconds(1000), milliseconds(10), milliseconds(0),
       Breaker::State::kClosed},
      {"some time for nobody knows whom", milliseconds(90), milliseconds(10), milliseconds(0),
       Breaker::State::kOpen},
      {"less than it needs", milliseconds(1000), milliseconds(10), milliseconds(20),
       Breaker::State::kClosed},
      {"a multiple of what it needs", milliseconds(1000), milliseconds(300), milliseconds(1),
       Breaker::State::kOpen},
      {"most of the time, however slow", milliseconds(15), milliseconds(10), milliseconds(20),
       Breaker::State::kOpen},
      {"a client's wish: most of the time", milliseconds(15), milliseconds(10), milliseconds(20),
       Breaker::State::kClosed, true},
      {"... most of it, for nobody knows whom", milliseconds(15), milliseconds(10), milliseconds(0),
       Breaker::State::kOpen, true},
      {"... some of it, for nobody knows whom", milliseconds(90), milliseconds(10), milliseconds(0),
       Breaker::State::kOpen, true},
      {"... a multiple of what it needs", milliseconds(1000), milliseconds(300), milliseconds(1),
       Breaker::State::kOpen, true},
      {"... less than it needs", milliseconds(100), milliseconds(20), milliseconds(20),
       Breaker::State::kClosed, true},
      {"... next to nothing, however fast others are", milliseconds(1000), milliseconds(20),
       milliseconds(1), Breaker::State::kClosed, true},
  };
  settings_.breaker = {.open_time = seconds(10), .max_open_time = seconds(10)};
  policy().breaker.open_time = policy().breaker.max_open_time = seconds(10);
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Renew();
    whole_ = Duration::zero();
    deadline_ = TimePoint::max();
    if (row.usual.count() > 0) {
      Pending& call = Start();
      std::this_thread::sleep_for(row.usual);
      Live()[0]->Answer("");
      ResultOf(call);
    }
    whole_ = row.whole;
    client_deadline_ = row.clients;
    const auto of_end_point = [&] {
      return cluster().endpoints()->at(0).state->breaker.Look().state(loop_.Now());
    };
    const int calls = row.state == Breaker::State::kClosed ? 10 : kPatience;
    for (int i = 0; i < calls && of_end_point() != Breaker::State::kOpen; ++i) {
      deadline_ = loop_.Now() + row.left;
      ResultOf(Start());
    }
    EXPECT_EQ(of_end_point(), row.state);
    EXPECT_EQ(State(), row.clients ? Breaker::State::kClosed : row.state);
  }
}

// Whether it is to blame or not, what has taken so long is slow.
TEST_F(BreakerOfMethod, WhoWasGivenLittleTimeMayBeSlow) {
  const struct {
    const char* name;
    milliseconds left;
    Breaker::State state;
  } rows[] = {{"as long as a slow call", milliseconds(250), Breaker::State::kOpen},
              {"nobody knows", milliseconds(1), Breaker::State::kClosed}};
  settings_.breaker = policy().breaker = {.consecutive_failures = 0,
                                          .slow_call = milliseconds(200),
                                          .minimum_calls = 5,
                                          .open_time = seconds(10),
                                          .max_open_time = seconds(10)};
  client_deadline_ = true;
  whole_ = seconds(15);
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Renew();
    const int calls = row.state == Breaker::State::kClosed ? 10 : kPatience;
    for (int i = 0; i < calls && State() != Breaker::State::kOpen; ++i) {
      deadline_ = loop_.Now() + row.left;
      ResultOf(Start());
    }
    const Breaker of_method = cluster().Method(Named({})).breaker.Look();
    const Breaker of_end_point = cluster().endpoints()->at(0).state->breaker.Look();
    for (const Breaker& breaker : {of_method, of_end_point}) {
      EXPECT_EQ(breaker.state(loop_.Now()), row.state);
      EXPECT_EQ(breaker.seen(loop_.Now()).failures, 0u);
    }
  }
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

// The end of a drain: calls end with UNAVAILABLE, which is what this process says of itself.
TEST_F(BreakerOfMethod, WhatWeStopIsNobodysFault) {
  for (const bool hedged : {false, true}) {
    SCOPED_TRACE(hedged);
    Renew();
    EndPoints(2);
    settings_.outlier = {};
    settings_.breaker = {};
    policy().hedge.on = hedged;
    policy().hedge.delay = seconds(10);
    for (int i = 0; i < 20; ++i) Start(contract::Idempotency::kNoSideEffects);
    ASSERT_EQ(Live().size(), 20u);
    for (Pending& call : calls_) {
      call.cancel.Cancel(Failure(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                                 "the gateway is stopping", Origin::kGateway));
    }
    for (Pending& call : calls_) EXPECT_EQ(ReasonOf(ResultOf(call).status()), "SHUTTING_DOWN");
    EXPECT_EQ(State(), Breaker::State::kClosed);
    EXPECT_EQ(cluster().Method(Named({})).breaker.Look().seen(loop_.Now()).calls, 0u);
    for (const PublishedEndpoint& one : *cluster().endpoints()) {
      EXPECT_EQ(one.state->breaker.Look().seen(loop_.Now()).calls, 0u);
      EXPECT_TRUE(one.state->usable(loop_.Now()));
    }
  }
}

// By the back end's clock, which may be a moment before ours.
TEST_F(BreakerOfMethod, WhoResetsWhatIsOutOfTimeIsTooSlow) {
  const struct {
    const char* name;
    milliseconds left;
    Breaker::State state;
  } rows[] = {{"at the deadline", milliseconds(1), Breaker::State::kOpen},
              {"long before", milliseconds(1000), Breaker::State::kClosed}};
  for (const auto& row : rows) {
    Renew();
    const int calls = row.state == Breaker::State::kClosed ? 10 : kPatience;
    for (int i = 0; i < calls && State() != Breaker::State::kOpen; ++i) {
      deadline_ = loop_.Now() + row.left;
      Pending& call = Start();
      Live()[0]->Fail(Reset(absl::StatusCode::kCancelled, "CANCEL"));
      ResultOf(call);
    }
    EXPECT_EQ(State(), row.state) << row.name;
  }
}

// What is told to whom it refuses; the clock stands where the row says.
TEST(RetryAfter, OfABreakerThatIsOpen) {
  const TimePoint start(seconds(1000));
  const struct {
    const char* name;
    Duration after;
    bool probing;
    const char* expected;
  } rows[] = {
      {"just opened", Duration::zero(), false, "Retry-After: 600\r\n"},
      {"half of the time", seconds(300), false, "Retry-After: 300\r\n"},
      {"a moment before its end", seconds(600) - milliseconds(1), false, "Retry-After: 1\r\n"},
      {"a probe is under way", seconds(600), true, "Retry-After: 1\r\n"},
      {"... and goes on", seconds(900), true, "Retry-After: 1\r\n"},
  };
  for (const auto& row : rows) {
    SharedBreaker breaker(
        {.consecutive_failures = 1, .open_time = seconds(600), .max_open_time = seconds(600)});
    ASSERT_TRUE(breaker.Record(breaker.Admit(start), false, Duration::zero(), start));
    Breaker::Ticket probe;
    if (row.probing) probe = breaker.Admit(start + seconds(600));
    EXPECT_EQ(probe.is_probe(), row.probing) << row.name;
    const TimePoint now = start + row.after;
    EXPECT_FALSE(breaker.MayAdmit(now)) << row.name;
    EXPECT_EQ(HeadersOf(BreakerOpen("s.S.M", breaker.Look().until_probe(now))), row.expected)
        << row.name;
    breaker.Release(std::move(probe));
  }
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
