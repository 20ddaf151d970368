#include "gateway/base/mechanism/outlier.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>
#include <vector>

namespace frontdesk {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint(1000s);

TEST(Outlier, FailuresInARow) {
  OutlierSettings off;
  off.on = false;
  OutlierSettings not_in_a_row;
  not_in_a_row.consecutive_failures = 0;
  struct Row {
    const char* what;
    OutlierSettings settings;
    std::string_view calls;  // '+' good, '-' failed, 'f' failed at the time of the one before
    std::string_view says;   // '!' may be ejected
  };
  const Row rows[] = {
      {"good", {}, "++++++++", "........"},
      {"five", {}, "+-----", ".....!"},
      {"again until it is", {}, "-------", "....!!!"},
      {"a good one between", {}, "----+----", "........."},
      {"a good one after", {}, "-----+-", "....!.."},
      {"together they are one", {}, "-ffffffff", "........."},
      {"five times together", {}, "-ff-ff-ff-ff-f", "............!!"},
      {"a good one with them", {}, "----+f", "......"},
      {"off", off, "--------", "........"},
      {"this way off", not_in_a_row, "--------", "........"},
  };
  for (const Row& row : rows) {
    Outlier outlier;
    std::string says;
    TimePoint now = kStart;
    for (const char call : row.calls) {
      if (call != 'f') now += 1us;
      says += outlier.Record(call == '+', now, row.settings) ? '!' : '.';
    }
    EXPECT_EQ(says, row.says) << row.what;
    EXPECT_FALSE(outlier.ejected(kStart)) << row.what;
    EXPECT_EQ(outlier.TakeSample().calls, row.calls.size()) << row.what;
  }
}

TEST(Outlier, EjectionsGrowAndHeal) {
  const OutlierSettings settings;  // 30 s, at most 300 s, one less per 10 s
  struct Row {
    Duration after;  // the end of the ejection before
    Duration time;
    uint32_t row;
  };
  const Row rows[] = {
      {0s, 30s, 1},    {1s, 60s, 2}, {9999ms, 90s, 3}, {10s, 90s, 3},        {25s, 60s, 2},
      {1000s, 30s, 1}, {0s, 60s, 2}, {20s, 30s, 1},    {24h * 3650, 30s, 1},
  };
  Outlier outlier;
  EXPECT_EQ(outlier.until(), TimePoint::min());
  TimePoint now = kStart;
  for (const Row& row : rows) {
    now += row.after;
    outlier.Eject(now, settings);
    EXPECT_EQ(outlier.until() - now, row.time) << row.after.count();
    EXPECT_EQ(outlier.ejections(), row.row) << row.after.count();
    EXPECT_TRUE(outlier.ejected(now));
    EXPECT_TRUE(outlier.ejected(now + row.time - 1ns));
    now = outlier.until();
    EXPECT_FALSE(outlier.ejected(now));
  }
}

TEST(Outlier, TheLongestEjectionAndTheWayBack) {
  const OutlierSettings settings;
  Outlier outlier;
  TimePoint now = kStart;
  for (int i = 0; i < 100; ++i) {
    outlier.Eject(now, settings);
    EXPECT_LE(outlier.until() - now, 300s);
    now = outlier.until();
  }
  EXPECT_EQ(outlier.ejections(), 10u);
  outlier.Record(true, now + 30s, settings);
  EXPECT_EQ(outlier.ejections(), 7u);
  outlier.Record(true, now + 39s, settings);
  EXPECT_EQ(outlier.ejections(), 7u);
  outlier.Record(false, now + 40s, settings);
  EXPECT_EQ(outlier.ejections(), 6u);
  outlier.Record(true, now + 100s, settings);
  EXPECT_EQ(outlier.ejections(), 0u);
}

TEST(Outlier, WhatEndsDuringAnEjectionIsNoReasonForTheNext) {
  const OutlierSettings settings;
  Outlier outlier;
  for (int i = 0; i < 5; ++i) outlier.Record(false, kStart - i * 1us, settings);
  outlier.Eject(kStart, settings);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(outlier.Record(false, kStart + 1s, settings));
  outlier.Eject(kStart + 1s, settings);  // a second one who saw the five failures
  EXPECT_EQ(outlier.until(), kStart + 30s);
  EXPECT_EQ(outlier.ejections(), 1u);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(outlier.Record(false, kStart + 30s + i * 1us, settings));
  EXPECT_TRUE(outlier.Record(false, kStart + 31s, settings));
}

TEST(Outlier, OddSettings) {
  OutlierSettings settings;
  settings.interval = 0s;
  settings.base_ejection_time = 40s;
  settings.max_ejection_time = 30s;
  Outlier outlier;
  outlier.Eject(kStart, settings);
  EXPECT_EQ(outlier.until(), kStart + 40s);
  outlier.Record(true, kStart + 1h, settings);
  EXPECT_EQ(outlier.ejections(), 1u);
}

TEST(Outlier, ASampleIsTakenOnce) {
  Outlier outlier;
  for (int i = 0; i < 10; ++i) outlier.Record(i % 5 != 0, kStart, {});
  const Outlier::Sample sample = outlier.TakeSample();
  EXPECT_EQ(sample.calls, 10u);
  EXPECT_EQ(sample.ok, 8u);
  EXPECT_EQ(outlier.TakeSample().calls, 0u);
}

TEST(Ejection, AtMostAShare) {
  struct Row {
    size_t already, all;
    double percent;
    bool may;
  };
  const Row rows[] = {
      {0, 0, 100, false}, {0, 1, 100, false}, {0, 2, 50, true},   {0, 2, 0, true},
      {1, 2, 50, false},  {1, 2, 100, true},  {2, 2, 100, false}, {0, 3, 10, true},
      {1, 3, 50, false},  {1, 4, 50, true},   {2, 4, 50, false},  {1, 10, 10, false},
      {1, 10, 20, true},  {5, 3, 100, false}, {0, 5, -1, true},
  };
  for (const Row& row : rows) {
    OutlierSettings settings;
    settings.max_ejection_percent = row.percent;
    EXPECT_EQ(MayEject(row.already, row.all, settings), row.may)
        << row.already << " of " << row.all << " at " << row.percent;
  }
  OutlierSettings off;
  off.on = false;
  EXPECT_FALSE(MayEject(0, 10, off));
}

TEST(Ejection, IgnoredInPanic) {
  struct Row {
    size_t healthy, all;
    double threshold;
    bool panic;
  };
  const Row rows[] = {
      {0, 0, 50, false}, {0, 1, 50, true},   {1, 1, 50, false}, {1, 2, 50, false},
      {0, 2, 50, true},  {1, 3, 50, true},   {2, 3, 50, false}, {2, 3, 100, true},
      {0, 3, 0, false},  {3, 3, 100, false},
  };
  for (const Row& row : rows) {
    OutlierSettings settings;
    settings.panic_threshold = row.threshold;
    EXPECT_EQ(InPanic(row.healthy, row.all, settings), row.panic)
        << row.healthy << " of " << row.all << " at " << row.threshold;
  }
}

TEST(LowSuccessRates, FarBelowTheOthers) {
  using Samples = std::vector<Outlier::Sample>;
  const Outlier::Sample good{1000, 990};
  struct Row {
    const char* what;
    Samples samples;
    std::vector<size_t> want;
  };
  const Row rows[] = {
      {"none", {}, {}},
      {"equal ones", Samples(10, {1000, 300}), {}},
      {"equal ones that no double holds", Samples(7, {300, 299}), {}},
      {"all fail", Samples(6, {1000, 0}), {}},
      {"one of six", {good, good, {1000, 700}, good, good, good}, {2}},
      {"one of six, a little", {good, good, {1000, 985}, good, good, good}, {2}},
      {"one of four is none of enough", {good, good, {1000, 0}, good}, {}},
      {"too few calls to be judged", {good, good, {99, 0}, good, good, good}, {}},
      {"too few calls to be of the five", {good, good, {1000, 0}, good, {99, 99}}, {}},
      {"just enough calls", {good, good, {100, 0}, good, good, good}, {2}},
      {"no calls", Samples(6), {}},
      {"half of them: the mean is between",
       {good, {1000, 0}, good, {1000, 0}, good, {1000, 0}},
       {}},
      {"two of twelve",
       {good, {1000, 100}, good, good, good, good, good, good, good, good, {1000, 150}, good},
       {1, 10}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(LowSuccessRates(row.samples, {}), row.want) << row.what;
  }
}

TEST(LowSuccessRates, Settings) {
  const std::vector<Outlier::Sample> samples = {{10, 10}, {0, 0}, {10, 10}, {10, 10}, {10, 1}};
  OutlierSettings settings;
  settings.success_rate_minimum_hosts = 0;
  settings.success_rate_request_volume = 0;
  settings.success_rate_stdev_factor = 1;
  EXPECT_EQ(LowSuccessRates(samples, settings), (std::vector<size_t>{4}));
  settings.success_rate_stdev_factor = 2;  // of four, one is never that far away
  EXPECT_TRUE(LowSuccessRates(samples, settings).empty());
  settings.success_rate_stdev_factor = 0;  // never
  EXPECT_TRUE(LowSuccessRates(samples, settings).empty());
  settings.success_rate_stdev_factor = 1;
  settings.on = false;
  EXPECT_TRUE(LowSuccessRates(samples, settings).empty());
  EXPECT_TRUE(LowSuccessRates({}, settings).empty());
}

}  // namespace
}  // namespace frontdesk
