// Header fields of all answers and what pages may do, from contract and configuration together; and
// what neither may say.
#include "gateway/config/headers.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "gateway/config/compile.h"
#include "gateway/config/load.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/jose.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

using testing_support::WriteTempFile;

constexpr char kContract[] = R"(
message M { string a = 1; }
service S {
  option (frontdesk.v1.service) = { cors { max_age: "1h" } };
  rpc Get(M) returns (M) {
    option (google.api.http) = { get: "/get" };
    option (frontdesk.v1.method) = {
      cors { allow_origins: "https://*.app.example" allow_headers: "X-B" allow_credentials: true }
      request_headers: "x-a" response_headers: "etag" };
  }
  rpc Off(M) returns (M) {
    option (google.api.http) = { post: "/off" body: "*" };
    option (frontdesk.v1.method) = { cors { enabled: false } csrf { enabled: false } };
  }
}
service T {
  rpc Plain(M) returns (M) {
    option (google.api.http) = { post: "/plain" body: "*" };
    option (frontdesk.v1.method) = {
      auth { access: PUBLIC } idempotency {} limit { key: ADDRESS requests: 1 }
      csrf { allow_origins: "https://c.example" } };
  }
}
)";

struct Compiled {
  std::unique_ptr<Snapshot> snapshot;
  std::string findings;  // "path: text" and a new line, each
};

Compiled CompileWith(const std::string& yaml) {
  const std::string set = WriteTempFile("headers.binpb", testing::CompileProto(kContract));
  const std::string file = WriteTempFile(
      "headers.yaml",
      Cat("descriptor_set: ", set,
          "\nupstreams: {s: {services: [test.S, test.T], endpoints: ['127.0.0.1:1']}}\n", yaml,
          '\n'));
  contract::Findings findings;
  Compiled compiled;
  compiled.snapshot = Compile(file, {}, compose::Registry(), findings);
  for (const contract::Finding& one : findings.all()) {
    compiled.findings += Cat(one.path, ": ", one.text, '\n');
  }
  return compiled;
}

std::string Provider(const std::string& more) {
  return Cat("auth: {", more, "providers: {idp: {issuer: i, audiences: [x], jwks_file: ",
             WriteTempFile("jwks.json", testing::JoseKey("ES256").Set()), "}}}\n");
}

const route::Route& RouteOf(const Snapshot& snapshot, std::string_view path) {
  for (const auto& route : snapshot.routes) {
    if (route->binding->path.text == path) return *route;
  }
  ADD_FAILURE() << path;
  return *snapshot.routes.front();
}

TEST(Headers, AreSafeByDefaultAndEachCanBeSwitchedOff) {
  const auto lines = [](const std::string& yaml, std::string_view scheme) {
    const Compiled compiled = CompileWith(yaml);
    EXPECT_TRUE(compiled.snapshot) << compiled.findings;
    http::ResponseHead head;
    head.status = 404;
    if (compiled.snapshot) compiled.snapshot->answer_headers.Apply(scheme, false, head);
    return head.common ? head.common->lines() : "";
  };
  const std::string plain =
      "X-Content-Type-Options: nosniff\r\n"
      "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
      "Referrer-Policy: no-referrer\r\n";
  EXPECT_EQ(lines("", "http"), Cat(plain, "Cache-Control: no-store\r\n"));
  EXPECT_EQ(
      lines("headers: {}", "https"),
      Cat(plain, "Strict-Transport-Security: max-age=31536000\r\n", "Cache-Control: no-store\r\n"));
  EXPECT_EQ(lines("headers: {nosniff: false, strict_transport_security: off, "
                  "content_security_policy: off, referrer_policy: off, no_store: false}",
                  "https"),
            "");
  EXPECT_EQ(lines("headers: {strict_transport_security: max-age=0, content_security_policy: "
                  "sandbox, referrer_policy: same-origin, no_store: false, via: desk, "
                  "add: [{name: X-Frame-Options, value: DENY}]}",
                  "https"),
            "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: sandbox\r\n"
            "Referrer-Policy: same-origin\r\nX-Frame-Options: DENY\r\nVia: 2 desk\r\n"
            "Strict-Transport-Security: max-age=0\r\n");
}

