// Generated clients are protected as the gateway's own calls are, over both transports. Most rows
// have a twin without the mechanism that they are about, for which their end would not hold.
#include <algorithm>
#include <thread>
#include <vector>

#include "gateway/base/failure.h"
#include "shop/order/v1/order.frontdesk.h"
#include "tests/codegen/cpp/over_both.h"

namespace frontdesk {
namespace {

using shop::order::v1::OrdersClient;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class Protected : public OverBoth {
 protected:
  static absl::Status GetOrder(client::Runtime& runtime) {
    return runtime.Call(&OrdersClient::GetOrder, {}).get().status();
  }
};

TEST_P(Protected, AReadIsTriedAgain) {
  const BackEnd back_end(2);
  client::Runtime runtime(To(back_end));
  EXPECT_EQ(GetOrder(runtime), absl::OkStatus());
  EXPECT_EQ(back_end.calls(), 3);
  EXPECT_EQ(Metric(runtime, "frontdesk_upstream_retries_total"), 2);
  EXPECT_EQ(Metric(runtime, "grpc_client_started_total"), 1);
  EXPECT_EQ(Metric(runtime, "grpc_client_handled_total"), 1);
  // gRPC C++ keeps that header for itself.
  if (GetParam().transport == TransportKind::kH2) {
    EXPECT_EQ(back_end.last_attempts(), "2");
  }
}

TEST_P(Protected, AWriteIsMadeOnce) {
  const BackEnd back_end(1);
  client::Runtime runtime(To(back_end));
  const auto order = runtime.Call(&OrdersClient::CreateOrder, {}).get();
  EXPECT_EQ(order.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(back_end.calls(), 1);
}

TEST_P(Protected, TheEndPointThatFailsIsLeft) {
  const BackEnd bad(1 << 30);
  const BackEnd good(0);
  client::Runtime runtime(To(bad, good));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(GetOrder(runtime), absl::OkStatus());
  EXPECT_LE(bad.calls(), 5);
}

TEST_P(Protected, TheBreakerAnswersForABackEndThatIsDown) {
  const BackEnd bad(1 << 30);
  client::RuntimeOptions options = To(bad);
  options.upstreams[0].breaker.open_time = options.upstreams[0].breaker.max_open_time = minutes(5);
  client::Runtime runtime(options);
  absl::Status last;
  for (int i = 0; i < 20; ++i) {
    last = runtime.Call(&OrdersClient::CreateOrder, {}).get().status();
    EXPECT_EQ(last.code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(ReasonOf(last), "UPSTREAM_BREAKER_OPEN");
  EXPECT_EQ(bad.calls(), 5);
  // The program can say so, with the reason and the time to the next probe.
  const std::vector<upstream::ClusterView> seen = runtime.Describe();
  ASSERT_EQ(seen.size(), 1u);
  ASSERT_EQ(seen[0].endpoints.size(), 1u);
  const upstream::BreakerView& breaker = seen[0].endpoints[0].breaker;
  EXPECT_EQ(breaker.state, Breaker::State::kOpen);
  EXPECT_EQ(breaker.why, "5 failures in a row");
  EXPECT_GT(breaker.until_probe, minutes(4));
  EXPECT_EQ(Metric(runtime, "frontdesk_upstream_endpoint_breaker_opened_total"), 1);
}

TEST_P(Protected, RetriesHaveABudget) {
  for (const bool on : {true, false}) {
    Echo bad(Failing());
    client::RuntimeOptions options = To(bad);
    WithoutJudgement(options);
    options.upstreams[0].methods["/shop.order.v1.Orders/GetOrder"].breaker.on = false;
    if (!on) options.upstreams[0].retry_budget.percent = 1000;
    client::Runtime runtime(options);
    for (int i = 0; i < 60; ++i) EXPECT_FALSE(GetOrder(runtime).ok());
    // A fifth of the calls, or what is always given in ten seconds.
    if (on) {
      EXPECT_LE(bad.calls(), 60u + 30);
    }
    if (!on) {
      EXPECT_GE(bad.calls(), 150u);
    }
    EXPECT_EQ(Metric(runtime, "frontdesk_upstream_retry_budget_exhausted_total") > 0, on);
  }
}

TEST_P(Protected, CallsInFlightAndWaitingAreBounded) {
  for (const bool on : {true, false}) {
    Echo silent(Silent());
    client::RuntimeOptions options = To(silent);
    if (on) {
      options.upstreams[0].max_in_flight = 2;
      options.upstreams[0].max_pending = 3;
      options.upstreams[0].queue_age = {minutes(1), minutes(1)};
    }
    std::vector<client::Future<shop::order::v1::Order>> calls;
    client::Runtime runtime(options);
    for (int i = 0; i < 12; ++i) calls.push_back(runtime.Call(&OrdersClient::GetOrder, {}));
    EXPECT_TRUE(Eventually([&] { return silent.calls() == (on ? 2u : 12u); }));
    EXPECT_TRUE(Eventually([&] { return runtime.running() == (on ? 5u : 12u); }));
    size_t refused = 0;
    for (auto& call : calls) {
      if (!call.ready()) continue;
      EXPECT_EQ(ReasonOf(call.get().status()), "UPSTREAM_OVERLOADED");
      ++refused;
    }
    EXPECT_EQ(refused, on ? 7u : 0u);
    if (on) {
      EXPECT_EQ(Metric(runtime, "frontdesk_upstream_pending"), 3);
    }
  }
}

// 64 calls at a time, of a back end that works on two, 4 ms each, so that half of them are late.
TEST_P(Protected, TheLimitFollowsWhatTheBackEndCanDo) {
  for (const bool on : {true, false}) {
    LightBehaviour slow;
    slow.delay = milliseconds(4);
    slow.slots = 2;
    Echo back_end(slow);
    client::RuntimeOptions options = To(back_end);
    WithoutJudgement(options);
    upstream::UpstreamSettings& settings = options.upstreams[0];
    settings.adaptive.on = on;
    settings.adaptive.gradient = {.initial = 64, .min = 2};
    if (!on) settings.max_in_flight = 64;
    upstream::CallPolicy& policy = settings.methods["/shop.order.v1.Orders/GetOrder"];
    policy.breaker.on = false;
    policy.retry.max_attempts = 1;
    client::Runtime runtime(options);
    const auto limit = [&] { return runtime.Describe()[0].room->limit; };
    size_t least = limit();
    for (int wave = 0; wave < (on ? 100 : 5) && least > 16; ++wave) {
      std::vector<client::Future<shop::order::v1::Order>> calls;
      for (int i = 0; i < 64; ++i) {
        calls.push_back(runtime.Call(&OrdersClient::GetOrder, {}, {.timeout = milliseconds(60)}));
      }
      for (auto& call : calls) call.get().status().IgnoreError();
      least = std::min(least, limit());
    }
    if (on) {
      EXPECT_LE(least, 16u);
    } else {
      EXPECT_EQ(least, 64u);
    }
  }
}

TEST_P(Protected, EndPointsHaveTheirShares) {
  for (const bool on : {true, false}) {
    Echo big, small;
    client::RuntimeOptions options = To(big, small);
    // By weight in both, so that how fast each was at first does not matter.
    options.upstreams[0].endpoints[0].weight = on ? 90 : 10;
    options.upstreams[0].endpoints[1].weight = on ? 10 : 11;
    client::Runtime runtime(options);
    // Both are connected.
    EXPECT_TRUE(Eventually([&] {
      EXPECT_EQ(GetOrder(runtime), absl::OkStatus());
      return big.calls() > 0 && small.calls() > 0;
    }));
    const uint64_t before = small.calls();
    for (int i = 0; i < 300; ++i) EXPECT_EQ(GetOrder(runtime), absl::OkStatus());
    const uint64_t of_small = small.calls() - before;
    if (on) {
      EXPECT_LT(of_small, 70u);
    }
    if (!on) {
      EXPECT_GT(of_small, 90u);
    }
  }
}

// One comes back after an ejection, and has little to do at first.
TEST_P(Protected, AnEndPointThatComesBackStartsSlowly) {
  for (const bool on : {true, false}) {
    Echo good, comes_back;
    client::RuntimeOptions options = To(good, comes_back);
    upstream::UpstreamSettings& settings = options.upstreams[0];
    settings.breaker.on = false;
    // By weight, so that how it did before does not matter.
    settings.endpoints[0].weight = 10;
    settings.endpoints[1].weight = 11;
    settings.outlier.consecutive_failures = 1;
    settings.outlier.base_ejection_time = milliseconds(100);
    settings.outlier.max_ejection_percent = 50;
    if (on) settings.slow_start = seconds(3);
    client::Runtime runtime(options);
    // At first all are new, which says nothing.
    EXPECT_EQ(GetOrder(runtime), absl::OkStatus());
    if (on) std::this_thread::sleep_for(settings.slow_start);
    TimePoint ejected = Clock::now();  // or later
    comes_back.Behave(Failing());
    EXPECT_TRUE(Eventually([&] {
      EXPECT_EQ(GetOrder(runtime), absl::OkStatus());
      return runtime.Describe()[0].ejections > 0;
    }));
    comes_back.Behave({});
    EXPECT_TRUE(Eventually([&] {
      const TimePoint now = Clock::now();
      if (runtime.Describe()[0].Count(upstream::Standing::kEjected) == 0) return true;
      ejected = now;
      return false;
    }));
    const uint64_t before = comes_back.calls();
    uint64_t soon = 0, its_soon = 0;  // of the calls that a busy machine did not delay for long
    for (uint64_t calls = 1; calls <= 100; ++calls) {
      EXPECT_EQ(GetOrder(runtime), absl::OkStatus());
      if (Clock::now() > ejected + milliseconds(500)) continue;
      soon = calls;
      its_soon = comes_back.calls() - before;
    }
    if (on) {
      EXPECT_LT(its_soon, 5 + soon / 5);
    } else {
      EXPECT_GT(comes_back.calls() - before, 30u);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, Protected, kOverBoth, NameOf);

}  // namespace
}  // namespace frontdesk
