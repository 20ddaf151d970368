// What the mechanisms of resilience cost a call, without the locks that their users hold.
#include <benchmark/benchmark.h>

#include <chrono>

#include "gateway/base/mechanism/breaker.h"
#include "gateway/base/mechanism/ewma.h"
#include "gateway/base/mechanism/gradient_limit.h"
#include "gateway/base/mechanism/latency_window.h"
#include "gateway/base/mechanism/outlier.h"
#include "gateway/base/mechanism/queue_age.h"
#include "gateway/base/mechanism/retry_budget.h"

namespace frontdesk {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTook = 20ms;

// A call every 100 us: windows turn now and then, as they do in life.
class Time {
 public:
  TimePoint Next() { return now_ += 100us; }

 private:
  TimePoint now_ = TimePoint(1000s);
};

void BreakerClosed(benchmark::State& state) {
  BreakerSettings settings;
  settings.slow_call = 1s;
  Breaker breaker(settings);
  Time time;
  for (auto _ : state) {
    const TimePoint now = time.Next();
    benchmark::DoNotOptimize(breaker.Record(breaker.Admit(now), true, kTook, now));
  }
}
BENCHMARK(BreakerClosed);

void RetryBudgetOnCall(benchmark::State& state) {
  RetryBudget budget;
  Time time;
  for (auto _ : state) {
    budget.OnCall(time.Next());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(RetryBudgetOnCall);

void RetryBudgetTake(benchmark::State& state) {
  RetryBudget budget;
  Time time;
  for (auto _ : state) {
    const TimePoint now = time.Next();
    budget.OnCall(now);
    benchmark::DoNotOptimize(budget.Take(now));
  }
}
BENCHMARK(RetryBudgetTake);

void OutlierGood(benchmark::State& state) {
  Outlier outlier;
  const OutlierSettings settings;
  Time time;
  for (auto _ : state) benchmark::DoNotOptimize(outlier.Record(true, time.Next(), settings));
}
BENCHMARK(OutlierGood);

// One end is recorded, two are compared.
void PeakEwmaRecordAndChoose(benchmark::State& state) {
  PeakEwma one, other;
  Time time;
  other.Record(kTook, time.Next());
  for (auto _ : state) {
    const TimePoint now = time.Next();
    one.Record(kTook, now);
    benchmark::DoNotOptimize(LoadCost(one.nanos(now), 3, 1) < LoadCost(other.nanos(now), 2, 1));
  }
}
BENCHMARK(PeakEwmaRecordAndChoose);

void PeakEwmaRecord(benchmark::State& state) {
  PeakEwma ewma;
  Time time;
  bool slow = true;
  for (auto _ : state) {
    const TimePoint now = time.Next();
    ewma.Record(slow ? kTook : kTook / 2, now);
    benchmark::DoNotOptimize(ewma.nanos(now));
    slow = !slow;
  }
}
BENCHMARK(PeakEwmaRecord);

void LatencyWindowRecord(benchmark::State& state) {
  LatencyWindow window;
  Time time;
  for (auto _ : state) {
    window.Record(kTook, time.Next());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(LatencyWindowRecord);

void LatencyWindowQuantile(benchmark::State& state) {
  LatencyWindow window;
  Time time;
  for (int i = 0; i < 10'000; ++i) window.Record(kTook * (1 + i % 7), time.Next());
  const TimePoint now = time.Next();
  for (auto _ : state) benchmark::DoNotOptimize(window.Quantile(0.95, now));
}
BENCHMARK(LatencyWindowQuantile);

void GradientLimitRecord(benchmark::State& state) {
  GradientLimit limit;
  Time time;
  for (auto _ : state) {
    limit.Record(kTook, 20, false, time.Next());
    benchmark::DoNotOptimize(limit.limit());
  }
}
BENCHMARK(GradientLimitRecord);

void QueueAgeAllowed(benchmark::State& state) {
  QueueAge age;
  Time time;
  for (auto _ : state) {
    const TimePoint now = time.Next();
    age.OnJoin(true, now);
    benchmark::DoNotOptimize(age.Limit(now));
  }
}
BENCHMARK(QueueAgeAllowed);

}  // namespace
}  // namespace frontdesk