TEST(Headers, RefuseWhatCannotBeRight) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"via: 'a b'", "headers.via: \"a b\" is no name that can stand in Via\n"},
      {"via: 'a, 1.1 b'", "headers.via: \"a, 1.1 b\" is no name that can stand in Via\n"},
      {"strict_transport_security: includeSubDomains",
       "headers.strict_transport_security: has no max-age\n"},
      {"content_security_policy: \"a\\r\\nX-Evil: 1\"",
       "headers.content_security_policy: has more than printable ASCII\n"},
      {"referrer_policy: no-referer",
       "headers.referrer_policy: \"no-referer\" is no policy that browsers know (did you mean "
       "\"no-referrer\"?)\n"},
      {"add: [{name: 'X A', value: v}]", "headers.add[0].name: \"X A\" is no name of a header\n"},
      {"add: [{name: X-A}]", "headers.add[0]: has no value\n"},
      {"add: [{name: X-A, value: \"a\\nb\"}]",
       "headers.add[0].value: has more than printable ASCII\n"},
      {"add: [{name: X-A, value: v}, {name: x-a, value: w}]",
       "headers.add[1].name: \"x-a\" stands here twice\n"},
      {"add: [{name: Referrer-Policy, value: v}]",
       "headers.add[0].name: \"Referrer-Policy\" has a word of its own here\n"},
      {"cors: {allow_origins: ['https://a.example/'], max_age: 2d}",
       "headers.cors.max_age: expected a time"},
      {"cors: {allow_origins: ['https://a.example/']}",
       "headers.cors.allow_origins: \"https://a.example/\" has a path: an origin ends with its "
       "host\n"},
      {"cors: {allow_origins: ['*'], allow_credentials: true}",
       "headers.cors.allow_credentials: would let any page act as whoever looks at it: "
       "allow_origins has \"*\"\n"},
      {"cors: {allow_headers: [x-a]}",
       "headers.cors: has no allow_origins, and so allows nobody anything\n"},
  };
  for (const auto& [headers, errors] : rows) {
    contract::Findings findings;
    ParseConfig(Cat("headers: {", headers, '}'), "f", findings);
    std::string text;
    for (const contract::Finding& one : findings.all()) text += Cat(one.path, ": ", one.text, '\n');
    EXPECT_TRUE(text.starts_with(errors)) << headers << '\n' << text;
  }
  for (const char* name : {"Content-Length", "Transfer-Encoding", "Connection", "Date", "Vary",
                           "Set-Cookie", "Cache-Control", "X-Request-ID", "X-User-Id", "Via",
                           "Access-Control-Allow-Origin", "RateLimit-Limit", "WWW-Authenticate"}) {
    contract::Findings findings;
    ParseConfig(Cat("headers: {add: [{name: ", name, ", value: v}]}"), "f", findings);
    ASSERT_EQ(findings.size(), 1u) << name;
    EXPECT_EQ(findings.all()[0].text, Cat('"', name, "\" is set by the gateway itself"));
  }
}

