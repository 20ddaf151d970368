#include "gateway/contract/diff.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

std::unique_ptr<const Contract> Load(const std::string& text) {
  Findings findings;
  auto contract = Contract::Load(testing::CompileProto(text), "test.binpb", findings);
  EXPECT_NE(contract, nullptr) << findings.ToString();
  return contract;
}

// "! where: what" for a breaking change, "  where: what" for another; a line each.
std::string DiffOf(const std::string& before, const std::string& after) {
  std::string text;
  for (const Change& change : Diff(*Load(before), *Load(after))) {
    text += Cat(change.breaking ? "! " : "  ", change.where, ": ", change.what, '\n');
  }
  return text;
}

struct Row {
  const char* what;
  std::string before;
  std::string after;
  const char* diff;
};

// A service of which one method has a route, with these fields of request and answer.
std::string Fields(const std::string& request, const std::string& answer,
                   const std::string& more = "") {
  return Cat(
      "message Q { string id = 1; ", request, " } message A { ", answer, " } ", more,
      " service S { rpc Get(Q) returns (A) { option (google.api.http).get = \"/a/{id}\"; } }");
}

TEST(Diff, OfMessagesSaysWhatClientsSee) {
  const Row rows[] = {
      {"nothing", Fields("int32 n = 2;", "int32 n = 1;"), Fields("int32 n = 2;", "int32 n = 1;"),
       ""},
      {"added", Fields("", ""), Fields("int32 n = 2;", "int32 n = 1;"),
       "  test.A.n: is new: clients may ignore it\n"
       "  test.Q.n: is new: clients may send it\n"},
      {"removed", Fields("int32 n = 2;", "int32 n = 1;"), Fields("", ""),
       "! test.A.n: is gone: clients no longer find it\n"
       "! test.Q.n: is gone: clients that send it get 400\n"},
      {"renamed", Fields("", "int32 big_n = 1;"), Fields("", "int32 large_n = 1;"),
       "! test.A.bigN: is now called \"largeN\": clients no longer find it\n"},
      {"renamed in JSON only", Fields("", "int32 n = 1;"),
       Fields("", "int32 n = 1 [json_name = \"m\"];"),
       "! test.A.n: is now called \"m\": clients no longer find it\n"},
      {"another type", Fields("int32 n = 2;", "int32 n = 1;"),
       Fields("string n = 2;", "int64 n = 1;"),
       "! test.A.n: was int32, is int64: clients read another type\n"
       "! test.Q.n: was int32, is string: clients that send it as before may get 400\n"},
      {"a list", Fields("", "int32 n = 1;"), Fields("", "repeated int32 n = 1;"),
       "! test.A.n: was int32, is list of int32: clients read another type\n"},
      {"another number", Fields("", "int32 n = 1;"), Fields("", "int32 n = 2;"),
       "! test.A.n: had number 1, has 2: JSON is as before, callers by gRPC take it for another "
       "field\n"},
      {"into a oneof", Fields("int32 n = 2; int32 m = 3;", ""),
       Fields("oneof x { int32 n = 2; int32 m = 3; }", ""),
       "! test.Q.m: is now in a oneof: clients that send another member beside it get 400\n"
       "! test.Q.n: is now in a oneof: clients that send another member beside it get 400\n"},
      {"from the caller", Fields("string u = 2;", ""),
       Fields("string u = 2 [(frontdesk.v1.field).from = \"caller.sub\"];", ""),
       "! test.Q.u: is now filled from caller.sub: clients that send it are refused\n"},
      {"messages inside, by another name",
       Fields("", "M m = 1;", "message M { int32 n = 1; M m = 2; }"),
       Fields("", "L m = 1;", "message L { L m = 2; }"),
       "! test.M.n: is gone: clients no longer find it\n"},
      {"well-known", Fields("", "google.protobuf.Timestamp t = 1;"),
       Fields("", "google.protobuf.Duration t = 1;"),
       "! test.A.t: was google.protobuf.Timestamp, is google.protobuf.Duration: clients read "
       "another type\n"},
      {"enums", Fields("E e = 2;", "F e = 1;", "enum E { E0 = 0; E1 = 1; } enum F { F0 = 0; }"),
       Fields("E e = 2;", "F e = 1;", "enum E { E0 = 0; } enum F { F0 = 0; F1 = 1; }"),
       "! test.E.E1: is gone: clients that send it get 400\n"
       "  test.F.F1: is new: clients may receive a value they do not know\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(DiffOf(row.before, row.after), row.diff) << row.what;
}

// The change of one field of a request, type and all but for its number.
std::string DiffOfField(const std::string& before, const std::string& after) {
  const auto fields = [](const std::string& field) {
    return Fields(field, "", "enum E { E0 = 0; E1 = 1; E2 = 2; } message In { int32 n = 1; }");
  };
  std::string text = DiffOf(fields(before), fields(after));
  const std::string where = "test.Q.f: ";
  for (size_t at = text.find(where); at != std::string::npos; at = text.find(where)) {
    text.erase(at, where.size());
  }
  return text;
}

std::string Ruled(const std::string& type, const std::string& rules) {
  return Cat(type, " f = 2",
             rules.empty() ? "" : Cat(" [(frontdesk.v1.field).rules = {", rules, "}]"), ";");
}

// What becomes stricter breaks clients, what becomes looser does not.
TEST(Diff, OfRulesOfFields) {
  const struct {
    const char* type;
    const char* before;
    const char* after;
    const char* diff;
  } rows[] = {
      {"string", "", "", ""},
      {"string", "string { min_len: 3 }", "string { min_len: 3 }", ""},
      {"string", "", "required: true", "! is now required: requests without it get 400\n"},
      {"string", "required: true", "", "  is no longer required\n"},
      {"string", "", "string { min_len: 3 }",
       "! must have at least 3 characters now: clients may get 400\n"},
      {"string", "string { min_len: 3 }", "string { min_len: 5 }",
       "! must have at least 5 characters, and before: must have at least 3 characters: clients "
       "may get 400\n"},
      {"string", "string { min_len: 5 }", "string { min_len: 3 }",
       "  must have at least 3 characters, and before: must have at least 5 characters\n"},
      {"string", "string { min_len: 5 }", "",
       "  the rule is gone that it must have at least 5 characters\n"},
      {"string", "", "string { min_len: 0 }", ""},
      {"string", "string { max_len: 5 }", "string { max_len: 4 }",
       "! must have at most 4 characters, and before: must have at most 5 characters: clients may "
       "get 400\n"},
      {"string", "string { max_len: 5 }", "string { max_len: 6 }",
       "  must have at most 6 characters, and before: must have at most 5 characters\n"},
      {"string", "string { len: 5 }", "string { min_len: 5 max_len: 9 }",
       "  must have at most 9 characters, and before: must have exactly 5 characters\n"},
      {"string", "string { min_len: 2 max_len: 9 }", "string { len: 5 }",
       "! must have exactly 5 characters, and before: must have at least 2 characters: clients may "
       "get 400\n"
       "! must have exactly 5 characters, and before: must have at most 9 characters: clients may "
       "get 400\n"},
      {"string", "", "string { pattern: '^a' }", "! must match \"^a\" now: clients may get 400\n"},
      {"string", "string { pattern: '^a' }", "string { pattern: '^b' }",
       "! must match \"^b\", and before: must match \"^a\": clients may get 400\n"},
      {"string", "string { pattern: '^a' }", "", "  the rule is gone that it must match \"^a\"\n"},
      {"string", "string { prefix: 'ab' }", "string { prefix: 'a' }",
       "  must begin with \"a\", and before: must begin with \"ab\"\n"},
      {"string", "string { prefix: 'a' }", "string { prefix: 'ab' }",
       "! must begin with \"ab\", and before: must begin with \"a\": clients may get 400\n"},
      {"string", "", "string { email: true }",
       "! must be an email address now: clients may get 400\n"},
      {"string", "string { ipv4: true }", "string { ip: true }",
       "  must be an IP address now\n  the rule is gone that it must be an IPv4 address\n"},
      {"string", "string { in: 'a' in: 'b' }", "string { in: 'a' }",
       "! must be one of \"a\", and before: must be one of \"a\", \"b\": clients may get 400\n"},
      {"string", "string { in: 'a' }", "string { in: 'b' in: 'a' }",
       "  must be one of \"b\", \"a\", and before: must be one of \"a\"\n"},
      {"string", "string { const: 'a' }", "string { in: 'b' in: 'a' }",
       "  must be one of \"b\", \"a\", and before: must be \"a\"\n"},
      {"string", "string { not_in: 'a' }", "string { not_in: 'a' not_in: 'b' }",
       "! must be none of \"a\", \"b\", and before: must be none of \"a\": clients may get 400\n"},
      // Numbers, times, enums and bools.
      {"int32", "int32 { lte: 10 }", "int32 { lte: 9 }",
       "! must be at most 9, and before: must be at most 10: clients may get 400\n"},
      {"int32", "int32 { lt: 10 }", "int32 { lte: 9 }", ""},
      {"int32", "int32 { gte: 1 }", "int32 { gt: 1 }",
       "! must be more than 1, and before: must be at least 1: clients may get 400\n"},
      {"int64", "int64 { lte: 9223372036854775807 }", "int64 { lte: 9223372036854775806 }",
       "! must be at most 9223372036854775806, and before: must be at most 9223372036854775807: "
       "clients may get 400\n"},
      {"double", "double { lte: 1 }", "double { lt: 1 }",
       "! must be less than 1, and before: must be at most 1: clients may get 400\n"},
      {"double", "double { gt: 0.5 }", "double { gte: 0.5 }",
       "  must be at least 0.5, and before: must be more than 0.5\n"},
      {"double", "double { finite: true }", "",
       "  the rule is gone that it must be a finite number\n"},
      {"google.protobuf.Duration", "duration { lte { seconds: 2 } }",
       "duration { lte { seconds: 1 nanos: 5 } }",
       "! must be at most 1.000000005s, and before: must be at most 2s: clients may get 400\n"},
      {"google.protobuf.Timestamp", "timestamp { within { seconds: 9 } }",
       "timestamp { within { seconds: 8 } gt_now: true }",
       "! must be in the future now: clients may get 400\n"
       "! must be within 8s of now, and before: must be within 9s of now: clients may get 400\n"},
      {"E", "enum { in: 0 in: 1 in: 2 }", "enum { in: 0 in: 1 }",
       "! must be one of E0, E1, and before: must be one of E0, E1, E2: clients may get 400\n"},
      {"E", "", "enum { defined_only: true }",
       "! must be a value of the enum now: clients may get 400\n"},
      {"bool", "", "bool { const: true }", "! must be true now: clients may get 400\n"},
      // Lists and maps.
      {"repeated string", "repeated { min_items: 1 }",
       "repeated { max_items: 3 unique: true items { string { min_len: 1 } } }",
       "! each must have at least 1 character now: clients may get 400\n"
       "! must have at most 3 items now: clients may get 400\n"
       "! must not hold a value twice now: clients may get 400\n"
       "  the rule is gone that it must have at least 1 item\n"},
      {"map<string, int32>", "map { keys { string { max_len: 5 } } }",
       "map { keys { string { max_len: 6 } } values { int32 { gt: 0 } } }",
       "! each must be more than 0 now: clients may get 400\n"
       "  each key must have at most 6 characters, and before: must have at most 5 characters\n"},
      // Whether they are looked at.
      {"string", "string { min_len: 1 } ignore: IGNORE_ALWAYS", "string { min_len: 1 }",
       "! must have at least 1 character now: clients may get 400\n"},
      {"string", "string { min_len: 1 }", "string { min_len: 1 } ignore: IGNORE_ALWAYS",
       "  the rule is gone that it must have at least 1 character\n"},
      {"string", "string { min_len: 1 } ignore: IGNORE_IF_ZERO_VALUE", "string { min_len: 1 }",
       "! is looked at now when it is empty, too: clients may get 400\n"},
      {"string", "string { min_len: 1 }", "string { min_len: 1 } ignore: IGNORE_IF_ZERO_VALUE",
       "  may be empty now, whatever its rules say\n"},
      {"google.protobuf.StringValue", "string { min_len: 1 }", "string { min_len: 2 }",
       "! must have at least 2 characters, and before: must have at least 1 character: clients may "
       "get 400\n"},
      {"In", "", "required: true", "! is now required: requests without it get 400\n"},
  };
  for (const auto& row : rows) {
    const std::string before = Ruled(row.type, row.before), after = Ruled(row.type, row.after);
    EXPECT_EQ(DiffOfField(before, after), row.diff) << before << " to " << after;
  }
  // A field that is new.
  EXPECT_EQ(DiffOfField("", Ruled("string", "string { max_len: 3 }")),
            "  is new: clients may send it\n");
  for (const char* rules : {"required: true", "string { min_len: 1 }"}) {
    EXPECT_EQ(DiffOfField("", Ruled("string", rules)),
              "! is new and required: requests without it get 400\n");
  }
  // Answers have no rules.
  EXPECT_EQ(DiffOf(Fields("", Ruled("string", "string { min_len: 1 }")),
                   Fields("", Ruled("string", "string { min_len: 2 }"))),
            "");
}

TEST(Diff, OfRulesOfOneofsAndHeaders) {
  const auto oneof = [](const char* required) {
    return Fields(Cat("oneof one { ", required, " int32 n = 2; int32 m = 3; }"), "");
  };
  const std::string needs = "option (frontdesk.v1.oneof).required = true;";
  EXPECT_EQ(DiffOf(oneof(""), oneof(needs.c_str())),
            "! test.Q: one of one must be set now: clients may get 400\n");
  EXPECT_EQ(DiffOf(oneof(needs.c_str()), oneof("")),
            "  test.Q: the rule is gone that one of one must be set\n");
  const auto headers = [](const std::string& rules) {
    return Cat(
        "message Q { string id = 1; } service S { rpc Get(Q) returns (Q) { "
        "option (google.api.http).get = \"/a\"; option (frontdesk.v1.method) = { ",
        rules, " }; } }");
  };
  const struct {
    const char* before;
    const char* after;
    const char* diff;
  } rows[] = {
      {"header_rules { name: 'X-A' max_len: 9 }", "header_rules { name: 'x-a' max_len: 9 }", ""},
      {"header_rules { name: 'x-a' max_len: 9 } header_rules { name: 'x-b' required: true }",
       "header_rules { name: 'x-b' required: true } header_rules { name: 'x-a' max_len: 9 }", ""},
      {"", "header_rules { name: 'x-a' required: true }",
       "! GET /a: header x-a is required now: clients may get 400\n"},
      {"header_rules { name: 'x-a' required: true max_len: 9 }", "",
       "  GET /a: the rule is gone that header x-a is required\n"
       "  GET /a: the rule is gone that header x-a must have at most 9 bytes\n"},
      {"header_rules { name: 'x-a' max_len: 9 in: 'a' in: 'b' }",
       "header_rules { name: 'x-a' max_len: 8 in: 'b' pattern: 'b' }",
       "! GET /a: header x-a must be one of \"b\", and before: must be one of \"a\", \"b\": "
       "clients "
       "may get 400\n"
       "! GET /a: header x-a must have at most 8 bytes, and before: must have at most 9 bytes: "
       "clients may get 400\n"
       "! GET /a: header x-a must match \"b\" now: clients may get 400\n"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(DiffOf(headers(row.before), headers(row.after)), row.diff) << row.after;
  }
}

std::string Options(const std::string& options, const std::string& name = "Get") {
  return Cat("message Q { string id = 1; string x = 2; } service S { rpc ", name,
             "(Q) returns (Q) { ", options, " } }");
}

TEST(Diff, OfRoutesAndPolicies) {
  const std::string get = "option (google.api.http).get = \"/a/{id}\"; ";
  const Row rows[] = {
      {"gone and new", Options(get), Options("option (google.api.http).get = \"/b/{id}\";"),
       "! GET /a/{id}: the route is gone: clients get 404 or 405\n"
       "  GET /b/{id}: the route is new: test.S.Get\n"},
      {"another method", Options(get), Options(get, "Fetch"),
       "  GET /a/{id}: was answered by test.S.Get, is by test.S.Fetch\n"},
      {"another variable", Options(get), Options("option (google.api.http).get = \"/a/{x}\";"),
       "  GET /a/{x}: variable 1 of the path is another field now; the path looks the same\n"},
      {"body", Options("option (google.api.http) = { post: \"/a\" body: \"*\" };"),
       Options("option (google.api.http) = { post: \"/a\" body: \"x\" response_body: \"x\" };"),
       "! POST /a: the answer was the whole answer, is field \"x\": clients read something else\n"
       "! POST /a: the body was the whole request, is field \"x\": clients that send it as before "
       "get 400\n"},
      {"policy", Options(get + "option (frontdesk.v1.method) = { timeout: \"1s\" };"),
       Options(get + "option (frontdesk.v1.method) = { success_status: 202 timeout: \"2s\" "
                     "max_request_bytes: 9 request_headers: [\"a\", \"b\"] };"),
       "! GET /a/{id}: policy max_request_bytes was the default, is 9\n"
       "! GET /a/{id}: policy success_status was the default, is 202\n"
       "  GET /a/{id}: policy request_headers was the default, is \"a\", \"b\"\n"
       "  GET /a/{id}: policy timeout was \"1s\", is \"2s\"\n"},
      {"a message",
       Options(get + "option (frontdesk.v1.method) = { limit { key: CALLER requests: 5 "
                     "tiers { claim: \"a\" tier { value: \"b\" requests: 6 } } } };"),
       Options(get + "option (frontdesk.v1.method) = { limit { key: CALLER requests: 5 } "
                     "limit { key: ROUTE requests: 9 } };"),
       "  GET /a/{id}: policy limit was { key: CALLER requests: 5 tiers { claim: \"a\" tier { "
       "value: "
       "\"b\" requests: 6 } } }, is { key: CALLER requests: 5 }, { key: ROUTE requests: 9 }\n"},
      {"deprecated", Options(get),
       Options(get + "option (frontdesk.v1.method) = { version { sunset: \"2027-01-01\" } };"),
       "  GET /a/{id}: policy version.sunset was the default, is \"2027-01-01\"\n"},
      {"retired",
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2027-01-01\" } };"),
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2026-12-01\" retired: true } };"),
       "! GET /a/{id}: policy version.retired was the default, is true: requests get 410\n"
       "! GET /a/{id}: policy version.retired_since was \"2027-01-01\", is \"2026-12-01\": "
       "requests "
       "get 410\n"},
      {"retired later",
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2027-01-01\" } };"),
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2027-12-01\" } };"),
       "  GET /a/{id}: policy version.retired_since was \"2027-01-01\", is \"2027-12-01\"\n"},
      {"retired at last",
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2027-01-01\" retired: false } };"),
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired_since: \"2027-01-01\" } };"),
       "! GET /a/{id}: policy version.retired was false, is the default: requests get 410\n"},
      {"not retired after all",
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" "
                     "retired: true } };"),
       Options(get + "option (frontdesk.v1.method) = { version { documentation: \"http://a\" } };"),
       "  GET /a/{id}: policy version.retired was true, is the default\n"},
      {"marked as deprecated", Options(get), Options(get + "option deprecated = true;"),
       "  GET /a/{id}: is now deprecated\n"},
      {"no longer deprecated", Options(get + "option deprecated = true;"), Options(get),
       "  GET /a/{id}: is no longer deprecated\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(DiffOf(row.before, row.after), row.diff) << row.what;
}

