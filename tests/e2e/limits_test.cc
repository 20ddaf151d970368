// What a client may not do, and what it may: the answer, what the back end saw of it, and whether
// the connection still tells one request from the next.
#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "tests/e2e/echo.h"

namespace frontdesk::e2e {
namespace {

struct Row {
  const char* name;
  std::string request;
  int status;
  std::string reason;     // of an error
  std::string text = "";  // that the back end saw and the client got, for 200
  bool stays = true;      // the connection takes another request
};

// A request without a body.
std::string Ask(std::string_view method, std::string_view target, std::string_view fields = "") {
  return Cat(method, ' ', target, " HTTP/1.1\r\nhost: localhost\r\n", fields, "\r\n");
}

std::string Get(std::string_view target, std::string_view fields = "") {
  return Ask("GET", target, fields);
}

// With a sized body of JSON, as it says.
std::string Post(std::string_view target, std::string_view body,
                 std::string_view type = "application/json", std::string_view fields = "") {
  const std::string type_field = type.empty() ? "" : Cat("content-type: ", type, "\r\n");
  return Cat(Ask("POST", target, Cat(type_field, fields, "content-length: ", body.size(), "\r\n")),
             body);
}

std::string Chunked(std::string_view target, std::string_view chunks) {
  return Cat(
      Ask("POST", target, "content-type: application/json\r\ntransfer-encoding: chunked\r\n"),
      chunks);
}

std::string Repeated(size_t times, std::string_view piece) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += piece;
  return out;
}

std::string Nested(size_t depth) { return Repeated(depth, "[") + Repeated(depth, "]"); }

constexpr bool kCloses = false;
constexpr char kLimits[] = "limits: {body_bytes: 262144}\n";

std::vector<Row> Targets() {
  const std::string kLong(9000, 'a');
  return {
      {"NoRoute", Get("/nowhere"), 404, "NO_ROUTE"},
      {"NoRouteInOtherCase", Get("/PATH/a"), 404, "NO_ROUTE"},
      {"TrailingSlash", Get("/path/a/"), 404, "NO_ROUTE"},
      {"NoMethod", Ask("DELETE", "/query"), 405, "METHOD_NOT_ALLOWED"},
      {"Trace", Ask("TRACE", "/query"), 405, "METHOD_NOT_ALLOWED"},
      {"UnknownMethod", Ask("BREW", "/query"), 405, "METHOD_NOT_ALLOWED"},
      {"MethodInLowerCase", Ask("get", "/query"), 400, "BAD_REQUEST_LINE", "", kCloses},
      {"MethodIsTooLong", Ask(std::string(40, 'A'), "/query"), 501, "METHOD_UNKNOWN", "", kCloses},
      {"Connect", Ask("CONNECT", "localhost:80"), 405, "METHOD_NOT_ALLOWED", "", kCloses},
      {"TargetTooLong", Get("/path/" + kLong), 414, "TARGET_TOO_LONG", "", kCloses},
      {"Absolute", Get("http://localhost/query?text=a"), 200, "", "a"},
      {"AbsoluteElsewhere", Get("http://other/query?text=a"), 400, "BAD_HOST", "", kCloses},
      {"AbsoluteWithUser", Get("http://me@localhost/query"), 400, "BAD_TARGET", "", kCloses},
      {"OtherScheme", Get("ftp://localhost/query"), 400, "BAD_TARGET", "", kCloses},
      {"AsteriskWithGet", Get("*"), 400, "BAD_TARGET", "", kCloses},
      {"Fragment", Get("/query?text=a#b"), 400, "BAD_TARGET", "", kCloses},
      {"RawNotAscii", Get("/path/\xc3\xa4"), 400, "BAD_TARGET", "", kCloses},
      {"Http10", "GET /query?text=a HTTP/1.0\r\n\r\n", 200, "", "a", kCloses},
      {"Http10KeepAlive", "GET /query?text=a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", 200, "",
       "a"},
      {"Http12", "GET /query HTTP/1.2\r\nhost: a\r\n\r\n", 505, "VERSION_NOT_SUPPORTED", "",
       kCloses},
      {"Http20", "GET /query HTTP/2.0\r\nhost: a\r\n\r\n", 505, "VERSION_NOT_SUPPORTED", "",
       kCloses},
      {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "VERSION_NOT_SUPPORTED", "",
       kCloses},
      {"Http09", "GET /query\r\n", 400, "BAD_TARGET", "", kCloses},
      {"Tls", std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11), 400, "BAD_REQUEST_LINE",
       "", kCloses},
      {"UpgradeIsIgnored",
       Get("/query?text=a",
           "connection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
           "http2-settings: AAMAAABkAAQAAP__\r\n"),
       200, "", "a"},
  };
}

