// Attacks by way of browsers and by header fields: a row each, judged at both ends. What the client
// gets, and what a back end has seen of it.
#include <gtest/gtest.h>

#include <chrono>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"
#include "tests/support/jose.h"

namespace frontdesk::e2e {
namespace {

using nlohmann::json;
using testing::JoseKey;
using testing_support::WriteTempFile;

constexpr char kOrder[] = "/api/v1/orders/order-1";
constexpr char kUser[] = "/api/v1/users/user-5";
constexpr char kApp[] = "https://app.example";
constexpr char kRename[] = R"({"displayName":"Ada"})";

const JoseKey& Key() {
  static const auto* const key = new JoseKey("ES256", "ec");
  return *key;
}

std::string Token() {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  return Key().Token(json{
      {"iss", "https://idp.example"},
      {"aud", "shop"},
      {"sub", "user-7"},
      {"exp", now + 600}}.dump());
}

HeaderList WithToken(const HeaderList& more = {}) {
  HeaderList headers = {{"authorization", Cat("Bearer ", Token())}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

// One gateway for all rows: callers are known by tokens, in a header or a cookie.
class BrowserAttacks : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    mocks_ = new Mocks();
    GatewayOptions options;
    options.caller = "";
    options.trusted_hops = 1;
    options.extra =
        Cat("auth:\n  cookie: session\n  providers:\n    idp: {issuer: 'https://idp.example', "
            "audiences: [shop], jwks_file: ",
            WriteTempFile("jwks.json", Key().Set()),
            "}\n"
            "headers:\n  via: desk-1\n  add: [{name: X-Frame-Options, value: DENY}]\n"
            "  cors: {allow_origins: ['https://app.example', 'https://*.app.example'], "
            "allow_credentials: true, allow_headers: [x-b], max_age: 1h}\n"
            "methods:\n"
            "  shop.order.v1.Orders/GetOrder: {request_headers: [x-a]}\n"
            "  shop.user.v1.Users/UpdateUser: {request_headers: [x-a], csrf: {allow_origins: "
            "['https://partner.example']}}\n"
            "  shop.user.v1.Users/GetUser: {limit: [{key: address, requests: 1, per: 1h}]}\n"
            "  shop.product.v1.Products: {auth: {access: public, weakens: true}, "
            "cors: {allow_origins: ['*'], allow_credentials: false, "
            "allow_private_network: true}}\n"
            "  shop.cart.v1.Carts: {cors: {enabled: false}}\n");
    config_ = WriteTempFile("browsers.yaml", DemoConfig(*mocks_, options));
    gateway_ = new Frontdesk(config_);
  }
  static void TearDownTestSuite() {
    delete gateway_;
    delete mocks_;
  }
  void SetUp() override { mocks_->Reset(); }

  static RawResponse Ask(std::string_view method, std::string_view target,
                         const HeaderList& headers, std::string_view body = "") {
    return Fetch(gateway_->port(), method, target, headers, body);
  }
  // Calls of any back end that the rows ask for.
  static uint64_t Calls() {
    uint64_t calls = 0;
    for (const char* service : {"order", "user", "product", "cart"}) {
      calls += mocks_->Count(service, "calls");
    }
    return calls;
  }

  static Mocks* mocks_;
  static Frontdesk* gateway_;
  static std::string config_;
};
Mocks* BrowserAttacks::mocks_ = nullptr;
Frontdesk* BrowserAttacks::gateway_ = nullptr;
std::string BrowserAttacks::config_;

TEST_F(BrowserAttacks, PreflightsReachNoBackEnd) {
  struct Row {
    const char* target;
    const char* origin;
    const char* method;
    const char* headers;
    int status;
    std::string allowed;  // Access-Control-Allow-Origin
    std::string reason = "";
  };
  const Row rows[] = {
      {kOrder, kApp, "GET", "authorization", 204, kApp},
      {kOrder, "https://a.b.app.example", "GET", "x-a,x-b", 204, "https://a.b.app.example"},
      {kUser, kApp, "PATCH", "content-type", 204, kApp},
      {kOrder, "https://evil.example", "GET", "", 403, "", "CORS_ORIGIN_REFUSED"},
      {kOrder, "https://app.example.evil", "GET", "", 403, "", "CORS_ORIGIN_REFUSED"},
      {kOrder, "https://xapp.example", "GET", "", 403, "", "CORS_ORIGIN_REFUSED"},
      {kOrder, "http://app.example", "GET", "", 403, "", "CORS_ORIGIN_REFUSED"},
      {kOrder, "https://app.example:444", "GET", "", 403, "", "CORS_ORIGIN_REFUSED"},
      {kOrder, "https://evil.example/.app.example", "GET", "", 403, "", "CORS_ORIGIN_REFUSED"},
      {kOrder, "null", "GET", "", 403, "", "CORS_ORIGIN_REFUSED"},
      {kOrder, "", "GET", "", 403, "", "CORS_ORIGIN_REFUSED"},
      {kOrder, kApp, "GET", "x-evil", 403, kApp, "CORS_HEADER_REFUSED"},
      // Open to everybody's pages, with nobody's cookies.
      {"/api/v1/products/product-1", "https://evil.example", "GET", "", 204, "*"},
      {"/api/v1/products/product-1", "null", "GET", "", 204, "*"},
      // Not as a preflight: no such route, no such method, or nothing allowed.
      {"/nowhere", kApp, "GET", "", 404, kApp, "NO_ROUTE"},
      {kOrder, kApp, "DELETE", "", 204, ""},
      {"/api/v1/cart", kApp, "GET", "", 204, ""},
      {"/api/v1/../orders/order-1", kApp, "GET", "", 400, kApp, "INVALID_PATH"},
  };
  for (const Row& row : rows) {
    const std::string name = Cat(row.target, ' ', row.origin, ' ', row.method);
    HeaderList headers = {{"origin", row.origin}, {"access-control-request-method", row.method}};
    if (*row.headers) headers.emplace_back("access-control-request-headers", row.headers);
    const RawResponse response = Ask("OPTIONS", row.target, headers);
    EXPECT_EQ(response.status, row.status) << name << response.body;
    EXPECT_EQ(ReasonOf(response), row.reason) << name;
    EXPECT_EQ(response.Header("access-control-allow-origin"), row.allowed) << name;
    const bool alike = row.allowed == "*" || (row.status == 204 && row.allowed.empty());
    EXPECT_EQ(response.Header("vary"), alike ? "" : "Origin") << name;
    EXPECT_EQ(response.Header("access-control-allow-credentials"),
              row.allowed.empty() || row.allowed == "*" ? "" : "true")
        << name;
  }
  const RawResponse good = Ask("OPTIONS", kUser,
                               {{"origin", kApp},
                                {"access-control-request-method", "PATCH"},
                                {"access-control-request-private-network", "true"}});
  EXPECT_EQ(good.Header("access-control-allow-methods"), "GET, HEAD, PATCH");
  EXPECT_EQ(good.Header("access-control-max-age"), "3600");
  EXPECT_EQ(good.Header("access-control-allow-headers"),
            "accept, authorization, content-type, traceparent, tracestate, x-a, x-b, x-request-id, "
            "x-request-timeout");
  EXPECT_EQ(good.Count("access-control-allow-private-network"), 0u);
  const RawResponse inside = Ask("OPTIONS", "/api/v1/products/product-1",
                                 {{"origin", kApp},
                                  {"access-control-request-method", "GET"},
                                  {"access-control-request-private-network", "true"}});
  EXPECT_EQ(inside.Header("access-control-allow-private-network"), "true");
  // What is not allowed is not said, and today's OPTIONS is still there.
  for (const auto& [target, origin, method] :
       {std::tuple{kOrder, kApp, "DELETE"}, {"/api/v1/cart", kApp, "GET"}, {kOrder, kApp, ""}}) {
    HeaderList headers = {{"origin", origin}};
    if (*method) headers.emplace_back("access-control-request-method", method);
    const RawResponse plain = Ask("OPTIONS", target, headers);
    EXPECT_EQ(plain.status, 204) << target;
    EXPECT_NE(plain.Header("allow"), "") << target;
    EXPECT_EQ(plain.Count("access-control-allow-origin"), 0u) << target;
  }
  EXPECT_EQ(Calls(), 0u);
}

// A page that may not read an error can't tell why it failed.
TEST_F(BrowserAttacks, ErrorsAreReadableToo) {
  const HeaderList app = {{"origin", kApp}};
  Ask("GET", kUser, WithToken(app));
  const std::pair<RawResponse, int> answers[] = {
      {Ask("GET", kOrder, WithToken(app)), 200},
      {Ask("GET", kOrder, app), 401},
      {Ask("GET", "/api/v1/orders/order-99999", WithToken(app)), 404},
      {Ask("GET", "/nowhere", app), 404},
      {Ask("DELETE", kOrder, app), 405},
      {Ask("GET", Cat(kOrder, "?no_such=1"), WithToken(app)), 400},
      {Ask("GET", kUser, WithToken(app)), 429},
      {Ask("GET", Cat(kOrder, '/', std::string(9000, 'x')), app), 414},
  };
  for (const auto& [response, status] : answers) {
    EXPECT_EQ(response.status, status) << response.body;
    if (status == 414) continue;  // refused before there is an Origin
    EXPECT_EQ(response.Header("access-control-allow-origin"), kApp) << status;
    EXPECT_EQ(response.Header("access-control-allow-credentials"), "true") << status;
    EXPECT_EQ(response.Header("vary"), "Origin") << status;
    EXPECT_NE(response.Header("access-control-expose-headers").find("retry-after"),
              std::string::npos)
        << status;
  }
  // An answer for nobody's page is not what a page's cache may keep.
  for (const HeaderList& nobody :
       std::vector<HeaderList>{{}, {{"origin", "https://evil.example"}}, {{"origin", "null"}}}) {
    const RawResponse response = Ask("GET", kOrder, WithToken(nobody));
    EXPECT_EQ(response.status, 200) << "CORS keeps nobody out";
    EXPECT_EQ(response.Header("vary"), "Origin");
    EXPECT_EQ(response.Count("access-control-allow-origin"), 0u);
  }
  const RawResponse off = Ask("GET", "/api/v1/cart", WithToken(app));
  EXPECT_EQ(off.Count("access-control-allow-origin"), 0u);
  EXPECT_EQ(off.Count("vary"), 0u);
}

// Browsers send the cookie along with whatever a page of another site asks for.
TEST_F(BrowserAttacks, AnotherSitesPageChangesNothing) {
  const std::string own = "http://localhost";
  struct Row {
    const char* name;
    HeaderList headers;
    bool taken;
  };
  const Row rows[] = {
      {"own page", {{"sec-fetch-site", "same-origin"}, {"origin", own}}, true},
      {"own page, old browser", {{"origin", own}}, true},
      {"own page, no Origin", {{"referer", Cat(own, "/cart")}}, true},
      {"a page that may read answers", {{"sec-fetch-site", "cross-site"}, {"origin", kApp}}, true},
      {"named", {{"sec-fetch-site", "cross-site"}, {"origin", "https://partner.example"}}, true},
      {"form", {{"sec-fetch-site", "cross-site"}, {"origin", "https://evil.example"}}, false},
      {"neighbour", {{"sec-fetch-site", "same-site"}, {"origin", "https://b.example"}}, false},
      {"old browser", {{"origin", "https://evil.example"}}, false},
      {"sandbox", {{"origin", "null"}}, false},
      {"Origin hidden", {{"origin", "null"}, {"referer", Cat(own, '/')}}, false},
      {"looks like it", {{"origin", "http://localhost.evil.example"}}, false},
      {"path", {{"referer", "https://evil.example/http://localhost/"}}, false},
      {"user part", {{"referer", "http://localhost@evil.example/"}}, false},
      {"nothing", {}, false},
      {"two", {{"origin", own}, {"origin", "https://evil.example"}}, false},
      {"Host of another", {{"origin", "http://127.0.0.1"}}, false},
  };
  uint64_t taken = 0;
  for (const Row& row : rows) {
    HeaderList headers = row.headers;
    headers.emplace_back("cookie", Cat("session=", Token()));
    const RawResponse response = Ask("PATCH", kUser, headers, kRename);
    EXPECT_EQ(response.status, row.taken ? 200 : 403) << row.name << response.body;
    EXPECT_EQ(ReasonOf(response), row.taken ? "" : "CROSS_SITE") << row.name;
    taken += row.taken ? 1 : 0;
    EXPECT_EQ(mocks_->Count("user", "calls"), taken) << row.name;
    EXPECT_EQ(Ask("GET", kOrder, headers).status, 200) << row.name << ": reading is free";
  }
  // No browser sends a token by itself; and no cookie, no question.
  EXPECT_EQ(Ask("PATCH", kUser, WithToken({{"sec-fetch-site", "cross-site"}}), kRename).status,
            200);
  EXPECT_EQ(Ask("PATCH", kUser, {{"sec-fetch-site", "cross-site"}}, kRename).status, 401);
  EXPECT_EQ(Ask("PATCH", kUser, {{"cookie", "session=x"}}, kRename).status, 401);
  EXPECT_EQ(mocks_->Count("user", "calls"), taken + 1);
}

// Not one of these is a word to this gateway, or gets through it, whatever a list says.
TEST_F(BrowserAttacks, FieldsThatMeanSomethingElsewhere) {
  struct Row {
    const char* name;
    HeaderList headers;
  };
  const Row rows[] = {
      {"named by Connection", {{"x-a", "evil"}, {"connection", "X-A"}}},
      {"named by Connection, in a list", {{"x-a", "evil"}, {"connection", "a ,\tx-a , b"}}},
      {"named by a second Connection",
       {{"connection", "keep-alive"}, {"connection", "x-a"}, {"x-a", "evil"}}},
      {"te", {{"te", "trailers, evil"}}},
      {"grpc-timeout", {{"grpc-timeout", "1S"}, {"grpc-evil", "evil"}}},
      {"grpc-encoding", {{"grpc-encoding", "evil"}, {"grpc-accept-encoding", "evil"}}},
      {"proxies'", {{"proxy-authorization", "evil"}, {"proxy-connection", "evil"}}},
      {"upgrade", {{"upgrade", "evil"}, {"http2-settings", "evil"}}},
      {"another spelling", {{"X_A", "evil"}, {"X.A", "evil"}}},
      {"bytes above ASCII", {{"x-a", "evil\xe9"}, {"x-a", "evil\xc3\xa9"}}},
      {"another method",
       {{"x-http-method-override", "DELETE"},
        {"x-http-method", "DELETE"},
        {"x-method-override", "DELETE"}}},
      {"another path",
       {{"x-original-url", "/api/v1/orders/order-2?evil"}, {"x-rewrite-url", "/evil"}}},
      {"another prefix", {{"x-forwarded-prefix", "/evil"}, {"x-forwarded-path", "/evil"}}},
      {"another scheme", {{"x-forwarded-proto", "evil"}, {"x-forwarded-ssl", "evil"}}},
      {"another client", {{"x-real-ip", "evil"}, {"true-client-ip", "evil"}}},
      {"a circle of others", {{"x-forwarded-for", "evil, 1.2.3.4"}, {"forwarded", "for=evil"}}},
  };
  for (const Row& row : rows) {
    mocks_->Reset();
    const RawResponse response = Ask("GET", kOrder, WithToken(row.headers));
    EXPECT_EQ(response.status, 200) << row.name << response.body;
    EXPECT_EQ(response.body.find("evil"), std::string::npos) << row.name;
    EXPECT_NE(response.body.find("order-1"), std::string::npos) << row.name;
    const json arrivals = mocks_->Arrivals("order");
    ASSERT_EQ(arrivals.size(), 1u) << row.name;
    EXPECT_EQ(arrivals.dump().find("evil"), std::string::npos) << row.name << arrivals.dump();
    EXPECT_NE(arrivals.dump().find("GetOrder"), std::string::npos) << row.name;
    EXPECT_EQ(arrivals.dump().find(R"("te":"trailers, )"), std::string::npos) << row.name;
  }
}

TEST_F(BrowserAttacks, TrailersAreNoHeaders) {
  RawClient client(gateway_->port());
  client.Send(Cat("PATCH ", kUser, " HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ", Token(),
                  "\r\ntrailer: x-a\r\ntransfer-encoding: chunked\r\n\r\n15\r\n", kRename,
                  "\r\n0\r\nx-a: evil\r\nx-user-id: evil\r\norigin: https://app.example\r\n\r\n"));
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200) << response->body;
  EXPECT_EQ(response->Count("access-control-allow-origin"), 0u);
  const std::string arrivals = mocks_->Arrivals("user").dump();
  EXPECT_EQ(arrivals.find("evil"), std::string::npos) << arrivals;
  EXPECT_NE(arrivals.find("user-7"), std::string::npos) << arrivals;
}

TEST_F(BrowserAttacks, WhatHasBeenHereGoesNoFurther) {
  const RawResponse good = Ask("GET", kOrder, WithToken({{"via", "1.0 fred, 1.1 desk-10"}}));
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.Header("via"), "2 desk-1");
  EXPECT_NE(mocks_->Arrivals("order").dump().find("1.0 fred, 1.1 desk-10, 1.1 desk-1"),
            std::string::npos)
      << mocks_->Arrivals("order").dump();
  const uint64_t before = Calls();
  for (const char* via : {"1.1 desk-1", "1.0 fred, 1.1 DESK-1 (a, b), 1.1 x"}) {
    const RawResponse response = Ask("GET", kOrder, WithToken({{"via", via}}));
    EXPECT_EQ(response.status, 508) << via;
    EXPECT_EQ(response.reason, "Loop Detected");
    EXPECT_EQ(ReasonOf(response), "LOOP_DETECTED");
  }
  EXPECT_EQ(Calls(), before);
}

TEST_F(BrowserAttacks, EveryAnswerTellsBrowsersToBeCareful) {
  RawClient broken(gateway_->port());
  broken.Send("GET / HTTP/1.1\r\n\r\n");
  const auto refused = broken.Read();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 400);
  struct Row {
    RawResponse response;
    const char* cache;  // Cache-Control
  };
  const Row rows[] = {
      {*refused, "no-store"},
      {Ask("GET", "/nowhere", {}), "no-store"},
      {Ask("GET", kOrder, {}), "no-store"},
      {Ask("GET", kOrder, WithToken()), "no-store"},
      {Ask("HEAD", kOrder, WithToken()), "no-store"},
      {Ask("GET", "/api/v1/products/product-1", {}), ""},
      {Ask("OPTIONS", kOrder, {}), ""},
      {Ask("OPTIONS", "*", {}), ""},
      {Ask("GET", "/healthz", {}), "no-store"},
  };
  for (const Row& row : rows) {
    const RawResponse& response = row.response;
    EXPECT_EQ(response.Header("x-content-type-options"), "nosniff") << response.status;
    EXPECT_EQ(response.Header("referrer-policy"), "no-referrer") << response.status;
    EXPECT_EQ(response.Header("content-security-policy"),
              "default-src 'none'; frame-ancestors 'none'");
    EXPECT_EQ(response.Header("x-frame-options"), "DENY") << response.status;
    EXPECT_EQ(response.Header("cache-control"), row.cache) << response.status;
    EXPECT_LE(response.Count("cache-control"), 1u) << response.status;
    EXPECT_EQ(response.Count("strict-transport-security"), 0u) << "not within TLS";
  }
}

