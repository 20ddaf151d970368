#include "gateway/transcode/encode.h"

#include <gtest/gtest.h>

#include "gateway/transcode/render.h"
#include "gateway/transcode/wire.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {
namespace {

MessageTypes& Types() {
  static auto* const types = new MessageTypes();
  return *types;
}

std::string Bytes(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}

// A length-delimited field.
std::string Field(uint32_t number, const std::string& payload) {
  char head[2 * transcode::kMaxVarint];
  char* end = transcode::WriteVarint(head, transcode::Tag(number, transcode::WireType::kBytes));
  end = transcode::WriteVarint(end, payload.size());
  return std::string(head, end) + payload;
}

struct Row {
  const char* type;
  std::string wire;
  const char* json;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.type << " " << ::testing::PrintToString(row.wire);
}

class Encode : public ::testing::TestWithParam<Row> {};

TEST_P(Encode, GivesTheJsonOrTheReason) {
  EXPECT_EQ(Types().Encode(GetParam().type, GetParam().wire), GetParam().json);
}

INSTANTIATE_TEST_SUITE_P(
    Malformed, Encode,
    ::testing::Values(
        Row{"Order", "", "{}"}, Row{"Order", Bytes({0x0a}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x0a, 5, 'a'}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x80}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x00, 0x01}), "<MALFORMED_MESSAGE>"},
        // A varint of eleven bytes; a tag above 32 bits; a length far beyond the end.
        Row{"Order", Bytes({0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}),
            "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x88, 0x80, 0x80, 0x80, 0x80, 0x01, 1}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}),
            "<MALFORMED_MESSAGE>"},
        // A tag and a length of six bytes.
        Row{"Order", Bytes({0x98, 0x80, 0x80, 0x80, 0x80, 0x00, 1}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x0a, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 'a'}), "<MALFORMED_MESSAGE>"},
        // Groups, begun, ended and unknown; wire types 6 and 7.
        Row{"Order", Bytes({0x0b, 0x0c}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x0c}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0xfb, 0x07, 0xfc, 0x07}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x0e, 1}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x0f, 1}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Bytes({0x59, 1, 2, 3}), "<MALFORMED_MESSAGE>"},
        Row{"Lists", Bytes({0x0a, 3, 1, 2, 3}), "<MALFORMED_MESSAGE>"},
        Row{"Lists", Bytes({0x2a, 1, 0x80}), "<MALFORMED_MESSAGE>"},
        Row{"Maps", Field(1, Bytes({0x0a})), "<MALFORMED_MESSAGE>"},
        Row{"Order", Field(4, Bytes({0x0a, 9})), "<MALFORMED_MESSAGE>"},
        // The length of an inner message must not borrow from what follows.
        Row{"Order", Field(7, Bytes({0x08})) + Bytes({0x01}), "<MALFORMED_MESSAGE>"},
        Row{"Order", Field(1, "\xff"), "<INVALID_UTF8>"},
        Row{"Order", Field(1, "\xed\xa0\x80"), "<INVALID_UTF8>"},
        Row{"Order", Field(1, "eight by\xc3"), "<INVALID_UTF8>"},
        Row{"Maps", Field(1, Field(1, "\xff")), "<INVALID_UTF8>"}));