std::vector<Row> Paths() {
  return {
      {"Plain", Get("/path/a"), 200, "", "a"},
      {"EscapedSlash", Get("/path/a%2Fb"), 200, "", "a/b"},
      {"EscapedSlashBehindStars", Get("/deep/a/b%2Fc"), 200, "", "a/b%2Fc"},
      {"DecodedOnce", Get("/path/a%252Fb"), 200, "", "a%2Fb"},
      {"DecodedOnceDots", Get("/path/%252e%252e"), 200, "", "%2e%2e"},
      {"Dots", Get("/path/.."), 400, "INVALID_PATH"},
      {"Dot", Get("/path/."), 400, "INVALID_PATH"},
      {"DotsInside", Get("/deep/a/../b"), 400, "INVALID_PATH"},
      {"EscapedDots", Get("/path/%2e%2e"), 400, "INVALID_PATH"},
      {"HalfEscapedDots", Get("/path/.%2E"), 400, "INVALID_PATH"},
      {"DotsWithParameter", Get("/path/..;x=y"), 400, "INVALID_PATH"},
      {"DotsWithEscapedParameter", Get("/path/%2e%2e%3bx"), 400, "INVALID_PATH"},
      {"DotsBehindABackslash", Get("/path/a%5c.."), 400, "INVALID_PATH"},
      {"DotsWithVerb", Ask("POST", "/things/..:act"), 400, "INVALID_PATH"},
      {"DoubleSlash", Get("//path/a"), 400, "INVALID_PATH"},
      {"DoubleSlashInside", Get("/deep/a//b"), 400, "INVALID_PATH"},
      {"Backslash", Get("/path\\a"), 400, "INVALID_PATH"},
      {"EscapedBackslash", Get("/path/a%5Cb"), 200, "", "a\\b"},
      {"Zero", Get("/path/a%00b"), 400, "INVALID_PATH"},
      {"Overlong", Get("/path/%c0%af"), 400, "INVALID_PATH"},
      {"BadEscape", Get("/path/%zz"), 400, "INVALID_PATH"},
      {"CutEscape", Get("/path/a%2"), 400, "INVALID_PATH"},
      {"CrLf", Get("/path/a%0d%0aset-cookie:%20b"), 200, "", "a\r\nset-cookie: b"},
      {"Parameter", Get("/path/a;x=y"), 200, "", "a;x=y"},
      {"TrailingDot", Get("/path/a."), 200, "", "a."},
      {"Verb", Post("/things/a:act", ""), 200, "", "a"},
      {"EscapedColonIsNoVerb", Post("/things/a%3Aact", ""), 405, "METHOD_NOT_ALLOWED"},
      {"EscapedColonIsText", Get("/things/a%3Aact"), 200, "", "a:act"},
      {"VerbIsForPost", Get("/things/a:act"), 405, "METHOD_NOT_ALLOWED"},
      {"VerbInOtherCase", Get("/things/a:ACT"), 200, "", "a:ACT"},
      {"NoVerb", Get("/things/a:b"), 200, "", "a:b"},
      {"TwoVerbs", Post("/things/a:b:act", ""), 200, "", "a:b"},
  };
}

