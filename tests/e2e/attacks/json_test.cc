// JSON and query parameters, as messages: what is not exactly one is refused before a call, and
// what is one arrives exactly. The back end answers with what it got.
#include <gtest/gtest.h>

#include <time.h>

#include <chrono>

#include "gateway/base/text.h"
#include "tests/e2e/attacks/rows.h"

namespace frontdesk::e2e {
namespace {

std::string Nested(size_t depth) { return Repeated(depth, "[") + Repeated(depth, "]"); }

std::vector<Attack> Queries() {
  return {
      {"Plus", Get("/query?text=a+b"), 200, "", "a b"},
      {"Escaped", Get("/query?%74ext=a%26b%3Dc"), 200, "", "a&b=c"},
      {"Semicolon", Get("/query?text=a;b"), 200, "", "a;b"},
      {"Equals", Get("/query?text=a=b"), 200, "", "a=b"},
      {"CrLf", Get("/query?text=a%0d%0ab"), 200, "", "a\r\nb"},
      {"Zero", Get("/query?text=a%00b"), 200, "", std::string("a\0b", 3)},
      {"NotUtf8", Get("/query?text=%ff"), 400, "INVALID_UTF8"},
      {"BadEscape", Get("/query?text=%z"), 400, "INVALID_QUERY"},
      {"Twice", Get("/query?text=a&text=b"), 400, "DUPLICATE_PARAMETER"},
      {"Unknown", Get("/query?texts=a"), 400, "UNKNOWN_PARAMETER"},
      {"AThousand", Get("/query?text=a" + Repeated(999, "&more=b")), 200, "", "a"},
      {"OneMore", Get("/query?text=a" + Repeated(1000, "&more=b")), 400, "TOO_MANY_PARAMETERS"},
      {"WithABody", Post("/body?text=a", "{}"), 400, "UNKNOWN_PARAMETER"},
      {"NameIsNotUtf8", Get("/query?%ff=a"), 400, "INVALID_QUERY"},
      {"System", Get("/query?text=a&key=b&alt=json&prettyPrint=false"), 200, "", "a"},
      {"Deep", Get(Cat("/find?value=", Repeated(49, "%5b"), Repeated(49, "%5d"))), 200, ""},
      {"TooDeep", Get(Cat("/find?value=", Repeated(50, "%5b"), Repeated(50, "%5d"))), 400,
       "JSON_TOO_DEEP"},
  };
}

std::vector<Attack> Bodies() {
  const std::string kBom = "\xef\xbb\xbf";
  return {
      {"Json", Post("/body", R"({"text":"a"})"), 200, "", "a"},
      {"Empty", Post("/body", ""), 200, "", ""},
      {"Null", Post("/body", "null"), 400, "INVALID_VALUE"},
      {"Array", Post("/body", "[]"), 400, "INVALID_VALUE"},
      {"Spaces", Post("/body", "  "), 400, "INVALID_VALUE"},
      {"TrailingGarbage", Post("/body", "{}x"), 400, "JSON_SYNTAX"},
      {"TwoDocuments", Post("/body", "{}{}"), 400, "JSON_SYNTAX"},
      {"ByteOrderMark", Post("/body", kBom + "{}"), 400, "INVALID_VALUE"},
      {"Utf16", Post("/body", std::string("{\0}\0", 4)), 400, "JSON_SYNTAX"},
      {"Cut", Post("/body", R"({"text":"a)"), 400, "JSON_SYNTAX"},
      {"DuplicateKey", Post("/body", R"({"text":"a","text":"a"})"), 400, "DUPLICATE_KEY"},
      {"UnknownField", Post("/body", R"({"texts":"a"})"), 400, "UNKNOWN_FIELD"},
      {"WrongType", Post("/body", R"({"text":1})"), 400, "INVALID_VALUE"},
      {"LoneSurrogate", Post("/body", R"({"text":"\ud800"})"), 400, "JSON_SYNTAX"},
      {"Deep", Post("/value", Nested(49)), 200, ""},
      {"TooDeepForBackEnds", Post("/value", Nested(50)), 400, "JSON_TOO_DEEP"},
      {"TooDeepObjects", Post("/value", Cat(Repeated(33, "{\"a\":"), "1", Repeated(33, "}"))), 400,
       "JSON_TOO_DEEP"},
      {"TooDeep", Post("/value", Nested(101)), 400, "JSON_TOO_DEEP"},
      {"MuchTooDeep", Post("/value", std::string(100000, '[')), 400, "JSON_TOO_DEEP"},
      {"MuchTooDeepObjects", Post("/value", Repeated(50000, "{\"\":")), 400, "JSON_TOO_DEEP"},
      {"ManyDigits", Post("/value", std::string(200000, '9')), 400, "INVALID_VALUE"},
      {"EscapedByteOrderMark", Post("/body", R"({"text":"\ufeffa"})"), 200, "", kBom + "a"},
      {"BadUtf8", Post("/body", "{\"text\":\"\xff\"}"), 400, "INVALID_UTF8"},
      {"OverlongUtf8", Post("/body", "{\"text\":\"\xc0\xaf\"}"), 400, "INVALID_UTF8"},
      {"SurrogateInUtf8", Post("/body", "{\"text\":\"\xed\xa0\x80\"}"), 400, "INVALID_UTF8"},
      {"BadUtf8InAKey", Post("/body", "{\"\xff\":1}"), 400, "INVALID_UTF8"},
      {"SurrogatesInWrongOrder", Post("/body", R"({"text":"\udc00\ud800"})"), 400, "JSON_SYNTAX"},
      {"SurrogatePair", Post("/body", R"({"text":"\ud83d\ude00"})"), 200, "", "\xf0\x9f\x98\x80"},
      {"RawZero", Post("/body", std::string("{\"text\":\"a\0b\"}", 15)), 400, "JSON_SYNTAX"},
      // JSON can write it, protobuf's strings may hold it, JSONTestSuite demands it
      // (y_string_null_escape.json): it goes on as it is and nothing is cut there.
      {"EscapedZero", Post("/body", R"({"text":"a\u0000b"})"), 200, "", std::string("a\0b", 3)},
      {"ControlInAString", Post("/body", "{\"text\":\"a\x1f\"}"), 400, "JSON_SYNTAX"},
      {"CrLfInAString", Post("/body", R"({"text":"a\r\nset-cookie: b=c"})"), 200, "",
       "a\r\nset-cookie: b=c"},
      {"Comment", Post("/body", "{}//"), 400, "JSON_SYNTAX"},
      {"SingleQuotes", Post("/body", "{'text':'a'}"), 400, "JSON_SYNTAX"},
      {"KeyWithoutQuotes", Post("/body", "{text:1}"), 400, "JSON_SYNTAX"},
      {"TrailingComma", Post("/body", R"({"text":"a",})"), 400, "JSON_SYNTAX"},
      {"Prototype", Post("/body", R"({"__proto__":{"text":"a"}})"), 400, "UNKNOWN_FIELD"},
      {"FieldInOtherCase", Post("/body", R"({"TEXT":"a"})"), 400, "UNKNOWN_FIELD"},
      {"FieldInEscapes", Post("/body", R"({"\u0074ext":"a"})"), 200, "", "a"},
      {"DuplicateKeyInEscapes", Post("/body", R"({"text":"a","\u0074ext":"b"})"), 400,
       "DUPLICATE_KEY"},
  };
}

std::vector<Attack> Types() {
  const std::string kBody = R"({"text":"a"})";
  const auto type = [&](const std::string& value) { return Post("/body", kBody, value); };
  return {
      {"None", type(""), 200, "", "a"},
      {"Utf8", type("application/json; charset=utf-8"), 200, "", "a"},
      {"Quoted", type("Application/JSON;charset=\"UTF-8\""), 200, "", "a"},
      {"Utf16", type("application/json; charset=utf-16"), 415, "UNSUPPORTED_MEDIA_TYPE"},
      {"Latin1", type("application/json;charset=ISO-8859-1"), 415, "UNSUPPORTED_MEDIA_TYPE"},
      {"Text", type("text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"},
      {"Form", type("application/x-www-form-urlencoded"), 415, "UNSUPPORTED_MEDIA_TYPE"},
      {"Longer", type("application/jsonp"), 415, "UNSUPPORTED_MEDIA_TYPE"},
      {"Twice", Post("/body", kBody, "application/json", "content-type: text/plain\r\n"), 400,
       "BAD_HEADER", "", kCloses},
      {"Gzip", Post("/body", kBody, "application/json", "content-encoding: gzip\r\n"), 415,
       "UNSUPPORTED_ENCODING"},
      {"Deflate", Post("/body", kBody, "application/json", "content-encoding: deflate\r\n"), 415,
       "UNSUPPORTED_ENCODING"},
      {"Brotli", Post("/body", kBody, "application/json", "content-encoding: br\r\n"), 415,
       "UNSUPPORTED_ENCODING"},
      {"GzipInGzip", Post("/body", kBody, "application/json", "content-encoding: gzip, gzip\r\n"),
       415, "UNSUPPORTED_ENCODING"},
      {"GzipBehindIdentity",
       Post("/body", kBody, "application/json",
            "content-encoding: identity\r\ncontent-encoding: gzip\r\n"),
       415, "UNSUPPORTED_ENCODING"},
      {"PackedWithoutWord", Post("/body", "\x1f\x8b\x08"), 400, "INVALID_VALUE"},
      {"Identity", Post("/body", kBody, "application/json", "content-encoding: identity\r\n"), 200,
       "", "a"},
  };
}

std::vector<Attack> Kinds() {
  const auto row = [](const char* name, std::string body, std::string answer) {
    Attack attack{name, Post("/kinds", body), 200};
    attack.answer = std::move(answer);
    return attack;
  };
  const auto bad = [](const char* name, std::string body, std::string reason = "INVALID_VALUE") {
    return Attack{name, Post("/kinds", body), 400, std::move(reason)};
  };
  const std::string nine(100000, '9');
  const std::string url(1024, 'u');
  return {
      // Integers are exact, whatever a double would make of them.
      row("AboveTwoTo53", R"({"n":9007199254740993})", R"({"n":"9007199254740993"})"),
      row("AboveTwoTo53AsText", R"({"n":"9007199254740993"})", R"({"n":"9007199254740993"})"),
      row("Least", R"({"n":"-9223372036854775808"})", R"({"n":"-9223372036854775808"})"),
      bad("BelowLeast", R"({"n":-9223372036854775809})"),
      bad("AboveMost", R"({"n":9223372036854775808})"),
      bad("AboveMostAsText", R"({"n":"9223372036854775808"})"),
      bad("Above32Bits", R"({"i":2147483648})"),
      bad("NegativeUnsigned", R"({"u":-1})"),
      row("MinusZero", R"({"n":-0,"u":-0})", "{}"),
      // As protobuf reads them: any spelling of an integer is one.
      row("IntegerWithPoint", R"({"i":1.0})", R"({"i":1})"),
      row("IntegerWithExponent", R"({"i":1e2})", R"({"i":100})"),
      bad("Fraction", R"({"i":0.5})"),
      bad("IntegerOf1e400", R"({"n":1e400})"),
      bad("IntegerOfHugeExponent", R"({"n":1e99999999999999999999})"),
      bad("IntegerOf100kDigits", Cat(R"({"n":)", nine, "}")),
      bad("IntegerOf100kDigitsAsText", Cat(R"({"n":")", nine, "\"}")),
      bad("EmptyNumber", R"({"i":""})"),
      bad("SpacesAroundANumber", R"({"i":" 1"})"),
      bad("HexNumber", R"({"i":"0x1"})"),
      bad("PlusSign", R"({"i":"+1"})"),
      bad("LeadingZero", R"({"i":01})", "JSON_SYNTAX"),
      bad("BoolForANumber", R"({"i":true})"),
      // Doubles: what is too large is refused, what is too small is zero, the sign stays.
      bad("DoubleOf1e400", R"({"d":1e400})"),
      bad("DoubleOf1e400AsText", R"({"d":"1e400"})"),
      bad("DoubleOf100kDigits", Cat(R"({"d":)", nine, "}")),
      bad("FloatOf1e39", R"({"f":1e39})"),
      row("DoubleOf1eMinus400", R"({"d":1e-400})", "{}"),
      row("DoubleOfMinusZero", R"({"d":-0.0})", R"({"d":-0})"),
      bad("NanWithoutQuotes", R"({"d":NaN})"),
      bad("InfinityWithoutQuotes", R"({"d":-Infinity})", "JSON_SYNTAX"),
      row("Nan", R"({"d":"NaN"})", R"({"d":"NaN"})"),
      bad("NanInOtherCase", R"({"d":"nan"})"),
      // Names.
      bad("BothNames", R"({"twoWords":"a","two_words":"b"})", "DUPLICATE_KEY"),
      bad("TwoOfAOneof", R"({"left":"a","right":"b"})", "FIELD_CONFLICT"),
      row("NullInAOneof", R"({"left":null,"right":"b"})", R"({"right":"b"})"),
      bad("KeyOfAMapTwice", R"({"counts":{"a":1,"a":2}})", "DUPLICATE_KEY"),
      bad("KeyOfAMapTwiceByValue", R"({"names":{"1":"a","1.0":"b"}})", "DUPLICATE_KEY"),
      bad("KeyOfAMapOutOfRange", R"({"names":{"2147483648":"a"}})"),
      bad("UnknownEnum", R"({"color":"GREEN"})"),
      bad("NullInAList", R"({"list":[null]})"),
      // Base64 in either alphabet, with or without padding.
      row("Base64", R"({"b":"+/8="})", R"({"b":"+/8="})"),
      row("Base64OfUrls", R"({"b":"-_8"})", R"({"b":"+/8="})"),
      bad("Base64OfOneDigit", R"({"b":"A"})"),
      bad("Base64OfOthers", R"({"b":"A*=="})"),
      bad("Base64WithSpace", R"({"b":"AA AA"})"),
      bad("Base64WithMuchPadding", R"({"b":"===="})"),
      bad("Base64WithPaddingInside", R"({"b":"AA==AAAA"})"),
      // Well-known types.
      row("Time", R"({"at":"2026-11-28T23:00:00.5+01:00"})",
          R"({"at":"2026-11-28T22:00:00.500Z"})"),
      bad("TimeBeforeAll", R"({"at":"0000-12-31T23:59:59Z"})"),
      bad("TimeAfterAll", R"({"at":"10000-01-01T00:00:00Z"})"),
      bad("TimeAfterAllByZone", R"({"at":"9999-12-31T23:59:59-01:00"})"),
      bad("TimeThatIsNone", R"({"at":"2026-02-30T00:00:00Z"})"),
      bad("TimeOfTenDigits", R"({"at":"2026-01-01T00:00:00.1234567890Z"})"),
      bad("TimeWithoutZone", R"({"at":"2026-01-01T00:00:00"})"),
      bad("DurationTooLong", R"({"lasts":"315576000001s"})"),
      bad("DurationWithoutUnit", R"({"lasts":"1"})"),
      bad("DurationOfTenDigits", R"({"lasts":"1.1234567890s"})"),
      bad("DurationOf100kDigits", Cat(R"({"lasts":")", nine, "s\"}")),
      row("Mask", R"({"mask":"a.bC,d"})", R"({"mask":"a.bC,d"})"),
      bad("MaskWithUnderscore", R"({"mask":"a_b"})"),
      bad("MaskOfAPath", R"({"mask":"../../etc/passwd"})"),
      bad("MaskOfSql", R"({"mask":"a;drop table b"})"),
      bad("MaskOfSpaces", R"({"mask":"a, b"})"),
      bad("MaskWithZero", R"({"mask":"a\u0000b"})"),
      // Back ends mean all fields by it.
      row("MaskOfStar", R"({"mask":"*"})", R"({"mask":"*"})"),
      row("Any", R"({"any":{"@type":"type.googleapis.com/test.Kinds","i":1}})",
          R"({"any":{"@type":"type.googleapis.com/test.Kinds","i":1}})"),
      bad("AnyOfUnknownType", R"({"any":{"@type":"type.googleapis.com/test.Nothing","i":1}})"),
      bad("AnyWithoutType", R"({"any":{"i":1}})"),
      bad("AnyOfNoUrl", R"({"any":{"@type":"test.Kinds","i":1}})"),
      bad("AnyWithTwoTypes", R"({"any":{"@type":"x/test.Kinds","@type":"x/test.Text","i":1}})",
          "DUPLICATE_KEY"),
      bad("AnyOf1KbUrl", Cat(R"({"any":{"@type":"type.googleapis.com/)", url, R"(/test.Kinds"}})")),
      bad("AnyInAny",
          Cat(Repeated(101, R"({"any":{"@type":"x/test.Kinds","any":)"), "{}", Repeated(101, "}}")),
          "JSON_TOO_DEEP"),
      bad("SelfInSelf", Cat(Repeated(101, R"({"self":)"), "{}", Repeated(101, "}")),
          "JSON_TOO_DEEP"),
      bad("StructInStruct",
          Cat(R"({"free":)", Repeated(34, R"({"a":)"), "1", Repeated(34, "}"), "}"),
          "JSON_TOO_DEEP"),
      bad("ListValueInAny",
          Cat(R"({"any":{"@type":"x/google.protobuf.ListValue","value":)",
              std::string(100000, '[')),
          "JSON_TOO_DEEP"),
  };
}

TEST(Json, IsExactlyAMessageOrRefused) {
  Echo echo;
  Judge(echo, Queries());
  Judge(echo, Bodies());
  Judge(echo, Types());
  Judge(echo, Kinds());
}

std::string Keys(size_t count) {
  std::string out = "\"0\":1";
  for (size_t i = 1; i < count; ++i) out += Cat(",\"", i, "\":1");
  return out;
}

struct SizeRow {
  const char* name;
  std::string request;
  int status;
  std::string reason = "";
};

// Megabytes of small things cost what megabytes cost: nothing is looked at once for each other one,
// and what is decoded stays in proportion to its text.
TEST(Json, ManyOfAKindTakeNoLongerThanFewLargeOnes) {
  // One worker: the peak is that of one request, not of what several have kept of theirs.
  Echo echo("limits: {target_bytes: 131072}\n", 1);
  // The connection to the back end is made by the first call.
  EXPECT_TRUE(Eventually([&] { return echo.Fetch("GET", "/query").status == 200; }));
  const std::string keys = Keys(250000);
  const std::string zeros = Cat("0", Repeated(1900000, ",0"));
  const SizeRow rows[] = {
      {"Keys", Post("/kinds", Cat(R"({"counts":{)", keys, "}}")), 200},
      {"KeysAndOneTwice", Post("/kinds", Cat(R"({"counts":{)", keys, R"(,"0":1}})")), 400,
       "DUPLICATE_KEY"},
      {"KeysOfAStruct", Post("/kinds", Cat(R"({"free":{)", Keys(150000), "}}")), 200},
      {"KeysOfAStructAndOneTwice",
       Post("/kinds", Cat(R"({"free":{)", Keys(150000), R"(,"149999":1}})")), 400, "DUPLICATE_KEY"},
      {"UnknownKeys", Post("/kinds", Cat("{", keys, "}")), 400, "UNKNOWN_FIELD"},
      {"Zeros", Post("/kinds", Cat(R"({"list":[)", zeros, "]}")), 200},
      // Each is eleven bytes of a message and two of text.
      {"ZerosThatGrow", Post("/value", Cat("[", zeros, "]")), 413, "UPSTREAM_REQUEST_TOO_LARGE"},
      {"EmptyThingsThatGrow", Post("/value", Cat("[[]", Repeated(1200000, ",[]"), "]")), 413,
       "UPSTREAM_REQUEST_TOO_LARGE"},
      {"Parameters", Get(Cat("/query?text=a", Repeated(10000, "&more=b"))), 400,
       "TOO_MANY_PARAMETERS"},
      {"ParametersWithoutNames", Get(Cat("/query?text=a", Repeated(100000, "&"))), 200},
      {"OneParameterTwice", Get(Cat("/query?text=", std::string(50000, 'a'), "&text=b")), 400,
       "DUPLICATE_PARAMETER"},
      {"Escapes", Get(Cat("/query?text=", Repeated(40000, "%41"))), 200},
  };
  const size_t before = PeakBytes(echo.gateway().process());
  for (const SizeRow& row : rows) {
    SCOPED_TRACE(row.name);
    const int calls = echo.calls();
    const auto used = CpuTime(echo.gateway().process());
    RawClient client(echo.port(), std::chrono::seconds(100));
    client.Send(row.request);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, row.status) << response->body.substr(0, 500);
    EXPECT_EQ(ReasonOf(*response), row.reason);
    EXPECT_EQ(echo.calls(), calls + (row.status == 200 ? 1 : 0));
    const auto cost = CpuTime(echo.gateway().process()) - used;
    RecordProperty(Cat(row.name, "_kB"),
                   static_cast<int>(PeakBytes(echo.gateway().process()) >> 10));
    RecordProperty(row.name, static_cast<int>(cost / std::chrono::microseconds(1)));
    if (!IsSanitized()) {
      EXPECT_LT(cost, std::chrono::seconds(1));
    }
  }
  if (!IsSanitized()) {
    EXPECT_LT(PeakBytes(echo.gateway().process()), before + (size_t{128} << 20));
  }
}

TEST(Json, AnswersStayInProportion) {
  Echo echo;
  const auto ask = [&](size_t rows) {
    return Fetch(echo.port(), "POST", "/rows", {{"content-type", "application/json"}},
                 Cat(R"({"rows":[{})", Repeated(rows - 1, ",{}"), "]}"));
  };
  EXPECT_EQ(ask(10).status, 200);
  const RawResponse large = ask(40);  // 80 bytes of message, 2 kB of text
  EXPECT_EQ(large.status, 502);
  EXPECT_EQ(ReasonOf(large), "RESPONSE_TOO_LARGE");
}

TEST(Json, NoContentHasNoType) {
  Echo echo;
  const RawResponse response = Fetch(echo.port(), "DELETE", "/things/a");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.Header("content-type"), "");
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(echo.calls(), 1);
}

TEST(Json, LittleOfARequestIsEchoed) {
  Echo echo;
  const std::string key(200000, 'k');
  const RawResponse response =
      Fetch(echo.port(), "POST", "/body", {{"content-type", "application/json"}},
            Cat(R"({")", key, R"(":1})"));
  EXPECT_EQ(response.status, 400);
  EXPECT_LT(response.body.size(), 2000u);
}

}  // namespace
}  // namespace frontdesk::e2e
