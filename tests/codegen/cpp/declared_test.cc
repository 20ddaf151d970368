// What stands next to an rpc holds for generated clients and compositions without a gateway, and
// what the program says itself holds instead.
#include <string>
#include <vector>

#include "banquet/v1/banquet.frontdesk.h"
#include "gateway/base/failure.h"
#include "market/v1/market.frontdesk.h"
#include "tests/codegen/cpp/over_both.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk {
namespace {

using market::v1::StallsClient;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Declared : public OverBoth {
 protected:
  // What the contract of the golden files says of it does not hold, but what is usual.
  static void ByHand(client::RuntimeOptions& options, const std::string& method) {
    options.upstreams[0].methods["/market.v1.Stalls/" + method] = {};
  }
};

TEST_P(Declared, HedgeHolds) {
  for (const bool on : {true, false}) {
    Echo silent(Silent()), good;
    client::RuntimeOptions options = To(silent, good);
    WithoutJudgement(options);
    options.upstreams[0].retry_budget.percent = 1000;
    if (!on) ByHand(options, "GetMenu");
    client::Runtime runtime(options);
    // One call after the other, until one was asked of the end point that says nothing.
    bool late = false;
    const auto hedged = [&] { return Metric(runtime, "frontdesk_upstream_hedges_total") > 0; };
    EXPECT_TRUE(Eventually([&] {
      const auto menu = runtime.Call(&StallsClient::GetMenu, {}, {.timeout = seconds(2)});
      late = !menu.wait_for(milliseconds(on ? 1900 : 300));
      return late || hedged();
    }));
    EXPECT_EQ(late, !on);
    EXPECT_EQ(hedged(), on);
  }
}

TEST_P(Declared, RetriesHold) {
  for (const bool on : {true, false}) {
    // Its time may be over before a slow machine has connected: then once more.
    EXPECT_TRUE(Eventually([&] {
      const BackEnd back_end(1);
      client::RuntimeOptions options = To(back_end);
      if (!on) ByHand(options, "GetFruit");
      client::Runtime runtime(options);
      const auto fruit = runtime.Call(&StallsClient::GetFruit, {}).get();
      if (back_end.calls() == 0) return false;
      EXPECT_EQ(fruit.ok(), !on) << fruit.status();
      EXPECT_EQ(back_end.calls(), on ? 1 : 2);
      return true;
    }));
  }
}

TEST_P(Declared, TimesAndSizesHold) {
  for (const bool on : {true, false}) {
    Echo back_end;
    client::RuntimeOptions options = To(back_end);
    if (!on) ByHand(options, "GetFruit");
    client::Runtime runtime(options);
    market::v1::GetFruitRequest request;
    request.set_id(std::string(100, 'x'));
    // Its time is over soon on a slow machine: then once more.
    EXPECT_TRUE(Eventually([&] {
      const auto fruit = runtime.Call(&StallsClient::GetFruit, request).get();
      return ReasonOf(fruit.status()) == (on ? "UPSTREAM_MESSAGE_TOO_LARGE" : "OK");
    }));
    back_end.Behave(Silent());
    auto never = runtime.Call(&StallsClient::GetFruit, request);
    EXPECT_EQ(never.wait_for(on ? Duration(seconds(10)) : milliseconds(800)), on);
    if (on) {
      EXPECT_EQ(never.get().status().code(), absl::StatusCode::kDeadlineExceeded);
    }
  }
}

TEST_P(Declared, BreakerHolds) {
  for (const bool on : {true, false}) {
    Echo bad(Failing());
    client::RuntimeOptions options = To(bad);
    WithoutJudgement(options);
    if (!on) ByHand(options, "BatchGet");
    client::Runtime runtime(options);
    absl::Status last;
    for (int i = 0; i < 4; ++i) last = runtime.Call(&StallsClient::BatchGet, {}).get().status();
    EXPECT_EQ(ReasonOf(last) == "UPSTREAM_BREAKER_OPEN", on) << last;
    EXPECT_FALSE(runtime.Call(&StallsClient::GetFruit, {}).get().ok());
    const std::vector<upstream::MethodView> methods = runtime.Describe()[0].methods;
    ASSERT_EQ(methods.size(), 2u);
    EXPECT_EQ(methods[0].name, "BatchGet");
    EXPECT_EQ(methods[0].breaker.why, on ? "3 failures in a row" : "");
    EXPECT_EQ(methods[1].name, "GetFruit");
    EXPECT_FALSE(methods[1].breaker.on);
    EXPECT_EQ(Metric(runtime, "frontdesk_upstream_breaker_refused_total"), on ? 1 : 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, Declared, kOverBoth, NameOf);

// Notes how the menu is asked for; answers everything by an empty message.
class Noting final : public upstream::Caller {
 public:
  Task<absl::StatusOr<upstream::UnaryReply>> Unary(upstream::CallContext&,
                                                   const contract::MethodName& method,
                                                   std::string_view,
                                                   const upstream::CallOptions& options) override {
    if (method.path == "/market.v1.Stalls/GetMenu") {
      declared_of_method = method.declared;
      declared_of_step = options.declared;
    }
    co_return upstream::UnaryReply();
  }

  const contract::DeclaredPolicy* declared_of_method = nullptr;
  const upstream::CallPolicy* declared_of_step = nullptr;
};

// Of a composition the steps have times of their own; what they say of retries and hedges stands
// over what their methods say.
TEST(DeclaredComposition, StepsBringTheirPolicies) {
  Loop loop;
  Cancellation cancel;
  upstream::CallContext context{.loop = loop, .cancel = cancel};
  Noting caller;
  banquet::v1::BanquetAggregates banquet(caller);
  const banquet::v1::GetTableRequest request;
  const compose::RunOptions options;
  const auto table = testing_support::RunOnLoop(loop, banquet.GetTable(context, request, options));
  EXPECT_TRUE(table.ok()) << table.status();
  ASSERT_NE(caller.declared_of_method, nullptr);
  EXPECT_TRUE(caller.declared_of_method->calls.hedge.on);
  EXPECT_EQ(caller.declared_of_method->calls.hedge.delay, milliseconds(20));
  EXPECT_EQ(caller.declared_of_method->timeout, Duration::max());
  ASSERT_NE(caller.declared_of_step, nullptr);
  EXPECT_FALSE(caller.declared_of_step->hedge.on);
  EXPECT_EQ(caller.declared_of_step->retry.max_attempts, 2u);
  EXPECT_EQ(caller.declared_of_step->retry.backoff.initial, milliseconds(1));
}

}  // namespace
}  // namespace frontdesk