TEST(Headers, CorsIsOfTheMethodOrOfTheFile) {
  const Compiled compiled = CompileWith(
      Cat(Provider("cookie: session, "),
          "headers: {cors: {allow_origins: ['https://d.example'], allow_private_network: true}}\n"
          "methods: {test.S/Get: {cors: {expose_headers: [x-c]}}}"));
  ASSERT_TRUE(compiled.snapshot) << compiled.findings;
  const Snapshot& snapshot = *compiled.snapshot;
  EXPECT_TRUE(snapshot.any_cors);
  ASSERT_TRUE(snapshot.cors);
  EXPECT_EQ(snapshot.cors->allow_headers,
            "accept, authorization, content-type, traceparent, tracestate, x-request-id, "
            "x-request-timeout");
  const route::Route& get = RouteOf(snapshot, "/get");
  ASSERT_TRUE(get.cors);
  EXPECT_EQ(get.cors->origins.Patterns(), std::vector<std::string>{"https://*.app.example"});
  EXPECT_EQ(get.cors->allow_headers,
            "accept, authorization, content-type, traceparent, tracestate, x-a, x-b, "
            "x-request-id, x-request-timeout");
  EXPECT_EQ(get.cors->expose_headers, "etag, retry-after, www-authenticate, x-c, x-request-id");
  EXPECT_EQ(get.cors->max_age, "3600");
  EXPECT_TRUE(get.cors->credentials);
  EXPECT_FALSE(get.cors->private_network);
  EXPECT_TRUE(get.csrf);
  EXPECT_TRUE(get.csrf_origins.Has("https://a.app.example")) << "it may read the answer already";
  // Nothing of anybody's, not even the file's.
  const route::Route& off = RouteOf(snapshot, "/off");
  EXPECT_FALSE(off.cors);
  EXPECT_FALSE(off.csrf);
  // Says nothing of it, and so has the file's.
  const route::Route& plain = RouteOf(snapshot, "/plain");
  ASSERT_TRUE(plain.cors);
  EXPECT_EQ(plain.cors->origins.Patterns(), std::vector<std::string>{"https://d.example"});
  EXPECT_EQ(plain.cors->max_age, "600");
  EXPECT_TRUE(plain.cors->private_network);
  EXPECT_EQ(plain.cors->allow_headers,
            "accept, content-type, idempotency-key, traceparent, tracestate, x-request-id, "
            "x-request-timeout");
  EXPECT_EQ(plain.cors->expose_headers,
            "idempotency-replayed, ratelimit-limit, ratelimit-policy, ratelimit-remaining, "
            "ratelimit-reset, retry-after, www-authenticate, x-request-id");
  EXPECT_EQ(plain.csrf_origins.Patterns(), std::vector<std::string>{"https://c.example"});
  EXPECT_NE(plain.places.at("cors.allow_origins").ToString().find("headers.yaml"),
            std::string::npos);

  const Compiled none = CompileWith("");
  ASSERT_TRUE(none.snapshot) << none.findings;
  EXPECT_FALSE(none.snapshot->cors);
  EXPECT_FALSE(RouteOf(*none.snapshot, "/plain").cors);
  EXPECT_TRUE(none.snapshot->any_cors) << "of one method";
}

TEST(Headers, WhatDoesNotFitTogetherIsFound) {
  // The contract's credentials, and the file's origins: each is told where it stands.
  const std::string both =
      CompileWith("methods: {test.S/Get: {cors: {allow_origins: ['*']}}}").findings;
  EXPECT_TRUE(
      both.starts_with("test.S.Get.cors.allow_credentials: would let any page act as "
                       "whoever looks at it: allow_origins has \"*\", at /"))
      << both;
  EXPECT_TRUE(both.ends_with("headers.yaml:3:31\n")) << both;
  EXPECT_EQ(CompileWith("methods: {test.S/Get: {response_headers: [Referrer-Policy]}}").findings,
            "test.S.Get.response_headers: \"Referrer-Policy\" is set by the file's `headers` for "
            "all answers\n");
  EXPECT_TRUE(CompileWith("headers: {referrer_policy: off}\n"
                          "methods: {test.S/Get: {response_headers: [Referrer-Policy]}}")
                  .snapshot);
  EXPECT_EQ(CompileWith("methods: {test.S/Get: {csrf: {enabled: true}}}").findings,
            "methods.test.S/Get.csrf: has no meaning without auth.cookie or "
            "auth.client_certificates: nobody is known by what browsers send by themselves\n");
  // Those that browsers speak for without being asked, besides by a cookie.
  constexpr char kCsrf[] = "methods: {test.S/Get: {csrf: {allow_origins: ['http://localhost:1']}}}";
  EXPECT_EQ(CompileWith(Cat("auth: {development_caller: me}\n", kCsrf)).findings, "");
  EXPECT_EQ(CompileWith(Cat("auth: {client_certificates: {rules: [{from: uri}]}}\n", kCsrf))
                .findings.find("csrf"),
            std::string::npos);
}

}  // namespace
}  // namespace frontdesk::config
