// What clients may send: every rule at its edges, on messages as they are decoded and as others
// write them.
#include "gateway/policy/validate.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "gateway/contract/header_rules.h"
#include "gateway/contract/wire.h"
#include "tests/support/no_body.h"
#include "tests/support/run_on_loop.h"
#include "tests/unit/policy/rules_of_one.h"

namespace frontdesk::policy {
namespace {

struct Row {
  const char* type;    // of the field `a`
  const char* rules;   // its rules
  const char* json;    // its value; "" for none
  const char* broken;  // "" when all is right, else the rules, without the field "a"
};

void Check(const Row& row) {
  SCOPED_TRACE(Cat(row.type, " { ", row.rules, " } ", row.json));
  const RulesOfOne one(Cat(
      "enum E { ZERO = 0; ONE = 1; TWO = 2; }\n message Inner { int32 n = 1; }\n", "message M { ",
      row.type, " a = 1 [(frontdesk.v1.field) = { rules { ", row.rules, " } }]; }"));
  const std::string json = *row.json == '\0' ? "{}" : Cat(R"({"a":)", row.json, '}');
  EXPECT_EQ(one.OfJson(json), row.broken);
}

TEST(Validate, Strings) {
  const Row kRows[] = {
      {"string", "string { min_len: 2 }", R"("ab")", ""},
      {"string", "string { min_len: 2 }", R"("a")", "a string.min_len"},
      {"string", "string { min_len: 2 }", "", "a string.min_len"},
      // One code point of four bytes, and one character of two code points.
      {"string", "string { min_len: 2 }", "\"\xF0\x9F\x98\x80\"", "a string.min_len"},
      {"string", "string { max_len: 1 }", "\"\xF0\x9F\x98\x80\"", ""},
      {"string", "string { max_len: 1 }", "\"e\xCC\x81\"", "a string.max_len"},
      {"string", "string { max_len: 0 }", R"("a")", "a string.max_len"},
      {"string", "string { len: 2 }", "\"\xC3\xA4\xC3\xB6\"", ""},
      {"string", "string { len: 2 }", R"("abc")", "a string.len"},
      {"string", "string { min_bytes: 3 max_bytes: 4 }", "\"\xF0\x9F\x98\x80\"", ""},
      {"string", "string { min_bytes: 3 max_bytes: 4 }", "\"\xC3\xA4\"", "a string.min_bytes"},
      {"string", "string { max_bytes: 3 }", "\"\xF0\x9F\x98\x80\"", "a string.max_bytes"},
      {"string", "string { pattern: 'b+' }", R"("abbc")", ""},
      {"string", "string { pattern: '^b+$' }", R"("abbc")", "a string.pattern"},
      {"string", "string { pattern: '^.$' }", "\"\xF0\x9F\x98\x80\"", ""},
      {"string", "string { pattern: '^a$' }", R"("a\n")", "a string.pattern"},
      {"string", "string { prefix: 'ab' suffix: 'bc' }", R"("abc")", ""},
      {"string", "string { prefix: 'ab' suffix: 'bc' }", R"("ab")", "a string.suffix"},
      {"string", "string { prefix: 'ab' suffix: 'bc' }", R"("x")",
       "a string.prefix, a string.suffix"},
      {"string", "string { contains: 'x' }", R"("axa")", ""},
      {"string", "string { contains: 'x' }", R"("a")", "a string.contains"},
      {"string", "string { not_contains: 'x' }", R"("axa")", "a string.not_contains"},
      {"string", "string { not_contains: 'x' }", "", ""},
      {"string", "string { in: ['a', 'b'] }", R"("b")", ""},
      {"string", "string { in: ['a', 'b'] }", R"("B")", "a string.in"},
      {"string", "string { in: ['a', ''] }", "", ""},
      {"string", "string { not_in: ['a', 'b'] }", R"("a")", "a string.not_in"},
      {"string", "string { not_in: ['a', 'b'] }", "", ""},
      {"string", "string { const: 'a' }", R"("a")", ""},
      {"string", "string { const: 'a' }", "", "a string.const"},
      {"string", "string { email: true }", R"("a@b.example")", ""},
      {"string", "string { email: true }", "", "a string.email"},
      {"string", "string { email: false max_len: 3 }", "", ""},
      {"string", "string { ip: true }", R"("::1")", ""},
      {"string", "string { ip: true }", R"("127.0.0.1")", ""},
      {"string", "string { ip: true }", R"("localhost")", "a string.ip"},
      {"string", "string { ipv4: true }", R"("::1")", "a string.ipv4"},
      {"string", "string { ipv6: true }", R"("1.2.3.4")", "a string.ipv6"},
      {"string", "string { hostname: true }", R"("a.example.")", ""},
      {"string", "string { hostname: true }", R"("-a")", "a string.hostname"},
      {"string", "string { uri: true }", R"("https://a/b?c#d")", ""},
      {"string", "string { uri: true }", R"("/b")", "a string.uri"},
      {"string", "string { uuid: true }", R"("01234567-89ab-cDEF-0123-456789abcdef")", ""},
      {"string", "string { uuid: true }", R"("0123456789abcDEF0123456789abcdef")", "a string.uuid"},
      {"bytes", "bytes { len: 2 }", R"("AAE=")", ""},
      {"bytes", "bytes { min_len: 3 }", R"("AAE=")", "a bytes.min_len"},
      {"bytes", "bytes { max_len: 1 }", R"("AAE=")", "a bytes.max_len"},
      {"bytes", "bytes { prefix: '\\000' suffix: '\\001' contains: '\\000\\001' }", R"("AAE=")",
       ""},
      {"bytes", "bytes { prefix: '\\001' }", R"("AAE=")", "a bytes.prefix"},
      {"bytes", "bytes { in: ['\\000\\001', ''] }", R"("AAE=")", ""},
      {"bytes", "bytes { not_in: ['\\000\\001'] }", R"("AAE=")", "a bytes.not_in"},
      {"bytes", "bytes { pattern: '^.$' }", R"("/w==")", "a bytes.pattern"},  // 0xFF is no UTF-8
      {"bytes", "bytes { pattern: '^.$' }", R"("YQ==")", ""},
  };
  for (const Row& row : kRows) Check(row);
}

TEST(Validate, Numbers) {
  const Row kRows[] = {
      {"int32", "int32 { gte: 1 lte: 100 }", "1", ""},
      {"int32", "int32 { gte: 1 lte: 100 }", "100", ""},
      {"int32", "int32 { gte: 1 lte: 100 }", "101", "a int32.lte"},
      {"int32", "int32 { gte: 1 lte: 100 }", "", "a int32.gte"},
      {"int32", "int32 { gt: -2 lt: 0 }", "-1", ""},
      {"int32", "int32 { gt: -2 lt: 0 }", "-2", "a int32.gt"},
      {"int32", "int32 { gt: -2 lt: 0 }", "0", "a int32.lt"},
      {"int32", "int32 { gte: -2147483648 lte: 2147483647 }", "-2147483648", ""},
      {"int32", "int32 { in: [1, 3] }", "3", ""},
      {"int32", "int32 { in: [1, 3] }", "2", "a int32.in"},
      {"int32", "int32 { not_in: [0] }", "", "a int32.not_in"},
      {"int32", "int32 { const: -5 }", "-5", ""},
      {"int32", "int32 { const: -5 }", "5", "a int32.const"},
      {"sint32", "int32 { gte: -3 }", "-3", ""},
      {"sint32", "int32 { gte: -3 }", "-4", "a int32.gte"},
      {"sfixed32", "int32 { lt: -3 }", "-4", ""},
      {"sfixed32", "int32 { lt: -3 }", "-3", "a int32.lt"},
      {"int64", "int64 { gte: -9223372036854775808 }", "\"-9223372036854775808\"", ""},
      {"int64", "int64 { gt: 9223372036854775806 }", "\"9223372036854775807\"", ""},
      {"int64", "int64 { lt: 9223372036854775807 }", "\"9223372036854775807\"", "a int64.lt"},
      {"sint64", "int64 { lte: -9223372036854775808 }", "\"-9223372036854775808\"", ""},
      {"sfixed64", "int64 { gt: -1 }", "\"-1\"", "a int64.gt"},
      {"uint32", "uint32 { lt: 4294967295 }", "4294967295", "a uint32.lt"},
      {"fixed32", "uint32 { gte: 4294967295 }", "4294967295", ""},
      {"uint64", "uint64 { gt: 9223372036854775807 }", "\"9223372036854775808\"", ""},
      {"uint64", "uint64 { lte: 18446744073709551615 }", "\"18446744073709551615\"", ""},
      {"fixed64", "uint64 { lt: 18446744073709551615 }", "\"18446744073709551615\"", "a uint64.lt"},
      {"double", "double { gt: 0 lte: 1 }", "1.0", ""},
      {"double", "double { gt: 0 lte: 1 }", "1.0000000000000002", "a double.lte"},
      {"double", "double { gt: 0 }", "5e-324", ""},
      {"double", "double { gte: 0 }", "-0.0", ""},
      {"double", "double { gt: 0 }", "-0.0", "a double.gt"},
      {"double", "double { const: 0 }", "-0.0", ""},
      {"double", "double { in: [0] }", "-0.0", ""},
      {"double", "double { gte: 0 }", "\"NaN\"", "a double.gte"},
      {"double", "double { lt: 0 }", "\"NaN\"", "a double.lt"},
      {"double", "double { in: [1] }", "\"NaN\"", "a double.in"},
      {"double", "double { not_in: [1] }", "\"NaN\"", ""},
      {"double", "double { gte: 0 }", "\"Infinity\"", ""},
      {"double", "double { finite: true }", "\"Infinity\"", "a double.finite"},
      {"double", "double { finite: true }", "\"-Infinity\"", "a double.finite"},
      {"double", "double { finite: true }", "\"NaN\"", "a double.finite"},
      {"double", "double { finite: true }", "1e308", ""},
      {"float", "float { lte: 0.1 }", "0.1", ""},
      {"float", "float { lt: 0.1 }", "0.1", "a float.lt"},
      {"float", "float { in: [0.1] }", "0.1", ""},
      {"float", "float { finite: true }", "\"NaN\"", "a float.finite"},
      {"bool", "bool { const: true }", "true", ""},
      {"bool", "bool { const: true }", "", "a bool.const"},
      {"bool", "bool { const: false }", "true", "a bool.const"},
      {"E", "enum { defined_only: true }", "2", ""},
      {"E", "enum { defined_only: true }", "3", "a enum.defined_only"},
      {"E", "enum { in: [1, 2] }", "", "a enum.in"},
      {"E", "enum { in: [1, 2] }", "\"TWO\"", ""},
      {"E", "enum { not_in: [0] }", "", "a enum.not_in"},
      {"E", "enum { const: 1 }", "\"TWO\"", "a enum.const"},
  };
  for (const Row& row : kRows) Check(row);
}

// The time of day is 2026-01-02T03:04:05.5Z.
TEST(Validate, Times) {
  const Row kRows[] = {
      {"google.protobuf.Duration", "duration { gt {} lte { seconds: 5 } }", "\"5s\"", ""},
      {"google.protobuf.Duration", "duration { gt {} lte { seconds: 5 } }", "\"5.000000001s\"",
       "a duration.lte"},
      {"google.protobuf.Duration", "duration { gt {} }", "\"0s\"", "a duration.gt"},
      {"google.protobuf.Duration", "duration { gt {} }", "", ""},
      {"google.protobuf.Duration", "required: true duration { gt {} }", "", "a required"},
      {"google.protobuf.Duration", "duration { gte { seconds: -1 nanos: -500000000 } }",
       "\"-1.5s\"", ""},
      {"google.protobuf.Duration", "duration { gte { seconds: -1 nanos: -500000000 } }",
       "\"-1.500000001s\"", "a duration.gte"},
      {"google.protobuf.Duration", "duration { in: [{ seconds: 1 }, { nanos: 5 }] }",
       "\"0.000000005s\"", ""},
      {"google.protobuf.Duration", "duration { not_in: [{ seconds: 1 }] }", "\"1s\"",
       "a duration.not_in"},
      {"google.protobuf.Duration", "duration { const { seconds: 1 } }", "\"2s\"",
       "a duration.const"},
      {"google.protobuf.Timestamp", "timestamp { lt_now: true }", "\"2026-01-02T03:04:05.499Z\"",
       ""},
      {"google.protobuf.Timestamp", "timestamp { lt_now: true }", "\"2026-01-02T03:04:05.5Z\"",
       "a timestamp.lt_now"},
      {"google.protobuf.Timestamp", "timestamp { gt_now: true }", "\"2026-01-02T03:04:05.5Z\"",
       "a timestamp.gt_now"},
      {"google.protobuf.Timestamp", "timestamp { gt_now: true }",
       "\"2026-01-02T04:04:05.500000001+01:00\"", ""},
      {"google.protobuf.Timestamp", "timestamp { within { seconds: 60 } }",
       "\"2026-01-02T03:05:05.5Z\"", ""},
      {"google.protobuf.Timestamp", "timestamp { within { seconds: 60 } }",
       "\"2026-01-02T03:03:05.5Z\"", ""},
      {"google.protobuf.Timestamp", "timestamp { within { seconds: 60 } }",
       "\"2026-01-02T03:03:05.499999999Z\"", "a timestamp.within"},
      {"google.protobuf.Timestamp", "timestamp { gte { seconds: 0 } }",
       "\"1969-12-31T23:59:59.999Z\"", "a timestamp.gte"},
      {"google.protobuf.Timestamp", "timestamp { lt { seconds: 1 } }", "\"1970-01-01T00:00:00Z\"",
       ""},
  };
  for (const Row& row : kRows) Check(row);
}

TEST(Validate, ListsAndMaps) {
  const Row kRows[] = {
      {"repeated int32", "repeated { min_items: 1 }", "", "a repeated.min_items"},
      {"repeated int32", "repeated { min_items: 1 max_items: 2 }", "[0, 0]", ""},
      {"repeated int32", "repeated { max_items: 2 }", "[1, 2, 3]", "a repeated.max_items"},
      {"repeated int32", "repeated { unique: true }", "[1, 2, 3]", ""},
      {"repeated int32", "repeated { unique: true }", "[1, 2, 1]", "a repeated.unique"},
      {"repeated sint64", "repeated { unique: true }", R"(["-1", "1", "-1"])", "a repeated.unique"},
      {"repeated double", "repeated { unique: true }", "[0, -0.0]", "a repeated.unique"},
      {"repeated double", "repeated { unique: true }", R"(["NaN", "NaN"])", ""},
      {"repeated double", "repeated { unique: true }", "[1, -1]", ""},
      {"repeated string", "repeated { unique: true }", R"(["a", "A", ""])", ""},
      {"repeated string", "repeated { unique: true }", R"(["a", "b", "a", "b"])",
       "a repeated.unique"},
      {"repeated bool", "repeated { unique: true }", "[true, false]", ""},
      {"repeated E", "repeated { unique: true }", R"(["ONE", 1])", "a repeated.unique"},
      {"repeated int32", "repeated { items { int32 { gte: 1 } } }", "[1, 0, -1]",
       "a[1] int32.gte, a[2] int32.gte"},
      {"repeated string", "repeated { items { string { min_len: 1 } } }", R"(["a", ""])",
       "a[1] string.min_len"},
      {"repeated string",
       "repeated { items { ignore: IGNORE_IF_ZERO_VALUE string { min_len: 2 } } }",
       R"(["", "a", "ab"])", "a[1] string.min_len"},
      {"repeated string", "required: true", "", "a required"},
      {"repeated string", "required: true repeated { min_items: 2 }", "", "a required"},
      {"repeated string", "required: true repeated { min_items: 2 }", R"(["a"])",
       "a repeated.min_items"},
      {"repeated string", "ignore: IGNORE_IF_ZERO_VALUE repeated { min_items: 2 }", "", ""},
      {"repeated string", "ignore: IGNORE_IF_ZERO_VALUE repeated { min_items: 2 }", R"(["a"])",
       "a repeated.min_items"},
      {"repeated string", "ignore: IGNORE_ALWAYS repeated { min_items: 2 }", "", ""},
      {"repeated google.protobuf.Duration", "repeated { items { duration { gt {} } } }",
       R"(["1s", "0s"])", "a[1] duration.gt"},
      {"repeated google.protobuf.Int32Value", "repeated { items { int32 { gt: 0 } } }", "[1, 0]",
       "a[1] int32.gt"},
      {"map<string, int32>", "map { min_pairs: 1 }", "", "a map.min_pairs"},
      {"map<string, int32>", "map { max_pairs: 1 }", R"({"a": 1, "b": 2})", "a map.max_pairs"},
      {"map<string, int32>", "map { keys { string { pattern: '^[a-z]+$' } } }",
       R"({"a": 1, "B": 2, "b\"": 3})", "a[\"B\"] string.pattern, a[\"b\"\"] string.pattern"},
      {"map<string, int32>", "map { keys { string { min_len: 1 } } }", R"({"": 1})",
       "a[\"\"] string.min_len"},
      {"map<string, int32>", "map { values { int32 { gt: 0 } } }", R"({"a": 0, "b": 1})",
       "a[\"a\"] int32.gt"},
      {"map<int64, string>", "map { keys { int64 { gt: 0 } } values { string { min_len: 1 } } }",
       R"({"-1": "", "0": "a", "1": "b"})", "a[-1] int64.gt, a[-1] string.min_len, a[0] int64.gt"},
      {"map<uint32, string>", "map { keys { uint32 { gt: 0 } } }", R"({"0": ""})",
       "a[0] uint32.gt"},
      {"map<bool, string>", "map { keys { bool { const: true } } }", R"({"false": ""})",
       "a[false] bool.const"},
      {"map<string, google.protobuf.StringValue>", "map { values { string { min_len: 1 } } }",
       R"({"a": ""})", "a[\"a\"] string.min_len"},
      {"map<string, int32>", "required: true", "", "a required"},
  };
  for (const Row& row : kRows) Check(row);
}

// What is not there, what is there and zero, and whether that can be told.
TEST(Validate, Presence) {
  constexpr char kLen[] = "string { min_len: 2 }";
  const Row kRows[] = {
      {"optional string", kLen, "", ""},
      {"optional string", kLen, R"("")", "a string.min_len"},
      {"optional string", "ignore: IGNORE_IF_ZERO_VALUE string { min_len: 2 }", R"("")", ""},
      {"optional string", "ignore: IGNORE_IF_ZERO_VALUE string { min_len: 2 }", R"("a")",
       "a string.min_len"},
      {"optional string", "ignore: IGNORE_ALWAYS string { min_len: 2 }", R"("a")", ""},
      {"optional string", "required: true", "", "a required"},
      {"optional string", "required: true", R"("")", ""},
      {"optional string", "required: true string { min_len: 2 }", "", "a required"},
      {"string", kLen, "", "a string.min_len"},
      {"string", "required: true", R"("")", "a required"},
      {"string", "required: true", R"("a")", ""},
      {"string", "ignore: IGNORE_IF_ZERO_VALUE string { min_len: 2 }", "", ""},
      {"string", "ignore: IGNORE_IF_ZERO_VALUE string { min_len: 2 }", R"("a")",
       "a string.min_len"},
      {"int32", "required: true", "0", "a required"},
      {"bool", "required: true", "false", "a required"},
      {"double", "required: true", "-0.0", ""},
      {"E", "required: true", "\"ZERO\"", "a required"},
      {"Inner", "required: true", "", "a required"},
      {"Inner", "required: true", "{}", ""},
      {"google.protobuf.StringValue", kLen, "", ""},
      {"google.protobuf.StringValue", kLen, R"("")", "a string.min_len"},
      {"google.protobuf.StringValue", kLen, R"("ab")", ""},
      {"google.protobuf.StringValue", "required: true", R"("")", ""},
      {"google.protobuf.StringValue", "required: true", "", "a required"},
      {"google.protobuf.Int64Value", "int64 { gt: 0 }", R"("0")", "a int64.gt"},
  };
  for (const Row& row : kRows) Check(row);
}

constexpr char kOrder[] = R"(
message Line {
  string product_id = 1 [(frontdesk.v1.field).rules.string.min_len = 1];
  int32 quantity = 2 [(frontdesk.v1.field).rules.int32 = { gte: 1 lte: 100 }];
  repeated Line bundle = 3;
  map<string, Line> spare = 4;
}
message Plain { string x = 1; Plain again = 2; }
message M {
  repeated Line lines = 1 [(frontdesk.v1.field).rules.repeated.max_items = 3];
  oneof way {
    option (frontdesk.v1.oneof).required = true;
    string shop = 2 [(frontdesk.v1.field).rules.string.min_len = 3];
    Line best = 3;
    int32 number = 4;
  }
  oneof free { string one = 5; string other = 6 [(frontdesk.v1.field).rules.required = true]; }
  Line hidden = 7 [(frontdesk.v1.field).rules.ignore = IGNORE_ALWAYS];
  Plain plain = 8;
}
)";

TEST(Validate, MessagesInsideOfMessages) {
  const RulesOfOne order(kOrder);
  const struct {
    const char* json;
    const char* broken;
  } kRows[] = {
      {R"({"number": 0, "other": ""})", ""},
      {R"({"other": ""})", "way required"},
      {R"({"number": 1})", "other required"},
      {R"({"number": 1, "one": "x"})", "other required"},
      {R"({"shop": "ab", "other": ""})", "shop string.min_len"},
      {R"({"best": {}, "other": ""})", "best.product_id string.min_len, best.quantity int32.gte"},
      {R"({"number": 1, "other": "", "lines": [{"productId": "p", "quantity": 1}, {"quantity": 101}]})",
       "lines[1].product_id string.min_len, lines[1].quantity int32.lte"},
      {R"({"number": 1, "other": "", "lines": [{"productId": "p", "quantity": 1,
           "bundle": [{"productId": "q", "quantity": 1, "bundle": [{"productId": "r"}]}]}]})",
       "lines[0].bundle[0].bundle[0].quantity int32.gte"},
      {R"({"number": 1, "other": "", "lines": [{"productId": "p", "quantity": 1,
           "spare": {"a": {"productId": "q"}}}]})",
       "lines[0].spare[\"a\"].quantity int32.gte"},
      {R"({"number": 1, "other": "", "hidden": {"quantity": -1}})", ""},
      {R"({"number": 1, "other": "", "plain": {"again": {}}})", ""},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.json);
    EXPECT_EQ(order.OfJson(row.json), row.broken);
  }
  EXPECT_EQ(RulesOfOne("message M { M again = 1; repeated M more = 2; string x = 3; }").rules(),
            nullptr);
}