INSTANTIATE_TEST_SUITE_P(
    Untidy, Encode,
    ::testing::Values(
        Row{"Order", Field(6, "EUR") + Field(1, "x"), R"({"id":"x","currency":"EUR"})"},
        Row{"Order", Field(1, "a") + Field(1, "b"), R"({"id":"b"})"},
        Row{"Order", Field(1, "a") + Field(1, ""), "{}"},
        Row{"Order", Field(1, "\xff") + Field(1, "b"), R"({"id":"b"})"},
        Row{"Order", Bytes({0x18, 0x81, 0x80, 0x80, 0x00}), R"({"status":"STATUS_PAID"})"},
        Row{"Order", Bytes({0x98, 0x80, 0x00, 0x01}), R"({"status":"STATUS_PAID"})"},
        Row{"Order", Bytes({0x18, 0}), "{}"},
        Row{"Order", Field(3, "wrong wire type") + Bytes({0x08, 1}), "{}"},
        Row{"Tree", Field(2, Field(1, "a")) + Field(2, Bytes({0xa0, 0x06, 5})),
            R"({"left":{"name":"a","weight":5}})"},
        Row{"Tree", Field(2, Field(1, "a")) + Field(1, "b") + Field(2, Field(1, "c")),
            R"({"name":"b","left":{"name":"c"}})"},
        Row{"Tree", Field(2, Field(2, Field(1, "a"))) + Field(2, Field(2, Field(3, ""))),
            R"({"left":{"left":{"name":"a","right":{}}}})"},
        Row{"Lists", Bytes({0x28, 1, 0x2a, 2, 2, 3, 0x28, 4}), R"({"int32s":[1,2,3,4]})"},
        Row{"Lists", Bytes({0xaa, 0x01, 2, 1, 2}), R"({"unpacked":[1,2]})"},
        Row{"Lists", Bytes({0x2a, 0}), "{}"},
        Row{"Lists", Bytes({0x28, 1}) + Field(9, "s") + Bytes({0x28, 2}),
            R"({"int32s":[1,2],"strings":["s"]})"},
        Row{"Choice", Field(2, "a") + Bytes({0x18, 7}), R"({"number":7})"},
        Row{"Choice", Bytes({0x18, 7}) + Field(2, "a"), R"({"text":"a"})"},
        Row{"Choice", Field(4, Field(1, "a")) + Field(4, Bytes({0xa0, 0x06, 5})),
            R"({"tree":{"name":"a","weight":5}})"},
        Row{"Choice", Field(4, Field(1, "a")) + Bytes({0x18, 7}) + Field(4, Bytes({0xa0, 0x06, 5})),
            R"({"tree":{"weight":5}})"},
        Row{"Maps", Field(1, Field(1, "b") + Field(2, "1")) + Field(1, Field(1, "a")),
            R"({"strings":{"a":"","b":"1"}})"},
        Row{"Maps",
            Field(1, Field(1, "a") + Field(2, "1")) + Field(1, Field(2, "2") + Field(1, "a")),
            R"({"strings":{"a":"2"}})"},
        Row{"Maps",
            Field(2, Field(2, "a") + Bytes({0x08, 5})) + Field(2, Field(2, "b") + Bytes({0x08, 5})),
            R"({"int32s":{"5":"b"}})"},
        Row{"Maps", Field(1, Bytes({0x18, 7}) + Field(1, "a")) + Field(1, Field(1, "a")),
            R"({"strings":{"a":""}})"},
        Row{"Maps", Field(1, ""), R"({"strings":{"":""}})"},
        Row{"Maps", Field(4, Field(2, Field(1, "x")) + Field(2, Bytes({0xa0, 0x06, 5}))),
            R"({"trees":{"":{"name":"x","weight":5}}})"},
        Row{"Maps", Field(5, Bytes({0x08, 3})) + Field(5, Bytes({0x08, 4})),
            R"({"colors":{"-2":"COLOR_UNSPECIFIED","2":"COLOR_UNSPECIFIED"}})"},
        Row{"Known", Field(1, Bytes({0x10, 1})) + Field(1, Bytes({0x08, 1})),
            R"({"time":"1970-01-01T00:00:01.000000001Z"})"}));

