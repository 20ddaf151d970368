// What an operator sees when a back end fails: log, metrics, the admin page, `frontdesk explain`.
#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "tests/e2e/checkout.h"
#include "tests/e2e/stack.h"
#include "tests/support/dns_server.h"

namespace frontdesk::e2e {
namespace {

using nlohmann::json;
using testing_support::WriteTempFile;

// Few failures are enough.
constexpr char kBreaker[] =
    "methods:\n"
    "  shop.order.v1.Orders/GetOrder: {breaker: {consecutive_failures: 5}}\n"
    "  shop.review.v1.Reviews/ListReviews:\n"
    "    breaker: {consecutive_failures: 2, open_time: 60s, max_open_time: 60s}\n";

// The file of one that runs, but with the port that it has got.
std::string KnownFile(std::string yaml, const Frontdesk& gateway) {
  const std::string free = "admin:\n  address: 127.0.0.1:0";
  yaml.replace(yaml.find(free), free.size(), Cat("admin:\n  address: 127.0.0.1:", gateway.admin()));
  return WriteTempFile("known.yaml", yaml);
}

json UpstreamOf(const Frontdesk& gateway, const std::string& name) {
  const json page = Json(Fetch(gateway.admin(), "GET", "/upstreams"));
  for (const json& upstream : page["upstreams"]) {
    if (upstream["name"] == name) return upstream;
  }
  ADD_FAILURE() << "no upstream " << name << " in " << page;
  return json::object();
}

size_t Count(const std::string& text, const std::string& of) {
  size_t count = 0;
  for (size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) ++count;
  return count;
}

// What `explain` says, once it has asked the gateway: it waits for 300 ms, in which a busy machine
// may not have answered.
std::string ExplainLive(const std::string& file, const char* target) {
  std::string text;
  EXPECT_TRUE(Eventually([&] {
    const auto explained = RunVerb({"explain", "-c", file, "GET", target});
    EXPECT_EQ(explained.first, 0);
    text = explained.second;
    return text.find("\nnow, at 127.0.0.1:") != std::string::npos;
  })) << text;
  return text;
}

class Visible : public ::testing::TestWithParam<const char*> {
 protected:
  Visible()
      : gateway_(mocks_, {.transport = GetParam(), .extra = kBreaker}),
        file_(KnownFile(DemoConfig(mocks_, {.transport = GetParam(), .extra = kBreaker}),
                        gateway_)) {}
  int Get(const char* target) { return Fetch(gateway_.port(), "GET", target).status; }
  json Upstream(const std::string& name) { return UpstreamOf(gateway_, name); }
  std::string Log() { return gateway_.process().Stderr(); }

  Mocks mocks_;
  Frontdesk gateway_;
  const std::string file_;
};

TEST_P(Visible, AnOpenBreaker) {
  const std::string rpc = R"({grpc_service="shop.order.v1.Orders",grpc_method="GetOrder"})";
  EXPECT_EQ(Get("/api/v1/orders/order-1"), 200);
  EXPECT_EQ(Upstream("order")["methods"][0]["breaker"]["state"], "closed");
  EXPECT_EQ(gateway_.Metric(Cat("frontdesk_upstream_breaker_state", rpc)), 0);
  EXPECT_EQ(gateway_.Metric(Cat("frontdesk_upstream_breaker_refused_total", rpc)), 0);

  mocks_.SetFaults("fail=order=INTERNAL");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Get("/api/v1/orders/order-1"), 500);
  // Each of the next ones is refused, unless the machine is so slow that it is a probe.
  EXPECT_TRUE(Eventually([&] {
    EXPECT_EQ(Get("/api/v1/orders/order-1") / 100, 5);
    return gateway_.Metric(Cat("frontdesk_upstream_breaker_refused_total", rpc)) >= 1;
  }));
  const json breaker = Upstream("order")["methods"][0]["breaker"];
  EXPECT_NE(breaker["state"], "closed") << breaker;
  EXPECT_TRUE(breaker["until_probe_ms"].is_number()) << breaker;
  EXPECT_GE(gateway_.Metric(Cat("frontdesk_upstream_breaker_state", rpc)), 1);
  EXPECT_GE(gateway_.Metric(Cat("frontdesk_upstream_breaker_opened_total", rpc)), 1);
  EXPECT_EQ(gateway_.Metric(R"(frontdesk_upstream_endpoints{upstream="order",state="usable"})"), 1);
  EXPECT_EQ(Count(Log(),
                  "breaker of shop.order.v1.Orders.GetOrder opened: 5 failures in a row; "
                  "next probe in "),
            1u)
      << Log();

