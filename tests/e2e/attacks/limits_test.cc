// Attacks on rate limits: whoever changes how he asks, from where, or how much at once, has the
// same bucket. Judged at both ends: what the client got, and what the back end saw.
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "tests/e2e/echo.h"
#include "tests/e2e/stack.h"
#include "tests/support/jose.h"

namespace frontdesk::e2e {
namespace {

using nlohmann::json;
using testing_support::ReadFile;
using testing_support::WriteTempFile;

constexpr char kOrder[] = "/api/v1/orders/order-1";
constexpr char kUser[] = "/api/v1/users/user-1";
constexpr int kOfAnAddress = 60;

// One gateway for all; whoever must not be counted with others has an address of his own.
class LimitAttacks : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    mocks_ = std::make_unique<Mocks>();
    log_ = WriteTempFile("limits_access.log", "");
    const std::string keys = WriteTempFile("limits.jwks", Cat(R"({"keys":[)", Key().Jwk(), "]}"));
    GatewayOptions options;
    options.caller = "";
    options.trusted_hops = 1;
    options.extra =
        Cat("auth: {providers: {idp: {issuer: \"https://idp.example\", audiences: [shop], "
            "jwks_file: ",
            keys, "}}}\nlog: {file: ", log_,
            "}\nheaders: {cors: {allow_origins: [\"https://app.example\"]}}\nrate_limits: "
            "{by_address: {requests: ",
            kOfAnAddress, R"(, per: 1h}}
methods:
  shop.order.v1.Orders/GetOrder:
    limit: [{key: caller, requests: 3, per: 1h, tiers: {claim: plan, tier: [{value: gold, requests: 6}]}}]
  shop.user.v1.Users/GetUser: {limit: [{key: address, requests: 3, per: 1h}]}
  shop.payment.v1.Payments/GetPayment: {limit: [{key: field, of: payment_id, requests: 2, per: 1h}]}
  shop.product.v1.Products/BatchGet:
    limit: [{key: claim, of: tenant, requests: 10, per: 1h, per_element: ids}]
  bff.web.v1.Web/GetOrderDetails: {limit: [{key: caller, requests: 20, per: 1h, per_call: true}]}
)");
    gateway_ = std::make_unique<Frontdesk>(*mocks_, options);
  }
  static void TearDownTestSuite() {
    gateway_.reset();
    mocks_.reset();
  }

  static const testing::JoseKey& Key() {
    static const auto* const key = new testing::JoseKey("ES256", "key");
    return *key;
  }
  static std::string Token(const testing::JoseKey& key, const json& more) {
    const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
    json claims{{"iss", "https://idp.example"}, {"aud", "shop"}, {"exp", now + 600}};
    claims.update(more);
    return key.Token(claims.dump());
  }
  static std::string TokenOf(const std::string& sub) { return Token(Key(), {{"sub", sub}}); }

  static RawResponse Get(const std::string& address, const std::string& token,
                         const std::string& target, const char* method = "GET") {
    HeaderList headers = {{"x-forwarded-for", address}};
    if (!token.empty()) headers.emplace_back("authorization", Cat("Bearer ", token));
    return Fetch(gateway_->port(), method, target, headers);
  }
  // How often each status came.
  using Statuses = std::map<int, int>;

  static std::unique_ptr<Mocks> mocks_;
  static std::unique_ptr<Frontdesk> gateway_;
  static std::string log_;
};
std::unique_ptr<Mocks> LimitAttacks::mocks_;
std::unique_ptr<Frontdesk> LimitAttacks::gateway_;
std::string LimitAttacks::log_;