// Of one policy of a method to another: what is said of it, without its name.
std::string DiffOfPolicy(const std::string& before, const std::string& after) {
  const auto with = [](const std::string& policy) {
    return Options(Cat("option (google.api.http).get = \"/a\"; option (frontdesk.v1.method) = { ",
                       policy, " };"));
  };
  std::string text = DiffOf(with(before), with(after));
  const std::string where = "GET /a: policy ";
  const size_t at = text.find(where);
  if (at != std::string::npos) text.erase(at, where.size());
  return text;
}

// Who was let in is refused, with the same request as before.
TEST(Diff, OfWhoMayCall) {
  const std::string refused = ": callers that were let in may be refused\n";
  const struct {
    const char* before;
    const char* after;
    std::string diff;
  } rows[] = {
      {"", "auth { scopes: 'a' }", "! auth was the default, is { scopes: \"a\" }" + refused},
      {"auth { scopes: 'a' }", "", "  auth was { scopes: \"a\" }, is the default\n"},
      {"auth { scopes: 'a' }", "auth { scopes: 'a' scopes: 'b' }",
       "! auth was { scopes: \"a\" }, is { scopes: \"a\" scopes: \"b\" }" + refused},
      {"auth { any_scope: 'a' }", "auth { any_scope: 'a' any_scope: 'b' }",
       "  auth was { any_scope: \"a\" }, is { any_scope: \"a\" any_scope: \"b\" }\n"},
      {"auth { roles: ['a', 'b'] }", "auth { roles: 'a' }",
       "! auth was { roles: \"a\" roles: \"b\" }, is { roles: \"a\" }" + refused},
      {"auth { claims { name: 'a' } }", "auth { claims { name: 'a' values: 'b' } }",
       "! auth was { claims { name: \"a\" } }, is { claims { name: \"a\" values: \"b\" } }" +
           refused},
      {"", "auth { credentials: TOKEN }",
       "! auth was the default, is { credentials: TOKEN }" + refused},
      {"", "auth { access: REQUIRED }",
       "! auth was the default, is { access: REQUIRED }" + refused},
      {"", "auth { access: PUBLIC }", "  auth was the default, is { access: PUBLIC }\n"},
      {"auth { access: PUBLIC }", "", "! auth was { access: PUBLIC }, is the default" + refused},
      {"auth { access: OPTIONAL }", "auth { access: PUBLIC }",
       "  auth was { access: OPTIONAL }, is { access: PUBLIC }\n"},
      {"auth { scopes: 'a' }", "auth { access: PUBLIC }",
       "  auth was { scopes: \"a\" }, is { access: PUBLIC }\n"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(DiffOfPolicy(row.before, row.after), row.diff) << row.before << " to " << row.after;
  }
}

TEST(Diff, OfPagesThatMayCall) {
  const std::string one = "allow_origins: 'https://a.b.example' ";
  const std::string two = one + "allow_origins: 'https://c.example' ";
  const struct {
    std::string before;
    std::string after;
    const char* diff;
  } rows[] = {
      {two, one,
       "! cors.allow_origins was \"https://a.b.example\", \"https://c.example\", is "
       "\"https://a.b.example\"\n"},
      {one, two,
       "  cors.allow_origins was \"https://a.b.example\", is \"https://a.b.example\", "
       "\"https://c.example\"\n"},
      {one, "", "! cors.allow_origins was \"https://a.b.example\", is the default\n"},
      {one, "allow_origins: '*'", "  cors.allow_origins was \"https://a.b.example\", is \"*\"\n"},
      {"allow_origins: '*'", one, "! cors.allow_origins was \"*\", is \"https://a.b.example\"\n"},
      {one, "allow_origins: 'https://*.b.example'",
       "  cors.allow_origins was \"https://a.b.example\", is \"https://*.b.example\"\n"},
      {"allow_origins: 'https://*.b.example'", one,
       "! cors.allow_origins was \"https://*.b.example\", is \"https://a.b.example\"\n"},
      {one, one + "enabled: false", "! cors.enabled was the default, is false\n"},
      {one + "enabled: false", one, "  cors.enabled was false, is the default\n"},
  };
  for (const auto& row : rows) {
    const auto cors = [](const std::string& text) { return Cat("cors { ", text, " }"); };
    EXPECT_EQ(DiffOfPolicy(cors(row.before), cors(row.after)), row.diff)
        << row.before << " to " << row.after;
  }
}

// What is not said is 4 MiB.
TEST(Diff, OfHowMuchMayBeSent) {
  const struct {
    const char* before;
    const char* after;
    const char* diff;
  } rows[] = {
      {"", "max_request_bytes: 9", "! max_request_bytes was the default, is 9\n"},
      {"max_request_bytes: 9", "", "  max_request_bytes was 9, is the default\n"},
      {"", "max_request_bytes: 8388608", "  max_request_bytes was the default, is 8388608\n"},
      {"max_request_bytes: 8388608", "", "! max_request_bytes was 8388608, is the default\n"},
      {"", "max_request_bytes: 4194304", "  max_request_bytes was the default, is 4194304\n"},
      {"max_request_bytes: 9", "max_request_bytes: 8", "! max_request_bytes was 9, is 8\n"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(DiffOfPolicy(row.before, row.after), row.diff) << row.before << " to " << row.after;
  }
}

std::string Composed(const std::string& composition) {
  return Cat(
      "message Q { string id = 1; } message A { string a = 1; string b = 2; } service B { "
      "rpc One(Q) returns (A); rpc Two(Q) returns (A); } service S { rpc Get(Q) returns (A) "
      "{ option (google.api.http).get = \"/a\"; option (frontdesk.v1.compose) = {",
      composition, "}; } }");
}

TEST(Diff, OfCompositions) {
  const std::string one =
      "step { id: \"one\" call: \"test.B/One\" } out { to: \"a\" from: \"one.a\" } ";
  const std::string omit =
      "step { id: \"one\" call: \"test.B/One\" on_error: OMIT } "
      "out { to: \"a\" from: \"one.a\" } ";
  const std::string two =
      "step { id: \"two\" call: \"test.B/Two\" timeout: \"1s\" } "
      "out { to: \"b\" from: \"two.b\" } ";
  const Row rows[] = {
      {"same", Composed(one), Composed(one), ""},
      {"a dependency more", Composed(one), Composed(one + two),
       "  GET /a: step \"two\" is new: it depends on test.B/Two too; its failure fails the whole "
       "answer\n"},
      {"a dependency less", Composed(one + two), Composed(one),
       "  GET /a: step \"two\" is gone: test.B/Two is no longer called for it\n"},
      {"error policy", Composed(one), Composed(omit),
       "! GET /a: step \"one\": its failure now leaves its part of the answer out\n"},
      {"error policy, back", Composed(omit), Composed("deadline: \"2s\" " + one),
       "  GET /a: step \"one\": its failure now fails the whole answer\n"
       "  GET /a: the deadline was none, is 2s\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(DiffOf(row.before, row.after), row.diff) << row.what;
}

// A method that B/One or B/Two answers; "" for a plain one.
std::string Adapted(const std::string& call) {
  return Cat(
      "message Q { string id = 1; } message A { string a = 1; } service B { rpc One(Q) returns "
      "(A); "
      "rpc Two(Q) returns (A); } service S { rpc Get(Q) returns (A) "
      "{ option (google.api.http).get = \"/a\"; ",
      call.empty() ? "" : Cat("option (frontdesk.v1.adapt) = { call: \"test.B/", call, "\" };"),
      "} }");
}

TEST(Diff, OfAdapters) {
  const Row rows[] = {
      {"same", Adapted("One"), Adapted("One"), ""},
      {"new", Adapted(""), Adapted("One"), "  GET /a: is now an adapter of test.B/One\n"},
      {"gone", Adapted("One"), Adapted(""), "  GET /a: is no longer an adapter of test.B/One\n"},
      {"another", Adapted("One"), Adapted("Two"),
       "  GET /a: was an adapter of test.B/One, is one of test.B/Two\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(DiffOf(row.before, row.after), row.diff) << row.what;
}

}  // namespace
}  // namespace frontdesk::contract
