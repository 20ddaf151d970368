// Versions on their way out, from contract and file to what clients are told as the clock goes on.
#include "gateway/config/versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "gateway/config/compile.h"
#include "gateway/contract/date.h"
#include "gateway/policy/version.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/no_body.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

constexpr char kContract[] = R"(
message Key { string number = 1; string shop = 2; string rest = 3; }
message NewKey { string id = 1; string shop = 2; string rest = 3; }
message M { string a = 1; }
service Old {
  option (frontdesk.v1.service) = { version {
    deprecated_since: "2026-06-01" sunset: "2027-06-01T12:00:00Z" successor: "test.New"
    documentation: "https://example.com/v2?a=b" } };
  rpc Adapted(Key) returns (M) {
    option (google.api.http) = { get: "/v1/{shop}/adapted/{number}" };
    option (frontdesk.v1.adapt) = {
      call: "test.New/Adapted" request { move { from: "number" to: "id" } drop: "rest" } };
  }
  rpc Plain(Key) returns (M) {
    option (google.api.http) = { get: "/v1/plain/{shop}" };
    option (frontdesk.v1.method) = { version { retired_since: "2027-07-01" } };
  }
  rpc Many(Key) returns (M) {
    option (google.api.http) = { get: "/v1/many/{rest=a/**}:all" };
    option (frontdesk.v1.method) = { version { retired: true } };
  }
}
service New {
  rpc Adapted(NewKey) returns (M) {
    option (google.api.http) = { get: "/v2/{shop}/adapted/{id}" };
  }
  rpc Plain(Key) returns (M) {
    option (google.api.http) = { post: "/v2/{shop}/plain/{number}/{rest=**}" body: "*" };
  }
  rpc Many(Key) returns (M) { option (google.api.http) = { get: "/v2/{rest=**}:many" }; }
  rpc Fresh(Key) returns (M) { option (google.api.http) = { get: "/v2/fresh" }; }
}
service Gone {
  rpc Get(Key) returns (M) {
    option deprecated = true;
    option (google.api.http) = { get: "/v0" };
  }
}
)";

class Versions : public ::testing::Test {
 protected:
  // False with findings_ when something is wrong.
  bool Compile(const std::string& methods,
               const std::string& services = "test.New, test.Old, test.Gone") {
    const std::string set =
        testing_support::WriteTempFile("versions.binpb", testing::CompileProto(kContract));
    const std::string file = testing_support::WriteTempFile(
        "versions.yaml",
        Cat("descriptor_set: ", set,
            "\nlisten: {address: \"127.0.0.1:0\"}\nupstreams:\n  all: {services: [", services,
            "], endpoints: [\"127.0.0.1:1\"]}\n", methods));
    contract::Findings findings;
    snapshot_ = config::Compile(file, {}, compose::Registry(), findings);
    findings_ = findings.ToString();
    return snapshot_ != nullptr;
  }

  // "410 METHOD_RETIRED ErrorInfo's metadata" or "goes on", and the headers, a line each.
  std::string Ask(const std::string& path, const std::string& when, const std::string& host = "") {
    http::Request request;
    request.method = "GET";
    request.path = path;
    testing_support::NoBody body;
    Cancellation cancel;
    Exchange exchange(request, body, cancel, loop_);
    const route::Apis::Found found = snapshot_->apis.Find(host, request.path);
    if (found.api) {
      exchange.match = found.api->matcher.Find(request.method, found.path);
    } else {
      exchange.match = snapshot_->matcher.Find(request.method, request.path);
    }
    exchange.route = exchange.match.route;
    if (!exchange.route) return "no route";
    if (!exchange.route->version) return "nothing to say";
    const absl::Status status = policy::RefuseRetired(exchange, *contract::ParseDate(when));
    std::string told = status.ok() ? std::string("goes on") : Told(status);
    http::ResponseHead head;
    policy::AddVersionHeaders(exchange, head);
    for (const auto& [name, value] : head.headers) told += Cat('\n', name, ": ", value);
    return told;
  }
  static std::string Told(const absl::Status& status) {
    return Cat(HttpOverrideOf(status), ' ', ReasonOf(status), ' ', Std(status.message()));
  }

  Loop loop_;
  std::unique_ptr<Snapshot> snapshot_;
  std::string findings_;
};

#define COMMON                              \
  "\nDeprecation: @1780272000"              \
  "\nSunset: Tue, 01 Jun 2027 12:00:00 GMT" \
  "\nLink: <https://example.com/v2?a=b>; rel=\"deprecation\""

