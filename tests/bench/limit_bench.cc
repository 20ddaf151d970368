// What rate limits cost: a bucket, buckets of many keys, and two limits of a request as the chain
// looks at them.
#include <benchmark/benchmark.h>

#include <cstring>
#include <optional>

#include "gateway/limit/memory_store.h"
#include "gateway/policy/limit.h"
#include "tests/support/no_body.h"

namespace frontdesk {
namespace {

using testing_support::NoBody;

using std::chrono::seconds;
using Key = route::Route::Limit::Key;

constexpr TimePoint kStart = TimePoint(seconds(1000));

limit::Rule RuleOf(uint32_t id, uint64_t requests) {
  return {id, "rule", BucketRule(requests, seconds(1), requests)};
}

void BucketTake(benchmark::State& state) {
  const BucketRule rule(100'000, seconds(1), 1000);
  Bucket bucket;
  TimePoint now = kStart;
  for (auto _ : state) benchmark::DoNotOptimize(bucket.Take(rule, 1, now += Duration(9'000)));
}
BENCHMARK(BucketTake);

void KeyHash(benchmark::State& state) {
  const limit::KeyHasher hasher(1, 2);
  const std::string key(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(hasher.Of(1, key));
}
BENCHMARK(KeyHash)->Arg(8)->Arg(40);

// One key, whose bucket is in the processor's cache.
void MemoryHotKey(benchmark::State& state) {
  limit::MemoryStore store(64 << 20);
  const limit::Rule rule = RuleOf(0, 1'000'000);
  const limit::Ask ask{&rule, "user-1", 1};
  TimePoint now = kStart;
  for (auto _ : state) {
    benchmark::DoNotOptimize(store.TakeAll({&ask, 1}, now += Duration(2'000)));
  }
}
BENCHMARK(MemoryHotKey);

// A key that was never seen, each time.
void MemoryStrangers(benchmark::State& state) {
  limit::MemoryStore store(64 << 20);
  const limit::Rule rule = RuleOf(0, 20);
  uint64_t key = 0;
  TimePoint now = kStart;
  for (auto _ : state) {
    ++key;
    const limit::Ask ask{&rule, {reinterpret_cast<const char*>(&key), sizeof key}, 1};
    benchmark::DoNotOptimize(store.TakeAll({&ask, 1}, now += Duration(100)));
  }
}
BENCHMARK(MemoryStrangers);

internal::Detached Limit(Exchange* exchange, const policy::LimitHost* host, int* refused) {
  absl::Status status =
      co_await policy::TakeLimits(*exchange, exchange->route->limits_by_address, *host);
  if (status.ok())
    status = co_await policy::TakeLimits(*exchange, exchange->route->limits_by_caller, *host);
  *refused += !status.ok();
}

// One limit by address and one by caller, headers included; `range(0)`: a caller's requests per
// second, of which so few are allowed that almost all are refused.
void TwoLimitsOfARequest(benchmark::State& state) {
  Loop loop;
  limit::MemoryStore store(64 << 20);
  const std::vector<limit::Rule> rules = {RuleOf(0, 1'000'000),
                                          RuleOf(1, static_cast<uint64_t>(state.range(0)))};
  policy::Limits limits(rules);
  const policy::LimitHost host{&store, &limits};
  route::Route route;
  route.limits_by_address.push_back({.key = Key::kAddress, .rule = 0});
  route.limits_by_caller.push_back({.key = Key::kCaller, .rule = 1});
  const identity::IdentityPointer caller = identity::MakeIdentity("user-1");
  http::Request request;
  NoBody body;
  Cancellation cancel;
  http::ResponseHead head;
  int refused = 0;
  for (auto _ : state) {
    Exchange exchange(request, body, cancel, loop);
    exchange.route = &route;
    exchange.client_address = "203.0.113.7";
    exchange.call.identity = caller;
    Limit(&exchange, &host, &refused);
    head.headers.clear();
    policy::AddLimitHeaders(exchange.limit, head);
    benchmark::DoNotOptimize(head);
  }
  state.counters["refused"] = benchmark::Counter(refused, benchmark::Counter::kAvgIterations);
}
BENCHMARK(TwoLimitsOfARequest)->Arg(1'000'000)->Arg(1);

}  // namespace
}  // namespace frontdesk