INSTANTIATE_TEST_SUITE_P(
    KnownTypes, Encode,
    ::testing::Values(
        Row{"Known", Field(1, Bytes({0x10, 0x80, 0x94, 0xeb, 0xdc, 0x03})), "<INVALID_VALUE>"},
        Row{"Known",
            Field(1, Bytes({0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0x10, 1})),
            R"({"time":"1969-12-31T23:59:59.000000001Z"})"},
        Row{"Known", Field(1, Bytes({0x08, 255, 255, 255, 255, 255, 255, 127})), "<INVALID_VALUE>"},
        Row{"Known",
            Field(2, Bytes({0x08, 1, 0x10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})),
            "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "foo_bar") + Field(1, "baz")), R"({"mask":"fooBar,baz"})"},
        Row{"Known", Field(3, Field(1, "fooBar")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "foo__bar")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "foo_3")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "foo_")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "a,b")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "a b")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "a\n")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "a..b")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, ".a")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "a.")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "a.2b")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "a*")), "<INVALID_VALUE>"},
        Row{"Known", Field(3, Field(1, "*") + Field(1, "a.*._b2")), R"({"mask":"*,a.*.B2"})"},
        Row{"Known", Field(5, ""), R"({"value":null})"},
        Row{"Known", Field(5, Bytes({0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f})), "<INVALID_VALUE>"},
        Row{"Known", Field(5, Bytes({0x20, 1}) + Field(3, "last")), R"({"value":"last"})"},
        Row{"Known", Field(7, ""), R"({"any":{}})"},
        Row{"Known", Field(7, Field(1, "x/test.Nope") + Field(2, "abc")),
            R"({"any":{"@type":"x/test.Nope","value":"YWJj"}})"},
        Row{"Known", Field(7, Field(1, "test.Tree")), R"({"any":{"@type":"test.Tree"}})"},
        Row{"Known", Field(7, Field(2, "abc")), R"({"any":{"@type":"","value":"YWJj"}})"},
        Row{"Known", Field(7, Field(1, "x/test.Tree") + Field(2, "\x0a")), "<MALFORMED_MESSAGE>"},
        Row{"Known",
            Field(7, Field(1, "x/test.Tree") + Field(2, Bytes({0xa0, 0x06, 5}) + Field(1, "n"))),
            R"({"any":{"@type":"x/test.Tree","name":"n","weight":5}})"},
        Row{"Known", Field(7, Field(1, "x/google.protobuf.Int64Value")),
            R"({"any":{"@type":"x/google.protobuf.Int64Value","value":"0"}})"},
        Row{"Known", Field(13, Bytes({0x08, 1, 0x08, 2})), R"({"anInt64":"2"})"}));

TEST(EncodeOptions, DefaultsOfAllKinds) {
  EXPECT_EQ(Types().Encode("Scalars", "", {.defaults = true}),
            R"({"aDouble":0,"aFloat":0,"anInt64":"0","aUint64":"0","anInt32":0,"aFixed64":"0",)"
            R"("aFixed32":0,"aBool":false,"aString":"","aBytes":"","aUint32":0,)"
            R"("aColor":"COLOR_UNSPECIFIED","aSfixed32":0,"aSfixed64":"0","aSint32":0,)"
            R"("aSint64":"0","anAlias":"A_ZERO"})");
  EXPECT_EQ(Types().Encode("Optionals", "", {.defaults = true}), "{}");
  EXPECT_EQ(Types().Encode("Choice", "", {.defaults = true}), R"({"before":"","after":0})");
  EXPECT_EQ(Types().Encode("Tree", "", {.defaults = true}),
            R"({"name":"","children":[],"weight":0})");
  EXPECT_EQ(Types().Encode("Maps", "", {.defaults = true}).substr(0, 27),
            R"({"strings":{},"int32s":{},")");
}

TEST(EncodeOptions, EveryControlCharacterIsEscaped) {
  for (int c = 0; c < 0x80; ++c) {
    const std::string json =
        Types().Encode("Order", Field(1, std::string(1, static_cast<char>(c))));
    EXPECT_EQ(json.find(static_cast<char>(c), 7) != std::string::npos && c != '"' && c != '\\',
              c >= 0x20 && c != 0x7f && c != '<' && c != '>' && c != '"' && c != '\\')
        << c << json;
    EXPECT_EQ(Types().Decode("Order", json), Field(1, std::string(1, static_cast<char>(c))));
  }
}

