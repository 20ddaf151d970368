#include "gateway/transcode/request.h"

#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "gateway/transcode/query.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {
namespace {

constexpr std::string_view kRequests = R"(
message Inner { string name = 1; int32 size = 2; repeated string tags = 3; Inner deeper = 4;
                optional bool flag = 5; string note = 6; }
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; }
message Request {
  string id = 1; int64 number = 2; Inner inner = 3; repeated string tags = 4; bool flag = 5;
  Color color = 6; repeated int32 numbers = 7; bytes data = 8; double real = 9;
  google.protobuf.Timestamp time = 10; google.protobuf.Duration wait = 11;
  google.protobuf.FieldMask mask = 12; google.protobuf.StringValue text = 13;
  google.protobuf.Int64Value count = 14; google.protobuf.Struct object = 15;
  google.protobuf.Value value = 16; map<string, int32> labels = 17; repeated Inner inners = 18;
  oneof kind { string name = 19; int32 code = 20; Inner part = 21; }
  google.protobuf.Any any = 22; repeated google.protobuf.Duration waits = 23;
  google.protobuf.ListValue list = 24; optional int32 maybe = 25;
  map<int32, google.protobuf.Duration> times = 26; string snake_case = 27 [json_name = "other"];
  google.protobuf.Empty empty = 28; google.api.HttpBody file = 29;
}
message Update { Inner inner = 1; google.protobuf.FieldMask update_mask = 2; string id = 3; }
message TwoMasks { Inner inner = 1; google.protobuf.FieldMask a = 2; google.protobuf.FieldMask b = 3; }
message Mine {
  string user_id = 1 [(frontdesk.v1.field).from = "caller.sub"]; string id = 2;
  Scope scope = 3; repeated Scope scopes = 4; Mine self = 5;
}
message Scope { string sub = 1 [(frontdesk.v1.field).from = "caller.sub"]; string id = 2; }
message HasKey { string key = 1; }
message WithFile { string id = 1; google.api.HttpBody file = 2; }
)";

MessageTypes& Types() {
  static auto* const types = new MessageTypes(kRequests);
  return *types;
}

struct Sent {
  const char* type = "Request";
  // Field paths and raw values; a trailing '*' of the path marks a multi-segment variable.
  std::vector<std::pair<std::string, std::string_view>> path = {};
  std::string_view query = "";
  std::string_view body = "";
  const char* body_field = nullptr;  // "*", a field, or none
  std::string_view content_type = "application/json";
  const char* http_method = "POST";
};

std::vector<const contract::Field*> Resolve(const contract::MessageTable* table, std::string path) {
  std::vector<const contract::Field*> fields;
  for (size_t at = 0; at != std::string::npos;) {
    const size_t dot = path.find('.', at);
    fields.push_back(table->FindName(path.substr(at, dot - at)));
    table = fields.back()->message;
    at = dot == std::string::npos ? dot : dot + 1;
  }
  return fields;
}

absl::Status Send(const Sent& sent, const transcode::RequestOptions& options, std::string& wire) {
  const contract::MessageTable& table = Types().Table(sent.type);
  contract::Binding binding;
  binding.http_method = sent.http_method;
  std::vector<route::Capture> captures;
  for (const auto& [path, raw] : sent.path) {
    const bool multi = path.ends_with('*');
    binding.captures.push_back(Resolve(&table, path.substr(0, path.size() - (multi ? 1 : 0))));
    captures.push_back({.raw = raw, .multi = multi});
  }
  using Body = contract::Binding::Body;
  if (sent.body_field != nullptr) {
    binding.body = std::string_view(sent.body_field) == "*" ? Body::kWhole : Body::kField;
    if (binding.body == Body::kField) binding.body_field = table.FindName(sent.body_field);
  }
  const transcode::RequestParts parts{.captures = captures,
                                      .query = sent.query,
                                      .content_type = sent.content_type,
                                      .body = sent.body};
  wire = "old";
  return transcode::DecodeRequest(table, binding, parts, options, Types().tables(), wire);
}

