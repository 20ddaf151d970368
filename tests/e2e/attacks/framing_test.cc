// Where a request ends and what follows it: whatever two readers of HTTP/1.1 could disagree about
// is refused, and what is behind it on the connection is never carried out.
#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "tests/e2e/attacks/rows.h"
#include "tests/support/http_attacks.h"

namespace frontdesk::e2e {
namespace {

constexpr char kSmuggled[] = "GET /query?text=smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

// The table of the parser's own test, through everything that stands behind the parser.
TEST(Framing, WhatCouldBeReadInTwoWaysIsRefused) {
  Echo echo;
  for (const testing_support::HttpAttack& attack : testing_support::HttpAttacks("/body")) {
    SCOPED_TRACE(attack.name);
    RawClient client(echo.port());
    client.Send(attack.bytes + kSmuggled);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, attack.status) << response->body;
    EXPECT_EQ(response->Header("connection"), "close");
    EXPECT_NE(ReasonOf(*response), "");
    EXPECT_NE(response->Header("x-request-id"), "");
    EXPECT_EQ(response->Count("allow"), attack.status == 405 ? 1u : 0u);
    EXPECT_TRUE(client.AtEnd()) << "there is a second answer";
    EXPECT_FALSE(client.was_reset());
    ASSERT_EQ(echo.calls(), 0);
  }
  EXPECT_EQ(Json(echo.Fetch("GET", "/query?text=a"))["text"], "a");
}

std::vector<Attack> Accepted() {
  constexpr char kBody[] = R"({"text":"a"})";
  const std::string kField(1000, 'a');
  const std::string four_mib((4 << 20) - sizeof kBody + 1, ' ');
  const auto post = [&](std::string_view fields, std::string_view body) {
    return Cat(Ask("POST", "/body", fields), body);
  };
  const std::string chunks = Cat("c\r\n", kBody, "\r\n0\r\n\r\n");
  return {
      // Names that only look like those of framing are names like others.
      {"Underscores",
       post("transfer_encoding: chunked\r\ncontent_length: 5\r\ncontent-length: 12\r\n", kBody),
       200, "", "a"},
      {"Dots", post("transfer.encoding: chunked\r\ncontent-length: 12\r\n", kBody), 200, "", "a"},
      {"LongerNames",
       post("x-transfer-encoding: chunked\r\ntransfer-encoding-x: y\r\ncontent-length: 12\r\n",
            kBody),
       200, "", "a"},
      {"TabsAroundACoding", post("transfer-encoding:\tchunked\t \r\n", chunks), 200, "", "a"},
      {"CodingInCapitals", post("TRANSFER-ENCODING: Chunked\r\n", chunks), 200, "", "a"},
      {"TeIsNotTransferEncoding", post("te: chunked\r\ncontent-length: 12\r\n", kBody), 200, "",
       "a"},
      {"InChunks", Chunked("/body", "5\r\n{\"tex\r\n7;a=b\r\nt\":\"a\"}\r\n0\r\nx: y\r\n\r\n"), 200,
       "", "a"},
      {"EmptyChunked", Chunked("/body", "0\r\n\r\n"), 200, "", ""},
      // Trailers are dropped: Foreign() would see what became of one.
      {"Trailers",
       Chunked("/body", Cat("c\r\n", kBody,
                            "\r\n0\r\nx-note: evil\r\nx-user-id: root\r\nX_User_Id: root\r\n"
                            "grpc-timeout: 1n\r\nx-request-timeout: 0\r\nx-b3: evil\r\n"
                            "grpc-metadata-x-user-id: root\r\nidempotency-key: evil\r\n\r\n")),
       200, "", "a"},
      {"AsLargeAsAllowed", Post("/body", four_mib + kBody), 200, "", "a"},
      {"AHundredFields", Get("/query?text=a", Repeated(99, "a: b\r\n")), 200, "", "a"},
      {"SixtyKiB", Get("/query?text=a", Repeated(60, Cat("a: ", kField, "\r\n"))), 200, "", "a"},
      {"SeventyKiB", Get("/query?text=a", Repeated(70, Cat("a: ", kField, "\r\n"))), 431,
       "HEADERS_TOO_LARGE", "", kCloses},
      // The target's authority is the client's business: Judge() looks at the back end's own.
      {"Absolute", Get("http://localhost/query?text=a"), 200, "", "a"},
      {"AbsoluteWithoutPath", Get("http://localhost"), 404, "NO_ROUTE"},
      {"Http10", "GET /query?text=a HTTP/1.0\r\n\r\n", 200, "", "a", kCloses},
      {"Http10KeepAlive", "GET /query?text=a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", 200, "",
       "a"},
      {"Http10WithLength",
       Cat("POST /body HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 12\r\n\r\n", kBody),
       200, "", "a"},
      {"CloseMeansClose", Get("/query?text=a", "connection: close\r\n") + kSmuggled, 200, "", "a",
       kCloses},
      // HTTP/1.0 knows no expectation; without a body there is nothing to wait for.
      {"ExpectOfNothing", Get("/query?text=a", "expect: 100-continue\r\n"), 200, "", "a"},
      {"ExpectInHttp10",
       Cat("POST /body HTTP/1.0\r\nconnection: keep-alive\r\nexpect: 100-continue\r\n"
           "content-length: 12\r\n\r\n",
           kBody),
       200, "", "a"},
      {"ExpectTwice", Get("/query?text=a", Repeated(2, "expect: 100-continue\r\n")), 200, "", "a"},
      {"ExpectAndOther", Get("/query?text=a", "expect: 100-continue\r\nexpect: tea\r\n"), 417,
       "EXPECTATION_FAILED", "", kCloses},
      {"UpgradeToH2c",
       Get("/query?text=a",
           "connection: upgrade, http2-settings\r\nupgrade: h2c\r\n"
           "http2-settings: AAMAAABkAAQAAP__\r\n"),
       200, "", "a"},
      {"UpgradeWithABody",
       post("connection: upgrade\r\nupgrade: websocket\r\ncontent-length: 12\r\n", kBody), 200, "",
       "a"},
      {"OnGet", Cat(Get("/query", "content-length: 2\r\n"), "{}"), 400, "BODY_NOT_ALLOWED"},
      {"OnOptions", Cat(Ask("OPTIONS", "/query", "content-length: 2\r\n"), "{}"), 204, ""},
  };
}

TEST(Framing, WhatIsClearIsTakenForWhatItSays) {
  Echo echo("methods: {test.Echo/Body: {request_headers: [x-note, x-b3]}}\n");
  Judge(echo, Accepted());
}

struct BehindRow {
  const char* name;
  std::string request;
  std::vector<int> statuses;  // of all answers; the last one ends the connection
  int calls;
};

// What stands behind a request is the next request, whatever the first one asked to switch to.
TEST(Framing, NothingIsSwitchedTo) {
  constexpr char kWebSocket[] =
      "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  constexpr char kH2c[] = "connection: upgrade\r\nupgrade: h2c\r\n";
  const BehindRow rows[] = {
      {"AFrameOfWebSocket",
       Cat(Get("/query?text=a", kWebSocket), std::string("\x81\x05hello", 7)),
       {200, 400},
       1},
      {"ARequest",
       Get("/query?text=a", kWebSocket) + Get("/nowhere", "connection: close\r\n"),
       {200, 404},
       1},
      {"APreface", Get("/query?text=a", kH2c) + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {200, 505}, 1},
      {"ARequestBehindConnect", Ask("CONNECT", "localhost:80") + kSmuggled, {405}, 0},
      {"ConnectWithAPath", Ask("CONNECT", "/query?text=a") + kSmuggled, {405}, 0},
      {"ConnectToNothing",
       "CONNECT  HTTP/1.1\r\nhost: a\r\n\r\n" + std::string(kSmuggled),
       {405},
       0},
      {"ConnectToUs", Ask("CONNECT", "127.0.0.1") + kSmuggled, {405}, 0},
  };
  Echo echo;
  for (const BehindRow& row : rows) {
    SCOPED_TRACE(row.name);
    const int before = echo.calls();
    RawClient client(echo.port());
    client.Send(row.request);
    for (const int status : row.statuses) {
      const std::optional<RawResponse> response = client.Read();
      ASSERT_TRUE(response);
      EXPECT_EQ(response->status, status) << response->body;
      EXPECT_EQ(response->Count("upgrade"), 0u);
    }
    EXPECT_TRUE(client.AtEnd());
    EXPECT_EQ(echo.calls(), before + row.calls);
    if (row.calls > 0) {
      EXPECT_EQ(Foreign(echo.last()), "");
    }
  }
}

struct HeaderRow {
  const char* name;
  std::string fields;
  std::string note;  // the metadata x-note at the back end
};

// A route that lets x-note through gets that and no other spelling of it.
TEST(Framing, AHeaderIsForwardedByItsNameAsText) {
  const HeaderRow rows[] = {
      {"Plain", "x-note: a\r\n", "a"},
      {"InCapitals", "X-NOTE: a\r\n", "a"},
      {"Underscore", "x_note: a\r\n", ""},
      {"Dot", "x.note: a\r\n", ""},
      {"Binary", "x-note-bin: YQ\r\n", ""},
      {"Prefixed", "grpc-metadata-x-note: a\r\n", ""},
      {"ObsText", "x-note: a\xff\r\n", ""},
      {"Utf8", "x-note: caf\xc3\xa9\r\n", ""},
      {"Tab", "x-note: a\tb\r\n", ""},
      {"EscapesStayText", "x-note: a%0d%0aset-cookie:%20b\r\n", "a%0d%0aset-cookie:%20b"},
      {"JsonInIt", "x-note: {\"a\":\"\\u000d\\u000a\"}\r\n", "{\"a\":\"\\u000d\\u000a\"}"},
      {"NamedInConnection", "connection: x-note\r\nx-note: a\r\n", ""},
      {"NamedInConnectionInCapitals", "x-note: a\r\nConnection: close, X-Note\r\n", ""},
  };
  Echo echo;
  for (const HeaderRow& row : rows) {
    SCOPED_TRACE(row.name);
    RawClient client(echo.port());
    client.Send(Get("/note?text=a", row.fields));
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200) << response->body;
    EXPECT_EQ(response->Count("set-cookie"), 0u);
    EXPECT_EQ(echo.last().Field("x-note"), row.note);
    EXPECT_EQ(Foreign(echo.last()), row.note.empty() ? "" : "x-note ");
  }
}

