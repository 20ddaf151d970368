// What browsers are told, and which of their requests are taken: CORS, CSRF, and the header fields
// that all answers have.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/policy/answer_headers.h"
#include "gateway/policy/cors.h"
#include "gateway/policy/csrf.h"
#include "gateway/policy/via.h"
#include "gateway/route/matcher.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/no_body.h"

namespace frontdesk::policy {
namespace {

using HeaderRows = std::vector<http::Header>;

constexpr char kContract[] = R"(
  message M { string id = 1; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/a/{id}" }; }
    rpc Put(M) returns (M) { option (google.api.http) = { put: "/a/{id}" body: "*" }; }
    rpc Drop(M) returns (M) { option (google.api.http) = { delete: "/a/{id}" }; }
    rpc Own(M) returns (M) {
      option (google.api.http) = { custom { kind: "OPTIONS" path: "/own" }
                                   additional_bindings { get: "/own" } };
    }
    rpc None(M) returns (M) { option (google.api.http) = { get: "/none" }; }
    rpc Any(M) returns (M) { option (google.api.http) = { custom { kind: "*" path: "/any" } }; }
  }
)";

http::Request Ask(std::string_view method, std::string_view path, const HeaderRows& headers) {
  http::Request request;
  request.method = method;
  request.path = path;
  request.scheme = "http";
  request.authority = "shop.example:8443";
  request.protocol = "HTTP/1.1";
  for (const http::Header& header : headers) request.headers.Add(header.name, header.value);
  return request;
}

std::string Text(const http::ResponseHead& head) {
  std::string text;
  for (const auto& [name, value] : head.headers) text += Cat(name, ": ", value, '\n');
  return text;
}

class CorsTest : public ::testing::Test {
 protected:
  CorsTest() {
    contract::Findings findings;
    contract_ = contract::Contract::Load(testing::CompileProto(kContract), "test.binpb", findings);
    EXPECT_TRUE(contract_) << findings.ToString();
    route::MatcherBuilder builder;
    for (const contract::Method& method : contract_->methods()) {
      for (const contract::Binding& binding : method.bindings) {
        routes_.push_back(std::make_unique<route::Route>());
        route::Route& route = *routes_.back();
        route.method = &method;
        route.binding = &binding;
        if (method.name == "Drop") {
          route.cors = Cors({"https://admin.example"});
        } else if (method.name != "None") {
          route.cors = Cors({"https://app.example", "https://*.app.example"});
        }
        EXPECT_TRUE(builder.Add(binding.http_method, binding.path, &route).ok());
      }
    }
    matcher_ = builder.Build();
  }

  static std::shared_ptr<route::Cors> Cors(const std::vector<std::string>& origins) {
    auto cors = std::make_shared<route::Cors>();
    for (const std::string& origin : origins) EXPECT_EQ(cors->origins.Add(origin), "");
    cors->allow_headers = "content-type, x-a";
    cors->expose_headers = "x-request-id";
    cors->max_age = "600";
    return cors;
  }

  // The reason of the refusal, or the fields of the answer, or "no preflight".
  std::string Preflight(std::string_view path, const HeaderRows& headers,
                        std::string_view method = "OPTIONS") {
    const http::Request request = Ask(method, path, headers);
    const route::Cors* const cors = FindPreflight(request, matcher_, request.path);
    if (!cors) return "no preflight";
    http::ResponseHead head;
    const absl::Status status = AnswerPreflight(request, matcher_, request.path, *cors, head);
    if (!status.ok()) return ReasonOf(status);
    EXPECT_EQ(head.status, 204);
    return Text(head);
  }

