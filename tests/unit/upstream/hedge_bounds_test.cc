// How many attempts a hedged call makes: what failures, the budget, room and back ends say to that.
#include <optional>
#include <utility>
#include <vector>

#include "gateway/upstream/cluster_view.h"
#include "gateway/upstream/pushback.h"
#include "tests/unit/upstream/hedge_rig.h"

namespace frontdesk::upstream {
namespace {

using contract::Idempotency;

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
      Renew();
      policy().hedge.on = hedged;
      Pending& pending = Start(Idempotency::kNoSideEffects);
      EXPECT_EQ(Attempts(pending, row.refusals, NeverProcessed()), row.attempts);
      EXPECT_EQ(pending.result->status().code(), row.code) << pending.result->status();
      EXPECT_EQ(counts_.retries[RetryEvent::kRetry], row.attempts - 1);
      EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 0);
    }
  }
}

// `hedge.max_attempts` bounds those that are made because others are slow.
TEST_F(Hedge, AFailureIsFollowedAsOftenAsRetriesSay) {
  const struct {
    uint32_t retry, hedge;
    int attempts;
  } rows[] = {{3, 2, 3}, {1, 2, 1}, {2, 3, 2}, {5, 2, 5}, {9, 2, 5}};
  policy().hedge.delay = seconds(10);
  for (const auto& row : rows) {
    SCOPED_TRACE(Cat(row.retry, " and ", row.hedge));
    Renew();
    policy().retry.max_attempts = row.retry;
    policy().hedge.max_attempts = row.hedge;
    Pending& pending = Start(Idempotency::kNoSideEffects);
    EXPECT_EQ(Attempts(pending, 9, Down()), row.attempts);
    EXPECT_EQ(pending.result->status().code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(counts_.retries[RetryEvent::kRetry], row.attempts - 1);
  }
}

TEST_F(Hedge, AFailureThatIsNotTriedAgainLeavesTheOthersTheirHedges) {
  const struct {
    const char* name;
    uint32_t retry;
    absl::Status failure;
  } rows[] = {{"nothing is", 1, Down()}, {"its code is not", 3, BackendStatus(13, "broken", "")}};
  policy().hedge.max_attempts = 3;
  const auto hedges = [&] { return counts_.retries[RetryEvent::kHedge]; };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    // On a busy machine one try says nothing.
    for (int tries = 0; tries < 5 && (tries == 0 || hedges() != 2); ++tries) {
      Renew();
      policy().retry.max_attempts = row.retry;
      Pending& pending = Start(Idempotency::kNoSideEffects);
      RunUntilLive(2);
      Live()[1]->Fail(row.failure);
      Turn();
      const TimePoint until = loop_.Now() + seconds(1);
      RunUntil([&] { return Live().size() == 2 || Clock::now() > until; });
      EXPECT_EQ(counts_.retries[RetryEvent::kRetry], 0);
      Live()[0]->Answer("good");
      EXPECT_TRUE(ResultOf(pending).ok());
    }
    EXPECT_EQ(hedges(), 2);
  }
}

// Who was asked nothing has not failed.
TEST_F(Hedge, OneThatWasRefusedHereIsNoReasonToGiveUp) {
  const struct {
    const char* name;
    std::optional<absl::Status> failure;  // of the first attempt
    RetryEvent next;
  } rows[] = {{"nobody processed the first", NeverProcessed(), RetryEvent::kRetry},
              {"the first failed", Down(), RetryEvent::kRetry},
              {"the first is still slow", std::nullopt, RetryEvent::kHedge}};
  settings_.max_pending = 0;
  policy().hedge.max_attempts = 5;
  policy().retry.max_attempts = 2;  // one retry, whatever became of hedges
  policy().hedge.delay = milliseconds(20);
  const auto play = [&](const auto& row) {
    Renew();
    Pending& pending = Start(Idempotency::kNoSideEffects);
    for (const auto& [address, transport] : transports_) {
      transport->Become(Transport::Readiness::kConnecting);
    }
    RunUntil([&] { return counts_.retries[RetryEvent::kHedge] >= 1; });
    Turn();
    EXPECT_EQ(Started(), 1);
    for (const auto& [address, transport] : transports_) {
      transport->Become(Transport::Readiness::kReady);
    }
    counts_.retries.clear();
    if (row.failure) Live()[0]->Fail(*row.failure);
    const TimePoint until = loop_.Now() + seconds(1);
    RunUntil([&] { return Started() == 2 || pending.result || Clock::now() > until; });
    const bool followed = Started() == 2 && counts_.retries[row.next] == 1;
    if (!Live().empty()) Live()[0]->Answer("reply");
    return ResultOf(pending).ok() && followed;
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    // Who stands still finds the next hedge due before it hears of the failure.
    bool followed = false;
    for (int tries = 0; tries < 5 && !followed; ++tries) followed = play(row);
    EXPECT_TRUE(followed);
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

TEST_F(Hedge, TakesFromTheBudget) {
  settings_.retry_budget = {.percent = 0, .min_per_second = 0};
  settings_.max_in_flight = 2;
  deadline_ = loop_.Now() + milliseconds(30);
  Pending& pending = Start(Idempotency::kNoSideEffects);
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 0);
  EXPECT_EQ(counts_.retries[RetryEvent::kNoBudget], 1);
  EXPECT_EQ(cluster().room().in_flight(), 0u) << "it keeps the room of what was not made";
}

TEST_F(Hedge, IsMadeOnlyWhereThereIsRoomAtOnce) {
  settings_.max_in_flight = 2;
  settings_.queue_age = {seconds(10), seconds(10)};
  Pending& slow = Start(Idempotency::kNoSideEffects);
  Pending& other = Start(Idempotency::kIdempotent, {}, "other");
  const double budget = cluster().Describe(loop_.Now()).retries_left;
  Pass(milliseconds(10));
  EXPECT_EQ(Live().size(), 2u);
  EXPECT_EQ(cluster().room().pending(), 0u) << "it waits among first attempts";
  EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 0);
  EXPECT_EQ(cluster().Describe(loop_.Now()).retries_left, budget);
  LiveOf("other").Answer("reply");
  ASSERT_TRUE(ResultOf(other).ok());
  RunUntilLive(2);
  EXPECT_EQ(counts_.retries[RetryEvent::kHedge], 1);
  Live()[0]->Answer("reply");
  ASSERT_TRUE(ResultOf(slow).ok());
  EXPECT_EQ(cluster().room().in_flight(), 0u);
}

