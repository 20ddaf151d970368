// A second attempt when the first is slow.
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/pushback.h"
#include "tests/unit/upstream/chain.h"

namespace frontdesk::upstream {
namespace {

using contract::Idempotency;

class Hedge : public Chain {
 protected:
  Hedge() {
    settings_.endpoints = {"127.0.0.1:1", "127.0.0.1:2"};
    policy().hedge.on = true;
    policy().hedge.delay = milliseconds(2);
  }
  void RunUntilLive(size_t count) {
    RunUntil([&] { return Live().size() == count; });
  }
};

absl::Status NeverProcessed() {
  return Failure(absl::StatusCode::kUnavailable, "UPSTREAM_RESET", "goes away", Origin::kUpstream)
      .NeverSent();
}

TEST_F(Hedge, TheFirstGoodAnswerWinsAndTheOtherIsCancelled) {
  for (const size_t winner : {0, 1}) {
    Pending& pending = Start(Idempotency::kNoSideEffects);
    ASSERT_EQ(Live().size(), 1u);
    RunUntilLive(2);
    EXPECT_NE(&Live()[0]->transport, &Live()[1]->transport);
    EXPECT_EQ(Live()[0]->previous_attempts + Live()[1]->previous_attempts, 1u);
    Live()[winner]->Answer("winner");
    ASSERT_TRUE(ResultOf(pending).ok());
    EXPECT_EQ(ResultOf(pending)->message, "winner");
    EXPECT_EQ(pending.context.retries, 1u);
    EXPECT_TRUE(Live().empty()) << "the loser goes on";
  }
  EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 2);
}

TEST_F(Hedge, AQuickAnswerNeedsNone) {
  Pending& pending = Start(Idempotency::kNoSideEffects);
  Live()[0]->Answer("quick");
  ASSERT_TRUE(ResultOf(pending).ok());
  EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 0);
}

TEST_F(Hedge, ThePercentileTakesTheDelaysPlaceOnceEnoughWasObserved) {
  const struct {
    const char* what;
    int observed;
    Duration delay;
    bool hedged;
  } rows[] = {
      {"nothing is known: the delay", 0, milliseconds(2), true},
      {"too little is known: the delay", 30, std::chrono::hours(1), false},
      {"too little is known, and no delay", 30, Duration::max(), false},
      {"enough is known", 60, std::chrono::hours(1), true},
      {"enough is known, and no delay", 60, Duration::max(), true},
  };
  policy().hedge.percentile = 95;
  for (const auto& row : rows) {
    channels_.reset();
    clusters_.reset();
    transports_.clear();
    counts_ = {};
    policy().hedge.delay = row.delay;
    deadline_ = TimePoint::max();
    for (int i = 0; i < row.observed; ++i) {
      Pending& quick = Start(Idempotency::kNoSideEffects);
      Live()[0]->Answer("quick");
      ASSERT_TRUE(ResultOf(quick).ok());
    }
    EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 0) << row.what;
    deadline_ = loop_.Now() + milliseconds(row.hedged ? 10'000 : 50);
    Pending& slow = Start(Idempotency::kNoSideEffects);
    if (row.hedged) {
      RunUntil([&] { return Live().size() == 2 || slow.result; });
      ASSERT_EQ(Live().size(), 2u) << row.what;
      Live()[1]->Answer("hedge");
    }
    EXPECT_EQ(ResultOf(slow).ok(), row.hedged) << row.what;
    EXPECT_EQ(counts_.retries[RetryEvent::kHedge], row.hedged ? 1 : 0) << row.what;
  }
}

TEST_F(Hedge, OnlyWhatHasNoSideEffects) {
  for (const Idempotency level : {Idempotency::kIdempotent, Idempotency::kUnknown}) {
    deadline_ = loop_.Now() + milliseconds(20);
    Pending& pending = Start(level);
    EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kDeadlineExceeded);
  }
  int started = 0;
  for (const auto& [address, transport] : transports_) started += transport->started;
  EXPECT_EQ(started, 2);
}

TEST_F(Hedge, AFailureStartsTheNextAtOnce) {
  policy().hedge.delay = seconds(10);
  Pending& pending = Start(Idempotency::kNoSideEffects);
  Live()[0]->Fail(BackendStatus(14, "down", ""));
  Turn();
  NextLive().Answer("second");
  ASSERT_TRUE(ResultOf(pending).ok());
  EXPECT_EQ(counts_.retries[RetryEvent::kRetry], 1);
}

TEST_F(Hedge, AFailureWhileTheOtherRunsIsNotTheAnswer) {
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(2);
  Live()[0]->Fail(BackendStatus(13, "broken", ""));
  Turn();
  EXPECT_FALSE(pending.result.has_value());
  NextLive().Answer("good");
  ASSERT_TRUE(ResultOf(pending).ok());
}

