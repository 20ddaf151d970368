// Fronts for several kinds of clients: which one a request is for, however it is written; and what
// each of them keeps from the others, in one process and in several.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/identity/api_keys.h"
#include "tests/e2e/echo.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using testing_support::ReadFile;
using testing_support::WriteTempFile;

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

struct Row {
  const char* name;
  std::string target;
  std::string host;       // "-" for none, with HTTP/1.0
  int status;             // which front it was tells the status of a success
  std::string text = "";  // that the back end saw
  std::string method = "GET";
};

constexpr char kFronts[] = R"(
apis:
  any: {serves: [test.Echo/Path, test.Echo/Query], policy: {success_status: 200}}
  mobile:
    hosts: [m.example.com, "*.m.example.com"]
    serves: [test.Echo]
    policy: {success_status: 201}
  partner:
    path_prefix: /partner
    serves: [test.Echo/Path, test.Echo/Deep, test.Echo/Body]
    policy: {success_status: 202, max_request_bytes: 30}
)";

// No spelling of a request reaches another front's methods, or another front's way to its own.
TEST(Apis, WhicheverWayARequestIsWritten) {
  Echo echo(kFronts);
  const Row rows[] = {
      {"Plain", "/path/a", "localhost", 200, "a"},
      {"NoHost", "/path/a", "-", 200, "a"},
      {"Host", "/path/a", "m.example.com", 201, "a"},
      {"HostInCapitals", "/path/a", "M.EXAMPLE.com", 201, "a"},
      {"HostWithPort", "/path/a", "m.example.com:8080", 201, "a"},
      {"HostWithDot", "/path/a", "m.example.com.", 201, "a"},
      {"HostWithDotAndPort", "/path/a", "m.example.com.:1", 201, "a"},
      {"HostWithTwoDots", "/path/a", "m.example.com..", 200, "a"},
      {"HostBelow", "/path/a", "x.y.m.example.com", 201, "a"},
      {"HostEscaped", "/path/a", "m%2eexample.com", 200, "a"},
      {"HostThatEndsSo", "/path/a", "xm.example.com", 200, "a"},
      {"HostThatBeginsSo", "/path/a", "m.example.com.evil.org", 200, "a"},
      {"HostWithUser", "/path/a", "me@m.example.com", 400},
      {"HostsInAList", "/path/a", "localhost, m.example.com", 400},
      {"HostWithPath", "/path/a", "m.example.com/x", 400},
      {"NotServedThere", "/note", "localhost", 404},
      {"ServedHere", "/note", "m.example.com", 201, ""},
      {"AbsoluteForm", "http://m.example.com/path/a", "m.example.com", 201, "a"},
      {"AbsoluteFormInCapitals", "http://M.example.com/path/a", "m.example.com", 201, "a"},
      {"AbsoluteFormOfAnotherHost", "http://m.example.com/path/a", "localhost", 400},
      {"AbsoluteFormWithPrefix", "http://localhost/partner/path/a", "localhost", 202, "a"},
      // The host decides before the prefix does.
      {"PrefixAtAHost", "/partner/path/a", "m.example.com", 404},
      {"Prefix", "/partner/path/a", "localhost", 202, "a"},
      {"PrefixEscaped", "/%70artner/path/a", "localhost", 202, "a"},
      {"PrefixEscapedTwice", "/%2570artner/path/a", "localhost", 404},
      {"PrefixInCapitals", "/Partner/path/a", "localhost", 404},
      {"PrefixTwice", "/partner/partner/path/a", "localhost", 404},
      {"PrefixOnly", "/partner", "localhost", 404},
      {"PrefixAndSlash", "/partner/", "localhost", 404},
      {"PrefixOfALongerName", "/partners/path/a", "localhost", 404},
      {"PrefixWithEscapedSlash", "/partner%2fpath/a", "localhost", 404},
      {"PrefixWithVerb", "/partner:x/path/a", "localhost", 404},
      {"PrefixWithParameter", "/partner;x/path/a", "localhost", 404},
      {"NotServedBehindIt", "/partner/query", "localhost", 404},
      {"DotSegment", "/partner/../path/a", "localhost", 400},
      {"DotSegmentInto", "/path/../partner/path/a", "localhost", 400},
      {"DotSegmentEscaped", "/partner/%2e%2e/path/a", "localhost", 400},
      {"DotSegmentMixed", "/partner/.%2E/path/a", "localhost", 400},
      {"DotsInASegment", "/partner/..%2fpath/a", "localhost", 400},
      {"OneDot", "/./partner/path/a", "localhost", 400},
      {"TwoSlashes", "//partner/path/a", "localhost", 400},
      {"TwoSlashesBehind", "/partner//path/a", "localhost", 400},
      {"Backslash", "/partner\\path\\a", "localhost", 400},
      {"BackslashEscaped", "/partner%5cpath/a", "localhost", 404},
      {"Nul", "/partner%00/path/a", "localhost", 400},
      {"DeepIsCutOff", "/partner/deep/partner/x", "localhost", 202, "partner/x"},
      {"DeepKeepsItsSlash", "/partner/deep/a%2Fb", "localhost", 202, "a%2Fb"},
      {"OtherMethod", "/partner/path/a", "localhost", 405, "", "DELETE"},
      {"Options", "/partner/path/a", "localhost", 204, "", "OPTIONS"},
      {"OptionsOfNothing", "/partner/query", "localhost", 404, "", "OPTIONS"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const int before = echo.calls();
    RawClient client(echo.port());
    const bool none = row.host == "-";
    client.Send(Cat(row.method, ' ', row.target, none ? " HTTP/1.0\r\n" : " HTTP/1.1\r\nhost: ",
                    none ? "" : row.host, none ? "\r\n" : "\r\n\r\n"));
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, row.status) << response->body;
    const bool reaches = row.status >= 200 && row.status <= 202;
    EXPECT_EQ(echo.calls() - before, reaches ? 1 : 0);
    if (reaches && !row.text.empty()) {
      EXPECT_EQ(Json(*response)["text"], row.text);
    }
  }
  // Its own size of bodies, 405 and metrics.
  const std::string body = R"({"text":"0123456789012345678901234567890123456789"})";
  const HeaderList type = {{"content-type", "application/json"}};
  EXPECT_EQ(echo.Fetch("POST", "/partner/body", type, body).status, 413);
  EXPECT_EQ(echo.Fetch("POST", "/partner/body", type, R"({"text":"a"})").status, 202);
  EXPECT_EQ(echo.Fetch("DELETE", "/partner/path/a").Header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(
      echo.gateway().Metric(
          "http_server_request_duration_seconds_count{http_request_method=\"POST\",http_route="
          "\"/body\",http_response_status_code=\"413\",api=\"partner\"}"),
      1);
  EXPECT_TRUE(Eventually([&] {
    return echo.gateway().process().Stderr().find("\"api\":\"partner\"") != std::string::npos;
  }));
}

// A file of deploy/bff, over the mocks and on free ports.
std::string Deployed(const Mocks& mocks, const std::string& file) {
  std::string yaml = ReadFile(Cat(FRONTDESK_DEPLOY "/bff/", file));
  EXPECT_FALSE(yaml.empty()) << file;
  const std::pair<const char*, const char*> services[] = {
      {"user", "50051"},         {"order", "50052"},     {"payment", "50053"},
      {"product", "50054"},      {"inventory", "50055"}, {"shipping", "50056"},
      {"review", "50057"},       {"pricing", "50058"},   {"recommendation", "50059"},
      {"notification", "50060"}, {"cart", "50061"},      {"analytics", "50062"}};
  for (const auto& [name, port] : services) yaml = Replaced(yaml, port, Cat(mocks.port(name)));
  for (const char* port :
       {":8080", ":8081", ":8082", ":8083", ":9900", ":9901", ":9902", ":9903"}) {
    yaml = Replaced(yaml, port, ":0");
  }
  yaml = Replaced(yaml, "../../build/release/shop.binpb", FRONTDESK_CONTRACT);
  const auto entry = [](std::string_view sub, std::string_view role) {
    return Cat(R"({"sub":")", sub, R"(","roles":[")", role, R"("],"sha256":")",
               ToHex(identity::HashOfApiKey(Cat("key of ", sub))), "\"}");
  };
  yaml = Replaced(yaml, "../../build/bff-keys.json",
                  WriteTempFile("bff-keys.json", Cat(R"({"keys":[)", entry("scale-1", "device"),
                                                     ',', entry("scale-2", "device"), ',',
                                                     entry("warehouse", "service"), "]}")));
  for (const char* key : {"demo-key.json", "partner-key.json"}) {
    static std::map<std::string, std::string> made;
    std::string& path = made[key];
    if (path.empty()) {
      path = Cat(WriteTempFile(key, ""), ".jwk");
      EXPECT_EQ(RunVerb({"token", "--new-key", path}).first, 0);
    }
    yaml = Replaced(yaml, Cat("../../build/", key), path);
  }
  return yaml;
}

