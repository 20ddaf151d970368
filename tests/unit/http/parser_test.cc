#include "gateway/http/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/support/request_text.h"
#include "tests/unit/http/drive.h"

namespace frontdesk::http {
namespace {

std::string Get(std::string_view fields) { return http::Get("/", fields); }

std::string Post(std::string_view fields, std::string_view body) {
  return http::Post("/", fields, body);
}

std::string Chunked(std::string_view body) { return http::Chunked("/", body); }

struct AcceptedRow {
  std::string_view name;
  std::string bytes;
  std::string method, authority, path, query, body;
};

TEST(RequestParserTest, UnderstandsHoweverTheBytesAreCut) {
  const std::string long_path = "/" + Repeat("a", 8191);
  const AcceptedRow rows[] = {
      {"plain", "GET /a/b?c=d&e HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/a/b", "c=d&e", ""},
      {"blank line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/", "", ""},
      {"port", "GET / HTTP/1.1\r\nHost: a.b:8080\r\n\r\n", "GET", "a.b:8080", "/", "", ""},
      {"IPv6", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n", "GET", "[2001:db8::1]:80", "/",
       "", ""},
      {"IPv4", "GET / HTTP/1.1\r\nhost:127.0.0.1\r\n\r\n", "GET", "127.0.0.1", "/", "", ""},
      {"escaped and underscored host", "GET / HTTP/1.1\r\nHost: a_b%2d\r\n\r\n", "GET", "a_b%2d",
       "/", "", ""},
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", "GET", "", "/", "", ""},
      {"odd but visible", "GET /\"<>[]^`{|}?\\\" HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a",
       "/\"<>[]^`{|}", "\\\"", ""},
      {"escapes stay", "GET /%2F%00%zz?%20 HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/%2F%00%zz",
       "%20", ""},
      {"empty query", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/", "", ""},
      {"second question mark", "GET /?a?b HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/", "a?b", ""},
      {"URI", "GET http://A:80/x?y HTTP/1.1\r\nHost: a:80\r\n\r\n", "GET", "A:80", "/x", "y", ""},
      {"https URI", "GET HTTPS://a/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/x", "", ""},
      {"URI without path", "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/", "", ""},
      {"URI with query only", "GET http://a?x/y HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/",
       "x/y", ""},
      {"URI in a query", "GET /?http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a", "/",
       "http://b/", ""},
      {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS", "a", "*", "", ""},
      {"unregistered method", "M-SEARCH /x HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH", "a", "/x", "",
       ""},
      {"target of 8 KiB", "GET " + long_path + " HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "a",
       long_path, "", ""},
      {"100 fields", "GET / HTTP/1.1\r\nHost: a\r\n" + Repeat("x: y\r\n", 99) + "\r\n", "GET", "a",
       "/", "", ""},
      {"sized", Post("Content-Length: 5\r\n", "hello"), "POST", "a", "/", "", "hello"},
      {"sized 005", Post("Content-Length:005 \r\n", "hello"), "POST", "a", "/", "", "hello"},
      {"sized 0", Post("Content-Length: 0\r\n", ""), "POST", "a", "/", "", ""},
      {"GET with a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", "GET", "a",
       "/", "", "hi"},
      {"body that looks like a request", Post("Content-Length: 18\r\n", "GET / HTTP/1.1\r\n\r\n"),
       "POST", "a", "/", "", "GET / HTTP/1.1\r\n\r\n"},
      {"chunked", Chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), "POST", "a", "/", "",
       "hello world"},
      {"Chunked in capitals", Post("Transfer-Encoding: CHUNKED\r\n", "1\r\nx\r\n0\r\n\r\n"), "POST",
       "a", "/", "", "x"},
      {"chunk sizes of many shapes",
       Chunked("0A\r\n0123456789\r\n00b\r\nabcdefghijk\r\n000\r\n\r\n"), "POST", "a", "/", "",
       "0123456789abcdefghijk"},
      {"chunk size of 16 digits", Chunked("0000000000000001\r\nx\r\n0\r\n\r\n"), "POST", "a", "/",
       "", "x"},
      {"chunk extensions", Chunked("1;a;b=c; d=\"e \\\" \\r;\"\r\nx\r\n0;z\r\n\r\n"), "POST", "a",
       "/", "", "x"},
      {"trailers are dropped", Chunked("1\r\nx\r\n0\r\nX-A: b\r\nx-user-id: root\r\n\r\n"), "POST",
       "a", "/", "", "x"},
      {"framing names with underscores are nothing",
       Post("Transfer_Encoding: chunked\r\nContent_Length: 9\r\nContent-Length: 2\r\n", "hi"),
       "POST", "a", "/", "", "hi"},
  };
  for (const AcceptedRow& row : rows) {
    for (const auto& [way, driven] : DriveEveryWay(row.bytes)) {
      ASSERT_EQ(driven.refused, 0) << row.name << ", " << way << ": " << driven.reason;
      ASSERT_EQ(driven.requests.size(), 1u) << row.name << ", " << way;
      const Got& got = driven.requests[0];
      EXPECT_EQ(got.method, row.method) << row.name;
      EXPECT_EQ(got.authority, row.authority) << row.name;
      EXPECT_EQ(got.path, row.path) << row.name;
      EXPECT_EQ(got.query, row.query) << row.name;
      EXPECT_EQ(got.body, row.body) << row.name << ", " << way;
      EXPECT_FALSE(driven.within) << row.name;
    }
  }
}

TEST(RequestParserTest, FieldsAreLowerCasedAndTrimmed) {
  const std::string bytes = Get("X-Long:  \t " + Repeat("value \t", 30) +
                                "\t \r\nEMPTY:\r\nA.b_C|d: caf\xc3\xa9\r\n"
                                "x-long: again\r\nempty-2:   \t\r\n");
  std::string value = Repeat("value \t", 30);
  value.resize(value.size() - 2);
  using Fields = std::vector<std::pair<std::string, std::string>>;
  const Fields expected = {{"host", "a"},       {"x-long", value},
                           {"empty", ""},       {"a.b_c|d", "caf\xc3\xa9"},
                           {"x-long", "again"}, {"empty-2", ""}};
  for (const auto& [way, driven] : DriveEveryWay(bytes)) {
    ASSERT_EQ(driven.requests.size(), 1u) << way;
    EXPECT_EQ(driven.requests[0].headers, expected) << way;
  }
}

TEST(RequestParserTest, EveryByteInAValue) {
  // At every offset of a word, so that the quick look and the exact one agree.
  for (size_t before = 0; before < 17; ++before) {
    for (int c = 0; c < 256; ++c) {
      const std::string value = Repeat("v", before) + static_cast<char>(c) + Repeat("w", 9);
      const Driven driven = DriveInPieces(Get("x:" + value + "\r\n"), [] { return size_t{9999}; });
      const bool fine = c == '\t' || (c >= 0x20 && c != 0x7f);
      EXPECT_EQ(driven.refused, fine ? 0 : 400) << c << " after " << before;
    }
  }
}

struct PersistRow {
  std::string bytes;
  bool keep_alive;
};

TEST(RequestParserTest, KeepAlive) {
  const PersistRow rows[] = {
      {Get(""), true},
      {Get("Connection: close\r\n"), false},
      {Get("Connection: Close\r\n"), false},
      {Get("Connection: keep-alive\r\n"), true},
      {Get("Connection: keep-alive, close\r\n"), false},
      {Get("Connection: keep-alive\r\nConnection: x, CLOSE\r\n"), false},
      {Get("Connection: closed\r\n"), true},
      {Get("Connection: x-close\r\n"), true},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
      {"GET / HTTP/1.0\r\nConnection: keep-alive,close\r\n\r\n", false},
  };
  for (const PersistRow& row : rows) {
    for (const auto& [way, driven] : DriveEveryWay(row.bytes)) {
      ASSERT_EQ(driven.requests.size(), 1u) << row.bytes;
      EXPECT_EQ(driven.requests[0].keep_alive, row.keep_alive) << row.bytes << way;
    }
  }
}

TEST(RequestParserTest, ExpectContinue) {
  const auto expects = [](const std::string& bytes) {
    const Driven driven = DriveInPieces(bytes, [] { return size_t{100}; });
    return driven.requests.at(0).expects_continue;
  };
  EXPECT_TRUE(expects(Post("Expect: 100-Continue\r\nContent-Length: 1\r\n", "x")));
  EXPECT_FALSE(expects(Get("Expect: 100-continue\r\n"))) << "no body to wait with";
  EXPECT_FALSE(expects("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"));
}

TEST(RequestParserTest, Pipelined) {
  const std::string bytes = Post("Content-Length: 3\r\n", "abc") + Get("x: 1\r\n") +
                            Chunked("2\r\nhi\r\n0\r\n\r\n") + "\r\n" +
                            Get("Connection: close\r\n") + "GARBAGE";
  for (const auto& [way, driven] : DriveEveryWay(bytes)) {
    ASSERT_EQ(driven.requests.size(), 4u) << way;
    EXPECT_EQ(driven.requests[0].body, "abc") << way;
    EXPECT_EQ(driven.requests[2].body, "hi") << way;
    EXPECT_TRUE(driven.closed) << way;
  }
}

TEST(RequestParserTest, LimitsOfTheCaller) {
  ServerLimits limits;
  limits.header_bytes = 40;
  limits.header_fields = 3;
  limits.target_bytes = 5;
  limits.body_bytes = 4;
  const std::pair<std::string, int> rows[] = {
      {"GET /1234 HTTP/1.1\r\nHost: a\r\nb: c\r\nd: e\r\n\r\n", 0},
      {"GET /12345 HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"GET / HTTP/1.1\r\nHost: a\r\nb: c\r\nd: e\r\nf: g\r\n\r\n", 431},
      {"GET / HTTP/1.1\r\nHost: a\r\nb: 012345678901234567890123\r\n\r\n", 0},     // 40
      {"GET / HTTP/1.1\r\nHost: a\r\nb: 0123456789012345678901234\r\n\r\n", 431},  // 41
      {Post("Content-Length: 4\r\n", "abcd"), 0},
      {Post("Content-Length: 5\r\n", "abcde"), 413},
  };
  for (const auto& [bytes, http] : rows) {
    for (const auto& [way, driven] : DriveEveryWay(bytes, limits)) {
      EXPECT_EQ(driven.refused, http) << bytes << way;
    }
  }
}

TEST(RequestParserTest, RefusedHeadTellsWhatWasUnderstood) {
  ServerLimits limits;
  RequestParser parser(limits);
  std::string bytes = "PUT /x?y HTTP/1.1\r\nHost: a\r\nbad line\r\n";
  ASSERT_EQ(parser.Parse(bytes.data(), bytes.size()), RequestParser::Progress::kRefused);
  Request request;
  parser.Fill(bytes.data(), request);
  EXPECT_EQ(request.method, "PUT");
  EXPECT_EQ(request.target, "/x?y");
  EXPECT_TRUE(request.headers.fields().empty());
}

TEST(HeadersTest, FindAndCount) {
  Headers headers;
  headers.Add("a", "1");
  headers.Add("b", "2");
  headers.Add("a", "3");
  EXPECT_EQ(headers.Find("a"), "1");
  EXPECT_EQ(headers.Find("c"), std::nullopt);
  EXPECT_EQ(headers.Count("a"), 2u);
  EXPECT_EQ(headers.Count("c"), 0u);
}

}  // namespace
}  // namespace frontdesk::http
