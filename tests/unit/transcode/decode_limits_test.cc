// What a client's JSON is refused for besides its values: options, limits, and how errors tell it.
#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "gateway/transcode/decode.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {
namespace {

MessageTypes& Types() {
  static auto* const types = new MessageTypes();
  return *types;
}

TEST(DecodeOptions, IgnoreUnknownSkipsWholeValuesButChecksThem) {
  const transcode::ParseOptions options{.ignore_unknown = true};
  const auto read = [&](const char* json) { return Types().RoundTrip("Order", json, options); };
  EXPECT_EQ(read(R"({"x":{"y":[1,{"z":"\u0041"}]},"id":"1","w":null})"), R"({"id":"1"})");
  EXPECT_EQ(read(R"({"x":{"y":[1,}})"), "<JSON_SYNTAX>");
  EXPECT_EQ(read(R"({"x":tru})"), "<JSON_SYNTAX>");
  EXPECT_EQ(read(R"({"status":"STATUS_LATER","id":"1"})"), R"({"id":"1"})");
  EXPECT_EQ(Types().RoundTrip("Lists", R"({"colors":["PINK","COLOR_RED","BLUE"]})", options),
            R"({"colors":["COLOR_RED"]})");
  EXPECT_EQ(Types().RoundTrip("Maps", R"({"colors":{"1":"PINK","2":"COLOR_RED"}})", options),
            R"({"colors":{"2":"COLOR_RED"}})");
  EXPECT_EQ(Types().RoundTrip("Choice", R"({"color":"PINK","number":1})", options),
            R"({"number":1})");
}

TEST(DecodeOptions, LastKeyWins) {
  const transcode::ParseOptions options{.last_key_wins = true};
  const auto read = [&](const char* type, const char* json) {
    return Types().RoundTrip(type, json, options);
  };
  EXPECT_EQ(read("Order", R"({"userId":"1","id":"7","user_id":"2"})"),
            R"({"id":"7","userId":"2"})");
  EXPECT_EQ(read("Order", R"({"id":"1","id":null})"), "{}");
  EXPECT_EQ(read("Order", R"({"items":[{},{}],"items":[{}]})"), R"({"items":[{}]})");
  EXPECT_EQ(read("Tree", R"({"left":{"name":"a"},"left":{"weight":1}})"),
            R"({"left":{"weight":1}})");
  EXPECT_EQ(read("Choice", R"({"number":1,"number":2})"), R"({"number":2})");
  EXPECT_EQ(read("Choice", R"({"number":1,"number":null,"text":"a"})"), R"({"text":"a"})");
  EXPECT_EQ(read("Choice", R"({"number":1,"text":"a"})"), "<FIELD_CONFLICT>");
  EXPECT_EQ(read("Maps", R"({"strings":{"a":"1","b":"2","a":"3"}})"),
            R"({"strings":{"a":"3","b":"2"}})");
}

std::string Nested(std::string_view open, std::string_view inner, std::string_view close,
                   int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  text += inner;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(DecodeLimits, DepthCountsArraysAndObjects) {
  const auto tree = [](int depth) { return Nested("{\"left\":", "{}", "}", depth - 1); };
  EXPECT_FALSE(Types().Decode("Tree", tree(100)).starts_with('<'));
  EXPECT_EQ(Types().Decode("Tree", tree(101)), "<JSON_TOO_DEEP>");
  EXPECT_EQ(Types().Decode("Tree", tree(5), {.max_depth = 4}), "<JSON_TOO_DEEP>");
  const auto lists = [](int depth) { return Nested("[", "", "]", depth); };
  EXPECT_EQ(Types().Decode("google.protobuf.Value", lists(101), {.max_messages = 1000}),
            "<JSON_TOO_DEEP>");
  EXPECT_EQ(Types().Decode("google.protobuf.Value", Nested("[", "", "", 100000)),
            "<JSON_TOO_DEEP>");
  EXPECT_EQ(Types().Decode("Order", "{\"x\":" + lists(100) + "}", {.ignore_unknown = true}),
            "<JSON_TOO_DEEP>");
}

// What is taken can be read by any back end: common parsers stop at 100 messages.
TEST(DecodeLimits, DepthCountsMessagesToo) {
  struct Nesting {
    const char* type;
    std::string before;
    const char* open;
    const char* inner;
    const char* close;
    const char* after;
    int most;  // times `open`
  };
  const std::string any = R"({"any":{"@type":"x/google.protobuf.Value","value":)";
  const Nesting rows[] = {
      {"google.protobuf.Value", "", "[", "", "]", "", 50},          // Value, ListValue
      {"google.protobuf.Value", "", "{\"a\":", "1", "}", "", 33},   // Value, Struct, entry
      {"google.protobuf.ListValue", "", "[", "", "]", "", 50},      // ListValue, Value
      {"google.protobuf.Struct", "", "{\"a\":", "1", "}", "", 33},  // Struct, entry, Value
      {"Known", "{\"value\":", "[", "", "]", "}", 49},              // and the message around it
      {"Known", any, "[", "", "]", "}}", 50},                       // bytes to a parser
      {"Known", any + "[]},\"value\":", "[", "", "]", "}", 49},     // and behind them as before
  };
  for (const Nesting& row : rows) {
    const auto decode = [&](int depth) {
      return Types().Decode(
          row.type, Cat(row.before, Nested(row.open, row.inner, row.close, depth), row.after));
    };
    const auto message = Types().New(row.type);
    EXPECT_TRUE(message->ParseFromString(decode(row.most))) << row.type << row.before << row.open;
    EXPECT_EQ(decode(row.most + 1), "<JSON_TOO_DEEP>") << row.type << row.before << row.open;
  }
}

std::string LongUrl(size_t size) {
  const std::string type = "/test.Tree";
  return Cat(R"({"any":{"@type":")", std::string(size - type.size(), 'x'), type, "\"}}");
}

TEST(DecodeLimits, TypeUrlsAreShort) {
  EXPECT_FALSE(Types().Decode("Known", LongUrl(512)).starts_with('<'));
  EXPECT_EQ(Types().Decode("Known", LongUrl(513)), "<INVALID_VALUE>");
}

// Each Any has its type last, so that all it holds is read before it: that is cheap for what people
// write, and in proportion to the text for what attackers do.
TEST(DecodeLimits, LookingForTypesIsBounded) {
  const auto nested = [](int depth, size_t zeros) {
    const std::string any = R"(,"@type":"x/test.Known"})";
    std::string list = "[0";
    for (size_t i = 1; i < zeros; ++i) list += ",0";
    const std::string inner = Cat(R"({"list":)", list, R"(],"@type":"x/test.Known"})");
    return Cat(R"({"any":)", Nested(R"({"any":)", inner, any, depth), '}');
  };
  EXPECT_TRUE(Types().RoundTrip("Known", nested(40, 10)).starts_with('{'));
  EXPECT_TRUE(Types().RoundTrip("Known", nested(3, 500000)).starts_with('{'));
  EXPECT_EQ(Types().Decode("Known", nested(40, 500000)), "<INVALID_VALUE>");
}

TEST(DecodeErrors, EchoLittleOfTheText) {
  const std::string key(1 << 20, 'k');
  std::string wide = "k";  // whose 128th byte is in the middle of a character
  while (wide.size() < key.size()) wide += "é";
  const std::string texts[] = {
      Cat(R"({")", key, R"(":1})"),                     // a name
      Cat(R"({"trees":{")", key, R"(":{"nope":1}}})"),  // a key on the way
      Cat(R"({"trees":{")", key, R"(":{"name":"x)"),    // seen by the reader
      Cat(R"({"trees":{")", wide, R"(":{"weight":"x"}}})"),
      Cat(R"({")", wide, R"(":1})"),
  };
  for (const std::string& text : texts) {
    std::string out;
    const absl::Status status =
        transcode::DecodeJson(Types().Table("Maps"), text, {}, Types().tables(), out);
    EXPECT_FALSE(status.ok());
    EXPECT_LT(status.message().size(), 500u);
    EXPECT_LT(FieldViolationsOf(status).size(), 500u);
    EXPECT_TRUE(contract::IsValidUtf8(Std(status.message())));
  }
}

TEST(DecodeErrors, TellPlaceFieldAndReason) {
  std::string out;
  const absl::Status status = transcode::DecodeJson(
      Types().Table("Order"), "{\n  \"items\": [\n    {}, {\"quantity\": \"many\"}]}", {},
      Types().tables(), out);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Std(status.message()), "line 3, column 22: items[1].quantity: expected a number");
  EXPECT_NE(FieldViolationsOf(status).find("items[1].quantity"), std::string::npos);
  const absl::Status syntax = transcode::DecodeJson(
      Types().Table("Maps"), "{\"trees\":{\"a\":{\"name\":\"x\n\"}}}", {}, Types().tables(), out);
  EXPECT_EQ(Std(syntax.message()), "line 1, column 25: a control character must be escaped");
  EXPECT_NE(FieldViolationsOf(syntax).find("trees[\"a\"].name"), std::string::npos);
}

}  // namespace
}  // namespace frontdesk::testing
