#include "gateway/base/mechanism/gradient_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <queue>
#include <random>
#include <vector>

namespace frontdesk {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint(1000s);

// For a while, a back end of so many slots is offered so much.
struct Phase {
  Duration length;
  size_t slots;
  Duration service;      // per call, +- a quarter
  double per_second;     // Poisson, open loop
  bool wild = false;     // exponential instead
  bool refuses = false;  // it answers at once that it is overloaded
};

// What was seen in the second half of a phase.
struct Result {
  double goodput = 0;            // a second
  double refused = 0;            // share of the offered calls that the limit has refused
  uint32_t least = 0, most = 0;  // limit, without the tenth at either end
  Duration slowest{};            // nine tenths were faster
};

class Simulation {
 public:
  explicit Simulation(const GradientSettings& settings) : limit_(settings) {}

  Result Run(const Phase& phase) {
    Result result;
    std::vector<uint32_t> limits;
    std::vector<Duration> latencies;
    const TimePoint middle = now_ + phase.length / 2;
    const TimePoint end = now_ + phase.length;
    slots_.resize(phase.slots, now_);
    int offered = 0, refused = 0;
    while (now_ < end) {
      now_ += Exponential(phase.per_second);
      while (!running_.empty() && running_.top().end <= now_) {
        const Call call = running_.top();
        running_.pop();
        limit_.Record(call.end - call.began, running_.size() + 1, call.refused, call.end);
        if (call.end > middle && !call.refused) latencies.push_back(call.end - call.began);
      }
      const bool counted = now_ > middle;
      if (counted) limits.push_back(limit_.limit());
      offered += counted;
      if (running_.size() >= limit_.limit()) {
        refused += counted;
        continue;
      }
      running_.push(Serve(phase));
    }
    const double seconds = std::chrono::duration<double>(end - middle).count();
    result.goodput = static_cast<double>(latencies.size()) / seconds;
    result.refused = static_cast<double>(refused) / offered;
    std::sort(limits.begin(), limits.end());
    std::sort(latencies.begin(), latencies.end());
    result.least = limits[limits.size() / 10];
    result.most = limits[limits.size() * 9 / 10];
    if (!latencies.empty()) result.slowest = latencies[latencies.size() * 9 / 10];
    return result;
  }

 private:
  struct Call {
    TimePoint end, began;
    bool refused;
    bool operator>(const Call& other) const { return end > other.end; }
  };

  Duration Exponential(double per_second) {
    return Duration(1 + static_cast<int64_t>(-std::log1p(-random()) / per_second * 1e9));
  }
  double random() { return std::uniform_real_distribution<double>(0, 1)(generator_); }

  // First come, first served: the slot that is free first takes it.
  Call Serve(const Phase& phase) {
    if (phase.refuses) return {now_ + 1ms, now_, true};
    TimePoint& slot = *std::min_element(slots_.begin(), slots_.end());
    const double share = phase.wild ? -std::log1p(-random()) : 0.75 + random() / 2;
    slot = std::max(slot, now_) +
           Duration(static_cast<int64_t>(static_cast<double>(phase.service.count()) * share));
    return {slot, now_, false};
  }

