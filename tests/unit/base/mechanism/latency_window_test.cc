#include "gateway/base/mechanism/latency_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace frontdesk {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint(1000s);

double Off(Duration got, Duration want) {
  return std::abs(static_cast<double>((got - want).count())) / static_cast<double>(want.count());
}

TEST(LatencyWindow, OneLatencyIsFoundAgain) {
  for (Duration took = 1024ns; took < 137s; took += took / 37 + 1ns) {
    LatencyWindow window(30s, 1);
    window.Record(took, kStart);
    const auto got = window.Quantile(0.95, kStart);
    ASSERT_TRUE(got.has_value());
    EXPECT_LE(Off(*got, took), 0.032) << took.count();
  }
}

TEST(LatencyWindow, BeyondItsRange) {
  struct Row {
    Duration took, least, most;
  };
  const Row rows[] = {
      {Duration::min(), 1us, 1100ns},
      {-1ns, 1us, 1100ns},
      {0ns, 1us, 1100ns},
      {1ns, 1us, 1100ns},
      {1023ns, 1us, 1100ns},
      {138s, 130s, 138s},
      {1h, 130s, 138s},
      {Duration::max(), 130s, 138s},
  };
  for (const Row& row : rows) {
    LatencyWindow window(30s, 1);
    window.Record(row.took, kStart);
    EXPECT_GE(*window.Quantile(0.5, kStart), row.least) << row.took.count();
    EXPECT_LE(*window.Quantile(0.5, kStart), row.most) << row.took.count();
  }
}

TEST(LatencyWindow, QuantilesAgreeWithSortedOnes) {
  std::mt19937_64 random(11);
  std::lognormal_distribution<double> draw(std::log(20e6), 1);
  LatencyWindow window;
  std::vector<Duration> all;
  for (int i = 0; i < 10'000; ++i) {
    all.push_back(Duration(static_cast<int64_t>(draw(random))));
    window.Record(all.back(), kStart + i * 2ms);  // over both halves
  }
  std::sort(all.begin(), all.end());
  for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<size_t>(std::ceil(q * 10'000));
    EXPECT_LE(Off(*window.Quantile(q, kStart + 20s), all[std::max<size_t>(rank, 1) - 1]), 0.05)
        << q;
  }
  EXPECT_EQ(window.Quantile(-1, kStart + 20s), window.Quantile(0, kStart + 20s));
  EXPECT_EQ(window.Quantile(std::numeric_limits<double>::quiet_NaN(), kStart + 20s),
            window.Quantile(0, kStart + 20s));
  EXPECT_EQ(window.Quantile(7, kStart + 20s), window.Quantile(1, kStart + 20s));
}

TEST(LatencyWindow, KnowsNothingOfTooFew) {
  LatencyWindow window(30s, 50);
  EXPECT_EQ(window.Quantile(0.5, kStart), std::nullopt);
  for (int i = 0; i < 49; ++i) window.Record(20ms, kStart);
  EXPECT_EQ(window.Quantile(0.5, kStart), std::nullopt);
  window.Record(20ms, kStart);
  EXPECT_NE(window.Quantile(0.5, kStart), std::nullopt);
  LatencyWindow no_minimum(30s, 0);
  EXPECT_EQ(no_minimum.Quantile(0.5, kStart), std::nullopt);
}

TEST(LatencyWindow, ForgetsByHalves) {
  struct Row {
    const char* what;
    Duration at;  // 100 of 10 ms at 0, 100 of 1 s at 20 s, window 30 s
    double want;  // median in ms; 0: unknown
  };
  const Row rows[] = {{"both", 20s, 10},           {"still", 29999ms, 10}, {"the newer", 30s, 1000},
                      {"still it", 44999ms, 1000}, {"none", 45s, 0},       {"long after", 24h, 0}};
  for (const Row& row : rows) {
    LatencyWindow window(30s, 50);
    for (int i = 0; i < 100; ++i) window.Record(10ms, kStart);
    for (int i = 0; i < 100; ++i) window.Record(1s, kStart + 20s);
    const auto got = window.Quantile(0.5, kStart + row.at);
    const double median = got ? std::chrono::duration<double>(*got).count() * 1e3 : 0;
    EXPECT_NEAR(median, row.want, row.want / 20) << row.what;
  }
}

TEST(LatencyWindow, ASilenceForgetsAll) {
  LatencyWindow window(30s, 1);
  for (int i = 0; i < 100; ++i) window.Record(10ms, kStart);
  window.Record(1s, kStart + 40s);
  EXPECT_GE(*window.Quantile(0, kStart + 40s), 900ms);
  window.Record(10ms, kStart + 20s);  // a clock that was read earlier
  EXPECT_LE(*window.Quantile(0, kStart + 40s), 11ms);
  EXPECT_EQ(window.Quantile(0, TimePoint::max()), std::nullopt);
}

TEST(LatencyWindow, WindowsOfAnyLength) {
  for (const Duration length : {Duration(-1), Duration(0), Duration(1), Duration::max()}) {
    LatencyWindow window(length, 1);
    for (int i = 0; i < 10; ++i) window.Record(10ms, kStart + i * 1ms);
    EXPECT_LE(Off(*window.Quantile(0.5, kStart + 9ms), 10ms), 0.05) << length.count();
  }
}

}  // namespace
}  // namespace frontdesk