// The request message as JSON, or "<REASON>". What comes out is canonical, or "<not canonical>".
std::string Read(const Sent& sent, const transcode::RequestOptions& options = {}) {
  std::string wire;
  const absl::Status status = Send(sent, options, wire);
  if (!status.ok()) return "<" + ReasonOf(status) + ">";
  const auto message = Types().New(sent.type);
  if (!message->ParseFromString(wire) || MessageTypes::Deterministic(*message) != wire) {
    return "<not canonical>";
  }
  return Types().Encode(sent.type, wire);
}

TEST(PathVariables, AreDecodedOnceByTheirKind) {
  EXPECT_EQ(Read({.path = {{"id", "p%20q%2Fr+"}}}), R"({"id":"p q/r+"})");
  EXPECT_EQ(Read({.path = {{"id", "%252F"}}}), R"({"id":"%2F"})");
  EXPECT_EQ(Read({.path = {{"id*", "a%20b%2fc/d%3A"}}}), R"({"id":"a b%2fc/d:"})");
  EXPECT_EQ(Read({.path = {{"id*", "a%20b%2fc/d%3A"}}}, {.keep_reserved_encoded = true}),
            R"({"id":"a b%2fc/d%3A"})");
  EXPECT_EQ(Read({.path = {{"id", "a%2"}}}), "<INVALID_PATH>");
  EXPECT_EQ(Read({.path = {{"id", "a%zz"}}}), "<INVALID_PATH>");
  EXPECT_EQ(Read({.path = {{"id", "%ff"}}}), "<INVALID_UTF8>");
  EXPECT_EQ(Read({.path = {{"data", "_w"}}}), R"({"data":"/w=="})");
  EXPECT_EQ(Read({.path = {{"number", "-5"}}}), R"({"number":"-5"})");
  EXPECT_EQ(Read({.path = {{"number", "5x"}}}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.path = {{"number", ""}}}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.path = {{"color", "COLOR_RED"}}}), R"({"color":"COLOR_RED"})");
  EXPECT_EQ(Read({.path = {{"color", "7"}}}), R"({"color":7})");
  EXPECT_EQ(Read({.path = {{"color", "RED"}}}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.path = {{"time", "2024-01-01T00:00:00Z"}}}),
            R"({"time":"2024-01-01T00:00:00Z"})");
  EXPECT_EQ(Read({.path = {{"inner.deeper.name", "n"}, {"id", "i"}, {"inner.size", "3"}}}),
            R"({"id":"i","inner":{"size":3,"deeper":{"name":"n"}}})");
  EXPECT_EQ(Read({.path = {{"flag", "false"}, {"number", "0"}}}), "{}");
  EXPECT_EQ(Read({.path = {{"name", ""}}}), R"({"name":""})");
}

TEST(QueryParameters, FillFieldsByAnyName) {
  EXPECT_EQ(Read({.query = "id=a+b%2Bc&inner.name=%C3%A9&inner.deeper.size=2"}),
            R"({"id":"a b+c","inner":{"name":"é","deeper":{"size":2}}})");
  EXPECT_EQ(Read({.query = "snake_case=1"}), R"({"other":"1"})");
  EXPECT_EQ(Read({.query = "other=1"}), R"({"other":"1"})");
  EXPECT_EQ(Read({.query = "%69d=1"}), R"({"id":"1"})");
  EXPECT_EQ(Read({.query = "tags=b&tags=a&tags="}), R"({"tags":["b","a",""]})");
  EXPECT_EQ(Read({.query = "numbers=3&numbers=0&numbers=1e2"}), R"({"numbers":[3,0,100]})");
  EXPECT_EQ(Read({.query = "inner.tags=x"}), R"({"inner":{"tags":["x"]}})");
  EXPECT_EQ(Read({.query = "&&id=1&"}), R"({"id":"1"})");
  EXPECT_EQ(Read({.query = "id=a=b"}), R"({"id":"a=b"})");
  EXPECT_EQ(Read({.query = "id"}), "{}");
  EXPECT_EQ(Read({.query = "number"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "flag"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "maybe=0"}), R"({"maybe":0})");
  EXPECT_EQ(Read({.query = "inner.flag=false"}), R"({"inner":{"flag":false}})");
  EXPECT_EQ(Read({.query = "inner.size=0"}), R"({"inner":{}})");
}

