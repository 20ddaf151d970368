// What protects the gateway: bulkheads, priorities, a client's own deadline, injected faults. Each
// with one worker and with four, where what it counts is of the whole process.
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr char kOrder[] = "/api/v1/orders/order-1";
constexpr char kUser[] = "/api/v1/users/user-1";
constexpr char kProduct[] = "/api/v1/products/product-1";
constexpr char kOrders[] = "shop.order.v1.Orders/GetOrder";
constexpr char kUsers[] = "shop.user.v1.Users/GetUser";
constexpr char kProducts[] = "shop.product.v1.Products/GetProduct";

std::string Policy(std::string_view method, std::string_view policy) {
  return Cat("  ", method, ": {", policy, "}\n");
}

class Protection : public ::testing::TestWithParam<unsigned> {
 protected:
  Frontdesk& Start(const std::string& extra) {
    GatewayOptions options;
    options.workers = GetParam();
    options.extra = extra;
    return gateway_.emplace(mocks_, options);
  }
  // Sends a request on a connection of its own and does not wait for the answer.
  RawClient& Send(std::string_view target, const HeaderList& headers = {}) {
    RawClient& client = clients_.emplace_back(gateway_->port());
    EXPECT_TRUE(client.Send(RequestText("GET", target, headers)));
    return client;
  }
  double Metric(const std::string& name) const { return gateway_->Metric(name); }

  Mocks mocks_;
  std::optional<Frontdesk> gateway_;
  std::deque<RawClient> clients_;
};

// "503 BULKHEAD_FULL", or "200".
std::string Told(const RawResponse& response) {
  const std::string reason = ReasonOf(response);
  return reason.empty() ? Cat(response.status) : Cat(response.status, ' ', reason);
}

std::map<std::string, int> Count(std::deque<RawClient>& clients) {
  std::map<std::string, int> counts;
  for (RawClient& client : clients) {
    const std::optional<RawResponse> response = client.Read();
    ++counts[response ? Told(*response) : "nothing"];
    if (response && response->status == 503) {
      EXPECT_EQ(response->Header("retry-after"), "1");
    }
  }
  return counts;
}

TEST_P(Protection, ABulkheadKeepsAStormFromTheOthers) {
  Start(
      Cat("bulkheads:\n  mobile: {max_in_flight: 3, max_pending: 2}\n  partner: "
          "{max_in_flight: 5}\noverload: {max_queue_age: 5s}\nmethods:\n",
          Policy(kOrders, "bulkhead: mobile"), Policy(kProducts, "bulkhead: mobile"),
          Policy(kUsers, "bulkhead: partner")));
  mocks_.SetFaults("delay=order=2000,product=2000");
  for (int i = 0; i < 20; ++i) Send(i % 2 == 0 ? kOrder : kProduct);
  ASSERT_TRUE(Eventually(
      [&] { return Metric("frontdesk_bulkhead_refused_total{bulkhead=\"mobile\"}") == 15; }));
  EXPECT_EQ(Metric("frontdesk_bulkhead_in_flight{bulkhead=\"mobile\"}"), 3);
  EXPECT_EQ(Metric("frontdesk_bulkhead_pending{bulkhead=\"mobile\"}"), 2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Fetch(gateway_->port(), "GET", kUser).status, 200);
  EXPECT_EQ(Count(clients_), (std::map<std::string, int>{{"200", 5}, {"503 BULKHEAD_FULL", 15}}));
  EXPECT_EQ(mocks_.Count("order", "calls") + mocks_.Count("product", "calls"), 5u);
  EXPECT_EQ(Metric("frontdesk_bulkhead_in_flight{bulkhead=\"mobile\"}"), 0);
  EXPECT_EQ(Metric("frontdesk_bulkhead_refused_total{bulkhead=\"partner\"}"), 0);
}

TEST_P(Protection, AClientThatLeavesTheQueueMakesRoom) {
  Start(
      Cat("bulkheads: {mobile: {max_in_flight: 1, max_pending: 1}}\n"
          "overload: {max_queue_age: 5s}\nmethods:\n",
          Policy(kOrders, "bulkhead: mobile")));
  mocks_.SetFaults("delay=order=3000");
  Send(kOrder);
  ASSERT_TRUE(
      Eventually([&] { return Metric("frontdesk_bulkhead_in_flight{bulkhead=\"mobile\"}") == 1; }));
  Send(kOrder);
  const auto pending = [&] { return Metric("frontdesk_bulkhead_pending{bulkhead=\"mobile\"}"); };
  ASSERT_TRUE(Eventually([&] { return pending() == 1; }));
  clients_.back().Reset();
  clients_.pop_back();
  ASSERT_TRUE(Eventually([&] { return pending() == 0; }));
  mocks_.SetFaults("");
  Send(kOrder);
  EXPECT_EQ(Count(clients_), (std::map<std::string, int>{{"200", 2}}));
  EXPECT_EQ(mocks_.Count("order", "calls"), 2u);
}