HeaderList Token(const std::string& config, const std::string& provider, const std::string& sub) {
  const auto [code, text] = RunVerb({"token", "-c", config, "--provider", provider, "--sub", sub});
  EXPECT_EQ(code, 0) << text;
  return {{"authorization", Cat("Bearer ", text.substr(0, text.find('\n')))}};
}

// "429 RATE_LIMITED", or "200".
std::string Told(const RawResponse& response) {
  const std::string reason = ReasonOf(response);
  return reason.empty() ? Cat(response.status) : Cat(response.status, ' ', reason);
}

constexpr char kMobile[] = "/mobile/v1/order-details/order-1";
constexpr char kPartner[] = "/partner/api/v1/products/product-1";

class Deploy : public ::testing::Test {
 protected:
  // Sends at once, and tells what was answered.
  std::map<std::string, int> Storm(uint16_t port, const HeaderList& token, int requests) {
    std::deque<RawClient> clients;
    for (int i = 0; i < requests; ++i) clients.emplace_back(port);
    for (RawClient& client : clients) client.Send(RequestText("GET", kMobile, token));
    // Meanwhile the others have their answers.
    for (int i = 0; i < 5; ++i) meanwhile_();
    std::map<std::string, int> counts;
    for (RawClient& client : clients) {
      const std::optional<RawResponse> response = client.Read();
      ++counts[response ? Told(*response) : "nothing"];
    }
    return counts;
  }
  Mocks mocks_;
  std::function<void()> meanwhile_ = [] {};
};