std::vector<Row> Queries() {
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

std::vector<Row> Heads() {
  const std::string kField(1000, 'a');
  return {
      {"AHundredFields", Get("/query?text=a", Repeated(99, "a: b\r\n")), 200, "", "a"},
      {"OneMore", Get("/query?text=a", Repeated(100, "a: b\r\n")), 431, "HEADERS_TOO_LARGE", "",
       kCloses},
      {"SixtyKiB", Get("/query?text=a", Repeated(60, Cat("a: ", kField, "\r\n"))), 200, "", "a"},
      {"SeventyKiB", Get("/query?text=a", Repeated(70, Cat("a: ", kField, "\r\n"))), 431,
       "HEADERS_TOO_LARGE", "", kCloses},
      {"OneField", Get("/query?text=a", Cat("a: ", std::string(100000, 'b'), "\r\n")), 431,
       "HEADERS_TOO_LARGE", "", kCloses},
      {"Expectation", Get("/query?text=a", "expect: 200-ok\r\n"), 417, "EXPECTATION_FAILED", "",
       kCloses},
      {"ControlInAValue", Get("/query", "a: b\x01\r\n"), 400, "BAD_HEADER", "", kCloses},
      {"SpaceBeforeColon", Get("/query", "a : b\r\n"), 400, "BAD_HEADER", "", kCloses},
      {"BareLf", Get("/query", "a: b\n"), 400, "BAD_LINE_END", "", kCloses},
      {"TwoLengths", Post("/body", "{}", "", "content-length: 2\r\n"), 400, "BAD_FRAMING", "",
       kCloses},
      {"LengthIsSigned", Ask("POST", "/body", "content-length: +2\r\n") + "{}", 400, "BAD_FRAMING",
       "", kCloses},
      {"LengthAndChunked",
       Ask("POST", "/body", "content-length: 5\r\ntransfer-encoding: chunked\r\n") + "0\r\n\r\n",
       400, "BAD_FRAMING", "", kCloses},
      {"OtherCoding", Ask("POST", "/body", "transfer-encoding: gzip, chunked\r\n"), 501,
       "CODING_NOT_SUPPORTED", "", kCloses},
  };
}

std::vector<Row> Bodies() {
  const std::string kQuarterMiB(262144, ' ');
  const std::string kBom = "\xef\xbb\xbf";
  return {
      {"Json", Post("/body", R"({"text":"a"})"), 200, "", "a"},
      {"Empty", Post("/body", ""), 200, "", ""},
      {"EmptyChunked", Chunked("/body", "0\r\n\r\n"), 200, "", ""},
      {"InChunks", Chunked("/body", "5\r\n{\"tex\r\n7;a=b\r\nt\":\"a\"}\r\n0\r\nx: y\r\n\r\n"), 200,
       "", "a"},
      {"OnGet", Cat(Get("/query", "content-length: 2\r\n"), "{}"), 400, "BODY_NOT_ALLOWED"},
      {"OnOptions", Cat(Ask("OPTIONS", "/query", "content-length: 2\r\n"), "{}"), 204, ""},
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
      {"AsLargeAsAllowed", Post("/body", kQuarterMiB.substr(2) + "{}"), 200, "", ""},
      {"TooLarge", Post("/body", kQuarterMiB + "{}"), 413, "BODY_TOO_LARGE", "", kCloses},
      {"TooLargeChunk", Chunked("/body", "40001\r\n"), 413, "BODY_TOO_LARGE", "", kCloses},
      {"TooLargeInChunks",
       Chunked("/body", Repeated(65, Cat("1000\r\n", kQuarterMiB.substr(0, 4096), "\r\n"))), 413,
       "BODY_TOO_LARGE", "", kCloses},
      {"HugeChunk", Chunked("/body", "ffffffffffffffff\r\n"), 400, "BAD_CHUNK", "", kCloses},
      {"BadChunk", Chunked("/body", "0x2\r\n{}\r\n0\r\n\r\n"), 400, "BAD_CHUNK", "", kCloses},
      {"ChunkIsLonger", Chunked("/body", "2\r\n{} \r\n0\r\n\r\n"), 400, "BAD_CHUNK", "", kCloses},
      {"LengthInTrailer", Chunked("/body", "0\r\ncontent-length: 5\r\n\r\n"), 400, "BAD_TRAILER",
       "", kCloses},
  };
}

std::vector<Row> Types() {
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
      {"Identity", Post("/body", kBody, "application/json", "content-encoding: identity\r\n"), 200,
       "", "a"},
  };
}