// What others write: not sorted, not once, not packed, defaults written out.
TEST(Validate, AnyEncoding) {
  using std::string_literals::operator""s;
  const RulesOfOne order(kOrder);
  const std::string other = "\x32\x00"s;  // 6: ""
  const struct {
    std::string wire;
    const char* broken;
  } kRows[] = {
      // The last of a scalar wins: shop "abc", then "a".
      {"\x12\x03"
       "abc\x12\x01"
       "a" +
           other,
       "shop string.min_len"},
      {"\x12\x01"
       "a\x12\x03"
       "abc" +
           other,
       ""},
      // Another member of the oneof takes its place, and back.
      {"\x12\x01"
       "a\x20\x05" +
           other,
       ""},
      {"\x1a\x04\x0a\x02pq\x20\x01\x1a\x02\x10\x05" + other, "best.product_id string.min_len"},
      // Parts of one message are one.
      {"\x1a\x04\x0a\x02pq\x1a\x02\x10\x05" + other, ""},
      // Of the wrong wire type, and of no type at all: not there.
      {"\x15\x01\x01\x01\x01" + other, "way required"},
      {"\x20\x01" + other + "\xf8\x07\x01", ""},
      // Elements of a list apart from each other, a key twice.
      {"\x20\x01\x0a\x05\x0a\x01p\x10\x01" + other + "\x0a\x05\x0a\x01q\x10\x00"s,
       "lines[1].quantity int32.gte"},
      {"\x20\x01\x0a\x1b\x0a\x01p\x10\x01\x22\x08\x0a\x01k\x12\x03\x0a\x01q\x22\x0a\x0a\x01k\x12"
       "\x05"
       "\x0a\x01q\x10\x01" +
           other,
       ""},
      {"\x20\x01\x0a\x1b\x0a\x01p\x10\x01\x22\x0a\x0a\x01k\x12\x05\x0a\x01q\x10\x01\x22\x08\x0a\x01"
       "k"
       "\x12\x03\x0a\x01q" +
           other,
       "lines[0].spare[\"k\"].quantity int32.gte"},
      // A value that is missing in its entry is a message without fields.
      {"\x20\x01\x0a\x0a\x0a\x01p\x10\x01\x22\x03\x0a\x01k" + other,
       "lines[0].spare[\"k\"].product_id string.min_len, "
       "lines[0].spare[\"k\"].quantity int32.gte"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(::testing::PrintToString(row.wire));
    EXPECT_EQ(order.OfWire(row.wire), row.broken);
  }
  const RulesOfOne numbers(
      "message M { repeated int32 a = 1 [(frontdesk.v1.field).rules = { repeated { max_items: 4 "
      "unique: "
      "true items { int32 { gt: 0 } } } }];"
      "repeated fixed32 b = 2 [(frontdesk.v1.field).rules.repeated.min_items = 2];"
      "int32 c = 3 [(frontdesk.v1.field).rules.required = true]; }");
  EXPECT_EQ(numbers.OfWire("\x0a\x02\x01\x02\x08\x03\x12\x08\1\1\1\1\2\2\2\2\x18\x01"), "");
  EXPECT_EQ(numbers.OfWire("\x0a\x02\x01\x00\x08\x01\x15\1\1\1\1\x18\x00"s),
            "a[1] int32.gt, a repeated.unique, b repeated.min_items, c required");
}

TEST(Validate, ClosedEnumsAndDefaults) {
  const RulesOfOne one(
      "enum E { ONE = 1; TWO = 2; }"
      "message M { optional E a = 1 [(frontdesk.v1.field).rules.required = true];"
      "repeated E b = 2 [(frontdesk.v1.field).rules.repeated.max_items = 1];"
      "optional int32 c = 3 [default = 5, (frontdesk.v1.field).rules.int32.gt = 4]; }",
      true);
  // 9 is no value of the enum: an unknown field.
  EXPECT_EQ(one.OfWire("\x08\x09\x10\x01\x10\x09"), "a required");
  EXPECT_EQ(one.OfWire("\x08\x01\x10\x01\x10\x02\x18\x04"), "b repeated.max_items, c int32.gt");
}

// A body of megabytes that is wrong all over is answered with little; and no value is cited.
TEST(Validate, TellsOnlySoMuch) {
  const RulesOfOne one(
      "message M { repeated string a = 1 [(frontdesk.v1.field).rules.repeated.items.string.max_len "
      "= "
      "1]; map<string, int32> b = 2 [(frontdesk.v1.field).rules.map.values.int32.gt = 0]; }");
  std::string wire;
  for (int i = 0; i < 100'000; ++i) wire += "\x0a\x03xyz";
  const absl::Status many = one.StatusOfWire(wire);
  google::rpc::BadRequest bad;
  ASSERT_TRUE(bad.ParseFromString(FieldViolationsOf(many)));
  EXPECT_EQ(bad.field_violations_size(), 100);
  EXPECT_EQ(Std(many.message()), "a[0]: must have at most 1 character (and at least 99 more)");
  EXPECT_EQ(ReasonOf(many), "VALIDATION_FAILED");
  EXPECT_EQ(FieldViolationsOf(many).find("xyz"), std::string::npos);

  std::string keys;
  for (char c = 'a'; c <= 'z'; ++c) {
    std::string key(5000, c);
    std::string entry = "\x0a";
    contract::AppendVarint(entry, key.size());
    keys += '\x12';
    contract::AppendVarint(keys, entry.size() + key.size());
    keys += entry + key;
  }
  EXPECT_LT(FieldViolationsOf(one.StatusOfWire(keys)).size(), 10'000u);
}

// Twice as long takes twice as long: as rows of a hash, not as pairs.
TEST(Validate, UniqueIsLinear) {
  const RulesOfOne one(
      "message M { repeated uint64 a = 1 [(frontdesk.v1.field).rules.repeated.unique = true];"
      "repeated string b = 2 [(frontdesk.v1.field).rules.repeated.unique = true]; }");
  std::string run;
  std::string texts;
  for (uint64_t i = 0; i < 10'000; ++i) {
    contract::AppendVarint(run, i << 40);
    const std::string text = Cat("text ", i);
    texts += Cat('\x12', static_cast<char>(text.size()), text);
  }
  std::string wire = "\x0a";
  contract::AppendVarint(wire, run.size());
  wire += run + texts;
  const std::clock_t start = std::clock();  // of the processor: others may be at work, too
  EXPECT_EQ(one.OfWire(wire), "");
  // Two milliseconds; pairs would be a hundred million comparisons.
  EXPECT_LT(std::clock() - start, CLOCKS_PER_SEC / 2);
  EXPECT_EQ(one.OfWire(wire + "\x12\x06text 7"), "b repeated.unique");
}

TEST(Validate, KeysOfRedactedMapsAreNotShown) {
  // protoc 3.21 has no `debug_redact`; newer ones write it as field 16.
  const std::string set = testing::CompileProto(
      "message M { map<string, int32> a = 1 [(frontdesk.v1.field).rules.map.values.int32.gt = 0]; }"
      "service S { rpc Get(M) returns (M) { option (google.api.http) = { post: '/a' body: '*' }; } "
      "}");
  google::protobuf::FileDescriptorSet files;
  ASSERT_TRUE(files.ParseFromString(set));
  auto& file = *files.mutable_file(files.file_size() - 1);
  auto& options = *file.mutable_message_type(0)->mutable_field(0)->mutable_options();
  options.GetReflection()->MutableUnknownFields(&options)->AddVarint(16, 1);
  contract::Findings findings;
  const auto contract = contract::Contract::Load(files.SerializeAsString(), "test.binpb", findings);
  ASSERT_EQ(findings.ToString(), "");
  Violations violations;
  ValidateMessage(*contract->methods()[0].rules, "\x0a\x08\x0a\x06secret", FixedNow, violations);
  EXPECT_EQ(BrokenIn(violations.ToStatus()), "a[*] int32.gt");
}

TEST(Validate, Headers) {
  frontdesk::v1::Policy policy;
  auto* tenant = policy.add_header_rules();
  tenant->set_name("X-Tenant");
  tenant->set_required(true);
  tenant->set_pattern("^[a-z]+$");
  tenant->set_max_len(4);
  auto* mode = policy.add_header_rules();
  mode->set_name("mode");
  mode->add_in("a");
  mode->add_in("b");
  auto* note = policy.add_header_rules();
  note->set_name("note");
  note->set_pattern("^a");
  auto* raw = policy.add_header_rules();
  raw->set_name("raw-bin");
  raw->add_in("hi");
  const contract::Method method;
  route::Route route;
  route.method = &method;
  EXPECT_FALSE(HasRules(route));
  route.header_rules =
      std::make_shared<const std::vector<contract::HeaderRules>>(contract::CompileHeaderRules(
          policy, [](const auto&, auto, auto text) { ADD_FAILURE() << text; }));
  EXPECT_TRUE(HasRules(route));

  const struct {
    std::vector<http::Header> headers;
    const char* broken;
  } kRows[] = {
      {{{"x-tenant", "acme"}}, ""},
      {{}, "headers[\"x-tenant\"] required"},
      {{{"x-tenant", ""}}, "headers[\"x-tenant\"] header.pattern"},
      {{{"x-tenant", "ACMEE"}, {"mode", "c"}},
       "headers[\"x-tenant\"] header.max_len, headers[\"x-tenant\"] header.pattern, "
       "headers[\"mode\"] header.in"},
      {{{"mode", "a"}, {"x-tenant", "a"}, {"mode", "c"}}, "headers[\"mode\"] header.in"},
      // As back ends get them: not at all, where they are named as meant for this hop only.
      {{{"x-tenant", "acme"}, {"connection", "close, X-Tenant"}}, "headers[\"x-tenant\"] required"},
      {{{"connection", "mode"}, {"x-tenant", "acme"}, {"mode", "c"}},
       "headers[\"mode\"] header.in"},
      {{{"connection", "mode"}, {"x-tenant", "acme"}, {"mode", "a"}}, ""},
      {{{"x-tenant", "acme"}, {"connection", "x-tenant-id"}}, ""},
      {{{"x-tenant", "acme"}, {"note", "acme\xff"}}, "headers[\"note\"] header.text"},
      {{{"x-tenant", "acme"}, {"note", "a\tb"}, {"note", "b"}},
       "headers[\"note\"] header.text, headers[\"note\"] header.pattern"},
      {{{"x-tenant", "acme"}, {"raw-bin", "aGk"}, {"raw-bin", "aGk="}}, ""},
      {{{"x-tenant", "acme"}, {"raw-bin", "aGkh"}}, "headers[\"raw-bin\"] header.in"},
      {{{"x-tenant", "acme"}, {"raw-bin", "%"}}, "headers[\"raw-bin\"] header.text"},
  };
  for (const auto& row : kRows) {
    Loop loop;
    Cancellation cancel;
    http::Request request;
    for (const http::Header& header : row.headers) request.headers.Add(header.name, header.value);
    testing_support::NoBody body;
    Exchange exchange(request, body, cancel, loop);
    exchange.route = &route;
    EXPECT_EQ(BrokenIn(Validate(exchange, FixedNow)), row.broken);
  }
}

}  // namespace
}  // namespace frontdesk::policy
