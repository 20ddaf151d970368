// codegen/common: comments, endpoint, example
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/common/comments.h"
#include "codegen/common/endpoint.h"
#include "codegen/common/example.h"
#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::codegen {
namespace {

using ::testing::ElementsAre;

std::unique_ptr<const contract::Contract> Load(const std::string& text) {
  contract::Findings findings;
  auto contract = contract::Contract::Load(testing::CompileProto(text), "test", findings);
  EXPECT_EQ(findings.ToString(), "");
  return contract;
}

TEST(Comments, LoseTheirSlashesAndNothingElse) {
  struct Row {
    const char* leading;
    const char* trailing;
    const char* text;
  };
  const Row rows[] = {
      {"", "", ""},
      {" One.\n", " Two.\n", "One."},
      {"", " Two.\n", "Two."},
      {" \n", " Two.\n", "Two."},
      {" One\n   - indented\n\n two \t\n", "", "One\n  - indented\n\ntwo"},
      {"\n\n One.\n\n\n", "", "One."},
      {" One.\r\n Two.\r\n", "", "One.\nTwo."},
  };
  for (const Row& row : rows) {
    google::protobuf::SourceLocation location;
    location.leading_comments = row.leading;
    location.trailing_comments = row.trailing;
    EXPECT_EQ(CommentText(location), row.text);
  }
  EXPECT_EQ(Summary("One line\nand more. Second.\n\nThird"), "One line and more.");
  EXPECT_EQ(Summary("Without an end\n\nThird"), "Without an end");
}

TEST(QueryFields, AreWhatNeitherPathNorBodyCarries) {
  const auto contract = Load(R"(
    message In { string a = 1; int32 b = 2; In self = 3; repeated In all = 4; }
    message Request {
      string id = 1;
      In in = 2;
      map<string, string> labels = 3;
      map<string, In> others = 4;
      google.protobuf.Struct filter = 5;
      google.protobuf.Any any = 6;
      string user = 7 [(frontdesk.v1.field).from = "caller.sub"];
      repeated string many = 8;
    }
    service S {
      rpc Get(Request) returns (In) { option (google.api.http) = { get: "/{id}/{in.a}" }; }
      rpc Put(Request) returns (In) { option (google.api.http) = { put: "/{id}" body: "in" }; }
      rpc Post(Request) returns (In) { option (google.api.http) = { post: "/{id}" body: "*" }; }
    }
  )");
  const auto names = [&](const char* method) {
    std::vector<std::string> out;
    const contract::Method& found = *contract->FindMethod(method);
    for (const QueryField& field : QueryFields(found, found.bindings[0])) {
      out.push_back(Cat(JsonPath(field.path), field.sendable ? "" : " never",
                        field.map ? " map" : "", field.json ? " json" : ""));
    }
    return out;
  };
  EXPECT_THAT(names("test.S.Get"),
              ElementsAre("in.b", "in.self never", "in.all never", "labels map", "others never map",
                          "filter json", "any never", "many"));
  EXPECT_THAT(names("test.S.Put"),
              ElementsAre("labels map", "others never map", "filter json", "any never", "many"));
  EXPECT_THAT(names("test.S.Post"), ElementsAre());
  EXPECT_TRUE(contract->FindMethod("test.S.Get")->needs_caller);
}

TEST(NeedsCredential, OfThePolicyOrTheFields) {
  const struct {
    const char* field;
    const char* policy;
    bool needs;
  } rows[] = {
      {"", "", false},
      {"[(frontdesk.v1.field).from = 'caller.sub']", "", true},
      {"", "auth { access: REQUIRED }", true},
      {"", "auth { access: OPTIONAL }", false},
      {"", "auth { scopes: 'read' }", true},
      {"", "auth { access: PUBLIC }", false},
  };
  for (const auto& row : rows) {
    const auto contract =
        Load(Cat("message M { string user = 1 ", row.field, "; }",
                 "service S { rpc Get(M) returns (M) {", "  option (google.api.http).get = '/a';",
                 "  option (frontdesk.v1.method) = {", row.policy, "}; } }"));
    const contract::Method& method = *contract->FindMethod("test.S.Get");
    EXPECT_EQ(NeedsCredential(method, method.policy), row.needs) << row.field << row.policy;
    bool refused = false;
    for (const ErrorCase& error : ErrorsOf(method, method.bindings[0], method.policy)) {
      refused = refused || error.http == 401;
    }
    EXPECT_EQ(refused, row.needs) << row.field << row.policy;
  }
}

TEST(Examples, EndWhereMessagesContainThemselves) {
  const auto contract = Load(R"(
    message Tree { Tree left = 1; repeated Tree others = 2; map<string, Tree> named = 3;
                   string name = 4; Leaf leaf = 5; oneof one { int64 a = 6; bool b = 7; } }
    message Leaf { Tree tree = 1; bytes data = 2; optional int32 maybe = 3; Kind kind = 4; }
    enum Kind { NONE = 0; SOME = 3; }
    service S { rpc Get(Tree) returns (Leaf); }
  )");
  const contract::Method& method = *contract->FindMethod("test.S.Get");
  EXPECT_EQ(ExampleOf(*method.input, {})->dump(),
            R"({"name":"name","leaf":{"data":"Ynl0ZXM=","maybe":1,"kind":"SOME"},"a":"1"})");
  EXPECT_EQ(ExampleOf(*method.output, {.proto_names = true, .enum_numbers = true})->dump(),
            R"({"tree":{"name":"name","a":"1"},"data":"Ynl0ZXM=","maybe":1,"kind":3})");
}

// What clients may send is what an example of theirs shows; or it shows nothing.
TEST(Examples, OfRequestsKeepTheRules) {
  const struct {
    const char* type;
    const char* rules;
    const char* example;  // of {"f": ...}; "" for none of the field, "-" for none of the message
  } rows[] = {
      {"string", "", R"("f")"},
      {"string", "string { min_len: 3 }", R"("fxx")"},
      {"string", "string { max_len: 2 }", R"("f")"},
      {"string", "string { len: 5 }", R"("fxxxx")"},
      {"string", "string { min_len: 1000 }", "-"},
      {"string", "string { min_len: 1000 } ignore: IGNORE_IF_ZERO_VALUE", ""},
      {"string", "string { min_len: 1000 } ignore: IGNORE_ALWAYS", R"("f")"},
      {"string", "string { min_bytes: 4 max_bytes: 4 }", R"("fxxx")"},
      {"string", "string { prefix: 'ab-' suffix: '.x' min_len: 8 }", R"("ab-fxx.x")"},
      {"string", "string { contains: '@' not_contains: 'f' }", R"("a@")"},
      {"string", "string { const: 'only' }", R"("only")"},
      {"string", "string { in: 'b' in: 'c' }", R"("b")"},
      {"string", "string { in: 'b' in: 'c' not_in: 'f' }", R"("b")"},
      {"string", "string { not_in: 'f' }", R"("a")"},
      {"string", "string { email: true }", R"("ada@example.com")"},
      {"string", "string { hostname: true }", R"("example.com")"},
      {"string", "string { ip: true }", R"("192.0.2.1")"},
      {"string", "string { ipv6: true }", R"("2001:db8::1")"},
      {"string", "string { uri: true }", R"("https://example.com/")"},
      {"string", "string { uuid: true }", R"("3f2504e0-4f89-41d3-9a0c-0305e82c3301")"},
      {"string", "string { pattern: '^[a-z]+$' }", R"("f")"},
      {"string", "string { pattern: '^[A-Z]{2}-[0-9]{4}$' }", R"("AA-0000")"},
      {"string", "string { pattern: '^(EUR|USD)$' }", R"("EUR")"},
      {"string", "string { pattern: '^\\\\+[1-9][0-9]{6,14}$' min_len: 10 }", R"("+100000000")"},
      {"string", "string { pattern: '^[^a-z0-9]+$' }", R"("A")"},
      {"string", "string { pattern: '^(?:[a-f0-9]{2}:){5}[a-f0-9]{2}$' }",
       R"("aa:aa:aa:aa:aa:aa")"},
      {"string", "string { pattern: '^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d$' }", R"("1111-11-11")"},
      {"string", "string { pattern: '^a$' not_in: 'a' }", "-"},
      {"string", "required: true", R"("f")"},
      {"optional string", "string { min_len: 1000 }", ""},
      {"google.protobuf.StringValue", "string { email: true }", R"("ada@example.com")"},
      {"bytes", "bytes { len: 2 }", R"("Ynk=")"},
      {"bytes", "bytes { prefix: '\\001' len: 3 }", R"("AWJ5")"},
      {"int32", "int32 { gte: 10 }", "10"},
      {"int32", "int32 { gt: 10 }", "11"},
      {"int32", "int32 { lt: 0 }", "-1"},
      {"int32", "int32 { gt: 5 lt: 7 }", "6"},
      {"int32", "int32 { in: 4 in: 3 }", "4"},
      {"int32", "int32 { not_in: 1 not_in: 0 not_in: 2 }", "3"},
      {"int32", "required: true int32 { lte: 0 }", "-1"},
      {"int64", "int64 { lte: -9223372036854775807 }", R"("-9223372036854775807")"},
      {"uint64", "uint64 { gt: 18446744073709551614 }", R"("18446744073709551615")"},
      {"double", "double { gt: 0.25 lt: 0.5 }", "0.375"},
      {"double", "double { lte: -2 }", "-2.0"},
      {"float", "float { gte: 2.5 }", "2.5"},
      {"bool", "bool { const: false }", "false"},
      {"bool", "required: true bool { const: false }", "-"},
      {"E", "enum { not_in: 1 }", R"("E2")"},
      {"E", "enum { const: 0 }", R"("E0")"},
      {"google.protobuf.Duration", "duration { lt { seconds: 1 } }", R"("0.500s")"},
      {"google.protobuf.Duration", "duration { lte { seconds: -1 } }", R"("-1s")"},
      {"google.protobuf.Timestamp", "timestamp { lt_now: true }", R"("2026-01-02T03:04:05Z")"},
      {"google.protobuf.Timestamp", "timestamp { gt_now: true }", R"("9999-12-31T23:59:59Z")"},
      // No time of today is one of tomorrow.
      {"google.protobuf.Timestamp", "timestamp { within { seconds: 60 } }", ""},
      {"google.protobuf.Timestamp", "required: true timestamp { within { seconds: 60 } }", "-"},
      {"repeated string", "repeated { min_items: 2 unique: true }", R"(["f","a"])"},
      {"repeated string", "repeated { max_items: 0 }", "[]"},
      {"repeated string", "repeated { min_items: 1000 }", "-"},
      {"repeated string", "repeated { items { string { min_len: 1000 } } }", "[]"},
      {"repeated int32", "repeated { min_items: 3 items { int32 { gte: 7 } } }", "[7,8,9]"},
      {"repeated E", "repeated { min_items: 4 unique: true }", "-"},
      {"map<string, int32>",
       "map { min_pairs: 2 keys { string { prefix: 'k-' } } values { int32 { gt: 3 } } }",
       R"({"k-key":4,"k-a":4})"},
      {"map<int32, string>", "map { keys { int32 { gte: 9 } } }", R"({"9":"f"})"},
      // What is inside of messages.
      {"In", "", R"({"n":5})"},
      {"In", "ignore: IGNORE_ALWAYS", R"({"n":5})"},
      {"Never", "", ""},
      {"Never", "required: true", "-"},
      {"repeated Never", "", "[]"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(Cat(row.type, ' ', row.rules));
    const std::string options =
        *row.rules ? Cat(" [(frontdesk.v1.field).rules = {", row.rules, "}]") : "";
    const auto contract = Load(Cat("message Q { ", row.type, " f = 1", options, R"(; }
          enum E { E0 = 0; E1 = 1; E2 = 2; }
          message In { int32 n = 1 [(frontdesk.v1.field).rules.int32.gte = 5]; }
          message Never { string s = 1 [(frontdesk.v1.field).rules.string.min_len = 1000]; }
          service S { rpc Get(Q) returns (Q) { option (google.api.http).get = "/a"; } })"));
    const contract::MessageTable& input = *contract->FindMethod("test.S.Get")->input;
    const auto example = ExampleOf(input, kRequestFace);
    const std::string expected = !*row.example ? "{}"
                                 : std::string("-") == row.example
                                     ? "none"
                                     : Cat("{\"f\":", row.example, '}');
    EXPECT_EQ(example ? example->dump() : "none", expected);
    EXPECT_TRUE(ExampleOf(input, Face{})) << "answers are not held to rules";
  }
  // Of a oneof the first member that can be shown.
  const auto contract = Load(R"(
    message Q { oneof one { option (frontdesk.v1.oneof).required = true;
                            string s = 1 [(frontdesk.v1.field).rules.string.min_len = 1000];
                            int32 n = 2 [(frontdesk.v1.field).rules.int32.gte = 3]; } }
    message None { oneof one { option (frontdesk.v1.oneof).required = true;
                               string s = 1 [(frontdesk.v1.field).rules.string.min_len = 1000]; } }
    service S { rpc Get(Q) returns (None); }
  )");
  const contract::Method& method = *contract->FindMethod("test.S.Get");
  EXPECT_EQ(ExampleOf(*method.input, kRequestFace)->dump(), R"({"n":3})");
  EXPECT_FALSE(ExampleOf(*method.output, kRequestFace));
}

}  // namespace
}  // namespace frontdesk::codegen