// Who needs no credential on this machine is whoever a browser speaks for, here above all: a page
// whose name was made to point to this machine is its own origin there, and may read all answers.
TEST(BrowserAttacksOnThisMachine, NamesThatPointHereAreNotMeant) {
  Mocks mocks;
  GatewayOptions options;
  options.extra =
      "methods:\n"
      "  shop.user.v1.Users: {auth: {access: required}, csrf: {allow_origins: "
      "['http://localhost:5173']}}\n";
  Frontdesk gateway(mocks, options);
  struct Row {
    const char* name;
    std::string host;  // "-" for none, with HTTP/1.0
    std::string origin;
    int reads, writes;
  };
  const Row rows[] = {
      {"curl", "localhost:8080", "", 200, 200},
      {"address", "127.0.0.1", "", 200, 200},
      {"address of IPv6", "[::1]:8080", "", 200, 200},
      {"old client", "-", "", 200, 200},
      {"own page", "localhost:8080", "http://localhost:8080", 200, 200},
      {"page of the development server", "localhost:8080", "http://localhost:5173", 200, 200},
      {"page of another", "localhost:8080", "http://evil.example", 200, 403},
      {"rebound name", "evil.example:8080", "http://evil.example:8080", 401, 401},
      {"rebound name, as a client", "evil.example", "", 401, 401},
      {"name that begins so", "localhost.evil.example", "http://localhost.evil.example", 401, 401},
      {"name that begins as an address", "127.0.0.1.evil.example", "", 401, 401},
  };
  uint64_t calls = 0;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    for (const bool write : {false, true}) {
      RawClient client(gateway.port());
      const bool none = row.host == "-";
      client.Send(Cat(write ? "PATCH " : "GET ", kUser,
                      none ? " HTTP/1.0\r\n" : " HTTP/1.1\r\nhost: ", none ? "" : row.host,
                      none ? "" : "\r\n",
                      row.origin.empty() ? "" : Cat("origin: ", row.origin, "\r\n"),
                      write ? Cat("content-type: application/json\r\ncontent-length: ",
                                  std::string_view(kRename).size(), "\r\n\r\n", kRename)
                            : "\r\n"));
      const auto response = client.Read();
      ASSERT_TRUE(response);
      const int status = write ? row.writes : row.reads;
      EXPECT_EQ(response->status, status) << write << response->body;
      calls += status == 200 ? 1 : 0;
      EXPECT_EQ(mocks.Count("user", "calls"), calls) << write;
    }
  }
  // An absolute target names a host as well.
  RawClient client(gateway.port());
  client.Send(Cat("GET http://evil.example", kUser, " HTTP/1.1\r\nhost: evil.example\r\n\r\n"));
  const auto response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 401) << response->body;
  EXPECT_EQ(mocks.Count("user", "calls"), calls);
}