class LimitsTest : public ::testing::Test {
 protected:
  void Run(const std::vector<Row>& rows);
  void Run(const Row& row);

  Echo echo_{kLimits};
};

void LimitsTest::Run(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Run(row);
  }
}

void LimitsTest::Run(const Row& row) {
  const int before = echo_.calls();
  RawClient client(echo_.port());
  client.Send(row.request);
  const std::optional<RawResponse> response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, row.status) << response->body;
  EXPECT_EQ(response->Count("set-cookie"), 0u);
  EXPECT_EQ(response->Header("connection"),
            row.stays && row.request.find("HTTP/1.0") == std::string::npos ? ""
            : row.stays                                                    ? "keep-alive"
                                                                           : "close");
  if (row.status == 200) {
    EXPECT_EQ(echo_.calls(), before + 1);
    if (!row.text.empty()) {
      EXPECT_EQ(Json(*response)["text"], row.text) << response->body;
    }
  } else {
    EXPECT_EQ(echo_.calls(), before) << "the back end was called";
    if (row.status != 204) {
      EXPECT_EQ(ReasonOf(*response), row.reason) << response->body;
      EXPECT_FALSE(response->Header("x-request-id").empty());
    }
  }
  if (row.status == 405) {
    EXPECT_FALSE(response->Header("allow").empty());
  }
  if (!row.stays) {
    EXPECT_TRUE(client.AtEnd());
    return;
  }
  client.Send(Get("/query?text=next"));
  const std::optional<RawResponse> next = client.Read();
  ASSERT_TRUE(next);
  EXPECT_EQ(Json(*next)["text"], "next");
}

TEST_F(LimitsTest, AnswersStayInProportion) {
  const auto ask = [&](size_t rows) {
    return Fetch(echo_.port(), "POST", "/rows", {{"content-type", "application/json"}},
                 Cat(R"({"rows":[{})", Repeated(rows - 1, ",{}"), "]}"));
  };
  EXPECT_EQ(ask(10).status, 200);
  const RawResponse large = ask(40);  // 80 bytes of message, 2 kB of text
  EXPECT_EQ(large.status, 502);
  EXPECT_EQ(ReasonOf(large), "RESPONSE_TOO_LARGE");
}

TEST_F(LimitsTest, NoContentHasNoType) {
  const RawResponse response = Fetch(echo_.port(), "DELETE", "/things/a");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.Header("content-type"), "");
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(echo_.calls(), 1);
}

TEST_F(LimitsTest, LittleOfARequestIsEchoed) {
  const std::string key(200000, 'k');
  const RawResponse response =
      Fetch(echo_.port(), "POST", "/body", {{"content-type", "application/json"}},
            Cat(R"({")", key, R"(":1})"));
  EXPECT_EQ(response.status, 400);
  EXPECT_LT(response.body.size(), 2000u);
}

TEST_F(LimitsTest, Targets) { Run(Targets()); }
TEST_F(LimitsTest, Paths) { Run(Paths()); }
TEST_F(LimitsTest, Queries) { Run(Queries()); }
TEST_F(LimitsTest, Heads) { Run(Heads()); }
TEST_F(LimitsTest, Bodies) { Run(Bodies()); }
TEST_F(LimitsTest, Types) { Run(Types()); }

}  // namespace
}  // namespace frontdesk::e2e