TEST(QueryParameters, KnownTypesAreText) {
  EXPECT_EQ(Read({.query = "wait=1.5s&mask=a,fooBar&text=&count=5"}),
            R"({"wait":"1.500s","mask":"a,fooBar","text":"","count":"5"})");
  EXPECT_EQ(Read({.query = "object={\"a\":[1]}&value=%22x%22&list=[null]"}),
            R"({"object":{"a":[1]},"value":"x","list":[null]})");
  EXPECT_EQ(Read({.query = "value=null"}), R"({"value":null})");
  EXPECT_EQ(Read({.query = "value=x"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "value=1 2"}), "<JSON_SYNTAX>");
  EXPECT_EQ(Read({.query = "value=" + std::string(101, '[')}), "<JSON_TOO_DEEP>");
  EXPECT_EQ(Read({.query = "wait=1h"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "waits=1s&waits=2s"}), R"({"waits":["1s","2s"]})");
  EXPECT_EQ(Read({.query = "real=NaN"}), R"({"real":"NaN"})");
  EXPECT_EQ(Read({.query = "real=1e400"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "flag=1"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "flag=TRUE"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "number=+5"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "number=%2B5"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "data=!"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "mask=%f3"}), "<INVALID_UTF8>");
  EXPECT_EQ(Read({.query = "text=%f3"}), "<INVALID_UTF8>");
  EXPECT_EQ(Read({.query = "value=%22%f3%22"}), "<INVALID_UTF8>");
  EXPECT_EQ(Read({.query = "labels[%f3]=1"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "wait=%f3"}), "<INVALID_VALUE>");
}

// As deep as a back end's parser goes, and not one message deeper.
TEST(QueryParameters, NestedNoDeeperThanBackEndsRead) {
  const auto deeper = [](int times, const char* last) {
    std::string query = "inner";
    for (int i = 0; i < times; ++i) query += ".deeper";
    return Read({.query = query + last});
  };
  EXPECT_TRUE(deeper(98, ".name=x").starts_with('{'));
  EXPECT_EQ(deeper(99, ".name=x"), "<JSON_TOO_DEEP>");
  EXPECT_EQ(deeper(1000, ".name=x"), "<JSON_TOO_DEEP>");
  const auto lists = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  const auto value = [&](int depth) { return Read({.query = "value=" + lists(depth)}); };
  EXPECT_TRUE(value(49).starts_with('{'));
  EXPECT_EQ(value(50), "<JSON_TOO_DEEP>");
  const auto body = [&](int depth) { return Read({.body = lists(depth), .body_field = "value"}); };
  EXPECT_TRUE(body(49).starts_with('{'));
  EXPECT_EQ(body(50), "<JSON_TOO_DEEP>");
}

TEST(QueryParameters, MapsByBrackets) {
  EXPECT_EQ(Read({.query = "labels[b]=2&labels[a]=1&labels[]=0"}),
            R"({"labels":{"":0,"a":1,"b":2}})");
  EXPECT_EQ(Read({.query = "labels%5Ba.b%5D=1"}), R"({"labels":{"a.b":1}})");
  EXPECT_EQ(Read({.query = "times[10]=1s&times[-1]=2s"}), R"({"times":{"-1":"2s","10":"1s"}})");
  EXPECT_EQ(Read({.query = "labels[a]=1&labels[a]=1"}), "<DUPLICATE_PARAMETER>");
  EXPECT_EQ(Read({.query = "labels[a]=x"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "times[x]=1s"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.query = "labels=1"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.query = "labels[a=1"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.query = "labels[a]x=1"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.query = "tags[0]=1"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.query = "id[a]=1"}), "<UNKNOWN_PARAMETER>");
}