TEST_F(Versions, AreToldWithEveryAnswer) {
  ASSERT_TRUE(Compile("")) << findings_;
  const struct {
    const char* path;
    const char* when;
    const char* told;
  } rows[] = {
      {"/v2/fresh", "2026-01-01", "nothing to say"},
      // Fields that were moved keep their values, as the client wrote them.
      {"/v1/my%20shop/adapted/a-1;x", "2026-01-01",
       "goes on" COMMON "\nLink: </v2/my%20shop/adapted/a-1;x>; rel=\"successor-version\""},
      // What would end the link does not.
      {"/v1/s/adapted/a>;rel=x,<b", "2026-01-01",
       "goes on" COMMON "\nLink: </v2/s/adapted/a%3E;rel=x,%3Cb>; rel=\"successor-version\""},
      // What only the client can know stays open.
      {"/v1/plain/s", "2027-06-30T23:59:59Z",
       "goes on" COMMON
       "\nLink-Template: \"/v2/s/plain/{number}/{+rest}\"; rel=\"successor-version\""},
      {"/v1/plain/s", "2027-07-01",
       "410 METHOD_RETIRED this version is retired; use POST /v2/s/plain/{number}/{+rest} "
       "instead" COMMON
       "\nLink-Template: \"/v2/s/plain/{number}/{+rest}\"; rel=\"successor-version\""},
      {"/v1/many/a/b/c:all", "1970-01-01",
       "410 METHOD_RETIRED this version is retired; use GET /v2/a/b/c:many instead" COMMON
       "\nLink: </v2/a/b/c:many>; rel=\"successor-version\""},
      // Without a day there is no header that could say it.
      {"/v0", "2026-01-01", "goes on"},
  };
  for (const auto& row : rows) EXPECT_EQ(Ask(row.path, row.when), row.told) << row.path;
  for (const auto& route : snapshot_->routes) {
    const bool fresh = route->method->service == "test.New";
    EXPECT_EQ(route->version && route->version->deprecated, !fresh) << route->method->full_name;
  }
}

TEST_F(Versions, TheOperatorHasTheLastWord) {
  ASSERT_TRUE(
      Compile("methods:\n"
              "  test.Old/Plain: {version: {retired: false, sunset: 2030-01-01}}\n"
              "  test.Old/Many: {version: {retired: false}}\n"
              "  test.Gone/Get: {version: {retired: true, documentation: \"http://a/\"}}\n"))
      << findings_;
  EXPECT_THAT(Ask("/v1/plain/s", "2027-07-01"),
              ::testing::StartsWith("goes on\nDeprecation: @1780272000\nSunset: Tue, 01 Jan 2030"));
  EXPECT_THAT(Ask("/v1/many/a/b:all", "2027-07-01"), ::testing::StartsWith("goes on"));
  EXPECT_EQ(Ask("/v0", "1970-01-01"),
            "410 METHOD_RETIRED this version is retired\nLink: <http://a/>; rel=\"deprecation\"");
}

TEST_F(Versions, WhatIsGoneNeedsNobodyBehindIt) {
  const std::string gone =
      "methods:\n  test.Old: {version: {retired: true}}\n"
      "  test.Gone: {version: {retired: true, successor: test.New/Fresh}}\n";
  EXPECT_TRUE(Compile(gone, "test.New")) << findings_;
  // An adapter has the new version behind it.
  EXPECT_FALSE(Compile("", "test.New"));
  EXPECT_THAT(findings_, ::testing::HasSubstr("no upstream has service test.Old"));
  EXPECT_THAT(findings_, ::testing::HasSubstr("no upstream has service test.Gone"));
}

// Each front has its own end of a version, and its own address of what follows.
TEST_F(Versions, AFrontSendsItsClientsToItself) {
  ASSERT_TRUE(
      Compile("apis:\n"
              "  app: {hosts: [app.example.com], path_prefix: /m, serves: [test.Old, test.New],\n"
              "        methods: {test.Old/Plain: {version: {successor: test.New/Fresh}}}}\n"
              "  old: {path_prefix: /old, serves: [test.Old],\n"
              "        policy: {version: {successor: \"\", documentation: \"http://a/\"}}}\n"
              "  deep: {path_prefix: /v1, strip_prefix: false, serves: [test.Gone, test.Old],\n"
              "         policy: {version: {successor: \"\"}}}\n"
              "  plain: {hosts: [\"*.example.com\"], serves: [test]}\n"))
      << findings_;
  const struct {
    const char* host;
    const char* path;
    const char* told;
  } rows[] = {
      {"app.example.com", "/m/v1/s/adapted/a",
       "goes on" COMMON "\nLink: </m/v2/s/adapted/a>; rel=\"successor-version\""},
      {"app.example.com", "/m/v1/plain/s",
       "goes on" COMMON "\nLink: </m/v2/fresh>; rel=\"successor-version\""},
      {"app.example.com", "/m/v1/many/a/b:all",
       "410 METHOD_RETIRED this version is retired; use GET /m/v2/a/b:many instead" COMMON
       "\nLink: </m/v2/a/b:many>; rel=\"successor-version\""},
      {"plain.example.com", "/v1/s/adapted/a",
       "goes on" COMMON "\nLink: </v2/s/adapted/a>; rel=\"successor-version\""},
      {"", "/old/v1/plain/s",
       "goes on\nDeprecation: @1780272000\nSunset: Tue, 01 Jun 2027 12:00:00 GMT"
       "\nLink: <http://a/>; rel=\"deprecation\""},
      {"", "/v1/plain/s", "goes on" COMMON},
      {"", "/m/v1/plain/s", "no route"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Ask(row.path, "2026-01-01", row.host), row.told) << row.host << row.path;
  }
}

