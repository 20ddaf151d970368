// Rules of a contract: what can't be right with them, and where that is told; what has a form.
#include "gateway/contract/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/formats.h"
#include "gateway/contract/pattern.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

constexpr char kMethod[] =
    "\nservice S { rpc Get(M) returns (M) { option (google.api.http) = { post: '/a' body: '*' }; } "
    "}";

std::string FindingsOf(const std::string& text, bool proto2 = false) {
  std::string file = testing::ProtoFile(text + kMethod);
  if (proto2) file.replace(file.find("proto3"), 6, "proto2");
  Findings findings;
  const SourceReader sources = [&](const std::string& name) {
    return name == "test.proto" ? std::optional(file) : std::nullopt;
  };
  Contract::Load(testing::CompileProtos({{"test.proto", file}}), "test.binpb", findings, sources);
  return findings.ToString();
}

TEST(Rules, WhatCantBeRight) {
  const struct {
    const char* type;
    const char* rules;
    const char* finding;  // behind the field's name; "" for none
  } kRows[] = {
      {"string", "string { min_len: 1 max_len: 5 pattern: '^a' in: ['a', 'ab'] }", ""},
      {"string", "int32 { gt: 0 }", ".int32: the type asks for string"},
      {"int32", "string { min_len: 1 }", ".string: the type asks for int32"},
      {"sfixed64", "int32 { gt: 1 }", ".int32: the type asks for int64"},
      {"fixed32", "uint32 { gt: 1 }", ""},
      {"repeated string", "string { min_len: 1 }", ".string: this is a list: say repeated.items"},
      {"map<string, string>", "repeated { min_items: 1 }",
       ".repeated: this is a map: say map.keys or map.values"},
      {"string", "repeated { min_items: 1 }", ".repeated: the type asks for string"},
      {"M", "string { min_len: 1 }", ".string: a message has rules in its own fields"},
      {"google.protobuf.BoolValue", "bool { const: true }", ""},
      {"google.protobuf.BoolValue", "int32 { gt: 0 }", ".int32: the type asks for bool"},
      {"google.protobuf.Duration", "timestamp { lt_now: true }",
       ".timestamp: the type asks for duration"},
      {"repeated string", "repeated { items { int32 { gt: 0 } } }",
       ".repeated.items.int32: the type asks for string"},
      {"repeated string", "repeated { items { repeated { min_items: 1 } } }",
       ".repeated.items.repeated: the type asks for string"},
      {"map<int32, string>", "map { keys { string { min_len: 1 } } }",
       ".map.keys.string: the type asks for int32"},
      {"string", "", ": says nothing"},
      {"string", "string {}", ".string: says nothing"},
      {"repeated string", "repeated {}", ".repeated: says nothing"},
      {"string", "string { min_len: 3 max_len: 2 }",
       ".string.max_len: is less than min_len, which is 3"},
      {"string", "string { len: 3 max_len: 3 }", ".string.max_len: says nothing beside len"},
      {"string", "string { min_bytes: 2 max_bytes: 1 }",
       ".string.max_bytes: is less than min_bytes, which is 2"},
      {"string", "string { pattern: '(' }",
       ".string.pattern: \"(\" is no regular expression of RE2: missing ): ("},
      {"string", "string { pattern: '(?=a)' }",
       ".string.pattern: \"(?=a)\" is no regular expression of RE2: invalid perl operator: (?="},
      {"string", "string { pattern: '((a{100}){100}){100}' }",
       ".string.pattern: \"((a{100}){100}){100}\" is no regular expression of RE2: invalid "
       "repetition size: {100}"},
      {"string", "string { in: ['a', 'a'] }", ".string.in: \"a\" stands twice"},
      {"string", "string { min_len: 2 in: ['ab', 'a'] }",
       ".string.in: \"a\" is never allowed: it must have at least 2 characters"},
      {"string", "string { not_in: ['a'] const: 'a' }",
       ".string.const: \"a\" is never allowed: it must be none of \"a\""},
      {"int32", "int32 { gte: 2 lte: 2 }", ""},
      {"int32", "int32 { gte: 3 lte: 2 }", ".int32.lte: leaves nothing beside gte"},
      {"int32", "int32 { gt: 2 lte: 2 }", ".int32.lte: leaves nothing beside gt"},
      {"int32", "int32 { gt: 1 lt: 2 }", ".int32.lt: leaves nothing beside gt"},
      {"double", "double { gt: 1 lt: 2 }", ""},
      {"double", "double { gte: nan }",
       ".double.gte: NaN is no more, no less and not the same as anything"},
      {"double", "double { finite: true in: [inf] }",
       ".double.in: inf is never allowed: it must be a finite number"},
      {"int64", "int64 { gt: 5 in: [5] }", ".int64.in: 5 is never allowed: it must be more than 5"},
      {"uint32", "uint32 { in: [5, 5] }", ".uint32.in: 5 stands twice"},
      {"E", "enum { in: [1, 7] }", ".enum.in: test.E has no value 7"},
      {"E", "enum { not_in: [1] in: [1] }",
       ".enum.in: ONE is never allowed: it must be none of ONE"},
      {"google.protobuf.Duration", "duration { gte { seconds: 2 } lt { seconds: 2 } }",
       ".duration.lt: leaves nothing beside gte"},
      {"google.protobuf.Duration", "duration { gte { seconds: 1 nanos: -1 } }",
       ".duration.gte: is no duration of up to 10000 years"},
      {"google.protobuf.Timestamp", "timestamp { lt { nanos: -1 } }",
       ".timestamp.lt: is no time of the years 1 to 9999"},
      {"google.protobuf.Timestamp", "timestamp { lt_now: true gt_now: true }",
       ".timestamp.gt_now: leaves nothing beside lt_now"},
      {"google.protobuf.Timestamp", "timestamp { within {} }",
       ".timestamp.within: must be more than 0s"},
      {"repeated string", "repeated { min_items: 2 max_items: 1 }",
       ".repeated.max_items: is less than min_items, which is 2"},
      {"repeated M", "repeated { unique: true }", ".repeated.unique: is not for messages"},
      {"repeated string", "repeated { items { required: true } }",
       ".repeated.items.required: is for fields; what is in a list or map is there"},
      {"map<string, string>", "map { values { ignore: IGNORE_ALWAYS } }",
       ".map.values.ignore: is for fields where it is IGNORE_ALWAYS"},
      {"string", "required: true ignore: IGNORE_IF_ZERO_VALUE", ".ignore: contradicts `required`"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(Cat(row.type, " { ", row.rules, " }"));
    const std::string found =
        FindingsOf(Cat("enum E { ZERO = 0; ONE = 1; }\nmessage M {\n  ", row.type,
                       " a = 1 [(frontdesk.v1.field) = { rules { ", row.rules, " } }]; }"));
    const size_t at = found.find("test.M.a.rules");
    EXPECT_EQ(found.empty() ? "" : found.substr(at + 14),
              *row.finding == '\0' ? "" : Cat(row.finding, '\n'));
    EXPECT_TRUE(found.empty() || found.starts_with("test.proto:4:")) << found;
  }
}

TEST(Rules, AllAtOnceWithTheirPlaces) {
  EXPECT_EQ(
      FindingsOf("message M {\n"
                 "  string a = 1 [(frontdesk.v1.field).rules.string = {\n"
                 "    min_len: 5\n"
                 "    max_len: 4\n"
                 "    pattern: '['\n"
                 "  }];\n"
                 "  repeated string b = 2 [(frontdesk.v1.field) = {\n"
                 "    rules { repeated { items { string { len: 1 in: ['a', 'bc'] } } } }\n"
                 "  }];\n"
                 "  string c = 3 [(frontdesk.v1.field) = {\n"
                 "    from: 'caller.sub'\n"
                 "    rules { required: true }\n"
                 "  }];\n"
                 "  message In { oneof one {\n"
                 "    string d = 1 [(frontdesk.v1.field).rules.required = true];\n"
                 "    string e = 2 [(frontdesk.v1.field).rules.required = true];\n"
                 "  } }\n"
                 "}"),
      "test.proto:17:19: test.M.In.e.rules.required: another member of the oneof is required, "
      "too\n"
      "test.proto:5:5: test.M.a.rules.string.max_len: is less than min_len, which is 5\n"
      "test.proto:6:5: test.M.a.rules.string.pattern: \"[\" is no regular expression of RE2: "
      "missing ]: [\n"
      "test.proto:9:48: test.M.b.rules.repeated.items.string.in: \"bc\" is never allowed: it "
      "must have exactly 1 character\n"
      "test.proto:13:5: test.M.c.rules: the field is filled from \"caller.sub\", and never by "
      "clients\n");
  EXPECT_EQ(FindingsOf("message M { optional int32 a = 1 [default = 5, "
                       "(frontdesk.v1.field).rules.int32.lt = 5]; }",
                       true),
            "test.proto:2:48: test.M.a.rules.int32.lt: the field's own default is not allowed: it "
            "must be less than 5\n");
}

TEST(Rules, Headers) {
  const struct {
    const char* rules;
    const char* finding;
  } kRows[] = {
      {"header_rules { name: 'X-Tenant' required: true pattern: '^[a-z]+$' max_len: 9 }", ""},
      {"header_rules { required: true }", "header_rules[0].name: is missing\n"},
      {"header_rules { name: 'a b' required: true }",
       "header_rules[0].name: \"a b\" is no name of a header\n"},
      {"header_rules { name: 'a' }", "header_rules[0]: says nothing\n"},
      {"header_rules { name: 'a' in: 'x' } header_rules { name: 'A' in: 'y' }",
       "header_rules[1].name: \"a\" stands here twice\n"},
      {"header_rules { name: 'a' pattern: '*' }",
       "header_rules[0].pattern: \"*\" is no regular expression of RE2: no argument for repetition "
       "operator: *\n"},
      {"header_rules { name: 'a' max_len: 1 in: ['x', 'xy'] }",
       "header_rules[0].in: \"xy\" is never allowed: it must have at most 1 byte\n"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.rules);
    Findings findings;
    Contract::Load(testing::CompileProto(
                       Cat("message M {} service S { rpc Get(M) returns (M) { option "
                           "(google.api.http) = { get: '/a' };\noption (frontdesk.v1.method) = { ",
                           row.rules, " }; } }")),
                   "test.binpb", findings);
    const std::string found = findings.ToString();
    const size_t at = found.find("header_rules");
    EXPECT_EQ(found.empty() ? "" : found.substr(at), row.finding);
    EXPECT_TRUE(found.empty() || found.starts_with("test.proto:3:")) << found;
  }
}

TEST(Rules, ToldOneByOne) {
  Findings findings;
  const auto contract = Contract::Load(
      testing::CompileProto(
          Cat("message M {\n"
              "repeated M more = 1 [(frontdesk.v1.field).rules.repeated = { max_items: 2 unique: "
              "false }];\n"
              "map<string, In> in = 2 [(frontdesk.v1.field).rules.map.keys.string.min_len = 1];\n"
              "oneof way { option (frontdesk.v1.oneof).required = true; string x = 3; }\n"
              "In hidden = 4 [(frontdesk.v1.field).rules.ignore = IGNORE_ALWAYS]; }\n"
              "message In { string id = 1 [(frontdesk.v1.field).rules = { required: true string { "
              "uuid: true } }]; }",
              kMethod)),
      "test.binpb", findings);
  ASSERT_NE(contract, nullptr) << findings.ToString();
  std::string told;
  EachRule(*contract->methods()[0].rules,
           [&](const std::string& path, const Rule& rule, const Place& place) {
             told += Cat(path, ' ', rule.id, ": ", rule.text, " (", place.line, ")\n");
           });
  EXPECT_EQ(told,
            "more repeated.max_items: must have at most 2 items (3)\n"
            "in[] key string.min_len: must have at least 1 character (4)\n"
            "in[].id required: is required (7)\n"
            "in[].id string.uuid: must be a UUID (7)\n"
            "way required: is required (5)\n");
}

TEST(Formats, Table) {
  const std::string label63(63, 'a');
  const struct {
    bool (*is)(std::string_view);
    std::vector<std::string> good;
    std::vector<std::string> bad;
  } kRows[] = {
      {IsEmail,
       {"a@b", "a.b+c@d-e.example", "!#$%&'*+/=?^_`{|}~-@x", "..@x", "a@" + label63 + ".b"},
       {"", "@", "a", "a@", "@b", "a@b@c", "a b@c", "a@b..c", "a@-b", "a@b-", "a@b_c", "a@b.",
        "\"a\"@b", "a@[1.2.3.4]", "\xC3\xA4@b", "a@" + label63 + "a", "A <a@b>"}},
      {IsHostname,
       {"a", "a.b", "a.", "1a.2b", "xn--a", "1.a", label63},
       {"", ".", ".a", "a..b", "-a", "a-", "a_b", "1.2.3.4", "1", "a b", label63 + "a", "\xC3\xA4",
        label63 + "." + label63 + "." + label63 + "." + label63 + ".a"}},
      {IsIpv4,
       {"0.0.0.0", "255.255.255.255", "1.2.3.4"},
       {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.0x4", "1",
        std::string("1.2.3.4\0", 8)}},
      {IsIpv6,
       {"::", "::1", "fe80::1", "2001:DB8:0:0:0:0:0:1", "::ffff:1.2.3.4"},
       {"", ":", ":::", "1::2::3", "fe80::1%eth0", "[::1]", "12345::", "1:2:3:4:5:6:7:8:9",
        "::1.2.3", "::g"}},
      {IsUri,
       {"a:", "http://a", "http://a/", "https://u:p@h.example:80/p;x=1/q?r=s&t#f", "mailto:a@b",
        "http://[::1]:80/", "http://[v1.a:b]", "urn:a:b", "a+b-c.1:x", "file:///x", "http://a?b",
        "http://%41/%c3%a4", "http://a:"},
       {"",
        ":",
        "a",
        "/a",
        "//a",
        "1a:",
        "a b:",
        "http://a b",
        "http://a/%",
        "http://a/%4",
        "http://a/%zz",
        "http://[::1",
        "http://[::1]x",
        "http://[]",
        "http://a:b",
        "http://a/#b#c",
        "http://a/[",
        "http://\xC3\xA4",
        "http://[v.a]",
        "http://[v1.]",
        "http://a@b@c",
        "a:\n"}},
      {IsUuid,
       {"00000000-0000-0000-0000-000000000000", "0123abcd-4567-89EF-0123-456789abcdef"},
       {"", "0123abcd456789EF0123456789abcdef", "0123abcd-4567-89EF-0123-456789abcdeg",
        "0123abcd-4567-89EF-0123-456789abcde", "0123abcd-4567-89EF-0123-456789abcdef0",
        "{0123abcd-4567-89EF-0123-456789abcde}", "0123abcd_4567-89EF-0123-456789abcdef"}},
  };
  for (const auto& row : kRows) {
    for (const std::string& text : row.good) EXPECT_TRUE(row.is(text)) << text;
    for (const std::string& text : row.bad) EXPECT_FALSE(row.is(text)) << text;
  }
}

TEST(Pattern, HasItsLimits) {
  EXPECT_TRUE(CompilePattern(std::string(1000, 'a')).ok());
  EXPECT_EQ(CompilePattern(std::string(1001, 'a')).status().message(), "is longer than 1000 bytes");
  EXPECT_FALSE(CompilePattern("((((\\pL{30}){30}){30}){30})").ok());
  // What takes others with back-tracking until the sun is cold.
  const auto pattern = CompilePattern("^(a+)+$");
  ASSERT_TRUE(pattern.ok());
  EXPECT_FALSE((*pattern)(std::string(100'000, 'a') + "b"));
}

}  // namespace
}  // namespace frontdesk::contract