TEST(QueryParameters, WhatIsRefused) {
  for (const char* query :
       {"nope=1", "inner.nope=1", "id.x=1", "inner=1", "inner.=1", ".id=1", "inners.name=1",
        "any=1", "any.value=1", "time.seconds=1", "tags.x=1", "empty=1", "=1", "file=1"}) {
    EXPECT_EQ(Read({.query = query}), "<UNKNOWN_PARAMETER>") << query;
    EXPECT_EQ(Read({.query = query}, {.ignore_unknown_parameters = true}), "{}") << query;
  }
  EXPECT_EQ(Read({.query = "id=1&id=1"}), "<DUPLICATE_PARAMETER>");
  EXPECT_EQ(Read({.query = "snake_case=1&other=2"}), "<DUPLICATE_PARAMETER>");
  EXPECT_EQ(Read({.query = "id=%"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "id=%4"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "%zz=1"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "id=%ff"}), "<INVALID_UTF8>");
  EXPECT_EQ(Read({.query = "name=a&code=1"}), "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.query = "name=a&part.name=b"}), "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.query = "part.size=1&part.name=b"}), R"({"part":{"name":"b","size":1}})");
  EXPECT_EQ(Read({.query = "$alt=json&$fields=a.b&id=1"}), R"({"id":"1"})");
  EXPECT_EQ(Read({.query = "key=abc&alt=json&prettyPrint=true&id=1"}), R"({"id":"1"})");
  EXPECT_EQ(Read({.query = "Key=abc"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(Read({.type = "HasKey", .query = "key=abc"}), R"({"key":"abc"})");
  EXPECT_EQ(Read({.type = "HasKey", .query = "alt=abc"}), "{}");
  EXPECT_EQ(Read({.query = "%ff=1"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "$%ff=1"}), "<INVALID_QUERY>");
  EXPECT_EQ(Read({.query = "%ff=1"}, {.ignore_unknown_parameters = true}), "<INVALID_QUERY>");
}

TEST(QueryParameters, AreEchoedInPart) {
  std::string wire;
  const std::string query = std::string(8000, 'n') + "=1";
  const absl::Status status = Send({.query = query}, {}, wire);
  EXPECT_EQ(ReasonOf(status), "UNKNOWN_PARAMETER");
  EXPECT_LT(status.message().size(), 200u);
  EXPECT_LT(FieldViolationsOf(status).size(), 200u);
}

TEST(QueryParameters, AtMostAThousand) {
  std::string query;
  for (int i = 0; i < 1000; ++i) query += "tags=a&";
  EXPECT_TRUE(Read({.query = query}).starts_with("{"));
  EXPECT_EQ(Read({.query = query + "tags=a"}), "<TOO_MANY_PARAMETERS>");
}

TEST(Body, WholeFieldOrNone) {
  EXPECT_EQ(Read({.body = R"({"id":"1","inner":{"size":2}})", .body_field = "*"}),
            R"({"id":"1","inner":{"size":2}})");
  EXPECT_EQ(Read({.body = "", .body_field = "*"}), "{}");
  EXPECT_EQ(Read({.body = "null", .body_field = "*"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.body = "{} x", .body_field = "*"}), "<JSON_SYNTAX>");
  EXPECT_EQ(Read({.body = "{}"}), "<BODY_NOT_ALLOWED>");
  EXPECT_EQ(Read({.query = "id=1", .body = R"({"size":2})", .body_field = "inner"}),
            R"({"id":"1","inner":{"size":2}})");
  EXPECT_EQ(Read({.body = "", .body_field = "inner"}), "{}");
  EXPECT_EQ(Read({.body = "null", .body_field = "inner"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.body = R"(["b","a"])", .body_field = "tags"}), R"({"tags":["b","a"]})");
  EXPECT_EQ(Read({.body = R"([{"size":1},{}])", .body_field = "inners"}),
            R"({"inners":[{"size":1},{}]})");
  EXPECT_EQ(Read({.body = "{}", .body_field = "tags"}), "<INVALID_VALUE>");
  EXPECT_EQ(Read({.body = R"({"b":1,"a":2})", .body_field = "labels"}),
            R"({"labels":{"a":2,"b":1}})");
  EXPECT_EQ(Read({.body = "\"x\"", .body_field = "id"}), R"({"id":"x"})");
  EXPECT_EQ(Read({.body = "5", .body_field = "number"}), R"({"number":"5"})");
  EXPECT_EQ(Read({.body = "null", .body_field = "value"}), R"({"value":null})");
  EXPECT_EQ(Read({.body = "\"1s\"", .body_field = "wait"}), R"({"wait":"1s"})");
}

TEST(Body, ContentTypes) {
  for (const char* type : {"application/json", "Application/JSON", "application/json;charset=utf-8",
                           "application/json; charset=\"UTF-8\"", " application/json ;x=y", ""}) {
    EXPECT_EQ(Read({.body = "{}", .body_field = "*", .content_type = type}), "{}") << type;
  }
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1",
        "application/jsonx", "application/vnd.x+json", "json", "*/*", "multipart/form-data"}) {
    std::string wire;
    const absl::Status status =
        Send({.body = "{}", .body_field = "*", .content_type = type}, {}, wire);
    EXPECT_EQ(ReasonOf(status), "UNSUPPORTED_MEDIA_TYPE") << type;
    EXPECT_EQ(HttpOverrideOf(status), 415);
  }
  EXPECT_EQ(Read({.body = "", .body_field = "*", .content_type = "text/plain"}), "{}");
}