  std::mt19937_64 generator_{3};
  GradientLimit limit_;
  TimePoint now_ = kStart;
  std::vector<TimePoint> slots_;
  std::priority_queue<Call, std::vector<Call>, std::greater<>> running_;
};

TEST(GradientLimit, KeepsABackEndBusyAndItsQueueShort) {
  struct Want {
    Phase phase;
    double goodput;  // at least; share of what the slots can do or, if that is less, of what is
                     // offered
    double refused;  // at most
    uint32_t least, most;
  };
  struct Row {
    const char* what;
    GradientSettings settings;
    std::vector<Want> phases;
  };
  GradientSettings from_few, from_many;
  from_few.initial = 4;
  from_many.initial = 200;
  const Phase overload = {60s, 16, 20ms, 8000};
  const Row rows[] = {
      {"ten times too much",
       {},
       {{overload, 0.95, 1, 16, 40}, {{600s, 16, 20ms, 8000}, 0.95, 1, 16, 40}}},
      {"twice too much", {}, {{{60s, 16, 20ms, 1600}, 0.95, 1, 16, 40}}},
      {"from few", from_few, {{overload, 0.95, 1, 16, 40}}},
      {"from many", from_many, {{overload, 0.95, 1, 16, 40}}},
      {"calls of very different length", {}, {{{60s, 16, 20ms, 8000, true}, 0.95, 1, 16, 48}}},
      {"half of what it can", {}, {{{60s, 16, 20ms, 400}, 0.98, 0.001, 24, 60}}},
      {"next to nothing", {}, {{{600s, 16, 20ms, 3}, 0.9, 0.001, 30, 34}}},
      {"the back end gets faster",
       {},
       {{overload, 0.95, 1, 16, 40}, {{20s, 16, 5ms, 8000}, 0.95, 1, 16, 40}}},
      {"it gets larger",
       {},
       {{overload, 0.95, 1, 16, 40}, {{30s, 64, 20ms, 8000}, 0.95, 1, 64, 130}}},
      {"it gets smaller",
       {},
       {{{30s, 64, 20ms, 8000}, 0.95, 1, 64, 130}, {{30s, 16, 20ms, 8000}, 0.95, 1, 16, 40}}},
      {"slower and back",
       {},
       {{overload, 0.95, 1, 16, 40},
        {{30s, 16, 200ms, 8000}, 0.85, 1, 8, 40},
        {{20s, 16, 20ms, 8000}, 0.95, 1, 16, 40}}},
      {"it refuses for a while",
       {},
       {{overload, 0.95, 1, 16, 40},
        {{20s, 16, 20ms, 8000, false, true}, 0, 1, 4, 4},
        {{20s, 16, 20ms, 8000}, 0.95, 1, 16, 40}}},
  };
  for (const Row& row : rows) {
    Simulation simulation(row.settings);
    for (const Want& want : row.phases) {
      const Phase& phase = want.phase;
      const Result got = simulation.Run(phase);
      const double can =
          static_cast<double>(phase.slots) / std::chrono::duration<double>(phase.service).count();
      EXPECT_GE(got.goodput, want.goodput * std::min(can, phase.per_second)) << row.what;
      EXPECT_LE(got.refused, want.refused) << row.what;
      EXPECT_LE(got.slowest, 3 * phase.service) << row.what;
      EXPECT_GE(got.least, want.least) << row.what;
      EXPECT_LE(got.most, want.most) << row.what;
    }
  }
}

// Windows of so many calls each, all of them alike.
void Play(GradientLimit& limit, int windows, int calls, Duration took, size_t in_flight,
          int dropped_of_ten, TimePoint& now) {
  for (int window = 0; window < windows; ++window) {
    for (int i = 0; i < calls; ++i) {
      now += Duration(100ms) / calls;
      limit.Record(took, in_flight, i % 10 < dropped_of_ten, now);
    }
  }
}

TEST(GradientLimit, WhatALimitDoes) {
  struct Row {
    const char* what;
    int windows, calls;
    size_t in_flight;
    int dropped_of_ten;
    uint32_t least, most;
  };
  const Row rows[] = {
      {"used, it grows", 9, 20, 32, 0, 40, 50},
      {"half used, it stays", 300, 20, 16, 0, 32, 32},
      {"too few calls to say", 2, 4, 32, 0, 32, 32},
      {"all dropped, it is halved", 2, 20, 32, 10, 16, 16},
      {"all dropped, down to the least", 20, 20, 32, 10, 4, 4},
      {"few dropped, it shrinks a little", 2, 20, 16, 1, 29, 31},
      {"used for long, up to the most", 2000, 20, 1000, 0, 90, 100},
  };
  for (const Row& row : rows) {
    GradientSettings settings;
    settings.max = 100;
    GradientLimit limit(settings);
    TimePoint now = kStart;
    Play(limit, row.windows, row.calls, 20ms, row.in_flight, row.dropped_of_ten, now);
    // Not in the middle of a measurement.
    for (int i = 0; i < 20 && limit.limit() < row.least; ++i) Play(limit, 1, 20, 20ms, 1, 0, now);
    EXPECT_GE(limit.limit(), row.least) << row.what;
    EXPECT_LE(limit.limit(), row.most) << row.what;
  }
}

TEST(GradientLimit, OddSettingsAndTimes) {
  GradientSettings settings;
  settings.initial = 0;
  settings.min = 0;
  settings.max = 0;
  settings.tolerance = 0;
  settings.window = 0ms;
  GradientLimit limit(settings);
  EXPECT_EQ(limit.limit(), 1u);
  TimePoint now = kStart;
  for (int i = 0; i < 1000; ++i) {
    now += i % 3 == 0 ? Duration(-1ms) : Duration(5ms);
    limit.Record(i % 2 == 0 ? Duration(-5s) : Duration(1h), 1'000'000, i % 7 == 0, now);
    EXPECT_EQ(limit.limit(), 1u);
  }
  GradientLimit other;
  for (int i = 0; i < 1000; ++i) {
    other.Record(Duration::max(), i % 100 == 0 ? 0 : 1000, false, kStart + i * 10ms);
    EXPECT_GE(other.limit(), 4u);
    EXPECT_LE(other.limit(), 1000u);
  }
}

}  // namespace
}  // namespace frontdesk