TEST_F(LimitAttacks, EverySpellingOfAPathIsOneBucket) {
  const std::string token = TokenOf("speller");
  const std::vector<std::string> same = {kOrder, "/api/v1/orders/%6Frder-1",
                                         "/api/v1/orders/order%2d1?"};
  for (const std::string& target : same) {
    EXPECT_EQ(Get("198.51.100.1", token, target).status, 200) << target;
  }
  for (const std::string& target : same) {
    EXPECT_EQ(Get("198.51.100.1", token, target).status, 429) << target;
  }
  // Whatever these are to a server behind a proxy, here they are the same or nothing.
  for (const char* target : {"//api/v1/orders/order-1",
                             "/api//v1/orders/order-1",
                             "/api/v1/orders//order-1",
                             "/api/v1/./orders/order-1",
                             "/api/v1/x/../orders/order-1",
                             "/api/v1/orders/x/..;/order-1",
                             "/api/v1/%2e/orders/order-1",
                             "/api/v1/orders/order-1/",
                             "/API/v1/orders/order-1",
                             "/api/v1/Orders/order-1",
                             "/%61pi/v1/orders/order-1",
                             "/api%2fv1/orders/order-1",
                             "/api/v1/orders/order-1;x=y",
                             "/api/v1/orders/order-1%00",
                             "/api/v1/orders/order-1%2f",
                             "/api/v1/orders/order-1%252f",
                             "/api\\v1\\orders\\order-1",
                             "/api/v1/orders/order-1#x",
                             "http://localhost/api/v1/orders/order-1",
                             "/api/v1/orders/order-1?%6frder_id=order-1"}) {
    const int status = Get("198.51.100.1", token, target).status;
    EXPECT_TRUE(status == 400 || status == 404 || status == 429) << target << ": " << status;
  }
  EXPECT_EQ(Get("198.51.100.1", token, kOrder, "HEAD").status, 429);
  EXPECT_EQ(mocks_->Count("order", "calls"), 3u);

  // A limit by what the request says is of what it means.
  Statuses statuses;
  for (const char* target : {"/api/v1/payments/p-1", "/api/v1/payments/%70-1",
                             "/api/v1/payments/p%2D1", "/api/v1/payments/%70%2d%31"}) {
    ++statuses[Get("198.51.100.1", token, target).status];
  }
  EXPECT_EQ(statuses[429], 2);
  EXPECT_EQ(mocks_->Count("payment", "calls"), 2u);
  EXPECT_NE(Get("198.51.100.1", token, "/api/v1/payments/p-2").status, 429);
}

// Before a signature is looked at; and a storm of nothing at all is its address' own trouble.
TEST_F(LimitAttacks, StrangersAndStormsHarmNobodyElse) {
  const testing::JoseKey stranger("ES256", "key");
  const std::string forged = Token(stranger, {{"sub", "admin"}});
  Statuses statuses;
  for (int i = 0; i < 10; ++i) ++statuses[Get("198.51.100.2", forged, kUser).status];
  EXPECT_EQ(statuses, (Statuses{{401, 3}, {429, 7}}));
  const std::string good = TokenOf("honest");
  EXPECT_EQ(Get("198.51.100.2", good, kUser).status, 429);
  EXPECT_EQ(mocks_->Count("user", "calls"), 0u);
  EXPECT_EQ(Get("198.51.100.3", good, kUser).status, 200);
  EXPECT_TRUE(Eventually([] {
    // Nobody has looked at more than three of the signatures.
    std::istringstream log(ReadFile(log_));
    int looked_at = 0, limited = 0;
    for (std::string line; std::getline(log, line);) {
      looked_at += line.find("TOKEN_SIGNATURE") != std::string::npos;
      limited += line.find("\"peer\":\"198.51.100.2\"") != std::string::npos &&
                 line.find("RATE_LIMITED") != std::string::npos;
    }
    return looked_at == 3 && limited == 8;
  }));

  // What has no route, what can't have one, and what has one for others.
  const std::string targets[] = {"/nothing/", "/api/../", "/api/v1/orders"};
  for (const std::string base : {"203.0.113.9", "2001:db8:9:9::"}) {
    statuses.clear();
    int refused_early = 0;
    for (int i = 0; i < kOfAnAddress + 30; ++i) {
      const bool v6 = base.find(':') != std::string::npos;
      const std::string address = v6 ? Cat(base, i + 1) : base;
      const char* const method = i % 3 == 2 ? "DELETE" : "GET";
      const RawResponse response =
          Get(address, "", Cat(targets[i % 3], i % 3 == 2 ? "" : Cat(i)), method);
      ++statuses[response.status];
      if (response.status != 429) continue;
      EXPECT_NE(response.Header("retry-after"), "");
      refused_early += i < kOfAnAddress;
    }
    EXPECT_EQ(statuses[429], 30) << base;
    EXPECT_EQ(statuses[404], kOfAnAddress / 3) << base;
    EXPECT_EQ(statuses[405], kOfAnAddress / 3) << base;
    EXPECT_EQ(statuses[400], kOfAnAddress / 3) << base;
    EXPECT_EQ(refused_early, 0) << base;
  }
  EXPECT_EQ(Get("203.0.113.9", good, kOrder).status, 429) << "nothing more of this address";
  EXPECT_EQ(Get("203.0.113.9", good, kOrder, "OPTIONS").status, 429);
  EXPECT_EQ(Get("203.0.113.9", "", "/healthz").status, 200) << "but health";
  EXPECT_EQ(Get("203.0.113.10", good, kOrder).status, 200) << "others are unharmed";
  EXPECT_EQ(Get("2001:db8:9:a::1", good, kOrder).status, 200);

  // No HTTP at all, from the proxy itself: it is answered once less often.
  statuses.clear();
  for (int i = 0; i < kOfAnAddress + 5; ++i) {
    RawClient client(gateway_->port());
    client.Send("GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n");
    ++statuses[client.Read().value_or(RawResponse()).status];
    EXPECT_TRUE(client.AtEnd());
  }
  EXPECT_GE(statuses[429], 5);
  EXPECT_EQ(statuses[400] + statuses[429], kOfAnAddress + 5);
}