TEST(EncodeLimits, Depth) {
  std::string wire;
  for (int i = 0; i < 99; ++i) wire = Field(2, wire);
  EXPECT_FALSE(Types().Encode("Tree", wire).starts_with('<'));
  EXPECT_EQ(Types().Encode("Tree", Field(2, wire)), "<MESSAGE_TOO_DEEP>");
}

TEST(EncodeLimits, NoWireGrowsWithoutBound) {
  // A million empty messages, each of which prints a hundred bytes of defaults.
  std::string wire;
  for (int i = 0; i < 100000; ++i) wire += Field(20, "");
  EXPECT_EQ(Types().Encode("Lists", wire, {.defaults = true, .max_bytes = 1 << 20}),
            "<RESPONSE_TOO_LARGE>");
  // One packed field whose values have long names: it stops where it is too long, not at its end.
  const std::string colors = Field(14, std::string(1 << 20, '\1'));
  std::string out;
  EXPECT_FALSE(transcode::EncodeJson(Types().Table("Lists"), colors, {.max_bytes = 1000},
                                     Types().tables(), out)
                   .ok());
  EXPECT_LT(out.capacity(), size_t{8} << 20);
  EXPECT_EQ(Types().Encode("Order", Field(1, std::string(100, 'x')), {.max_bytes = 50}),
            "<RESPONSE_TOO_LARGE>");
}

// Deep and untidy at every level: the work must stay in proportion.
TEST(EncodeLimits, UntidyAtEveryLevel) {
  std::string wire = Field(1, "x");
  for (int i = 0; i < 98; ++i) wire = Field(2, wire) + Field(1, "a") + Field(1, "b");
  EXPECT_EQ(Types().Encode("Tree", wire).substr(0, 30), R"({"name":"b","left":{"name":"b")");
}

struct FieldRow {
  const char* type;
  const char* field;
  std::string wire;
  const char* json;
};

TEST(EncodeFieldJson, OneFieldAlone) {
  const FieldRow rows[] = {
      {"Order", "id", Field(6, "EUR") + Field(1, "x"), "\"x\""},
      {"Order", "id", "", "\"\""},
      {"Order", "total_cents", "", "\"0\""},
      {"Order", "items", "", "[]"},
      {"Order", "items", Field(4, "") + Field(1, "x") + Field(4, Field(1, "p")),
       R"([{},{"productId":"p"}])"},
      {"Order", "created", "", "null"},
      {"Order", "created", Field(7, ""), "\"1970-01-01T00:00:00Z\""},
      {"Optionals", "number", "", "null"},
      {"Optionals", "number", Bytes({0x08, 0}), "0"},
      {"Maps", "strings", "", "{}"},
      {"Maps", "strings", Field(1, Field(1, "k")), R"({"k":""})"},
      {"Lists", "int32s", Bytes({0x28, 1, 0x2a, 1, 2}), "[1,2]"},
      {"Tree", "left", Field(2, Field(1, "a")) + Field(2, Bytes({0xa0, 0x06, 5})),
       R"({"name":"a","weight":5})"},
      {"Choice", "text", Field(2, "a") + Bytes({0x18, 7}), "null"},
      {"Order", "id", Bytes({0x0a}), "<MALFORMED_MESSAGE>"},
  };
  for (const FieldRow& row : rows) {
    const auto& table = Types().Table(row.type);
    std::string out;
    const absl::Status status = transcode::EncodeFieldJson(table, *table.FindName(row.field),
                                                           row.wire, {}, Types().tables(), out);
    EXPECT_EQ(status.ok() ? out : "<" + ReasonOf(status) + ">", row.json) << row.field;
  }
}

}  // namespace
}  // namespace frontdesk::testing