// As back ends do that go away one after the other.
TEST_F(Hedge, WhatNobodyProcessedIsTriedAsOftenAsWithoutIt) {
  const struct {
    int refusals;
    int attempts;
    absl::StatusCode code;
  } rows[] = {{1, 2, absl::StatusCode::kOk},
              {2, 3, absl::StatusCode::kOk},
              {4, 5, absl::StatusCode::kOk},
              {9, 5, absl::StatusCode::kUnavailable}};
  policy().hedge.delay = seconds(10);
  for (const bool hedged : {true, false}) {
    for (const auto& row : rows) {
      SCOPED_TRACE(Cat(row.refusals, hedged ? " hedged" : ""));
      channels_.reset();
      clusters_.reset();
      transports_.clear();
      counts_ = {};
      policy().hedge.on = hedged;
      Pending& pending = Start(Idempotency::kNoSideEffects);
      int attempts = 0;
      while (true) {
        RunUntil([&] { return pending.result.has_value() || !Live().empty(); });
        if (pending.result) break;
        if (attempts++ < row.refusals) {
          Live()[0]->Fail(NeverProcessed());
        } else {
          Live()[0]->Answer("reply");
        }
        Turn();
      }
      EXPECT_EQ(attempts, row.attempts);
      EXPECT_EQ(pending.result->status().code(), row.code) << pending.result->status();
      EXPECT_EQ(counts_.retries[RetryEvent::kRetry], row.attempts - 1);
      EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 0);
    }
  }
}

TEST_F(Hedge, OneThatNobodyProcessedIsFollowedByAnother) {
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(2);
  Live()[1]->Fail(NeverProcessed());
  EXPECT_EQ(Live().size(), 1u);
  RunUntil([&] { return Live().size() == 2 || pending.result; });
  EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 1);
  EXPECT_EQ(counts_.retries[RetryEvent::kRetry], 1);
  // That was no hedge, and none follows it.
  const TimePoint until = loop_.Now() + milliseconds(10);
  RunUntil([&] { return Clock::now() >= until; });
  ASSERT_EQ(Live().size(), 2u);
  Live()[0]->Answer("good");
  EXPECT_TRUE(ResultOf(pending).ok());
  EXPECT_TRUE(Live().empty());
}

TEST_F(Hedge, WhenAllFailTheLastFailureIsTheAnswer) {
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(2);
  Live()[0]->Fail(BackendStatus(13, "broken", ""));
  Turn();
  NextLive().Fail(BackendStatus(14, "down", ""));
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(Hedge, TakesFromTheBudget) {
  settings_.retry_budget = {.percent = 0, .min_per_second = 0};
  deadline_ = loop_.Now() + milliseconds(30);
  Pending& pending = Start(Idempotency::kNoSideEffects);
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 0);
  EXPECT_EQ(counts_.retries[RetryEvent::kNoBudget], 1);
}

TEST_F(Hedge, ALoserThatWaitsForRoomIsCancelledToo) {
  settings_.max_in_flight = 1;
  settings_.queue_age = {seconds(10), seconds(10)};
  Pending& pending = Start(Idempotency::kNoSideEffects);
  const TimePoint until = loop_.Now() + milliseconds(10);
  RunUntil([&] { return Clock::now() >= until; });
  ASSERT_EQ(Live().size(), 1u);
  Live()[0]->Answer("first");
  ASSERT_TRUE(ResultOf(pending).ok());
  EXPECT_EQ(cluster().room().pending(), 0u);
  EXPECT_EQ(cluster().room().in_flight(), 0u);
}

TEST_F(Hedge, WhatNobodyWasAskedIsRefusedAndNotHeldAgainstThem) {
  settings_.endpoints = {"127.0.0.1:1"};
  on_transport_ = [](FakeTransport& transport) {
    transport.now = Transport::Readiness::kConnecting;
  };
  for (int i = 0; i < 10; ++i) {
    deadline_ = loop_.Now() + milliseconds(10);
    const absl::Status status = ResultOf(Start(Idempotency::kNoSideEffects)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  }
  EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 0) << "a second one would only wait behind it";
  EXPECT_EQ(cluster().Method(Named({})).breaker.Look().opened(), 0u);
}

TEST_F(Hedge, ADefiniteAnswerEndsIt) {
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(2);
  Live()[0]->Fail(BackendStatus(5, "no such order", ""));
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Live().empty());
}

TEST_F(Hedge, IsCancelledBetweenAttempts) {
  policy().hedge.delay = seconds(10);
  Pending& pending = Start(Idempotency::kNoSideEffects);
  absl::Status busy = BackendStatus(14, "busy", "");
  SetPushback(busy, "5000");
  Live()[0]->Fail(busy);
  Turn();
  EXPECT_FALSE(pending.result.has_value());
  pending.cancel.Cancel(absl::CancelledError("the client left"));
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kCancelled);
  EXPECT_LT(Clock::now() - loop_.Now(), seconds(2));
}

// gRPC A6: who says so, or has been paid out, is followed by nobody.
TEST_F(Hedge, NoneFollowsWhatSaysNo) {
  settings_.endpoints = {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"};
  policy().hedge.max_attempts = 3;
  policy().hedge.delay = milliseconds(5);
  deadline_ = loop_.Now() + milliseconds(60);
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(2);
  absl::Status never = BackendStatus(14, "down", "");
  SetPushback(never, "-1");
  Live()[0]->Fail(never);
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 1);
}

TEST_F(Hedge, ThreeAtMost) {
  settings_.endpoints = {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"};
  policy().hedge.max_attempts = 3;
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(3);
  Live()[2]->Answer("third");
  ASSERT_TRUE(ResultOf(pending).ok());
  EXPECT_TRUE(Live().empty());
}

TEST_F(Hedge, IsCancelledWhole) {
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(2);
  pending.cancel.Cancel(absl::CancelledError("the client left"));
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(Live().empty());
}

TEST_F(Hedge, EndsAtTheDeadline) {
  deadline_ = loop_.Now() + milliseconds(20);
  Pending& pending = Start(Idempotency::kNoSideEffects);
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(Live().empty());
}

}  // namespace
}  // namespace frontdesk::upstream