TEST_F(Deploy, InOneProcessNoneGetsWhatIsTheOthers) {
  std::string yaml = Deployed(mocks_, "all.yaml");
  yaml = Replaced(yaml, "mobile: { max_in_flight: 200, max_pending: 50 }",
                  "mobile: { max_in_flight: 3 }");
  yaml = Replaced(yaml, "requests: 20, burst: 40", "requests: 1, per: 1h, burst: 25");
  const std::string file = WriteTempFile("all.yaml", yaml + "overload: {max_queue_age: 10s}\n");
  Frontdesk gateway(file);
  const HeaderList shop = Token(file, "shop", "user-1"), acme = Token(file, "partners", "acme");
  const auto ask = [&](std::string_view target, const HeaderList& headers) {
    return Told(Fetch(gateway.port(), "GET", target, headers));
  };
  EXPECT_EQ(ask(kPartner, acme), "200");
  EXPECT_EQ(ask("/api/v1/me", shop), "200");
  // A token is for the fronts of its issuer.
  EXPECT_EQ(ask(kPartner, shop), "401 CALLER_UNKNOWN");
  EXPECT_EQ(ask(kMobile, acme), "401 CALLER_UNKNOWN");
  EXPECT_EQ(ask("/api/v1/me", acme), "401 CALLER_UNKNOWN");
  EXPECT_TRUE(Eventually([&] {
    return gateway.process().Stderr().find("CREDENTIAL_OF_ANOTHER_API") != std::string::npos;
  }));
  // What is open in the shop is not so for partners; and they have no more than was said.
  EXPECT_EQ(ask("/api/public/products", {}), "200");
  EXPECT_EQ(ask("/partner/api/public/products", {}), "401 CALLER_UNKNOWN");
  EXPECT_EQ(ask("/partner/api/public/products", acme), "200");
  EXPECT_EQ(ask("/partner/api/v1/orders:batchGet?ids=order-1", acme), "404 NO_ROUTE");
  EXPECT_EQ(ask("/partner/api/v1/me", acme), "404 NO_ROUTE");
  EXPECT_EQ(ask("/api/v1/shipments/shipment-1", shop), "404 NO_ROUTE") << "nobody serves it";

  mocks_.SetFaults("delay=order=600");
  meanwhile_ = [&] {
    EXPECT_EQ(ask(kPartner, acme), "200");
    EXPECT_EQ(ask("/api/v1/me", shop), "200");
  };
  std::map<std::string, int> told = Storm(gateway.port(), shop, 20);
  EXPECT_EQ(told["503 BULKHEAD_FULL"], 17);
  EXPECT_EQ(told["200"] + told["504 DEADLINE_EXCEEDED"], 3);
  mocks_.SetFaults("");
  // The limit is the mobile front's, whatever method is asked for.
  int asked = 20;
  while (asked < 40 && ask("/mobile/v1/product-page/product-1", shop) == "200") ++asked;
  EXPECT_EQ(asked, 25);
  EXPECT_EQ(ask(kMobile, shop), "429 RATE_LIMITED");
  EXPECT_EQ(ask(kPartner, acme), "200");
  EXPECT_EQ(ask("/api/v1/me", shop), "200");
  EXPECT_GT(gateway.Metric("frontdesk_limit_refused_total{limit=\"apis.mobile.limit[0]\"}"), 0);
}

