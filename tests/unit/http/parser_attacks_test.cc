// What the HTTP/1.1 parsers refuse, and with which status.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/http/drive.h"
#include "tests/unit/http/request_text.h"

namespace frontdesk::http {
namespace {

using std::string_literals::operator""s;

std::string Get(std::string_view fields) { return http::Get("/", fields); }

std::string Post(std::string_view fields, std::string_view body) {
  return http::Post("/", fields, body);
}

std::string Chunked(std::string_view body) { return http::Chunked("/", body); }

struct RefusedRow {
  std::string_view name;
  std::string bytes;
  int http;
};

// Rows of notes/reliability.md section 4 and what lies next to them.
std::vector<RefusedRow> RefusedRows() {
  const std::string ten = "0123456789";
  std::vector<RefusedRow> rows = {
      // Request line.
      {"HTTP/0.9", "GET /\r\n", 400},
      {"HTTP/0.9 with version", "GET / HTTP/0.9\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"version with two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
      {"major version with two digits", "GET / HTTP/11.1\r\nHost: a\r\n\r\n", 400},
      {"version without minor", "GET / HTTP/1\r\nHost: a\r\n\r\n", 400},
      {"another protocol", "GET / FTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"space after version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"two spaces before target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"two spaces before version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"tab before target", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"leading space", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"three blank lines first", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"100 blank lines first", Repeat("\r\n", 100) + Get(""), 400},
      {"bare LF blank line", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"bare CR blank line", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"bare LF after request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"bare CR after request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400},
      {"method with colon", "GET: / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"method with NUL", "GET\0 / HTTP/1.1\r\nHost: a\r\n\r\n"s, 400},
      {"method in lower case", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"method in mixed case", "GeT / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"method of 33", Repeat("A", 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"method without end", Repeat("A", 5000), 501},
      {"TLS client hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400},
      {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405},
      {"CONNECT with path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      // Target.
      {"NUL in target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, 400},
      {"tab in target", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"DEL in target", "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"space in target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"CR in target", "GET /a\rb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"UTF-8 in target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"relative", "GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"asterisk with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"asterisk with more", "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"authority form", "GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 400},
      {"ftp URI", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"URI without host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"URI with userinfo", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"URI and Host differ", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"URI and Host differ in port", "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"URI without Host", "GET http://a/ HTTP/1.1\r\n\r\n", 400},
      {"target of 8 KiB + 1", "GET /" + Repeat("a", 8192) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"target of 100 KiB", "GET /" + Repeat("a", 100 << 10) + " HTTP/1.1\r\n", 414},
      {"target without end", "GET /" + Repeat("a", 9000), 414},
      // Field lines.
      {"no colon", Get("abc\r\n"), 400},
      {"empty name", Get(": x\r\n"), 400},
      {"space before colon", Get("x : y\r\n"), 400},
      {"tab before colon", Get("x\t: y\r\n"), 400},
      {"NUL in name", Get("x\0y: z\r\n"s), 400},
      {"quotes around name", Get("\"x\": z\r\n"), 400},
      {"UTF-8 in name", Get("x\xc3\xa9: z\r\n"), 400},
      {"parentheses in name", Get("x(y): z\r\n"), 400},
      {"obs-fold", Get("x: a\r\n b\r\n"), 400},
      {"obs-fold by tab", Get("x: a\r\n\tb\r\n"), 400},
      {"first line folded", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"bare LF", Get("x: a\n"), 400},
      {"bare LF hides a field", Get("x: a\nContent-Length: 5\r\n"), 400},
      {"bare CR", Get("x: a\rb\r\n"), 400},
      {"CR CR LF", Get("x: a\r\r\n"), 400},
      {"bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"CR without LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\rX", 400},
      {"NUL in value", Get("x: a\0b\r\n"s), 400},
      {"BEL in value", Get("x: a\x07\r\n"), 400},
      {"DEL in value", Get("x: a\x7f\r\n"), 400},
      {"ESC deep in a long value", Get("x: " + Repeat(ten, 20) + "\x1b" + ten + "\r\n"), 400},
      {"DEL deep in a long value", Get("x: " + Repeat(ten, 20) + "\x7f" + ten + "\r\n"), 400},
      {"101 fields", "GET / HTTP/1.1\r\nHost: a\r\n" + Repeat("x: y\r\n", 100) + "\r\n", 431},
      {"10,000 fields", "GET / HTTP/1.1\r\nHost: a\r\n" + Repeat("x: y\r\n", 10000), 431},
      {"100 KiB in one value", Get("x: " + Repeat("y", 100 << 10) + "\r\n"), 431},
      {"100 KiB in one name", Get(Repeat("y", 100 << 10) + ": x\r\n"), 431},
      {"100 KiB of spaces", Get("x:" + Repeat(" ", 100 << 10) + "\r\n"), 431},
      {"endless value", "GET / HTTP/1.1\r\nHost: a\r\nx: " + Repeat("y", 70000), 431},
      {"two Content-Type", Get("Content-Type: a/b\r\nContent-Type: c/d\r\n"), 400},
      // Host.
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", Get("Host: a\r\n"), 400},
      {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"blank Host", "GET / HTTP/1.1\r\nHost: \t \r\n\r\n", 400},
      {"Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"Host with userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"Host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"Host with query", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", 400},
      {"Host with scheme", "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", 400},
      {"Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"Host with UTF-8", "GET / HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n", 400},
      {"Host with bad escape", "GET / HTTP/1.1\r\nHost: a%4\r\n\r\n", 400},
      {"Host with empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 400},
      {"Host with port 0", "GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", 400},
      {"Host with port 65536", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400},
      {"Host with port +80", "GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n", 400},
      {"Host with two ports", "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", 400},
      {"Host is only a port", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400},
      {"IPv6 without brackets", "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400},
      {"IPv6 unclosed", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
      {"IPv6 with zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", 400},
      {"IPv6 and text", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", 400},
      // Content-Length.
      {"two equal lengths", Post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400},
      {"two lengths", Post("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), 400},
      {"two lengths, other case", Post("Content-Length: 3\r\ncontent-LENGTH: 3\r\n", "abc"), 400},
      {"length list", Post("Content-Length: 3, 3\r\n", "abc"), 400},
      {"length +3", Post("Content-Length: +3\r\n", "abc"), 400},
      {"length -0", Post("Content-Length: -0\r\n", ""), 400},
      {"length 0x3", Post("Content-Length: 0x3\r\n", "abc"), 400},
      {"length 3_0", Post("Content-Length: 3_0\r\n", "abc"), 400},
      {"length 3.0", Post("Content-Length: 3.0\r\n", "abc"), 400},
      {"length 3 0", Post("Content-Length: 3 0\r\n", "abc"), 400},
      {"empty length", Post("Content-Length:\r\n", ""), 400},
      {"length 2^63", Post("Content-Length: 9223372036854775808\r\n", ""), 400},
      {"length 2^64 + 3", Post("Content-Length: 18446744073709551619\r\n", "abc"), 400},
      {"length of 100 digits", Post("Content-Length: " + Repeat(ten, 10) + "\r\n", ""), 400},
      {"length above the limit", Post("Content-Length: 4194305\r\n", "abc"), 413},
      // Transfer-Encoding.
      {"CL then TE", Post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"TE then CL", Post("transfer-encoding: chunked\r\ncontent-length: 3\r\n", "0\r\n\r\n"), 400},
      {"TE and CL 0", Post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", "0\r\n\r\n"),
       400},
      {"TE empty", Post("Transfer-Encoding:\r\n", "0\r\n\r\n"), 400},
      {"TE identity", Post("Transfer-Encoding: identity\r\n", ""), 400},
      {"TE identity, chunked", Post("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n"), 400},
      {"TE chunked, chunked", Post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
      {"TE chunked, gzip", Post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
      {"TE gzip", Post("Transfer-Encoding: gzip\r\n", ""), 400},
      {"TE gzip, chunked", Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
      {"TE xchunked", Post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
      {"TE chunked;q=1", Post("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n"), 400},
      {"TE ,chunked", Post("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n"), 400},
      {"TE chunked,", Post("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"), 400},
      {"TE quoted", Post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n"), 400},
      {"TE with VT", Post("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n"), 400},
      {"TE with FF", Post("Transfer-Encoding: chunked\f\r\n", "0\r\n\r\n"), 400},
      {"TE with NUL", Post("Transfer-Encoding: chunked\0\r\n"s, "0\r\n\r\n"), 400},
      {"TE folded", Post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
      {"TE space before colon", Post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
      {"TE twice", Post(Repeat("Transfer-Encoding: chunked\r\n", 2), "0\r\n\r\n"), 400},
      {"TE gzip then TE chunked",
       Post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"TE in HTTP/1.0",
       "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      // Expect.
      {"unknown expectation", Get("Expect: 200-ok\r\n"), 417},
      {"expectation with more", Get("Expect: 100-continue, x\r\n"), 417},
      {"empty expectation", Get("Expect:\r\n"), 417},
      // Chunks.
      {"chunk size 0x5", Chunked("0x5\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size +5", Chunked("+5\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size -5", Chunked("-5\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size 1_0", Chunked("1_0\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size g", Chunked("g\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size empty", Chunked("\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size leading space", Chunked(" 5\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size trailing space", Chunked("5 \r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size trailing tab", Chunked("5\t\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size space before ;", Chunked("5 ;a\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size of 17 digits", Chunked("00000000000000005\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size 2^63", Chunked("8000000000000000\r\nhello"), 400},
      {"chunk size 2^64 - 1", Chunked("ffffffffffffffff\r\nhello"), 400},
      {"chunk size bare LF", Chunked("5\nhello\r\n0\r\n\r\n"), 400},
      {"chunk size bare CR", Chunked("5\rhello\r\n0\r\n\r\n"), 400},
      {"chunk too short", Chunked("4\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk too long", Chunked("6\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk end bare LF", Chunked("5\r\nhello\n0\r\n\r\n"), 400},
      {"chunk end missing", Chunked("5\r\nhello0\r\n\r\n"), 400},
      {"chunk above the limit", Chunked("400001\r\nhello"), 413},
      {"chunks above the limit together",
       Chunked("400000\r\n" + Repeat("x", 4 << 20) + "\r\n1\r\n"), 413},
      {"extension without name", Chunked("5;\r\nhello\r\n0\r\n\r\n"), 400},
      {"extension with NUL", Chunked("5;a\0b\r\nhello\r\n0\r\n\r\n"s), 400},
      {"extension with LF", Chunked("5;a\nb\r\nhello\r\n0\r\n\r\n"), 400},
      {"extension with CR", Chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), 400},
      {"extension quoted with CR", Chunked("5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"), 400},
      {"extension text after quotes", Chunked("5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"), 400},
      {"extension without value", Chunked("5;a=\r\nhello\r\n0\r\n\r\n"), 400},
      {"extensions of 5 KiB", Chunked("5;" + Repeat("a", 5000) + "\r\nhello\r\n0\r\n\r\n"), 400},
      {"extensions of 5 KiB in many chunks", Chunked(Repeat("1;abcde\r\nx\r\n", 1000)), 400},
      {"trailer Host", Chunked("0\r\nHost: b\r\n\r\n"), 400},
      {"trailer Content-Length", Chunked("0\r\nContent-Length: 5\r\n\r\n"), 400},
      {"trailer Transfer-Encoding", Chunked("0\r\ntransfer-encoding: chunked\r\n\r\n"), 400},
      {"trailer Authorization", Chunked("0\r\nAuthorization: Bearer x\r\n\r\n"), 400},
      {"trailer Connection", Chunked("0\r\nConnection: close\r\n\r\n"), 400},
      {"trailer without colon", Chunked("0\r\nabc\r\n\r\n"), 400},
      {"trailer without name", Chunked("0\r\n: abc\r\n\r\n"), 400},
      {"trailer folded", Chunked("0\r\na: b\r\n c\r\n\r\n"), 400},
      {"trailer folded at once", Chunked("0\r\n a: b\r\n\r\n"), 400},
      {"trailer with NUL", Chunked("0\r\na: \0\r\n\r\n"s), 400},
      {"trailer with bare LF", Chunked("0\r\na: b\n\r\n"), 400},
      {"trailer with bare CR", Chunked("0\r\na: b\rc: d\r\n\r\n"), 400},
      {"end with bare LF", Chunked("0\r\n\n"), 400},
      {"101 trailer fields", Chunked("0\r\n" + Repeat("a: b\r\n", 101) + "\r\n"), 431},
      {"trailers of 70 KiB", Chunked("0\r\na: " + Repeat("b", 70 << 10) + "\r\n\r\n"), 431},
  };
  return rows;
}

TEST(RequestParserTest, RefusesHoweverTheBytesAreCut) {
  for (const RefusedRow& row : RefusedRows()) {
    for (const auto& [way, driven] : DriveEveryWay(row.bytes)) {
      EXPECT_EQ(driven.refused, row.http) << row.name << ", " << way << ": " << driven.reason;
      EXPECT_TRUE(driven.requests.empty()) << row.name << ", " << way;
    }
  }
}

}  // namespace
}  // namespace frontdesk::http
