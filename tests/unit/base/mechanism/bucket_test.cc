#include "gateway/base/mechanism/bucket.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

namespace frontdesk {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint(1000s);

std::string Text(const BucketVerdict& verdict) {
  const auto ms = [](Duration time) {
    if (time == Duration::max()) return std::string("never");
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  };
  std::string text = (verdict.taken ? "yes " : "no ") + std::to_string(verdict.remaining) +
                     " reset " + ms(verdict.reset);
  return verdict.taken ? text : text + " retry " + ms(verdict.retry_after);
}

TEST(Bucket, WhatIsTakenAndWhatIsLeft) {
  struct Taking {
    Duration at;
    uint64_t cost;
    const char* said;
  };
  struct Row {
    const char* what;
    BucketRule rule;
    std::vector<Taking> takings;
  };
  const Row rows[] = {
      {"a burst, then the rate",
       {10, 1s, 3},
       {{0ms, 1, "yes 2 reset 100"},
        {0ms, 1, "yes 1 reset 200"},
        {0ms, 1, "yes 0 reset 300"},
        {0ms, 1, "no 0 reset 300 retry 100"},
        {99ms, 1, "no 0 reset 201 retry 1"},
        {100ms, 1, "yes 0 reset 300"},
        {100ms, 1, "no 0 reset 300 retry 100"},
        {5s, 1, "yes 2 reset 100"}}},
      {"without a burst it is what one period brings",
       {5, 1s, 0},
       {{0ms, 5, "yes 0 reset 1000"},
        {199ms, 1, "no 0 reset 801 retry 1"},
        {200ms, 1, "yes 0 reset 1000"}}},
      {"what is refused costs nothing",
       {1, 1s, 4},
       {{0ms, 3, "yes 1 reset 3000"},
        {0ms, 2, "no 1 reset 3000 retry 1000"},
        {0ms, 2, "no 1 reset 3000 retry 1000"},
        {0ms, 1, "yes 0 reset 4000"}}},
      {"more than ever fits",
       {10, 1s, 3},
       {{0ms, 4, "no 3 reset 0 retry never"},
        {0ms, std::numeric_limits<uint64_t>::max(), "no 3 reset 0 retry never"},
        {0ms, 3, "yes 0 reset 300"}}},
      {"nothing is always there",
       {1, 1h, 1},
       {{0ms, 0, "yes 1 reset 0"},
        {0ms, 1, "yes 0 reset 3600000"},
        {0ms, 0, "yes 0 reset 3600000"}}},
      {"loops differ in what is now",
       {1000, 1s, 2},
       {{0ms, 2, "yes 0 reset 2"},
        {-1ms, 1, "no 0 reset 3 retry 2"},
        {0ms, 1, "no 0 reset 2 retry 1"},
        {-500ms, 0, "yes 0 reset 502"},
        {0ms, 1, "no 0 reset 2 retry 1"},
        {1ms, 1, "yes 0 reset 2"}}},
      {"thirds come out whole",
       {3, 1s, 3},
       {{0ms, 1, "yes 2 reset 333"},
        {0ms, 1, "yes 1 reset 666"},
        {0ms, 1, "yes 0 reset 999"},
        {0ms, 1, "no 0 reset 999 retry 333"}}},
      {"rule of nothing",
       {0, 0s, 0},
       {{0ms, 1, "yes 0 reset 0"}, {0ms, 1, "no 0 reset 0 retry 0"}}},
  };
  for (const Row& row : rows) {
    Bucket bucket;
    for (const Taking& taking : row.takings) {
      const std::string peeked = Text(bucket.Peek(row.rule, taking.cost, kStart + taking.at));
      EXPECT_EQ(Text(bucket.Take(row.rule, taking.cost, kStart + taking.at)), taking.said)
          << row.what << " at " << taking.at.count();
      EXPECT_EQ(peeked, taking.said) << row.what;
    }
  }
}

TEST(Bucket, HoldsTheRateInTheLongRun) {
  const struct {
    uint64_t requests;
    Duration per;
    uint64_t burst;
  } rows[] = {{1000, 1s, 100},      {7, 1s, 7},    {7'000, 10ms, 10},
              {10'000, 10ms, 1000}, {90, 1min, 5}, {3, 100ms, 2}};
  for (const auto& row : rows) {
    const BucketRule rule(row.requests, row.per, row.burst);
    Bucket bucket;
    // Asked at seven times the rate for ten periods.
    const Duration step = row.per / static_cast<int64_t>(row.requests) / 7;
    uint64_t taken = 0;
    for (TimePoint now = kStart; now < kStart + 10 * row.per; now += step) {
      taken += bucket.Take(rule, 1, now).taken;
    }
    const double want = 10.0 * static_cast<double>(row.requests) + static_cast<double>(row.burst);
    EXPECT_NEAR(static_cast<double>(taken), want, 2 + want / 100) << row.requests;
  }
}

TEST(Bucket, ANewRuleCountsAtOnce) {
  Bucket bucket;
  const BucketRule by_hour(10, 1h, 10), by_second(10, 1s, 10);
  bucket.Take(by_hour, 10, kStart);
  EXPECT_EQ(Text(bucket.Peek(by_second, 1, kStart)), "no 0 reset 1000 retry 100");
  EXPECT_EQ(Text(bucket.Take(by_second, 1, kStart)), "no 0 reset 1000 retry 100");
  EXPECT_EQ(Text(bucket.Take(by_second, 1, kStart + 100ms)), "yes 0 reset 1000");
}

TEST(Bucket, GivesBack) {
  const BucketRule rule(3, 1s, 3);
  Bucket bucket;
  bucket.Take(rule, 3, kStart);
  bucket.GiveBack(rule, 2);
  EXPECT_EQ(bucket.Peek(rule, 0, kStart).remaining, 2u);
  EXPECT_TRUE(bucket.Take(rule, 2, kStart).taken);
  EXPECT_FALSE(bucket.Take(rule, 1, kStart).taken);
}

TEST(BucketRule, SaneWhateverTheNumbers) {
  const BucketRule fastest(std::numeric_limits<uint64_t>::max(), 1s, 5);
  EXPECT_EQ(fastest.TimeOf(1), 1us);
  const BucketRule slowest(1, Duration::max(), std::numeric_limits<uint64_t>::max() - 1);
  Bucket bucket;
  EXPECT_TRUE(bucket.Take(slowest, 1, kStart).taken);
  EXPECT_GE(bucket.Peek(slowest, 1, kStart).reset, Duration::zero());
  const BucketRule rule(10, 1s, 20);
  EXPECT_EQ(rule.UnitsIn(-1s), 0u);
  EXPECT_EQ(rule.UnitsIn(99ms), 0u);
  EXPECT_EQ(rule.UnitsIn(100ms), 1u);
  EXPECT_EQ(rule.UnitsIn(1h), 20u);
}

}  // namespace
}  // namespace frontdesk