TEST(Conflicts, ThePathWins) {
  EXPECT_EQ(Read({.path = {{"id", "1"}}, .body = R"({"number":5})", .body_field = "*"}),
            R"({"id":"1","number":"5"})");
  EXPECT_EQ(Read({.path = {{"id", "1"}}, .body = R"({"id":"1"})", .body_field = "*"}),
            R"({"id":"1"})");
  EXPECT_EQ(Read({.path = {{"id", "1"}}, .body = R"({"id":"2"})", .body_field = "*"}),
            "<FIELD_CONFLICT>");
  EXPECT_EQ(
      Read({.path = {{"snake_case", "1"}}, .body = R"({"snake_case":"2"})", .body_field = "*"}),
      "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"id", "1"}}, .query = "id=1"}), R"({"id":"1"})");
  EXPECT_EQ(Read({.path = {{"id", "1"}}, .query = "id=2"}), "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"snake_case", "1"}}, .query = "other=2"}), "<FIELD_CONFLICT>");
  // After conversion, not by their text.
  EXPECT_EQ(Read({.path = {{"number", "1e2"}}, .body = R"({"number":"100"})", .body_field = "*"}),
            R"({"number":"100"})");
  EXPECT_EQ(Read({.path = {{"time", "2024-01-01T00:00:00Z"}},
                  .query = "time=2024-01-01T01:00:00%2B01:00"}),
            R"({"time":"2024-01-01T00:00:00Z"})");
  EXPECT_EQ(Read({.path = {{"number", "0"}}, .body = R"({"number":5})", .body_field = "*"}),
            "<FIELD_CONFLICT>");
  // A default that the body spells out is a value like any other, null is none.
  EXPECT_EQ(Read({.path = {{"id", "1"}}, .body = R"({"id":""})", .body_field = "*"}),
            "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"id", "1"}}, .body = R"({"id":null})", .body_field = "*"}),
            R"({"id":"1"})");
  EXPECT_EQ(Read({.path = {{"number", "0"}}, .body = R"({"number":0})", .body_field = "*"}), "{}");
  EXPECT_EQ(Read({.path = {{"number", "1"}}, .body = R"({"number":-0})", .body_field = "*"}),
            "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"text", "a"}}, .body = R"({"text":""})", .body_field = "*"}),
            "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"inner.name", "n"}}, .body = R"({"name":""})", .body_field = "inner"}),
            "<FIELD_CONFLICT>");
  // Only that very field.
  EXPECT_EQ(Read({.path = {{"inner.name", "n"}},
                  .body = R"({"id":"","inner":{"size":0,"deeper":{"name":""}},)"
                          R"("inners":[{"name":""}],"part":{"name":""}})",
                  .body_field = "*"}),
            R"({"inner":{"name":"n","deeper":{}},"inners":[{}],"part":{}})");
  EXPECT_EQ(Read({.path = {{"maybe", "1"}}, .body = R"({"maybe":0})", .body_field = "*"}),
            "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"inner.name", "n"}},
                  .body = R"({"inner":{"note":"x","name":"n","size":2}})",
                  .body_field = "*"}),
            R"({"inner":{"name":"n","size":2,"note":"x"}})");
  EXPECT_EQ(Read({.path = {{"inner.name", "n"}}, .body = R"({"name":"m"})", .body_field = "inner"}),
            "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"inner.deeper.name", "n"}},
                  .body = R"({"deeper":{"size":1}})",
                  .body_field = "inner"}),
            R"({"inner":{"deeper":{"name":"n","size":1}}})");
  EXPECT_EQ(Read({.path = {{"name", "n"}}, .body = R"({"code":1})", .body_field = "*"}),
            "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"part.name", "n"}}, .body = R"({"code":1})", .body_field = "*"}),
            "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"code", "1"}}, .query = "name=n"}), "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"code", "0"}}, .body = R"({"name":""})", .body_field = "*"}),
            "<FIELD_CONFLICT>");
}