HeaderList KeyOf(const std::string& sub, const HeaderList& more = {}) {
  HeaderList headers = {{"x-api-key", Cat("key of ", sub)}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

TEST_F(Deploy, DevicesAndServicesHaveFrontsOfTheirOwn) {
  const std::string file = WriteTempFile("all.yaml", Deployed(mocks_, "all.yaml"));
  Frontdesk gateway(file);
  const HeaderList shop = Token(file, "shop", "user-1");
  constexpr char kEvents[] = "/iot/api/v1/events";
  constexpr char kStock[] = "/internal/api/v1/products/product-1/stock";
  const auto ask = [&](std::string_view method, std::string_view target, const HeaderList& headers,
                       std::string_view body = "") {
    return Told(Fetch(gateway.port(), method, target, headers, body));
  };
  const std::string event = R"({"events":[{"id":"e1","search":"scales"}]})";
  const auto report = [&](const HeaderList& headers, const std::string& body) {
    return ask("POST", kEvents, headers, body);
  };
  EXPECT_EQ(report(KeyOf("scale-1"), event), "200");
  EXPECT_EQ(ask("GET", kStock, KeyOf("warehouse")), "200");
  const uint64_t recorded = mocks_.Count("analytics", "calls");
  const uint64_t counted = mocks_.Count("inventory", "calls");
  EXPECT_EQ(recorded, 1u);
  // Each front its own callers, sizes and methods.
  EXPECT_EQ(report(KeyOf("warehouse"), event), "403 ROLE_MISSING");
  EXPECT_EQ(report(shop, event), "401 CALLER_UNKNOWN");
  EXPECT_EQ(report({}, event), "401 CALLER_UNKNOWN");
  EXPECT_EQ(report(KeyOf("scale-2"), std::string(9000, ' ') + event), "413 BODY_TOO_LARGE");
  EXPECT_EQ(ask("GET", kStock, KeyOf("scale-1")), "403 ROLE_MISSING");
  EXPECT_EQ(ask("GET", kStock, shop), "401 CALLER_UNKNOWN");
  EXPECT_EQ(ask("GET", "/iot/api/v1/products/product-1/stats", KeyOf("scale-1")), "404 NO_ROUTE");
  EXPECT_EQ(ask("POST", "/api/v1/events", KeyOf("scale-1"), event), "404 NO_ROUTE");
  EXPECT_EQ(ask("POST", "/internal/api/v1/events", KeyOf("scale-1"), event), "404 NO_ROUTE");
  EXPECT_EQ(ask("GET", "/api/v1/products/product-1/stock", KeyOf("warehouse")), "404 NO_ROUTE");
  EXPECT_EQ(ask("GET", "/api/v1/me", KeyOf("warehouse")), "401 CALLER_UNKNOWN");
  EXPECT_EQ(mocks_.Count("analytics", "calls"), recorded);
  EXPECT_EQ(mocks_.Count("inventory", "calls"), counted);
  // What is too much for one device is nothing to another, nor to other fronts.
  std::string told;
  for (int i = 0; i < 40 && told != "429 RATE_LIMITED"; ++i) told = report(KeyOf("scale-1"), event);
  EXPECT_EQ(told, "429 RATE_LIMITED");
  EXPECT_LE(mocks_.Count("analytics", "calls"), 22u);
  EXPECT_EQ(report(KeyOf("scale-2"), event), "200");
  EXPECT_EQ(ask("GET", kStock, KeyOf("warehouse")), "200");
}

// Pages of one front are nobody in another, and change nothing by a cookie there.
TEST_F(Deploy, PagesBelongToTheirFront) {
  const std::string all = WriteTempFile("all.yaml", Deployed(mocks_, "all.yaml"));
  const std::string web = WriteTempFile("web.yaml", Deployed(mocks_, "web.yaml"));
  Frontdesk together(all), alone(web);
  const std::string site = "https://shop.example", console = "https://console.partner.example";
  struct Preflight {
    const char* name;
    const Frontdesk* gateway;
    const char* target;
    std::string origin;
    int status;
    std::string allowed;  // Access-Control-Allow-Origin
  };
  const Preflight rows[] = {
      {"site", &together, "/api/v1/me", site, 204, site},
      {"site, alone", &alone, "/api/v1/me", site, 204, site},
      {"partner", &together, kPartner, console, 204, console},
      {"site at partner", &together, kPartner, site, 403, ""},
      {"partner at site", &together, "/api/v1/me", console, 403, ""},
      {"partner at site, alone", &alone, "/api/v1/me", console, 403, ""},
      {"stranger", &together, "/api/v1/me", "https://shop.example.evil", 403, ""},
      // No pages at all: as OPTIONS without CORS.
      {"site at mobile", &together, kMobile, site, 204, ""},
      {"site at internal", &together, "/internal/api/v1/products/product-1/stock", site, 204, ""},
      {"spelt otherwise", &together, "/%70artner/api/v1/products/product-1", site, 403, ""},
      {"of no front", &alone, kPartner, site, 404, ""},
  };
  for (const Preflight& row : rows) {
    SCOPED_TRACE(row.name);
    const RawResponse response =
        Fetch(row.gateway->port(), "OPTIONS", row.target,
              {{"origin", row.origin}, {"access-control-request-method", "GET"}});
    EXPECT_EQ(response.status, row.status) << response.body;
    EXPECT_EQ(response.Header("access-control-allow-origin"), row.allowed);
    EXPECT_EQ(response.Header("access-control-allow-credentials"),
              row.allowed == site ? "true" : "");
  }
  EXPECT_EQ(mocks_.Count("user", "calls") + mocks_.Count("product", "calls"), 0u);

  const std::string bearer = Token(all, "shop", "user-1")[0].second;
  for (const Frontdesk* gateway : {&together, &alone}) {
    for (const auto& [origin, status] :
         {std::pair{site, 200}, {console, 403}, {std::string("https://evil.example"), 403}}) {
      EXPECT_EQ(Fetch(gateway->port(), "PATCH", "/api/v1/users/user-1",
                      {{"cookie", Cat("session=", bearer.substr(7))},
                       {"origin", origin},
                       {"content-type", "application/json"}},
                      R"({"displayName":"Ada"})")
                    .status,
                status)
          << origin;
    }
  }
  EXPECT_EQ(mocks_.Count("user", "calls"), 2u);
}

TEST_F(Deploy, TheSameAsProcessesOfTheirOwn) {
  const std::string one = WriteTempFile("mobile.yaml", Deployed(mocks_, "mobile.yaml"));
  const std::string other = WriteTempFile("partner.yaml", Deployed(mocks_, "partner.yaml"));
  Frontdesk mobile(one), partner(other);
  const HeaderList shop = Token(one, "shop", "user-1"), acme = Token(other, "partners", "acme");
  const auto ask = [](const Frontdesk& gateway, std::string_view target,
                      const HeaderList& headers) {
    return Told(Fetch(gateway.port(), "GET", target, headers));
  };
  EXPECT_EQ(ask(mobile, kMobile, shop), "200");
  EXPECT_EQ(ask(mobile, kMobile, acme), "401 CALLER_UNKNOWN");
  EXPECT_EQ(ask(mobile, "/api/v1/products/product-1", shop), "404 NO_ROUTE");
  EXPECT_EQ(ask(partner, "/api/v1/products/product-1", acme), "200");
  EXPECT_EQ(ask(partner, "/api/v1/products/product-1", shop), "401 CALLER_UNKNOWN");
  EXPECT_EQ(ask(partner, kMobile, acme), "404 NO_ROUTE");
  RawClient client(partner.port());
  client.Send("GET /api/v1/products/product-1 HTTP/1.1\r\nhost: other.example\r\n\r\n");
  const std::optional<RawResponse> elsewhere = client.Read();
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(elsewhere->status, 404) << "only its hosts are served";
}

TEST_F(Deploy, VerbsTellFrontsApart) {
  const std::string file = WriteTempFile("all.yaml", Deployed(mocks_, "all.yaml"));
  const auto [checked, notes] = RunVerb({"check", "-c", file});
  EXPECT_EQ(checked, 0) << notes;
  EXPECT_NE(notes.find("note: "), std::string::npos);
  EXPECT_NE(notes.find("no front serves shop.shipping.v1.Shipping, so"), std::string::npos)
      << notes;
  const auto [listed, routes] = RunVerb({"routes", "-c", file, "--api", "partner"});
  EXPECT_EQ(listed, 0);
  EXPECT_NE(routes.find("/partner/api/v1/orders/{order_id} "), std::string::npos) << routes;
  EXPECT_EQ(routes.find("[web]"), std::string::npos) << routes;
  const auto [told, explained] =
      RunVerb({"explain", "-c", file, "GET", "/partner/api/v1/orders/order-1"});
  EXPECT_EQ(told, 0) << explained;
  for (const char* text : {"partner", "apis.partner.limit[0]", "credentials"}) {
    EXPECT_NE(explained.find(text), std::string::npos) << text << '\n' << explained;
  }
  EXPECT_EQ(
      RunVerb({"explain", "-c", file, "--api", "web", "GET", "/partner/api/v1/orders/order-1"})
          .first,
      1);
  EXPECT_EQ(RunVerb({"openapi", "-c", file}).first, 2) << "which one must be said";
  const auto [written, document] = RunVerb({"openapi", "-c", file, "--api", "partner"});
  EXPECT_EQ(written, 0);
  const nlohmann::json openapi = nlohmann::json::parse(document, nullptr, false);
  EXPECT_EQ(openapi["servers"][0]["url"], "/partner");
  EXPECT_TRUE(openapi["paths"].contains("/api/v1/orders/{orderId}") ||
              openapi["paths"].contains("/api/v1/orders/{order_id}"));
  EXPECT_FALSE(openapi["paths"].contains("/api/v1/me"));

  // What the front takes, of all that the file does.
  const struct {
    const char* api;
    const char* schemes;
  } rows[] = {{"partner", " caller caller-session"}, {"iot", " caller-api-key"}};
  for (const auto& row : rows) {
    const std::string text = RunVerb({"openapi", "-c", file, "--api", row.api}).second;
    nlohmann::json of_api = nlohmann::json::parse(text, nullptr, false);
    std::string schemes;
    for (const auto& [name, scheme] : of_api["components"]["securitySchemes"].items()) {
      schemes += ' ' + name;
    }
    EXPECT_EQ(schemes, row.schemes) << row.api;
  }
}

}  // namespace
}  // namespace frontdesk::e2e