TEST_P(Protection, TheLastPlacesInFlightAreForWhatIsCritical) {
  Start(Cat("overload: {max_in_flight: 20, max_queue_age: 5s}\nmethods:\n",
            Policy(kOrders, "priority: sheddable"), Policy(kUsers, "priority: critical")));
  mocks_.SetFaults("delay_ms=3000");
  const auto shed = [&] { return Metric("frontdesk_shed_total{reason=\"max_in_flight\"}"); };
  for (int i = 0; i < 21; ++i) Send(kOrder);
  ASSERT_TRUE(Eventually([&] { return shed() == 3; }));  // 18 are in flight
  for (int i = 0; i < 3; ++i) Send(kProduct);
  ASSERT_TRUE(Eventually([&] { return shed() == 5; }));  // 19
  for (int i = 0; i < 3; ++i) Send(kUser);
  ASSERT_TRUE(Eventually([&] { return shed() == 7; }));  // 20
  EXPECT_EQ(Fetch(gateway_->port(), "GET", "/healthz").status, 200);
  EXPECT_EQ(Count(clients_), (std::map<std::string, int>{{"200", 20}, {"503 OVERLOADED", 7}}));
}

TEST_P(Protection, ARefusalComesBeforeTheBodyIsAskedFor) {
  Start("overload: {max_in_flight: 1, max_queue_age: 5s}\n");
  mocks_.SetFaults("delay=order=3000");
  Send(kOrder);
  ASSERT_TRUE(Eventually([&] { return Metric("http_server_active_requests") == 1; }));
  RawClient client(gateway_->port());
  client.Send(
      "POST /api/v1/checkout HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n"
      "content-type: application/json\r\ncontent-length: 2\r\n\r\n");
  const std::optional<RawResponse> response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(Told(*response), "503 OVERLOADED");
  EXPECT_EQ(response->Header("retry-after"), "1");
  EXPECT_EQ(Count(clients_), (std::map<std::string, int>{{"200", 1}}));
}

TEST_P(Protection, InjectedFaultsAreOfOneRoute) {
  Start(Cat("methods:\n", Policy(kOrders, "fault: {abort: resource_exhausted}"),
            Policy(kUsers, "fault: {delay: 300ms}, timeout: 2s"),
            Policy(kProducts, "fault: {delay: 5s}, timeout: 200ms")));
  const RawResponse aborted = Fetch(gateway_->port(), "GET", kOrder);
  EXPECT_EQ(Told(aborted), "429 FAULT_INJECTED");
  Clock::time_point start = Clock::now();
  EXPECT_EQ(Fetch(gateway_->port(), "GET", kUser).status, 200);
  EXPECT_GE(Clock::now() - start, milliseconds(290));
  start = Clock::now();
  EXPECT_EQ(Told(Fetch(gateway_->port(), "GET", kProduct)), "504 DEADLINE_EXCEEDED");
  EXPECT_GE(Clock::now() - start, milliseconds(190));
  EXPECT_EQ(mocks_.Count("order", "calls"), 0u);
  EXPECT_EQ(mocks_.Count("product", "calls"), 0u);
  EXPECT_EQ(Metric("frontdesk_fault_injected_total{kind=\"abort\"}"), 1);
  EXPECT_EQ(Metric("frontdesk_fault_injected_total{kind=\"delay\"}"), 2);
}

constexpr char kWebDetails[] = "/api/v1/order-details/order-1";
constexpr char kMobileDetails[] = "/mobile/v1/order-details/order-1";