TEST(Conflicts, TheBodyKeepsTheQueryOut) {
  EXPECT_EQ(Read({.query = "id=1", .body = "{}", .body_field = "*"}), "<UNKNOWN_PARAMETER>");
  EXPECT_EQ(
      Read({.query = "id=1", .body = "{}", .body_field = "*"}, {.ignore_unknown_parameters = true}),
      "{}");
  EXPECT_EQ(Read({.query = "inner.size=1", .body = "{}", .body_field = "inner"}),
            "<UNKNOWN_PARAMETER>");
  // Even where unknown parameters are ignored, none contradicts the path.
  EXPECT_EQ(Read({.path = {{"id", "1"}}, .query = "id=2", .body = "{}", .body_field = "*"},
                 {.ignore_unknown_parameters = true}),
            "<FIELD_CONFLICT>");
  EXPECT_EQ(Read({.path = {{"id", "1"}}, .query = "id=1", .body = "{}", .body_field = "*"}),
            R"({"id":"1"})");
}

TEST(Patch, EmptyMaskIsFilledFromTheBody) {
  const auto patch = [](std::string_view body, std::string_view query = "") {
    return Read({.type = "Update",
                 .query = query,
                 .body = body,
                 .body_field = "inner",
                 .http_method = "PATCH"});
  };
  EXPECT_EQ(patch(R"({"size":1,"name":"n"})"),
            R"({"inner":{"name":"n","size":1},"updateMask":"size,name"})");
  EXPECT_EQ(patch(R"({"deeper":{"deeper":{"size":1},"tags":["a"]}})"),
            R"({"inner":{"deeper":{"tags":["a"],"deeper":{"size":1}}},)"
            R"("updateMask":"deeper.deeper.size,deeper.tags"})");
  EXPECT_EQ(patch(R"({"name":null,"deeper":{}})"),
            R"({"inner":{"deeper":{}},"updateMask":"name,deeper"})");
  EXPECT_EQ(patch(R"({"name":"n"})", "update_mask=size"),
            R"({"inner":{"name":"n"},"updateMask":"size"})");
  EXPECT_EQ(patch(R"({"name":"n"})", "update_mask="),
            R"({"inner":{"name":"n"},"updateMask":"name"})");
  EXPECT_EQ(patch("{}"), R"({"inner":{}})");
  EXPECT_EQ(patch(""), "{}");
  EXPECT_EQ(patch(R"({"nope":1})"), "<UNKNOWN_FIELD>");
  EXPECT_EQ(Read({.type = "Update",
                  .body = R"({"name":"n"})",
                  .body_field = "inner",
                  .http_method = "PUT"}),
            R"({"inner":{"name":"n"}})");
  EXPECT_EQ(Read({.type = "Update",
                  .body = R"({"inner":{"name":"n"}})",
                  .body_field = "*",
                  .http_method = "PATCH"}),
            R"({"inner":{"name":"n"}})");
  EXPECT_EQ(Read({.type = "TwoMasks",
                  .body = R"({"name":"n"})",
                  .body_field = "inner",
                  .http_method = "PATCH"}),
            R"({"inner":{"name":"n"}})");
}