  const std::string text = ExplainLive(file_, "/api/v1/orders/order-1");
  EXPECT_NE(text.find(Cat("now, at 127.0.0.1:", gateway_.admin(), "\n")), std::string::npos);
  // Open or half-open, by how fast the verb is.
  EXPECT_NE(text.find("  shop.order.v1.Orders/GetOrder               breaker "), std::string::npos)
      << text;
  EXPECT_EQ(text.find("GetOrder               breaker closed"), std::string::npos) << text;
  EXPECT_NE(text.find(Cat("  order           127.0.0.1:", mocks_.port("order"), " ")),
            std::string::npos)
      << text;
  json live;
  EXPECT_TRUE(Eventually([&] {
    const auto composed =
        RunVerb({"explain", "-c", file_, "-o", "json", "GET", "/api/v1/order-details/order-1"});
    live = json::parse(composed.second)["live"];
    return live.is_object();
  }));
  EXPECT_EQ(live["at"], Cat("127.0.0.1:", gateway_.admin()));
  EXPECT_EQ(live["calls"].size(), 7u) << live;
  EXPECT_EQ(live["endpoints"].size(), 7u) << live;

  mocks_.SetFaults("");
  EXPECT_TRUE(Eventually([&] {
    Get("/api/v1/orders/order-1");
    return gateway_.Metric(Cat("frontdesk_upstream_breaker_state", rpc)) == 0;
  }));
  EXPECT_TRUE(Eventually([&] {
    return Count(Log(), "breaker of shop.order.v1.Orders.GetOrder closed again") == 1;
  })) << Log();
}

// In a composition that runs once for its key: what its calls needed is counted for the request.
// Of a step that may fail the answer is what its `on_error` says, at once and without a call.
TEST_P(Visible, AnOpenBreakerOfAStepThatMayFail) {
  mocks_.SetFaults("fail=review=INTERNAL");
  const auto page = [&] { return Fetch(gateway_.port(), "GET", "/api/v1/product-page/product-1"); };
  const auto missing = [](const RawResponse& response) {
    return response.Header("frontdesk-incomplete");
  };
  // So few that the breaker of the end point, which GetSummary fails at as well, does not open.
  for (int i = 0; i < 2; ++i) {
    const RawResponse response = page();
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_NE(missing(response).find("reviews;reason=INTERNAL"), std::string::npos)
        << missing(response);
  }
  const uint64_t before = mocks_.Count("review", "calls");
  const RawResponse response = page();
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_NE(missing(response).find("reviews;reason=UPSTREAM_BREAKER_OPEN"), std::string::npos)
      << missing(response);
  EXPECT_EQ(mocks_.Count("review", "calls"), before + 1);  // GetSummary
  const std::string rpc = R"({grpc_service="shop.review.v1.Reviews",grpc_method="ListReviews")";
  EXPECT_EQ(gateway_.Metric(Cat("frontdesk_upstream_breaker_reason", rpc,
                                R"(,reason="consecutive_failures"})")),
            1);
  const double until =
      gateway_.Metric(Cat("frontdesk_upstream_breaker_until_probe_seconds", rpc, "}"));
  EXPECT_GT(until, 0);
  EXPECT_LE(until, 60);
}

TEST_P(Visible, Retries) {
  const std::string rpc = R"({grpc_service="shop.cart.v1.Carts",grpc_method="ValidateCart"})";
  EXPECT_EQ(Buy(gateway_, Key("a-1")).status, 200);
  EXPECT_EQ(gateway_.Metric(Cat("frontdesk_upstream_retries_total", rpc)), 0);
  mocks_.SetFaults("fail=cart=UNAVAILABLE");
  EXPECT_EQ(Buy(gateway_, Key("a-2")).status, 503);
  EXPECT_EQ(gateway_.Metric(Cat("frontdesk_upstream_retries_total", rpc)), 2);
  EXPECT_TRUE(Eventually([&] { return Count(Log(), "\"upstream_retries\":2") == 1; })) << Log();
  EXPECT_EQ(Count(Log(), "upstream_retries"), 1u) << "of a request that had none";
}

// A wrong port in the file: who asks has 503, and whoever looks sees why.
class Unreachable : public ::testing::TestWithParam<const char*> {};

TEST_P(Unreachable, ABackEndThatCannotBeConnectedTo) {
  constexpr size_t kRequests = 7;
  Mocks mocks;
  const GatewayOptions options{.transport = GetParam(), .endpoints = {{"order", "127.0.0.1:1"}}};
  Frontdesk gateway(mocks, options);
  const auto state = [&](const char* name) {
    return gateway.Metric(
        Cat("frontdesk_upstream_endpoints{upstream=\"order\",state=\"", name, "\"}"));
  };
  EXPECT_EQ(state("unreachable"), 0);
  json order = UpstreamOf(gateway, "order")["endpoints"][0];
  EXPECT_EQ(order["connection"], "idle") << order;
  EXPECT_FALSE(order.contains("last_failure")) << order;

  for (size_t i = 0; i < kRequests; ++i) {
    const RawResponse response = Fetch(gateway.port(), "GET", "/api/v1/orders/order-1");
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(ReasonOf(response), "UPSTREAM_UNREACHABLE");
    EXPECT_EQ(response.body.find("127.0.0.1"), std::string::npos) << response.body;
  }
  const auto log = [&] { return gateway.process().Stderr(); };
  const std::string caused = "\"reason\":\"UPSTREAM_UNREACHABLE\",\"cause\":\"";
  EXPECT_TRUE(Eventually([&] { return Count(log(), caused) == kRequests; })) << log();
  EXPECT_EQ(Count(log(), "order: cannot connect to 127.0.0.1:1: "), 1u) << log();
  EXPECT_EQ(Count(log(), "cannot connect to"), 1u) << log();

  order = UpstreamOf(gateway, "order")["endpoints"][0];
  EXPECT_EQ(order["state"], "unreachable") << order;
  EXPECT_EQ(order["connection"], "failing") << order;
  EXPECT_EQ(order["healthy"], true) << order;
  EXPECT_GE(order["last_failure"]["count"], 1) << order;
  EXPECT_NE(order["last_failure"]["why"], "") << order;
  EXPECT_EQ(state("usable"), 0);
  EXPECT_EQ(state("unreachable"), 1);
  const std::string text =
      ExplainLive(KnownFile(DemoConfig(mocks, options), gateway), "/api/v1/orders/order-1");
  EXPECT_NE(text.find("unreachable, failing, breaker closed; cannot connect since "),
            std::string::npos)
      << text;
  // Who is well has a connection, once it was called.
  EXPECT_EQ(Fetch(gateway.port(), "GET", "/api/v1/users/user-1").status, 200);
  EXPECT_EQ(UpstreamOf(gateway, "user")["endpoints"][0]["connection"], "connected");
  EXPECT_EQ(UpstreamOf(gateway, "user")["endpoints"][0]["state"], "usable");
}

INSTANTIATE_TEST_SUITE_P(Transports, Unreachable, ::testing::Values("h2", "grpc"));

TEST(VisibleVerb, ExplainTellsThatANameIsNotFound) {
  const testing_support::DnsServer dns;
  const GatewayOptions options{.extra = Cat("dns: {servers: [\"", dns.address(), "\"]}\n"),
                               .endpoints = {{"order", "no-such.test:50052"}}};
  const Frontdesk gateway(options);
  EXPECT_EQ(Fetch(gateway.port(), "GET", "/api/v1/orders/order-1").status, 503);
  const std::string text =
      ExplainLive(KnownFile(DemoConfig(nullptr, options), gateway), "/api/v1/orders/order-1");
  EXPECT_NE(text.find("  order           discovery: \"no end point: no-such.test:50052: "),
            std::string::npos)
      << text;
  EXPECT_EQ(Count(text, "discovery:"), 1u) << text;
}

INSTANTIATE_TEST_SUITE_P(Transports, Visible, ::testing::Values("h2", "grpc"));

TEST(VisibleVerb, WithoutAGatewayItSaysSo) {
  const std::string file = WriteTempFile("alone.yaml", DemoConfig(nullptr, {}));
  const auto [code, text] = RunVerb({"explain", "-c", file, "GET", "/api/v1/orders/order-1"});
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(text.ends_with("\nno gateway answers at 127.0.0.1:0\n")) << text;
  const auto [same, out] =
      RunVerb({"explain", "-c", file, "-o", "json", "GET", "/api/v1/orders/order-1"});
  EXPECT_EQ(same, 0);
  EXPECT_FALSE(json::parse(out).contains("live")) << out;
}

}  // namespace
}  // namespace frontdesk::e2e