// What becomes a field of the answer's head can't end its line.
TEST(Framing, NobodyWritesTheAnswersHead) {
  Echo echo;
  const RawResponse fine = echo.Fetch("GET", "/page?text=text/plain&more=x");
  EXPECT_EQ(fine.status, 200);
  EXPECT_EQ(fine.Header("content-type"), "text/plain");
  EXPECT_EQ(fine.body, "x");
  for (const char* type : {"text/html%0d%0aset-cookie:%20a=b", "text/html%0aset-cookie:%20a=b",
                           "a/b%0d%0a%0d%0aHTTP/1.1%20200%20OK", "a/b%00", "a/b%c2%85", "a/%1b"}) {
    const RawResponse response = echo.Fetch("GET", Cat("/page?more=x&text=", type));
    EXPECT_EQ(response.status, 502) << type;
    EXPECT_EQ(ReasonOf(response), "MALFORMED_MESSAGE") << type;
    EXPECT_EQ(response.Header("content-type"), "application/json") << type;
    EXPECT_EQ(response.Count("set-cookie"), 0u) << type;
  }
  for (const char* id : {"a b", "a\"b", "a\xff", "{}", "a%0d%0ab\x80"}) {
    const RawResponse response = echo.Fetch("GET", "/query?text=a", {{"x-request-id", id}});
    EXPECT_EQ(response.status, 200) << id;
    EXPECT_NE(response.Header("x-request-id"), id);
    EXPECT_EQ(echo.last().Field("x-request-id"), response.Header("x-request-id"));
  }
}

}  // namespace
}  // namespace frontdesk::e2e
