#include "gateway/base/mechanism/ewma.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <vector>

namespace frontdesk {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint(1000s);
constexpr double kMilli = 1e6;

TEST(PeakEwma, UpAtOnceDownWithTheHalfLife) {
  PeakEwma ewma(10s);
  EXPECT_EQ(ewma.nanos(kStart), 0);
  ewma.Record(20ms, kStart);
  EXPECT_EQ(ewma.nanos(kStart), 20 * kMilli);
  ewma.Record(100ms, kStart);
  EXPECT_EQ(ewma.nanos(kStart), 100 * kMilli);
  ewma.Record(20ms, kStart);  // no time has passed
  EXPECT_EQ(ewma.nanos(kStart), 100 * kMilli);
  ewma.Record(20ms, kStart + 10s);
  EXPECT_NEAR(ewma.nanos(kStart + 10s), 60 * kMilli, 1);
  ewma.Record(20ms, kStart + 20s);
  EXPECT_NEAR(ewma.nanos(kStart + 20s), 40 * kMilli, 1);
}

TEST(PeakEwma, HowOftenItIsToldMakesNoDifference) {
  PeakEwma often(10s);
  PeakEwma seldom(10s);
  often.Record(100ms, kStart);
  seldom.Record(100ms, kStart);
  for (int i = 1; i <= 1000; ++i) often.Record(20ms, kStart + i * 10ms);
  seldom.Record(20ms, kStart + 10s);
  EXPECT_NEAR(often.nanos(kStart + 10s), seldom.nanos(kStart + 10s), 10);
}

TEST(PeakEwma, SilenceSinksItAndThenForgets) {
  PeakEwma ewma(10s);
  ewma.Record(5s, kStart);
  EXPECT_NEAR(ewma.nanos(kStart + 10s), 2500 * kMilli, 1);
  EXPECT_NEAR(ewma.nanos(kStart + 20s), 1250 * kMilli, 1);
  EXPECT_GT(ewma.nanos(kStart + 39s), 0);
  EXPECT_EQ(ewma.nanos(kStart + 40s), 0);
  EXPECT_EQ(ewma.nanos(TimePoint::max()), 0);
  ewma.Record(20ms, kStart + 40s);
  EXPECT_EQ(ewma.nanos(kStart + 40s), 20 * kMilli);
}

TEST(PeakEwma, OddTimes) {
  PeakEwma ewma(10s);
  ewma.Record(-5ms, kStart);
  EXPECT_EQ(ewma.nanos(kStart), 1);  // known
  ewma.Record(20ms, kStart);
  ewma.Record(10ms, kStart - 5s);  // a clock that was read earlier
  EXPECT_EQ(ewma.nanos(kStart - 5s), 20 * kMilli);
  EXPECT_EQ(ewma.nanos(kStart), 20 * kMilli);
  PeakEwma no_memory(0s);
  no_memory.Record(100ms, kStart);
  no_memory.Record(20ms, kStart + 1ms);
  EXPECT_EQ(no_memory.nanos(kStart + 1ms), 20 * kMilli);
}

TEST(Silence, IsAsLongAsCallsWaitWithoutAnyAnswer) {
  Silence silence;
  EXPECT_EQ(silence.length(kStart), 0s);
  silence.OnCall(kStart);
  silence.OnCall(kStart + 3s);
  EXPECT_EQ(silence.calls(), 2u);
  EXPECT_EQ(silence.length(kStart + 4s), 4s);
  EXPECT_EQ(silence.length(kStart - 1s), 0s);  // a clock that was read earlier
  silence.OnAnswer(kStart + 5s);
  silence.OnEnd();
  EXPECT_EQ(silence.length(kStart + 7s), 2s);
  silence.OnEnd();  // given up
  EXPECT_EQ(silence.length(kStart + 9s), 0s);
  EXPECT_EQ(silence.calls(), 0u);
  silence.OnCall(kStart + 10s);
  silence.OnCall(kStart + 11s);
  silence.OnEnd();  // given up: no sign of life
  EXPECT_EQ(silence.length(kStart + 13s), 3s);
}

TEST(LoadCost, OfTwoTheBetterIsLower) {
  struct End {
    double latency;
    size_t in_flight;
    double weight;
  };
  struct Row {
    const char* what;
    End better, worse;
  };
  const Row rows[] = {
      {"faster", {20 * kMilli, 3, 1}, {21 * kMilli, 3, 1}},
      {"less to do", {20 * kMilli, 3, 1}, {20 * kMilli, 4, 1}},
      {"more weight", {20 * kMilli, 3, 2}, {20 * kMilli, 3, 1}},
      {"busy and fast before idle and slow", {20 * kMilli, 100, 1}, {5000 * kMilli, 0, 1}},
      {"unknown is tried", {0, 0, 0.1}, {0.001 * kMilli, 0, 1}},
      {"unknown is not flooded", {20 * kMilli, 40, 1}, {0, 1, 1}},
      {"of two unknown ones", {0, 1, 1}, {0, 2, 1}},
      {"unknown with calls before hopeless", {0, 1, 1}, {5000 * kMilli, 1, 1}},
      {"weightless is last", {5000 * kMilli, 1000, 1}, {1, 0, 0}},
      {"weightless and unknown", {5000 * kMilli, 1000, 1}, {0, 0, 0}},
      {"a weight that is none", {5000 * kMilli, 1000, 1}, {1, 0, -1}},
      {"nor this", {1, 0, 1}, {1, 0, std::numeric_limits<double>::quiet_NaN()}},
  };
  for (const Row& row : rows) {
    EXPECT_LT(LoadCost(row.better.latency, row.better.in_flight, row.better.weight),
              LoadCost(row.worse.latency, row.worse.in_flight, row.worse.weight))
        << row.what;
  }
}

// Two end points, one slow, a call every millisecond to the cheaper one: the slow one is tried at
// first and again after a while, and gets next to nothing.
TEST(LoadCost, ASlowEndPointIsTriedNowAndThen) {
  const std::array<Duration, 2> takes = {20ms, 5s};
  std::array<PeakEwma, 2> ewma;
  std::array<std::vector<TimePoint>, 2> ends;
  std::array<int, 2> sent{};
  for (int i = 0; i < 120'000; ++i) {
    const TimePoint now = kStart + i * 1ms;
    for (size_t e = 0; e < 2; ++e) {
      for (const TimePoint end : ends[e]) {
        if (end <= now) ewma[e].Record(takes[e], now);
      }
      std::erase_if(ends[e], [now](TimePoint end) { return end <= now; });
    }
    const auto cost = [&](size_t e) { return LoadCost(ewma[e].nanos(now), ends[e].size(), 1); };
    const size_t to = cost(1) < cost(0) ? 1 : 0;
    ends[to].push_back(now + takes[to]);
    ++sent[to];
  }
  EXPECT_GE(sent[1], 3);
  EXPECT_LE(sent[1], 30);
}

// Two end points that take 200 ms, 60 calls a second, and one of them stops to answer: it has what
// it was sent until that is noticed, and no more before its calls are given up after 15 s.
TEST(LoadCost, WhoFallsSilentIsLeft) {
  struct End {
    PeakEwma ewma{1s};
    Silence silence;
    std::vector<TimePoint> ends;
    int sent = 0;
  };
  std::array<End, 2> both;
  const TimePoint hangs = kStart + 2s;
  for (TimePoint now = kStart; now < kStart + 16s; now += 16ms) {
    for (End& one : both) {
      const bool silent = &one == both.data() && now >= hangs;
      std::erase_if(one.ends, [&](TimePoint end) {
        if (end > now || silent) return false;
        one.ewma.Record(200ms, end);
        one.silence.OnAnswer(end);
        one.silence.OnEnd();
        return true;
      });
    }
    const auto cost = [&](const End& one) {
      const auto silence = static_cast<double>(one.silence.length(now).count());
      return LoadCost(std::max(one.ewma.nanos(now), silence), one.silence.calls(), 1);
    };
    End& to = cost(both[0]) <= cost(both[1]) ? both[0] : both[1];
    to.ends.push_back(now + 200ms);
    to.silence.OnCall(now);
    if (now >= hangs) ++to.sent;
  }
  EXPECT_LE(both[0].sent, 25);
  EXPECT_GE(both[1].sent, 800);
}

TEST(SlowStartFactor, GrowsEvenlyFromTheLeast) {
  struct Row {
    Duration since, window;
    double least, want;
  };
  const Row rows[] = {
      {0s, 10s, 0.1, 0.1},
      {500ms, 10s, 0.1, 0.1},
      {5s, 10s, 0.1, 0.5},
      {10s, 10s, 0.1, 1},
      {20s, 10s, 0.1, 1},
      {-5s, 10s, 0.1, 0.1},
      {0s, 0s, 0.1, 1},
      {0s, -1s, 0.1, 1},
      {-1s, 0s, 0.1, 1},
      {0s, 10s, -3, 0},
      {1s, 10s, 7, 1},
      {5s, 10s, 0, 0.5},
      {Duration::max(), 10s, 0.1, 1},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(SlowStartFactor(row.since, row.window, row.least), row.want)
        << row.since.count() << " of " << row.window.count();
  }
}

}  // namespace
}  // namespace frontdesk