TEST(CallerFields, ComeFromTheCallerAlone) {
  const transcode::RequestOptions options{.caller_sub = "user-1"};
  const auto read = [&](const Sent& sent) { return Read(sent, options); };
  constexpr const char* kFilled = R"({"userId":"user-1","scope":{"sub":"user-1"},)"
                                  R"("self":{"userId":"user-1","scope":{"sub":"user-1"}}})";
  EXPECT_EQ(read({.type = "Mine"}), kFilled);
  EXPECT_EQ(read({.type = "Mine", .body = R"({"user_id":"user-1"})", .body_field = "*"}),
            "<FIELD_FROM_CALLER>");
  EXPECT_EQ(read({.type = "Mine", .body = R"({"userId":""})", .body_field = "*"}),
            "<FIELD_FROM_CALLER>");
  EXPECT_EQ(read({.type = "Mine", .body = R"({"scope":{"sub":"x"}})", .body_field = "*"}),
            "<FIELD_FROM_CALLER>");
  EXPECT_EQ(read({.type = "Mine", .body = R"({"scopes":[{"sub":"x"}]})", .body_field = "*"}),
            "<FIELD_FROM_CALLER>");
  EXPECT_EQ(read({.type = "Mine", .query = "user_id=user-1"}), "<FIELD_FROM_CALLER>");
  EXPECT_EQ(read({.type = "Mine", .query = "scope.sub=user-1"}), "<FIELD_FROM_CALLER>");
  std::string wire;
  const absl::Status status = Send({.type = "Mine"}, {}, wire);
  EXPECT_EQ(ReasonOf(status), "CALLER_REQUIRED");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
}

TEST(HttpBody, TakesRawBytes) {
  EXPECT_EQ(Read({.type = "google.api.HttpBody",
                  .body = "\xff\x01",
                  .body_field = "*",
                  .content_type = "image/png"}),
            R"({"contentType":"image/png","data":"/wE="})");
  EXPECT_EQ(Read({.type = "WithFile",
                  .path = {{"id", "1"}},
                  .body = "abc",
                  .body_field = "file",
                  .content_type = "text/plain"}),
            R"({"id":"1","file":{"contentType":"text/plain","data":"YWJj"}})");
  EXPECT_EQ(
      Read({.type = "WithFile", .path = {{"id", "1"}}, .body_field = "file", .content_type = ""}),
      R"({"id":"1"})");
}

// It becomes a string of the message.
TEST(HttpBody, ContentTypeIsPrintable) {
  for (const char* type : {"a/\xff", "a/\xc3\xa9", "a/b\tc", "a/\x7f"}) {
    EXPECT_EQ(Read({.type = "google.api.HttpBody", .body_field = "*", .content_type = type}),
              "<INVALID_CONTENT_TYPE>");
    EXPECT_EQ(Read({.type = "WithFile", .body_field = "file", .content_type = type}),
              "<INVALID_CONTENT_TYPE>");
  }
}

TEST(Errors, NameTheField) {
  std::string wire;
  const absl::Status parameter = Send({.query = "inner.size=x"}, {}, wire);
  EXPECT_EQ(Std(parameter.message()), "inner.size: expected a number");
  EXPECT_NE(FieldViolationsOf(parameter).find("inner.size"), std::string::npos);
  const absl::Status path = Send({.path = {{"inner.size", "x"}}}, {}, wire);
  EXPECT_EQ(Std(path.message()), "inner.size: expected a number");
  const absl::Status body = Send({.body = "{\"size\":\"x\"}", .body_field = "inner"}, {}, wire);
  EXPECT_EQ(Std(body.message()), "line 1, column 9: inner.size: expected a number");
}

}  // namespace
}  // namespace frontdesk::testing