// Nobody has to prove who he is for a preflight: it counts as all that comes from its address.
TEST_F(LimitAttacks, PreflightsAreCountedByTheirAddress) {
  const auto preflight = [](const std::string& address, const std::string& origin,
                            const char* target) {
    return Fetch(gateway_->port(), "OPTIONS", target,
                 {{"x-forwarded-for", address},
                  {"origin", origin},
                  {"access-control-request-method", "GET"}});
  };
  const std::string app = "https://app.example", evil = "https://evil.example";
  const uint64_t calls = mocks_->Count("order", "calls");
  Statuses statuses;
  for (int i = 0; i < kOfAnAddress + 30; ++i) {
    // Those that may, that may not, and of nothing.
    const RawResponse response =
        preflight("203.0.113.20", i % 3 == 1 ? evil : app, i % 3 == 2 ? "/nowhere" : kOrder);
    ++statuses[response.status];
    if (response.status != 429) continue;
    EXPECT_GE(i, kOfAnAddress);
    EXPECT_NE(response.Header("retry-after"), "");
    EXPECT_EQ(ReasonOf(response), "RATE_LIMITED");
    EXPECT_EQ(response.Count("access-control-allow-methods"), 0u) << "nothing is allowed by it";
  }
  EXPECT_EQ(
      statuses,
      (Statuses{
          {204, kOfAnAddress / 3}, {403, kOfAnAddress / 3}, {404, kOfAnAddress / 3}, {429, 30}}));
  const std::string token = TokenOf("pages");
  EXPECT_EQ(Get("203.0.113.20", token, kOrder).status, 429) << "what they have asked for";
  EXPECT_EQ(preflight("203.0.113.21", app, kOrder).status, 204) << "others are unharmed";
  EXPECT_EQ(mocks_->Count("order", "calls"), calls);
  EXPECT_EQ(Get("203.0.113.21", token, kOrder).status, 200);
}

// A header counts those who behave: what it says is one bucket, however its name is spelled, and
// so is its absence.
TEST(LimitOfAHeader, CountsByWhatItSays) {
  Echo echo(
      "methods: {test.Echo/Query: {limit: [{key: header, of: x-shop, requests: 2, per: 1h}]}}\n");
  const struct {
    HeaderList headers;
    int status;
  } rows[] = {
      {{{"x-shop", "north"}}, 200},
      {{{"X-SHOP", "  north "}}, 200},
      {{{"x-shop", "north"}}, 429},
      {{{"x-shop", "south"}}, 200},
      {{}, 200},
      {{{"x-shop", ""}}, 200},
      {{}, 429},
  };
  int answered = 0;
  for (const auto& row : rows) {
    EXPECT_EQ(echo.Fetch("GET", "/query?text=x", row.headers).status, row.status) << &row - rows;
    answered += row.status == 200;
  }
  EXPECT_EQ(echo.calls(), answered);
}