  std::unique_ptr<const contract::Contract> contract_;
  std::vector<std::unique_ptr<route::Route>> routes_;
  route::Matcher matcher_;
};

TEST_F(CorsTest, PreflightsAreAnsweredForTheRouteThatTheyAskAbout) {
  const http::Header app{"origin", "https://app.example"};
  const auto method = [](std::string_view name) {
    return http::Header{"access-control-request-method", name};
  };
  const auto names = [](std::string_view list) {
    return http::Header{"access-control-request-headers", list};
  };
  const auto answer = [](std::string_view origin, std::string_view methods) {
    return Cat("Vary: Origin\nAccess-Control-Allow-Origin: ", origin,
               "\nAccess-Control-Allow-Methods: ", methods,
               "\nAccess-Control-Allow-Headers: content-type, x-a\nAccess-Control-Max-Age: 600\n");
  };
  struct Row {
    const char* path;
    HeaderRows headers;
    std::string verdict;
  };
  const Row rows[] = {
      {"/a/1", {app, method("GET")}, answer("https://app.example", "GET, HEAD, PUT")},
      {"/a/1", {app, method("PUT")}, answer("https://app.example", "GET, HEAD, PUT")},
      {"/a/1", {app, method("HEAD")}, answer("https://app.example", "GET, HEAD, PUT")},
      {"/a/1",
       {{"origin", "https://x.app.example"}, method("PUT"), names("x-a,content-type")},
       answer("https://x.app.example", "GET, HEAD, PUT")},
      {"/a/1",
       {app, method("PUT"), names("X-A , Content-Type"), names("x-a")},
       answer("https://app.example", "GET, HEAD, PUT")},
      {"/a/1", {app, method("PUT"), names("")}, answer("https://app.example", "GET, HEAD, PUT")},
      // An OPTIONS of its own is not asked.
      {"/own", {app, method("GET")}, answer("https://app.example", "GET")},
      // Each method has its own origins.
      {"/a/1", {app, method("DELETE")}, "CORS_ORIGIN_REFUSED"},
      {"/a/1",
       {{"origin", "https://admin.example"}, method("DELETE")},
       answer("https://admin.example", "DELETE")},
      {"/a/1", {{"origin", "https://evil.example"}, method("GET")}, "CORS_ORIGIN_REFUSED"},
      {"/a/1", {{"origin", "https://app.example.evil"}, method("GET")}, "CORS_ORIGIN_REFUSED"},
      {"/a/1", {{"origin", "https://xapp.example"}, method("GET")}, "CORS_ORIGIN_REFUSED"},
      {"/a/1", {{"origin", "null"}, method("GET")}, "CORS_ORIGIN_REFUSED"},
      {"/a/1", {{"origin", ""}, method("GET")}, "CORS_ORIGIN_REFUSED"},
      {"/a/1", {app, app, method("GET")}, "CORS_ORIGIN_REFUSED"},
      {"/a/1", {app, method("PUT"), names("x-a, x-b")}, "CORS_HEADER_REFUSED"},
      {"/a/1", {app, method("PUT"), names("x-a"), names("x-b")}, "CORS_HEADER_REFUSED"},
      {"/a/1", {app, method("PUT"), names("*")}, "CORS_HEADER_REFUSED"},
      {"/a/1", {app, method("PUT"), names("x-a x-b")}, "CORS_HEADER_REFUSED"},
      // Any method is also one that has no usual name.
      {"/any",
       {app, method("PUT")},
       answer("https://app.example", "DELETE, GET, HEAD, PATCH, POST, PUT")},
      {"/any",
       {app, method("PURGE")},
       answer("https://app.example", "DELETE, GET, HEAD, PATCH, POST, PUT, PURGE")},
      {"/any", {app, method("*")}, "no preflight"},
      // What is no preflight, or of nobody's business, goes its usual way.
      {"/a/1", {app}, "no preflight"},
      {"/a/1", {method("GET")}, "no preflight"},
      {"/a/1", {app, method("PATCH")}, "no preflight"},
      {"/a/1", {app, method("get")}, "no preflight"},
      {"/a/1", {app, method("")}, "no preflight"},
      {"/a/1", {app, method("GET, PUT")}, "no preflight"},
      {"/none", {app, method("GET")}, "no preflight"},
      {"/nowhere", {app, method("GET")}, "no preflight"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Preflight(row.path, row.headers), row.verdict)
        << row.path << ' ' << row.headers[0].value << ' ' << row.headers.back().value;
  }
  EXPECT_EQ(Preflight("/a/1", {app, method("GET")}, "GET"), "no preflight");
}

TEST_F(CorsTest, WhatElseIsAllowedIsSaidWhereItIsAskedFor) {
  const HeaderRows asks = {{"origin", "https://app.example"},
                           {"access-control-request-method", "GET"},
                           {"access-control-request-private-network", "true"}};
  EXPECT_EQ(Preflight("/own", asks).find("Private"), std::string::npos);
  auto cors = Cors({"https://app.example"});
  cors->credentials = cors->private_network = true;
  for (const auto& route : routes_) route->cors = cors;
  const std::string all = Preflight("/own", asks);
  EXPECT_NE(all.find("Access-Control-Allow-Private-Network: true\n"), std::string::npos) << all;
  EXPECT_NE(all.find("Access-Control-Allow-Credentials: true\n"), std::string::npos) << all;
  EXPECT_EQ(Preflight("/own", {asks[0], asks[1]}).find("Private"), std::string::npos);
  EXPECT_EQ(Preflight("/own", {asks[0], asks[1], {asks[2].name, "false"}}).find("Private"),
            std::string::npos);
}

TEST_F(CorsTest, OnePreflightIsGoodForWhatIsAllowedAlike) {
  struct Row {
    const char* what;
    void (*change)(route::Cors&);
    const char* get;  // the methods that a preflight of GET allows
    const char* put;
  };
  const Row rows[] = {
      {"nothing", [](route::Cors&) {}, "GET, HEAD, PUT", "GET, HEAD, PUT"},
      {"credentials", [](route::Cors& cors) { cors.credentials = true; }, "GET, HEAD", "PUT"},
      {"private network", [](route::Cors& cors) { cors.private_network = true; }, "GET, HEAD",
       "PUT"},
      // What a method does not take goes no further.
      {"headers", [](route::Cors& cors) { cors.allow_headers += ", x-b"; }, "GET, HEAD, PUT",
       "GET, HEAD, PUT"},
      // Answers say this, not preflights.
      {"readable headers", [](route::Cors& cors) { cors.expose_headers = "etag"; },
       "GET, HEAD, PUT", "GET, HEAD, PUT"},
  };
  const auto methods = [&](std::string_view asked) {
    const std::string all = Preflight(
        "/a/1", {{"origin", "https://app.example"}, {"access-control-request-method", asked}});
    constexpr std::string_view kName = "Access-Control-Allow-Methods: ";
    const size_t begin = all.find(kName);
    if (begin == std::string::npos) return all;
    return all.substr(begin + kName.size(), all.find('\n', begin) - begin - kName.size());
  };
  for (const Row& row : rows) {
    const auto cors = Cors({"https://app.example"});
    row.change(*cors);
    for (const auto& route : routes_) {
      if (route->method->name == "Put") route->cors = cors;
    }
    EXPECT_EQ(methods("GET"), row.get) << row.what;
    EXPECT_EQ(methods("HEAD"), row.get) << row.what;
    EXPECT_EQ(methods("PUT"), row.put) << row.what;
  }
}

TEST_F(CorsTest, AnswersAreReadableForWhomTheyAreMeant) {
  const auto fields = [](const route::Cors& cors, const HeaderRows& headers) {
    http::ResponseHead head;
    AddCorsHeaders(Ask("GET", "/a/1", headers), cors, head);
    return Text(head);
  };
  const auto some = Cors({"https://app.example"});
  const std::string mine =
      "Vary: Origin\nAccess-Control-Allow-Origin: https://app.example\n"
      "Access-Control-Expose-Headers: x-request-id\n";
  EXPECT_EQ(fields(*some, {{"origin", "https://app.example"}}), mine);
  for (const HeaderRows& nobody :
       std::vector<HeaderRows>{{},
                               {{"origin", ""}},
                               {{"origin", "null"}},
                               {{"origin", "https://evil.example"}},
                               {{"origin", "https://app.example, https://evil.example"}},
                               {{"origin", "https://app.example"}, {"origin", "https://x"}}}) {
    EXPECT_EQ(fields(*some, nobody), "Vary: Origin\n");
  }
  some->credentials = true;
  EXPECT_EQ(fields(*some, {{"origin", "https://app.example"}}),
            "Vary: Origin\nAccess-Control-Allow-Origin: https://app.example\n"
            "Access-Control-Allow-Credentials: true\n"
            "Access-Control-Expose-Headers: x-request-id\n");
  // The same for all, so that one kept answer is good for all.
  const auto all = Cors({"*"});
  for (const HeaderRows& anybody : std::vector<HeaderRows>{{}, {{"origin", "https://x"}}}) {
    EXPECT_EQ(fields(*all, anybody),
              "Access-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: x-request-id\n");
  }
}

// Browsers send cookies along whatever page asks: where it is from, no page can choose.
TEST(Csrf, WhatChangesSomethingComesFromThisHost) {
  const auto origin = [](std::string_view text) { return http::Header{"origin", text}; };
  const auto site = [](std::string_view text) { return http::Header{"sec-fetch-site", text}; };
  const auto page = [](std::string_view text) { return http::Header{"referer", text}; };
  const http::Header own = origin("https://shop.example:8443");
  struct Row {
    HeaderRows headers;
    bool taken;
  };
  const Row rows[] = {
      {{}, false},
      {{site("same-origin")}, true},
      {{site("none")}, true},
      {{site("same-site")}, false},
      {{site("cross-site")}, false},
      {{site("cross-site"), own}, false},
      {{site("Same-Origin")}, false},
      {{site("")}, false},
      {{site("same-origin"), site("cross-site")}, false},
      {{site("same-origin, cross-site")}, false},
      {{own}, true},
      {{origin("http://shop.example:8443")}, true},  // who knows what stands in front
      {{origin("https://shop.example")}, false},
      {{origin("https://shop.example:443")}, false},
      {{origin("https://evil.example")}, false},
      {{origin("https://shop.example:8443.evil.example")}, false},
      {{origin("https://xshop.example:8443")}, false},
      {{origin("https://evil.example@shop.example:8443")}, false},
      {{origin("shop.example:8443")}, false},
      {{origin("://")}, false},
      {{origin("null")}, false},
      {{origin("")}, false},
      {{own, origin("https://evil.example")}, false},
      {{own, page("https://evil.example/")}, true},
      {{origin("null"), page("https://shop.example:8443/cart")}, false},
      {{page("https://shop.example:8443/cart?a=b#c")}, true},
      {{page("https://shop.example:8443")}, true},
      {{page("https://shop.example:8443?a")}, true},
      {{page("https://evil.example/https://shop.example:8443/")}, false},
      {{page("https://evil.example?https://shop.example:8443/")}, false},
      {{page("https://shop.example:8443@evil.example/")}, false},
      {{page("https://shop.example:8443\\@evil.example/")}, true},  // a host ends there
      {{page("/cart")}, false},
      {{page("")}, false},
      // Those that the route names.
      {{site("same-site"), origin("https://app.example")}, true},
      {{site("cross-site"), origin("https://app.example")}, true},
      {{origin("https://app.example")}, true},
      {{page("https://app.example/x")}, true},
      {{site("cross-site"), page("https://app.example/x")}, false},
      {{origin("https://app.example.evil")}, false},
  };
  const contract::Method called;
  contract::Binding binding;
  binding.http_method = "POST";
  route::Route route;
  route.method = &called;
  route.binding = &binding;
  EXPECT_EQ(route.csrf_origins.Add("https://app.example"), "");
  for (const Row& row : rows) {
    std::string said;
    for (const http::Header& header : row.headers) said += Cat(header.name, '=', header.value, ' ');
    for (const std::string_view method : {"POST", "PUT", "PATCH", "DELETE", "PURGE"}) {
      const absl::Status status = CheckCsrf(Ask(method, "/", row.headers), route, true);
      EXPECT_EQ(status.ok(), row.taken) << method << ' ' << said;
      // A certificate is a program's where nothing tells of a page.
      EXPECT_EQ(CheckCsrf(Ask(method, "/", row.headers), route, false).ok(),
                row.taken || row.headers.empty())
          << method << ' ' << said;
      EXPECT_EQ(status.ok() ? "" : ReasonOf(status), row.taken ? "" : "CROSS_SITE");
    }
    for (const std::string_view method : {"GET", "HEAD", "OPTIONS"}) {
      EXPECT_TRUE(CheckCsrf(Ask(method, "/", row.headers), route, true).ok()) << method << said;
    }
  }
  // Within TLS a page that came without it is no page of ours.
  http::Request secure = Ask("POST", "/", {origin("http://shop.example:8443")});
  secure.scheme = "https";
  EXPECT_FALSE(CheckCsrf(secure, route, true).ok());
  http::Request loud = Ask("POST", "/", {own});
  loud.authority = "SHOP.example:8443";
  EXPECT_TRUE(CheckCsrf(loud, route, true).ok());
  route.csrf = false;
  EXPECT_TRUE(CheckCsrf(Ask("POST", "/", {}), route, true).ok());
}

// Where a binding takes any verb, a link or an image would carry out what the method does.
TEST(Csrf, GetIsFreeWhereItChangesNothing) {
  using contract::Idempotency;
  const struct {
    std::string_view bound;
    Idempotency level;
    std::string_view method;
    bool free;
  } rows[] = {
      {"*", Idempotency::kUnknown, "GET", false},
      {"*", Idempotency::kUnknown, "HEAD", false},
      {"*", Idempotency::kUnknown, "POST", false},
      {"*", Idempotency::kIdempotent, "GET", false},
      {"*", Idempotency::kNoSideEffects, "GET", true},
      {"*", Idempotency::kNoSideEffects, "HEAD", true},
      {"*", Idempotency::kNoSideEffects, "POST", false},
      {"GET", Idempotency::kUnknown, "GET", true},
      {"GET", Idempotency::kUnknown, "HEAD", true},
  };
  for (const auto& row : rows) {
    contract::Method method;
    method.idempotency = row.level;
    contract::Binding binding;
    binding.http_method = row.bound;
    route::Route route;
    route.method = &method;
    route.binding = &binding;
    const auto taken = [&](std::string_view site) {
      return CheckCsrf(Ask(row.method, "/", {{"sec-fetch-site", site}}), route, true).ok();
    };
    EXPECT_EQ(taken("cross-site"), row.free) << row.bound << ' ' << row.method;
    EXPECT_TRUE(taken("same-origin")) << row.bound << ' ' << row.method;
  }
}

TEST(Via, NamesTheWayAndEndsCircles) {
  struct Row {
    std::vector<std::string> came;
    std::string goes_on;  // "" when it went round in a circle
    std::string_view protocol = "HTTP/1.1";
  };
  const Row rows[] = {
      {{}, "1.1 desk"},
      {{}, "1.0 desk", "HTTP/1.0"},
      {{"1.0 fred, 1.1 p.example.net"}, "1.0 fred, 1.1 p.example.net, 1.1 desk"},
      {{"1.0 fred", "1.1 nowhere (desk, a/1)"}, "1.0 fred, 1.1 nowhere (desk, a/1), 1.1 desk"},
      {{"1.1 desktop, 1.1 a.desk"}, "1.1 desktop, 1.1 a.desk, 1.1 desk"},
      {{"desk"}, "desk, 1.1 desk"},
      {{"", ","}, ",, 1.1 desk"},
      {{"1.1 caf\xc3\xa9"}, "1.1 desk"},
      {{"1.1 desk"}, ""},
      {{"1.1  DESK  (a, b)"}, ""},
      {{"HTTP/1.1\tdesk"}, ""},
      {{"1.0 fred", "1.1 a (x \\) y), 2 desk"}, ""},
      {{"1.1 a ((nested), 1.1 b), 1.1 desk"}, ""},
      // What would hide all that comes behind it does not go on.
      {{"1.1 a (open, 1.1 desk"}, "1.1 desk"},
      {{"1.1 a (open \\"}, "1.1 desk"},
  };
  Loop loop;
  for (const Row& row : rows) {
    http::Request request = Ask("GET", "/", {});
    request.protocol = row.protocol;
    for (const std::string& value : row.came) request.headers.Add("via", value);
    testing_support::NoBody body;
    Cancellation cancel;
    Exchange exchange(request, body, cancel, loop);
    const absl::Status status = PassVia(exchange, "desk");
    if (row.goes_on.empty()) {
      EXPECT_EQ(HttpOverrideOf(status), 508) << row.came[0];
      EXPECT_EQ(ReasonOf(status), "LOOP_DETECTED");
      EXPECT_TRUE(exchange.call.metadata.empty());
    } else {
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(exchange.call.metadata, (upstream::Metadata{{"via", row.goes_on}}));
    }
  }
}

TEST(AnswerHeaders, AreThoseOfTheirKind) {
  AnswerHeaders headers;
  headers.Add("X-A", "1");
  headers.AddSecure("X-Secure", "2");
  headers.AddNoStore();
  const auto lines = [&](std::string_view scheme, bool personal, int status,
                         const std::string& said = "") {
    http::ResponseHead head;
    head.status = status;
    if (!said.empty()) head.headers.emplace_back("cache-Control", said);
    headers.Apply(scheme, personal, head);
    return head.common->lines();
  };
  const std::string no_store = "Cache-Control: no-store\r\n";
  EXPECT_EQ(lines("http", false, 200), "X-A: 1\r\n");
  EXPECT_EQ(lines("https", false, 200), "X-A: 1\r\nX-Secure: 2\r\n");
  EXPECT_EQ(lines("http", true, 200), "X-A: 1\r\n" + no_store);
  EXPECT_EQ(lines("https", true, 200), "X-A: 1\r\nX-Secure: 2\r\n" + no_store);
  EXPECT_EQ(lines("http", false, 404), "X-A: 1\r\n" + no_store);
  EXPECT_EQ(lines("http", false, 503), "X-A: 1\r\n" + no_store);
  EXPECT_EQ(lines("http", false, 304), "X-A: 1\r\n");
  EXPECT_EQ(lines("http", true, 200, "max-age=60"), "X-A: 1\r\n") << "the back end has said it";
  EXPECT_EQ(headers.all().fields().size(), 2u);
  AnswerHeaders none;
  http::ResponseHead head;
  head.status = 500;
  none.Apply("https", true, head);
  EXPECT_EQ(head.common->lines(), "");
}

}  // namespace
}  // namespace frontdesk::policy
