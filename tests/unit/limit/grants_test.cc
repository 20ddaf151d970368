#include "gateway/limit/grants.h"

#include <gtest/gtest.h>

#include <string>

namespace frontdesk::limit {
namespace {

using namespace std::chrono_literals;
using Answer = Grants::Answer;

constexpr TimePoint kStart = TimePoint(1000s);

struct Shared {
  Rule rule{1, "rule", BucketRule(1000, 1s, 400)};
  Grants grants{1 << 20};
  KeyHash key{1, 2};

  Grants::Taking Take(TimePoint now, uint32_t cost = 1) {
    return grants.Take(key, {&rule, "", cost}, now);
  }
  uint64_t Want(TimePoint now, uint64_t waiting = 0, uint32_t cost = 1) {
    return grants.Want(key, {&rule, "", cost}, waiting, now);
  }
  void Reply(const ScriptVerdict& verdict, TimePoint now, uint32_t cost = 1) {
    grants.OnReply(key, {&rule, "", cost}, verdict, now);
  }
};

TEST(Grants, WhatIsAtHandIsTakenWithoutAsking) {
  Shared shared;
  EXPECT_EQ(shared.Take(kStart).answer, Answer::kUnknown);
  shared.Reply({.passes = true, .taken = 4, .remaining = 300, .reset = 100ms}, kStart);
  const Grants::Taking taking = shared.Take(kStart + 1ms);
  EXPECT_EQ(taking.answer, Answer::kTaken);
  EXPECT_EQ(taking.verdict.remaining, 303u) << "301 in the bucket by now, two at hand";
  EXPECT_EQ(taking.verdict.reset, 99ms);
  EXPECT_EQ(shared.Take(kStart + 1ms, 3).answer, Answer::kUnknown) << "more than is at hand";
  EXPECT_EQ(shared.Take(kStart + 1ms, 2).answer, Answer::kTaken);
  EXPECT_EQ(shared.Take(kStart + 1ms).answer, Answer::kUnknown);
  shared.grants.GiveBack(shared.key, 2, kStart + 1ms);
  EXPECT_EQ(shared.Take(kStart + 2ms).answer, Answer::kTaken);
  EXPECT_EQ(shared.Take(kStart + 200ms).answer, Answer::kUnknown) << "it is not kept for ever";
}

TEST(Grants, WhatIsUsedUpIsNotAskedForAgainAtOnce) {
  const struct { Duration retry_after, denied; } rows[] = {{1ms, 5ms}, {30ms, 30ms}, {1h, 1s}};
  for (const auto& row : rows) {
    Shared shared;
    shared.Reply({.passes = false, .reset = 400ms, .retry_after = row.retry_after}, kStart, 3);
    const Grants::Taking taking = shared.Take(kStart + 1ms, 3);
    EXPECT_EQ(taking.answer, Answer::kUsedUp);
    EXPECT_EQ(taking.verdict.retry_after, std::max(row.denied, row.retry_after) - 1ms);
    EXPECT_EQ(shared.Take(kStart + 1ms, 4).answer, Answer::kUsedUp);
    EXPECT_EQ(shared.Take(kStart + 1ms, 2).answer, Answer::kUnknown) << "so much may be there";
    EXPECT_EQ(shared.Take(kStart + row.denied, 3).answer, Answer::kUnknown);
  }
  // What brings little is waited for as long as it takes, no longer.
  Shared shared;
  shared.rule.bucket = BucketRule(10'000, 1s, 8);
  shared.Reply({.passes = false, .reset = 800us, .retry_after = 10us}, kStart);
  EXPECT_EQ(shared.Take(kStart + 99us).answer, Answer::kUsedUp);
  EXPECT_EQ(shared.Take(kStart + 100us).answer, Answer::kUnknown);
}

TEST(Grants, AnotherKeyThatRefusedSaysNothing) {
  Shared shared;
  shared.Reply({.passes = true, .taken = 0, .remaining = 400}, kStart);
  EXPECT_EQ(shared.Take(kStart + 1ms).answer, Answer::kUnknown);
}

TEST(Grants, MoreIsTakenInAdvanceTheFasterItIsUsed) {
  Shared shared;
  EXPECT_EQ(shared.Want(kStart), 1u);
  EXPECT_EQ(shared.Want(kStart, 7), 8u) << "others wait for it";
  EXPECT_EQ(shared.Want(kStart, 1000), 400u) << "never more than the burst";
  std::string wants;
  TimePoint now = kStart;
  for (int i = 0; i < 8; ++i) {
    const uint64_t want = shared.Want(now);
    wants += std::to_string(want) + ' ';
    shared.Reply({.passes = true, .taken = want, .remaining = 100}, now);
    for (uint64_t left = want; left > 1; --left) shared.Take(now);
    now += 10ms;
  }
  EXPECT_EQ(wants, "1 1 2 3 5 9 17 20 ") << "what 20 ms bring";
  for (int i = 0; i < 6; ++i) {
    now += 1s;
    shared.Reply({.passes = true, .taken = 1, .remaining = 100}, now);
  }
  EXPECT_EQ(shared.Want(now), 1u);
  // A burst of which an eighth is nothing is not taken in advance at all.
  shared.rule.bucket = BucketRule(1000, 1s, 15);
  for (int i = 0; i < 5; ++i) {
    now += 1ms;
    shared.Reply({.passes = true, .taken = 1, .remaining = 10}, now);
  }
  EXPECT_EQ(shared.Want(now), 1u);
}

TEST(RedisScript, RepliesThatAreNone) {
  EXPECT_TRUE(ReadScriptReply(std::vector<int64_t>{}, 0).has_value());
  EXPECT_FALSE(ReadScriptReply(std::vector<int64_t>{1, 2, 3, 4}, 1).has_value());
  EXPECT_FALSE(ReadScriptReply(std::vector<int64_t>{1, 2, 3, 4, 5, 6}, 1).has_value());
  EXPECT_FALSE(ReadScriptReply(std::vector<int64_t>{1, -2, 3, 4, 5}, 1).has_value());
  EXPECT_FALSE(ReadScriptReply(std::vector<int64_t>{1, 2, -3, 4, 5}, 1).has_value());
  const auto odd = ReadScriptReply(std::vector<int64_t>{0, 0, 3, -4, INT64_MAX}, 1);
  ASSERT_TRUE(odd.has_value());
  EXPECT_EQ(odd->front().reset, Duration::zero());
  EXPECT_GT(odd->front().retry_after, 24h * 365);
}

}  // namespace
}  // namespace frontdesk::limit
