// A second attempt when the first is slow.
#include "gateway/upstream/pushback.h"
#include "tests/unit/upstream/hedge_rig.h"

namespace frontdesk::upstream {
namespace {

using contract::Idempotency;

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
    Renew();
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
  EXPECT_EQ(Started(), 2);
}

TEST_F(Hedge, AFailureStartsTheNextAtOnce) {
  policy().hedge.delay = seconds(10);
  Pending& pending = Start(Idempotency::kNoSideEffects);
  Live()[0]->Fail(Down());
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

TEST_F(Hedge, WhenAllFailTheLastFailureIsTheAnswer) {
  policy().retry.max_attempts = 2;
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(2);
  Live()[0]->Fail(BackendStatus(13, "broken", ""));
  Turn();
  NextLive().Fail(Down());
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kUnavailable);
}

// Else one that hangs would seem well for ever: no hedged call runs out of its time there.
TEST_F(Hedge, ALoserIsBlamedForFarMoreThanIsUsual) {
  const struct {
    const char* name;
    milliseconds usual;  // 0: nobody knows
    milliseconds delay;
    Duration given;
    bool blamed;
  } rows[] = {
      {"many times as long", milliseconds(1), milliseconds(200), Duration::max(), true},
      {"no longer", milliseconds(40), milliseconds(2), Duration::max(), false},
      {"no longer, and little was left", milliseconds(40), milliseconds(60), milliseconds(100),
       false},
      {"nobody knows", milliseconds(0), milliseconds(2), Duration::max(), false},
      {"nobody knows, and little was left", milliseconds(0), milliseconds(60), milliseconds(100),
       true},
  };
  // Whether it was blamed.
  const auto race = [&](const auto& row) {
    Renew();
    policy().hedge.delay = row.delay;
    policy().retry.per_attempt_timeout = row.given;
    if (row.usual.count() > 0) {
      Pending& one = Start(Idempotency::kIdempotent);
      Pending& two = Start(Idempotency::kIdempotent);
      Pass(row.usual);
      while (!Live().empty()) Live()[0]->Answer("reply");
      EXPECT_TRUE(ResultOf(one).ok() && ResultOf(two).ok());
    }
    const auto blamed = [&] {
      uint64_t failures = 0;
      for (const PublishedEndpoint& end_point : *cluster().endpoints()) {
        failures += end_point.state->breaker.Look().seen(loop_.Now()).failures;
      }
      return failures > 0;
    };
    // What this process was late for does not count: a busy machine needs more of them. Winners
    // tell what is usual.
    const int blameless = row.usual.count() > 0 ? 3 : 1;
    for (int i = 0; i < (row.blamed ? 100 : blameless) && !blamed(); ++i) {
      Pending& pending = Start(Idempotency::kNoSideEffects);
      RunUntilLive(2);
      Live()[Live()[0]->previous_attempts == 1 ? 0 : 1]->Answer("winner");
      EXPECT_TRUE(ResultOf(pending).ok());
    }
    return blamed();
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    // Where this process stands still, a loser had longer than is usual.
    bool blamed = !row.blamed;
    for (int tries = 0; tries < 5 && blamed != row.blamed; ++tries) blamed = race(row);
    EXPECT_EQ(blamed, row.blamed);
    EXPECT_EQ(cluster().Method(Named({})).breaker.Look().seen(loop_.Now()).failures, 0u);
  }
}

// All calls that meet a pause are overtaken, and all but for the hedges would have been answered
// well.
TEST_F(Hedge, APauseCountsOnceAndAHangUntilItsEndPointIsEjected) {
  constexpr milliseconds kGiven{200};
  settings_.endpoints = {{"127.0.0.1:1", 10'000, ""}, "127.0.0.1:2"};
  settings_.retry_budget = {.percent = 100, .min_per_second = 1000};
  policy().retry.per_attempt_timeout = kGiven;
  // Far less than any of the others will have had.
  const auto answer_quickly = [&] {
    Duration took = Duration::max();
    for (int tries = 0; tries < 1000 && took >= milliseconds(1); ++tries) {
      Renew();
      channels();
      Turn();
      const TimePoint start = loop_.Now();
      Pending& usual = Start(Idempotency::kIdempotent);
      ASSERT_EQ(Live()[0]->transport.address, "127.0.0.1:1");
      Live()[0]->Answer("reply");
      ASSERT_TRUE(ResultOf(usual).ok());
      took = loop_.Now() - start;
    }
    EXPECT_LT(took, milliseconds(1));
  };
  const auto paused = [&]() -> const EndpointState& { return *cluster().endpoints()->at(0).state; };
  const auto failures = [&] { return paused().breaker.Look().seen(loop_.Now()).failures; };
  const auto overtake = [&](size_t calls) {
    for (size_t i = 0; i < calls; ++i) Start(Idempotency::kNoSideEffects);
    RunUntilLive(2 * calls);
    // Each in a turn of its own.
    while (!Live().empty()) {
      Live().back()->Answer("winner");
      Turn();
    }
  };
  // Failures are forgotten after some time.
  Duration took = Duration::max();
  for (int tries = 0; tries < 5 && took > seconds(5); ++tries) {
    answer_quickly();
    while (failures() == 0) overtake(1);
    const TimePoint first = loop_.Now();
    overtake(10);
    EXPECT_LE(failures(), 1u + static_cast<uint64_t>(4 * (loop_.Now() - first) / kGiven));
    while (!paused().ejected(loop_.Now())) overtake(1);
    took = loop_.Now() - first;
    EXPECT_GE(took, kGiven);
  }
  EXPECT_EQ(failures(), 5u);
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

TEST_F(Hedge, WithoutADelayTheTimeGoesOnAllTheSame) {
  on_transport_ = [](FakeTransport& transport) {
    transport.now = Transport::Readiness::kConnecting;
  };
  for (const Duration delay : {Duration::zero(), Duration(milliseconds(-1))}) {
    Renew();
    policy().hedge.delay = delay;
    deadline_ = loop_.Now() + milliseconds(10);
    const absl::Status status = ResultOf(Start(Idempotency::kNoSideEffects)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  }
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
