// google.api.http rules: which are taken, and how the others are refused.
#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "tests/unit/contract/one_method.h"

namespace frontdesk::contract {
namespace {

using ::frontdesk::testing::CompileProto;
using ::frontdesk::testing::CompileProtos;

TEST(Binding, AcceptsTheBindingsThatTheRulesAllow) {
  for (const char* option : {
           R"(option (google.api.http) = { get: "/" };)",
           R"(option (google.api.http).get = "/a/{number}";)",
           R"(option (google.api.http) = { delete: "/a" body: "*" };)",
           R"(option (google.api.http) = { put: "/a" body: "tags" };)",
           R"(option (google.api.http) = { put: "/a" body: "labels" };)",
           R"(option (google.api.http) = { put: "/a" body: "file" };)",
           R"(option (google.api.http) = { patch: "/a/{inner.id}" body: "inner" };)",
           R"(option (google.api.http) = { patch: "/a/{inner.inner.inner.id}" body: "*" };)",
           R"(option (google.api.http) = { get: "/a/{left}" response_body: "inner" };)",
           R"(option (google.api.http) = { get: "/a/{kind}" };)",
           R"(option (google.api.http) = { get: "/a/{id}/{number}:go" };)",
           R"(option (google.api.http) = { custom { kind: "REPORT" path: "/a" } body: "*" };)",
       }) {
    Findings findings;
    EXPECT_NE(Load(OneMethod(option), findings), nullptr) << option << "\n" << findings.ToString();
  }
}

struct Row {
  const char* option;
  const char* finding;
};

TEST(Binding, RefusesBindings) {
  const Row rows[] = {
      {R"(option (google.api.http) = { get: "/a/{id" };)",
       "test.proto:3:1: test.S.M: path template \"/a/{id\": column 7: expected '}', got the end"},
      {R"(option (google.api.http).get = "a";)",
       "test.proto:3:1: test.S.M: path template \"a\": column 1: expected '/', got 'a'"},
      {R"(option (google.api.http) = { body: "*" };)",
       "test.proto:3:1: test.S.M: the rule has no HTTP method and path"},
      {R"(option (google.api.http) = { get: "/a/{ids}" };)",
       "test.proto:3:1: test.S.M: path variable \"ids\": no field \"ids\" in test.Request (did you "
       "mean \"id\"?)"},
      {R"(option (google.api.http) = { get: "/a/{userId}" };)",
       "test.proto:3:1: test.S.M: path variable \"userId\": no field \"userId\" in test.Request "
       "(did you mean \"user_id\"?)"},
      {R"(option (google.api.http) = { get: "/a/{inner.nope}" };)",
       "test.proto:3:1: test.S.M: path variable \"inner.nope\": no field \"nope\" in test.Inner"},
      {R"(option (google.api.http) = { get: "/a/{tags}" };)",
       "test.proto:3:1: test.S.M: path variable \"tags\": \"tags\" is repeated; a path fills "
       "singular fields only"},
      {R"(option (google.api.http) = { get: "/a/{labels}" };)",
       "test.proto:3:1: test.S.M: path variable \"labels\": \"labels\" is a map; a path fills "
       "singular fields only"},
      {R"(option (google.api.http) = { get: "/a/{labels.value}" };)",
       "test.proto:3:1: test.S.M: path variable \"labels.value\": \"labels\" is a map; a path "
       "fills "
       "singular fields only"},
      {R"(option (google.api.http) = { get: "/a/{inner}" };)",
       "test.proto:3:1: test.S.M: path variable \"inner\": \"inner\" is a test.Inner; a path fills "
       "scalars and messages with scalar JSON only"},
      {R"(option (google.api.http) = { get: "/a/{data}" };)",
       "test.proto:3:1: test.S.M: path variable \"data\": \"data\" is a google.protobuf.Struct; a "
       "path fills scalars and messages with scalar JSON only"},
      {R"(option (google.api.http) = { get: "/a/{at.seconds}" };)",
       "test.proto:3:1: test.S.M: path variable \"at.seconds\": \"at\" is a "
       "google.protobuf.Timestamp, whose fields can't be filled one by one"},
      {R"(option (google.api.http) = { get: "/a/{id.x}" };)",
       "test.proto:3:1: test.S.M: path variable \"id.x\": \"id\" is not a message"},
      {R"(option (google.api.http) = { get: "/a/{user_id}" };)",
       "test.proto:3:1: test.S.M: path variable \"user_id\": \"user_id\" is filled from caller.sub "
       "only"},
      {R"(option (google.api.http) = { get: "/a/{left}/{right}" };)",
       "test.proto:3:1: test.S.M: path variables \"left\" and \"right\" are members of one oneof"},
      {R"(option (google.api.http) = { get: "/a/{inner.a}/{inner.b}" };)",
       "test.proto:3:1: test.S.M: path variables \"inner.a\" and \"inner.b\" are members of one "
       "oneof"},
      {R"(option (google.api.http) = { get: "/a" body: "*" };)",
       "test.proto:3:1: test.S.M: GET has no body (RFC 9110, section 9.3.1)"},
      {R"(option (google.api.http) = { post: "/a" body: "inner.id" };)",
       "test.proto:3:1: test.S.M: body \"inner.id\" must be one top-level field"},
      {R"(option (google.api.http) = { post: "/a" body: "iner" };)",
       "test.proto:3:1: test.S.M: body: no field \"iner\" in test.Request (did you mean "
       "\"inner\"?)"},
      {R"(option (google.api.http) = { post: "/a" body: "user_id" };)",
       "test.proto:3:1: test.S.M: body \"user_id\" is filled from caller.sub only"},
      {R"(option (google.api.http) = { post: "/a" body: "files" };)",
       "test.proto:3:1: test.S.M: body \"files\" is a list of google.api.HttpBody, a request has "
       "one"},
      {R"(option (google.api.http) = { post: "/a/{id}" body: "id" };)",
       "test.proto:3:1: test.S.M: \"id\" is filled by the path already"},
      {R"(option (google.api.http) = { get: "/a" response_body: "lst" };)",
       "test.proto:3:1: test.S.M: response_body: no field \"lst\" in test.Reply (did you mean "
       "\"list\"?)"},
      {R"(option (google.api.http) = { get: "/a" response_body: "*" };)",
       "test.proto:3:1: test.S.M: response_body \"*\" must be one top-level field"},
      {R"(option (google.api.http) = { get: "/a" response_body: "inner.id" };)",
       "test.proto:3:1: test.S.M: response_body \"inner.id\" must be one top-level field"},
      {R"(option (google.api.http) = { get: "/a" selector: "x" };)",
       "test.proto:3:1: test.S.M: selector belongs into a service config, not here"},
      {R"(option (google.api.http) = { custom { kind: "get" path: "/a" } };)",
       "test.proto:3:1: test.S.M: kind \"get\" is not an HTTP method in upper case or \"*\""},
      {R"(option (google.api.http) = { custom { path: "/a" } };)",
       "test.proto:3:1: test.S.M: kind \"\" is not an HTTP method in upper case or \"*\""},
      {R"(option (google.api.http) = { custom { kind: "CONNECT" path: "/a" } };)",
       "test.proto:3:1: test.S.M: CONNECT has no path that could be bound"},
      {R"(option (google.api.http) = { get: "/a"
          additional_bindings { get: "/b" additional_bindings { get: "/c" } } };)",
       "test.proto:3:1: test.S.M: additional_bindings can't have additional_bindings of their own"},
  };
  for (const Row& row : rows) {
    Findings findings;
    EXPECT_EQ(Load(OneMethod(row.option), findings), nullptr) << row.option;
    EXPECT_EQ(findings.ToString(), std::string(row.finding) + "\n") << row.option;
  }
}

TEST(Binding, TellsEverythingAtOnce) {
  Findings findings;
  EXPECT_EQ(Load(OneMethod(R"(option (google.api.http) = { post: "/a/{ids}/{tags}" body: "x"
    additional_bindings { put: "a" } additional_bindings { put: "/ok" } };
    option (frontdesk.v1.method).timeout = "soon";)"),
                 findings),
            nullptr);
  EXPECT_EQ(findings.size(), 5u) << findings.ToString();
}

