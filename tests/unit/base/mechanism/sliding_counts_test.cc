#include "gateway/base/mechanism/sliding_counts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <random>

namespace frontdesk {
namespace {

using namespace std::chrono_literals;
using Counts = SlidingCounts<2>::Counts;

constexpr TimePoint kStart = TimePoint(1000s);

TEST(SlidingCounts, ForgetsWhatIsATenthOrMoreOut) {
  SlidingCounts<2> counts(10s);
  EXPECT_EQ(counts.Sum(kStart), (Counts{0, 0}));
  counts.Add({1, 5}, kStart);
  counts.Add({1, 0}, kStart + 999ms);
  EXPECT_EQ(counts.Current(kStart + 999ms), (Counts{2, 5}));
  EXPECT_EQ(counts.Current(kStart + 1s), (Counts{0, 0}));
  counts.Add({1, 1}, kStart + 1s);
  EXPECT_EQ(counts.Current(kStart + 1s), (Counts{1, 1}));
  struct Row {
    Duration at;
    Counts want;
  };
  const Row rows[] = {{1s, {3, 6}},      {9999ms, {3, 6}}, {10s, {1, 1}},
                      {10999ms, {1, 1}}, {11s, {0, 0}},    {20s, {0, 0}},
                      {24h, {0, 0}},     {-5s, {3, 6}},    {24h * 3650, {0, 0}}};
  for (const Row& row : rows) EXPECT_EQ(counts.Sum(kStart + row.at), row.want) << row.at.count();
  EXPECT_EQ(counts.Sum(TimePoint::max()), (Counts{0, 0}));
}

TEST(SlidingCounts, ATimeBeforeTheSlotBelongsToTheSlot) {
  SlidingCounts<1> counts(10s);
  counts.Add({1}, kStart + 5s);
  counts.Add({1}, kStart);
  EXPECT_EQ(counts.Sum(kStart + 5s)[0], 2u);
  EXPECT_EQ(counts.Sum(kStart + 14s)[0], 2u);
  EXPECT_EQ(counts.Sum(kStart + 15s)[0], 0u);
}

TEST(SlidingCounts, ClearForgetsAll) {
  SlidingCounts<1> counts(10s);
  counts.Add({1}, kStart);
  counts.Add({1}, kStart + 3s);
  counts.Clear();
  EXPECT_EQ(counts.Sum(kStart + 3s)[0], 0u);
  counts.Add({1}, kStart + 4s);
  EXPECT_EQ(counts.Sum(kStart + 4s)[0], 1u);
  EXPECT_EQ(counts.Sum(kStart + 14s)[0], 0u);
}

TEST(SlidingCounts, WindowsOfAnyLength) {
  for (const Duration window : {Duration(-1), Duration(0), Duration(1), Duration::max()}) {
    SlidingCounts<1> counts(window);
    for (int i = 0; i < 30; ++i) counts.Add({1}, kStart + i * 1ms);
    const uint64_t kept = counts.Sum(kStart + 29ms)[0];
    EXPECT_EQ(kept, window > 1s ? 30u : 1u) << window.count();
  }
}

// Against a list of everything that was added.
TEST(SlidingCounts, AgreesWithAFullRecord) {
  std::mt19937_64 random(7);
  SlidingCounts<1> counts(1s);
  std::deque<TimePoint> all;
  TimePoint now = kStart;
  for (int i = 0; i < 20000; ++i) {
    now += std::chrono::microseconds(random() % (random() % 100 == 0 ? 2'000'000 : 20'000));
    if (random() % 3 != 0) {
      counts.Add({1}, now);
      all.push_back(now);
    }
    const auto younger = [&](Duration age) {
      return static_cast<uint64_t>(
          std::count_if(all.begin(), all.end(), [&](TimePoint t) { return now - t < age; }));
    };
    const uint64_t sum = counts.Sum(now)[0];
    EXPECT_GE(sum, younger(900ms));
    EXPECT_LE(sum, younger(1s + 1ns));
    while (!all.empty() && now - all.front() > 2s) all.pop_front();
  }
}

}  // namespace
}  // namespace frontdesk
