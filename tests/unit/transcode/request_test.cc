#include "gateway/transcode/request.h"

#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"
#include "tests/unit/transcode/requests.h"

namespace frontdesk::testing::requests {
namespace {

TEST(PathVariables, AreDecodedOnceByTheirKind) {
  EXPECT_EQ(Read({.path = {{"id", "p%20q%2Fr+"}}}), R"({"id":"p q/r+"})");
  EXPECT_EQ(Read({.path = {{"id", "%252F"}}}), R"({"id":"%2F"})");
  EXPECT_EQ(Read({.path = {{"id*", "a%20b%2fc/d%3A"}}}), R"({"id":"a b%2Fc/d:"})");
  EXPECT_EQ(Read({.path = {{"id*", "a%20b%2fc/d%3a"}}}, {.keep_reserved_encoded = true}),
            R"({"id":"a b%2Fc/d%3A"})");
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
  // Small bodies with long names deep inside.
  std::string deep = "{}";
  for (int i = 0; i < 90; ++i) deep = Cat(R"({"name":"","size":0,"note":"","deeper":)", deep, '}');
  EXPECT_EQ(patch(deep), "<MASK_TOO_LARGE>");
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

// What a client says that the gateway does not know is not for a back end to wipe.
TEST(Patch, TheMaskHasOnlyWhatWasTaken) {
  const auto patch = [](std::string_view body, transcode::ParseOptions json) {
    return Read({.type = "Update", .body = body, .body_field = "inner", .http_method = "PATCH"},
                {.json = json});
  };
  const transcode::ParseOptions lenient{.ignore_unknown = true};
  EXPECT_EQ(patch("{}", lenient), R"({"inner":{}})");
  EXPECT_EQ(patch(R"({"deeper":{"brandNew":1}})", lenient), "<NOTHING_TO_PATCH>");
  EXPECT_EQ(patch(R"({"brandNew":{"size":1},"deeper":{"brandNew":{},"size":2}})", lenient),
            R"({"inner":{"deeper":{"size":2}},"updateMask":"deeper.size"})");
  EXPECT_EQ(patch(R"({"color":"COLOR_BLUE"})", lenient), "<NOTHING_TO_PATCH>");
  EXPECT_EQ(patch(R"({"deeper":{"color":"COLOR_BLUE"}})", lenient), "<NOTHING_TO_PATCH>");
  EXPECT_EQ(patch(R"({"color":"COLOR_RED"})", lenient),
            R"({"inner":{"color":"COLOR_RED"},"updateMask":"color"})");
  EXPECT_EQ(patch(R"({"color":7})", lenient), R"({"inner":{"color":7},"updateMask":"color"})");
  EXPECT_EQ(patch(R"({"color":null,"deeper":{}})", lenient),
            R"({"inner":{"deeper":{}},"updateMask":"color,deeper"})");

  const transcode::ParseOptions last{.last_key_wins = true};
  EXPECT_EQ(patch(R"({"deeper":{"name":"x"},"deeper":{"size":2}})", last),
            R"({"inner":{"deeper":{"size":2}},"updateMask":"deeper.size"})");
  EXPECT_EQ(patch(R"({"note":"n","deeper":{"name":"x","size":1},"name":"a","size":3,)"
                  R"("deeper":{},"name":"b","size":null})",
                  last),
            R"({"inner":{"name":"b","deeper":{},"note":"n"},)"
            R"("updateMask":"note,deeper,name,size"})");
  EXPECT_EQ(patch(R"({"color":"COLOR_RED","color":"COLOR_BLUE"})",
                  {.ignore_unknown = true, .last_key_wins = true}),
            "<NOTHING_TO_PATCH>");
}

// A number that a closed enum does not have is as unknown as a name.
TEST(Patch, TheMaskHasNoUnknownNumberOfAClosedEnum) {
  MessageTypes types({}, CompileProtos({{"closed.proto", R"(
      syntax = "proto2"; package test; import "google/protobuf/field_mask.proto";
      enum Size { SMALL = 1; LARGE = -2; }
      message Shirt { optional Size size = 1; optional string text = 2; }
      message Update { optional Shirt shirt = 1; optional google.protobuf.FieldMask mask = 2; }
      )"}}));
  const contract::MessageTable& table = types.Table("Update");
  contract::Binding binding;
  binding.http_method = "PATCH";
  binding.body = contract::Binding::Body::kField;
  binding.body_field = table.FindName("shirt");
  const auto patch = [&](std::string_view body) {
    std::string wire;
    const absl::Status status = transcode::DecodeRequest(
        table, binding, {.body = body}, {.json = {.ignore_unknown = true}}, types.tables(), wire);
    return status.ok() ? types.Encode("Update", wire) : ReasonOf(status);
  };
  EXPECT_EQ(patch(R"({"size":-2e0,"text":"a"})"),
            R"({"shirt":{"size":"LARGE","text":"a"},"mask":"size,text"})");
  EXPECT_EQ(patch(R"({"size":7,"text":"a"})"), R"({"shirt":{"text":"a"},"mask":"text"})");
  EXPECT_EQ(patch(R"({"size":-3})"), "NOTHING_TO_PATCH");
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
}  // namespace frontdesk::testing::requests