TEST(Binding, RefusesHttpBodyWhereItCanNotBe) {
  const struct {
    const char* option;
    const char* input;
    const char* output;
    const char* finding;
  } rows[] = {
      {R"(option (google.api.http) = { post: "/a" body: "*" };)", "google.api.HttpBody",
       "google.api.HttpBody", ""},
      {R"(option (google.api.http) = { get: "/a" };)", "google.api.HttpBody", "Reply",
       "test.proto:3:1: test.S.M: a request that is a google.api.HttpBody needs body: \"*\"\n"},
      {R"(option (google.api.http) = { post: "/{content_type}" body: "*" };)",
       "google.api.HttpBody", "Reply",
       "test.proto:3:1: test.S.M: path variable \"content_type\": the fields of "
       "google.api.HttpBody "
       "come from the body\n"},
      {R"(option (google.api.http) = { get: "/a" response_body: "data" };)", "Request",
       "google.api.HttpBody",
       "test.proto:3:1: test.S.M: response_body: google.api.HttpBody is always sent as a whole\n"},
  };
  for (const auto& row : rows) {
    Findings findings;
    Load(OneMethod(row.option, row.input, row.output), findings);
    EXPECT_EQ(findings.ToString(), row.finding) << row.option;
  }
}

TEST(Binding, RefusesCollisionsWithBothPlaces) {
  Findings findings;
  EXPECT_EQ(Load(CompileProto(R"(
message M { string x = 1; string y = 2; }
service A {
  rpc One(M) returns (M) { option (google.api.http) = { get: "/a/{x}"
    additional_bindings { get: "/a/{y=*}" } }; }
}
service B {
  rpc Two(M) returns (M) { option (google.api.http) = { get: "/%61/*" }; }
  rpc Three(M) returns (M) { option (google.api.http) = { post: "/a/{x}" }; }
}
)"),
                 findings),
            nullptr);
  EXPECT_EQ(findings.ToString(),
            "test.proto:5:28: test.A.One: GET /a/{y=*} collides with GET /a/{x} of test.A.One at "
            "test.proto:5:28\n"
            "test.proto:9:28: test.B.Two: GET /%61/* collides with GET /a/{x} of test.A.One at "
            "test.proto:5:28\n");
}

TEST(Binding, RefusesBindingsOfStreams) {
  Findings findings;
  Load(CompileProto(R"(
message M { string x = 1; }
service S { rpc Watch(M) returns (stream M) { option (google.api.http) = { get: "/a" }; } }
)"),
       findings);
  EXPECT_EQ(findings.ToString(),
            "test.proto:4:47: test.S.Watch: is a streaming method; this build binds unary methods "
            "only\n");
}

}  // namespace
}  // namespace frontdesk::contract