TEST_F(BrowserAttacks, ExplainSaysWhatIsInForceAndWhy) {
  const auto [code, out] = RunVerb({"explain", "-c", config_, "-o", "json", "PATCH", kUser});
  ASSERT_EQ(code, 0) << out;
  const json explained = json::parse(out);
  const json& policy = explained["policy"];
  EXPECT_EQ(policy["cors.allow_origins"]["value"],
            (json{"https://*.app.example", "https://app.example"}));
  EXPECT_EQ(policy["cors.max_age"]["value"], "3600s");
  EXPECT_NE(policy["cors.max_age"]["from"].get<std::string>().find("browsers.yaml:"),
            std::string::npos);
  EXPECT_EQ(policy["csrf.enabled"]["value"], true);
  EXPECT_EQ(policy["csrf.allow_origins"]["value"],
            (json{"https://*.app.example", "https://app.example", "https://partner.example"}));
  EXPECT_NE(explained["answer_headers"].dump().find("X-Frame-Options: DENY"), std::string::npos);
  const std::string off =
      RunVerb({"explain", "-c", config_, "-o", "json", "GET", "/api/v1/cart"}).second;
  EXPECT_FALSE(json::parse(off)["policy"].contains("cors.allow_origins"));
}

}  // namespace
}  // namespace frontdesk::e2e