// One name is one bucket, wherever it stands; a request takes from it once, or `check` says no.
TEST(LimitNames, OneNameIsCountedOnce) {
  constexpr char kAll[] = "{name: all, key: caller, requests: 6, per: 1h}";
  const auto front = [&](std::string_view name, std::string_view more) {
    return Cat("  ", name, ": {path_prefix: /", name, ", serves: [test.Echo], ", more, "}\n");
  };
  // On two fronts, and on methods of a third.
  Echo echo(Cat("apis:\n", front("a", Cat("limit: [", kAll, "]")),
                front("b", Cat("limit: [", kAll, "]")),
                front("c", Cat("methods: {test.Echo/Query: {limit: [", kAll, "]}}"))));
  int left = 6;
  for (const char* target : {"/a/query?text=x", "/b/query", "/a/path/x", "/c/query", "/b/note"}) {
    const RawResponse response = echo.Fetch("GET", target);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.Header("ratelimit-remaining"), Cat(--left)) << target;
  }
  EXPECT_EQ(echo.Fetch("GET", "/c/path/x").Header("ratelimit-limit"), "") << "no limit there";
  EXPECT_EQ(echo.Fetch("GET", "/c/query").status, 200);
  EXPECT_EQ(echo.Fetch("GET", "/a/query").status, 429);
  EXPECT_EQ(echo.calls(), 7);

  // Twice on the way of one request.
  const Mocks mocks;
  const struct {
    std::string yaml;
    const char* finding;
  } rows[] = {
      {Cat("apis: {a: {serves: [shop.order.v1], limit: [", kAll, "]}}\n"), ""},
      {Cat("apis: {a: {serves: [shop.order.v1], limit: [", kAll, ", ", kAll, "]}}\n"),
       "\"all\" stands here twice"},
      {Cat("apis: {a: {serves: [shop.order.v1], limit: [", kAll,
           "],\n"
           "           methods: {shop.order.v1.Orders/GetOrder: {limit: [",
           kAll, "]}}}}\n"),
       "shop.order.v1.Orders.GetOrder is counted in the limit \"all\" already"},
      {Cat("methods: {shop.order.v1.Orders: {limit: [", kAll, "]}}\n",
           "apis: {a: {serves: [shop.order.v1], limit: [", kAll, "]}}\n"),
       "is counted in the limit \"all\" already"},
      {Cat("methods: {shop.order.v1.Orders: {limit: [", kAll, ", ", kAll, "]}}\n"),
       "\"all\" stands here twice"},
  };
  for (const auto& row : rows) {
    GatewayOptions options;
    options.extra = row.yaml;
    const auto [code, text] =
        RunVerb({"check", "-c", WriteTempFile("twice.yaml", DemoConfig(mocks, options))});
    EXPECT_EQ(code, *row.finding == '\0' ? 0 : 1) << row.yaml << text;
    EXPECT_NE(text.find(row.finding), std::string::npos) << row.yaml << text;
  }
}

TEST_F(LimitAttacks, MuchAtOnceCostsMuch) {
  const auto of_tenant = [](const char* sub) {
    return Token(Key(), {{"sub", sub}, {"tenant", "acme"}});
  };
  const auto batch = [&](const char* sub, const std::string& query) {
    const RawResponse response =
        Get("198.51.100.4", of_tenant(sub), Cat("/api/v1/products:batchGet?", query));
    return response.status == 200 ? Cat(response.Header("ratelimit-remaining"), " left")
                                  : ReasonOf(response);
  };
  const std::string four = "ids=product-1&ids=product-2&ids=product-1&ids=product-2";
  EXPECT_EQ(batch("a", four), "6 left");
  EXPECT_EQ(batch("b", four), "2 left") << "one tenant";
  EXPECT_EQ(batch("a", four), "RATE_LIMITED");
  EXPECT_EQ(batch("a", "ids=product-1"), "1 left");
  EXPECT_EQ(batch("a", Cat(four, '&', four, '&', four)), "RATE_LIMITED") << "never so much";
  EXPECT_EQ(mocks_->Count("product", "calls"), 3u);

  // A composition of seven steps, of which one is a call for each line.
  const auto details = [] {
    return Get("198.51.100.4", TokenOf("composer"), "/api/v1/order-details/order-1");
  };
  EXPECT_EQ(details().Header("ratelimit-remaining"), "13");
  EXPECT_EQ(details().Header("ratelimit-remaining"), "6");
  const uint64_t orders = mocks_->Count("order", "calls");
  EXPECT_EQ(details().status, 429);
  EXPECT_EQ(mocks_->Count("order", "calls"), orders) << "nothing was begun";

  // Nobody has a better plan than his token says.
  const auto limit_of = [](const json& claims) {
    return Get("198.51.100.5", Token(Key(), claims), kOrder).Header("ratelimit-limit");
  };
  EXPECT_EQ(limit_of({{"sub", "g"}, {"plan", "gold"}}), "6");
  EXPECT_EQ(limit_of({{"sub", "g"}, {"plan", {"x", "gold"}}}), "6");
  EXPECT_EQ(limit_of({{"sub", "g"}, {"plan", "GOLD"}}), "3");
  EXPECT_EQ(limit_of({{"sub", "g"}, {"plan", {{"gold", true}}}}), "3");
  EXPECT_EQ(limit_of({{"sub", "g"}}), "3");
}

}  // namespace
}  // namespace frontdesk::e2e