// Those of a method that a composition calls are of the method's own address alone.
TEST_P(Protection, InjectedFaultsAreOfACompositionAsAWhole) {
  Start(Cat("methods:\n", Policy("bff.web.v1.Web/GetOrderDetails", "fault: {abort: unavailable}"),
            Policy(kOrders, "fault: {abort: resource_exhausted}"),
            Policy("bff.mobile.v1.Mobile/GetOrderDetails", "fault: {delay: 300ms}"),
            Policy("bff.mobile.v1.Mobile/GetProductPage", "fault: {delay: 5s}, timeout: 200ms")));
  EXPECT_EQ(Told(Fetch(gateway_->port(), "GET", kWebDetails)), "503 FAULT_INJECTED");
  EXPECT_EQ(Told(Fetch(gateway_->port(), "GET", kOrder)), "429 FAULT_INJECTED");
  EXPECT_EQ(Told(Fetch(gateway_->port(), "GET", "/mobile/v1/product-page/product-1")),
            "504 DEADLINE_EXCEEDED");
  for (const char* service : {"order", "user", "payment", "product", "review"}) {
    EXPECT_EQ(mocks_.Count(service, "calls"), 0u) << service;
  }
  const Clock::time_point start = Clock::now();
  const RawResponse late = Fetch(gateway_->port(), "GET", kMobileDetails);
  EXPECT_GE(Clock::now() - start, milliseconds(290));
  EXPECT_EQ(Told(late), "200");
  EXPECT_EQ(mocks_.Count("order", "calls"), 1u);
  EXPECT_EQ(Metric("frontdesk_fault_injected_total{kind=\"abort\"}"), 2);
  EXPECT_EQ(Metric("frontdesk_fault_injected_total{kind=\"delay\"}"), 2);
}

TEST_P(Protection, InjectedFaultsAreOfOneFront) {
  Start(R"(
apis:
  shop: {serves: [shop.order.v1.Orders, bff.web.v1.Web]}
  rehearsal:
    path_prefix: /rehearsal
    serves: [shop.order.v1.Orders, bff.web.v1.Web, shop.user.v1.Users]
    policy: {fault: {abort: unavailable}}
    methods: {shop.user.v1.Users/GetUser: {fault: {abort_percent: 0}}}
)");
  const auto ask = [&](std::string_view target) {
    return Told(Fetch(gateway_->port(), "GET", target));
  };
  for (const char* target : {kOrder, kWebDetails}) {
    EXPECT_EQ(ask(Cat("/rehearsal", target)), "503 FAULT_INJECTED") << target;
    EXPECT_EQ(mocks_.Count("order", "calls"), 0u);
    EXPECT_EQ(ask(target), "200");
    EXPECT_EQ(mocks_.Count("order", "calls"), 1u);
    mocks_.Reset();
  }
  EXPECT_EQ(ask(Cat("/rehearsal", kUser)), "200");
  EXPECT_EQ(Metric("frontdesk_fault_injected_total{kind=\"abort\"}"), 2);
}

TEST_P(Protection, AClientsOwnDeadlineShortensTheRoutes) {
  Start(Cat("methods:\n", Policy(kUsers, "timeout: 1s")));
  mocks_.SetFaults("delay_ms=5000");
  const struct {
    const char* target;
    HeaderList headers;
    std::string told;
    int after_ms;
    bool calls;
  } rows[] = {
      {kOrder, {{"x-request-timeout", "1.1"}}, "504 DEADLINE_EXCEEDED", 1100, true},
      {kOrder, {{"x-request-timeout", "900ms"}}, "504 DEADLINE_EXCEEDED", 900, true},
      {kOrder, {{"grpc-timeout", "900m"}}, "504 DEADLINE_EXCEEDED", 900, true},
      {kUser, {{"x-request-timeout", "60"}}, "504 DEADLINE_EXCEEDED", 1000, true},
      {kOrder, {{"x-request-timeout", "0"}}, "504 DEADLINE_EXCEEDED", 0, false},
      {kOrder, {{"grpc-timeout", "0S"}}, "504 DEADLINE_EXCEEDED", 0, false},
      {kOrder, {{"x-request-timeout", "soon"}}, "400 INVALID_HEADER", 0, false},
      {kOrder, {{"grpc-timeout", "100"}}, "400 INVALID_HEADER", 0, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(Cat(row.target, ' ', row.headers[0].first, ": ", row.headers[0].second));
    const std::string service = row.target == kUser ? "user" : "order";
    const uint64_t before = mocks_.Count(service, "calls");
    const Clock::time_point start = Clock::now();
    EXPECT_EQ(Told(Fetch(gateway_->port(), "GET", row.target, row.headers)), row.told);
    const auto took = Clock::now() - start;
    EXPECT_GE(took, milliseconds(row.after_ms - 10));  // a loop's clock is that of its turn
    EXPECT_LT(took, milliseconds(row.after_ms + 3000));
    EXPECT_TRUE(Eventually(
        [&] { return mocks_.Count(service, "calls") == before + (row.calls ? 1u : 0u); }));
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, Protection, ::testing::Values(1u, 4u));

}  // namespace
}  // namespace frontdesk::e2e