TEST_F(Versions, FindingsOfFronts) {
  const struct {
    const char* apis;
    const char* finding;  // "" for none
  } rows[] = {
      {"m: {serves: [test.Old, test.New]}", ""},
      {"m: {serves: [test.Old]}", "\"test.New/Adapted\" is not served by the front \"m\""},
      {"m: {serves: [test.Old], policy: {version: {successor: \"\"}}}", ""},
      {"m: {serves: [test.Old], policy: {version: {successor: \"\", documentation: \"\"}}}",
       "documentation: is empty"},
      {"m: {serves: [test.Old, test.New/Adapted, test.New/Many]}",
       "\"test.New/Plain\" is not served by the front \"m\""},
      // No address of it begins so.
      {"m: {path_prefix: /v1, strip_prefix: false, serves: [test]}",
       "\"test.New/Adapted\" is not served by the front \"m\""},
      // Another front is at its address, for all hosts or for some.
      {"m: {serves: [test.Old, test.New]}, n: {path_prefix: /v2, serves: [test.Gone]}",
       "\"test.New/Adapted\", which the front \"m\" tells clients to use, is not what answers at "
       "GET /v2/~-~/adapted/~-~"},
      {"m: {serves: [test.Old, test.New]},\n"
       "       n: {hosts: [\"*.a.org\"], path_prefix: /v2, serves: [test.Gone]}",
       "is not what answers at POST /v2/~-~/plain/~-~/~-~ of x.a.org"},
      {"m: {serves: [test.Old, test.New]}, n: {hosts: [a.org], serves: [test.Gone]}", ""},
      {"m: {path_prefix: /m, serves: [test.Old, test.New]}, n: {path_prefix: /v2, serves: [test]}",
       ""},
      {"m: {path_prefix: /m, serves: [test.Old, test.New]},\n"
       "       n: {path_prefix: /m/v2, serves: [test.Gone]}",
       "is not what answers at GET /m/v2/a/~-~:many"},
      // What a front says itself, or makes of what follows.
      {"m: {serves: [test.Gone], policy: {version: {successor: test.Neu/Fresh}}}",
       "there is no method \"test.Neu/Fresh\""},
      {"m: {serves: [test.Gone], policy: {version: {successor: test.New/Fresh}}}",
       "\"test.New/Fresh\" is not served by the front \"m\""},
      {"m: {serves: [test.Gone], policy: {version: {retired: true}}}",
       "tells clients to go, and not where to"},
      {"m: {serves: [test.Old, test.New],\n"
       "           methods: {test.New/Plain: {version: {retired: true, documentation: "
       "\"http://a/\"}}}}",
       "\"test.New/Plain\" is retired itself"},
      {"m: {serves: [test.New, test.Gone],\n"
       "           methods: {test.New/Fresh: {version: {successor: test.Gone/Get}},\n"
       "                     test.Gone/Get: {version: {successor: test.New/Fresh}}}}",
       "is followed by this one in turn"},
      // Nothing is asked of what a front does not serve.
      {"m: {serves: [test.New], policy: {version: {successor: \"\"}}}", ""},
  };
  for (const auto& row : rows) {
    const bool fine = Compile(Cat("apis: {", row.apis, "}\n"));
    EXPECT_EQ(fine, *row.finding == '\0') << row.apis << '\n' << findings_;
    EXPECT_THAT(findings_, ::testing::HasSubstr(row.finding)) << row.apis;
  }
}

TEST_F(Versions, Findings) {
  const struct {
    const char* methods;
    const char* finding;
  } rows[] = {
      {"test.Gone/Get: {version: {retired: true}}", "tells clients to go, and not where to"},
      {"test.Gone/Get: {version: {successor: test.Neu/Fresh}}", "there is no method"},
      {"test.New/Fresh: {version: {successor: test.Gone/Get}}\n"
       "  test.Gone/Get: {version: {successor: test.New/Fresh}}",
       "is followed by this one in turn"},
      {"test.New/Adapted: {version: {retired: true, documentation: \"http://a/\"}}",
       "\"test.New/Adapted\" is retired itself"},
      {"test.Gone/Get: {version: {sunset: \"2027\"}}", "\"2027\" is not a date"},
      {"test.Old/Plain: {version: {retired_since: 2027-01-01}}",
       "retired_since 2027-01-01 is before sunset 2027-06-01T12:00:00Z, at test.proto:7:3"},
      {"test.Gone/Get: {version: {sunst: 2027-01-01}}", "did you mean"},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(Compile(Cat("methods:\n  ", row.methods, '\n'))) << row.methods;
    EXPECT_THAT(findings_, ::testing::HasSubstr(row.finding));
  }
}

}  // namespace
}  // namespace frontdesk::config