TEST_F(Hedge, ALoserThatWaitsForRoomIsCancelledToo) {
  settings_.max_in_flight = 2;
  settings_.queue_age = {seconds(10), seconds(10)};
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(2);
  Pending& other = Start(Idempotency::kIdempotent, {}, "other");
  Live()[0]->Fail(Down());
  // The other one has its room now.
  RunUntil([&] { return Live().size() == 2 && cluster().room().pending() == 1; });
  LiveOf("request").Answer("first");
  ASSERT_TRUE(ResultOf(pending).ok());
  EXPECT_EQ(cluster().room().pending(), 0u);
  LiveOf("other").Answer("reply");
  ASSERT_TRUE(ResultOf(other).ok());
  EXPECT_EQ(cluster().room().in_flight(), 0u);
}

// gRPC A6: who says so, or has been paid out, is followed by nobody.
TEST_F(Hedge, NoneFollowsWhatSaysNo) {
  settings_.endpoints = {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"};
  policy().hedge.max_attempts = 3;
  policy().hedge.delay = milliseconds(5);
  absl::Status never = Down();
  SetPushback(never, "-1");
  // Who stands still finds the next one due before it hears of that.
  bool held = false;
  for (int tries = 0; tries < 5 && !held; ++tries) {
    Renew();
    deadline_ = loop_.Now() + seconds(1);
    Pending& pending = Start(Idempotency::kNoSideEffects);
    RunUntil([&] { return Live().size() == 2 || pending.result; });
    if (!pending.result) Live()[0]->Fail(never);
    EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kDeadlineExceeded);
    held = counts_.retries[RetryEvent::kHedge] == 1;
  }
  EXPECT_TRUE(held);
}

TEST_F(Hedge, NoneFollowsWhoeverElseFails) {
  absl::Status never = Down();
  SetPushback(never, "-1");
  absl::Status later = Down();
  SetPushback(later, "5000");
  const struct {
    const char* name;
    absl::Status first, second;
    bool together;
  } rows[] = {{"another one does so later", never, Down(), false},
              {"... in the same turn", never, Down(), true},
              {"... and is looked at first", Down(), never, true},
              {"... and waits already for the next", later, never, false}};
  settings_.endpoints = {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"};
  policy().hedge.max_attempts = 3;
  policy().hedge.delay = milliseconds(20);
  policy().retry.max_attempts = 5;
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Renew();
    Pending& pending = Start(Idempotency::kNoSideEffects);
    RunUntilLive(2);
    // In the order in which they were made.
    std::vector<FakeTransport::Call*> live = Live();
    if (live[0]->previous_attempts == 1) std::swap(live[0], live[1]);
    live[0]->Fail(row.first);
    if (!row.together) Turn();
    live[1]->Fail(row.second);
    RunUntil([&] { return Started() > 2 || pending.result; });
    EXPECT_EQ(Started(), 2);
    ASSERT_TRUE(pending.result.has_value());
    EXPECT_EQ(pending.result->status().code(), absl::StatusCode::kUnavailable);
  }
}

// Whatever comes of them.
TEST_F(Hedge, FiveAtMost) {
  settings_.retry_budget = {.percent = 100, .min_per_second = 1000};
  policy().retry.max_attempts = 5;
  policy().hedge.max_attempts = 5;
  Pending& pending = Start(Idempotency::kNoSideEffects);
  RunUntilLive(5);
  while (!Live().empty()) {
    Live()[0]->Fail(NeverProcessed());
    Turn();
  }
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Started(), 5);
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

}  // namespace
}  // namespace frontdesk::upstream
