#include "gateway/http/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/support/raw_client.h"
#include "tests/support/request_text.h"
#include "tests/unit/http/test_server.h"

namespace frontdesk::http {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing_support::RawClient;
using testing_support::RawResponse;

TEST(ConnectionTest, Answers) {
  TestServer server;
  RawClient client(server.port());
  const std::string peer = "127.0.0.1:" + std::to_string(client.local_port());
  client.Send(Get("/x?y=1"));
  const std::optional<RawResponse> response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->reason, "OK");
  EXPECT_EQ(response->body, "hello /x");
  EXPECT_EQ(response->Header("connection"), "");
  EXPECT_THAT(response->Header("date"), testing::MatchesRegex("..., .. ... .... ..:..:.. GMT"));
  EXPECT_THAT(server.handler().seen().requests, ElementsAre("GET /x?y=1 "));
  EXPECT_EQ(server.handler().seen().peer, peer);
}

TEST(ConnectionTest, KeepsTheConnectionAndTheOrder) {
  TestServer server;
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.SendInPieces(Sized("/echo", "body " + std::to_string(i)), 7);
    EXPECT_EQ(client.Read()->body, "body " + std::to_string(i));
  }
  client.Send(Get("/a") + Sized("/echo", "b") + Chunked("/echo", "1\r\nc\r\n0\r\nT: u\r\n\r\n") +
              "\r\n" + Get("/d", "Connection: close\r\n") + Get("/never"));
  EXPECT_EQ(client.Read()->body, "hello /a");
  EXPECT_EQ(client.Read()->body, "b");
  EXPECT_EQ(client.Read()->body, "c");
  const std::optional<RawResponse> last = client.Read();
  EXPECT_EQ(last->body, "hello /d");
  EXPECT_EQ(last->Header("connection"), "close");
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(server.handler().seen().started, 7u);
}

TEST(ConnectionTest, TenThousandPipelined) {
  TestServer server;
  RawClient client(server.port());
  constexpr int kCount = 10000;
  std::thread writer([&] {
    std::string all;
    for (int i = 0; i < kCount; ++i) all += Get("/" + std::to_string(i));
    EXPECT_TRUE(client.Send(all));
  });
  int right = 0;
  for (int i = 0; i < kCount; ++i) {
    const std::optional<RawResponse> response = client.Read();
    if (!response) break;
    right += response->body == "hello /" + std::to_string(i);
  }
  writer.join();
  EXPECT_EQ(right, kCount);
}

TEST(ConnectionTest, BodiesOfAllSizes) {
  TestServer server;
  RawClient client(server.port());
  for (size_t size : {1, 100, 4000, 4096, 5000, 65536, 1000000}) {
    std::string body(size, 'x');
    for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i % 23);
    client.Send(Sized("/echo", body));
    EXPECT_EQ(client.Read()->body, body) << size;
    char digits[20];
    std::snprintf(digits, sizeof digits, "%zx", size);
    client.SendInPieces(Chunked("/echo", digits + ("\r\n" + body) + "\r\n0\r\n\r\n"), 1000);
    EXPECT_EQ(client.Read()->body, body) << size;
  }
  client.SendInPieces(Chunked("/echo", "3\r\nabc\r\n1;x=\"y\"\r\nd\r\n0\r\n\r\n"), 1);
  EXPECT_EQ(client.Read()->body, "abcd");
}

struct UnreadRow {
  const char* name;
  std::string request;
  bool kept;
  bool announced = false;  // by "Connection: close"
};

TEST(ConnectionTest, UnreadBodyIsNeverARequest) {
  const std::string evil = Get("/evil");
  std::string large;
  while (large.size() < (200 << 10)) large += evil;
  const UnreadRow rows[] = {
      {"sized", Sized("/x", evil), true},
      {"chunked, all there", Chunked("/x", "3\r\nabc\r\n0\r\n\r\n"), true},
      {"60 KiB", Sized("/x", large.substr(0, 60 << 10)), true},
      {"200 KiB", Sized("/x", large), false, true},
      {"chunked, large", Chunked("/x", "30000\r\n" + large.substr(0, 0x30000) + "\r\n0\r\n\r\n"),
       false, false},
      {"chunked, malformed", Chunked("/x", "3\r\nabcd\r\n0\r\n\r\n"), false, true},
      {"GET with a body", "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", true},
  };
  for (const UnreadRow& row : rows) {
    TestServer server;
    RawClient client(server.port());
    client.Send(row.request + Get("/after"));
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response) << row.name;
    EXPECT_EQ(response->body, "hello /x") << row.name;
    EXPECT_EQ(response->Header("connection"), row.announced ? "close" : "") << row.name;
    if (row.kept) {
      const std::optional<RawResponse> after = client.Read();
      EXPECT_EQ(after ? after->body : "", "hello /after") << row.name;
    } else {
      EXPECT_TRUE(client.AtEnd()) << row.name;
      EXPECT_FALSE(client.was_reset()) << row.name;
    }
    for (const std::string& seen : server.handler().seen().requests) {
      EXPECT_EQ(seen.find("/evil"), std::string::npos) << row.name;
    }
  }
}

TEST(ConnectionTest, UnreadBodyThatComesLater) {
  TestServer server;
  RawClient client(server.port());
  client.Send(Post("/x", "Content-Length: 10\r\n", "12345"));
  EXPECT_EQ(client.Read()->body, "hello /x");
  client.Send("67890" + Get("/y"));
  EXPECT_EQ(client.Read()->body, "hello /y");
}

TEST(ConnectionTest, HeadAndStatusesWithoutBody) {
  TestServer server;
  RawClient client(server.port());
  client.Send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/status?204") + Get("/status?304") +
              "HEAD /stream?tiny HTTP/1.1\r\nHost: a\r\n\r\n" + Get("/status?418"));
  const std::optional<RawResponse> head = client.Read(true);
  EXPECT_EQ(head->Header("content-length"), "8");
  const std::optional<RawResponse> none = client.Read();
  EXPECT_EQ(none->status, 204);
  EXPECT_EQ(none->Count("content-length"), 0u);
  EXPECT_EQ(client.Read()->status, 304);
  EXPECT_EQ(client.Read(true)->Header("transfer-encoding"), "chunked");
  EXPECT_EQ(client.Read()->status, 418);
}

TEST(ConnectionTest, Continue) {
  TestServer server;
  RawClient client(server.port());
  const std::string fields = "Content-Length: 5\r\nExpect: 100-continue\r\n";
  client.Send(Post("/echo", fields, ""));
  EXPECT_EQ(client.Read()->status, 100);
  client.Send("hello");
  EXPECT_EQ(client.Read()->body, "hello");
  client.Send(Post("/echo", fields, "at on"));
  EXPECT_EQ(client.Read()->status, 200) << "the body was there already";
  client.Send(Post("/x", fields, ""));
  const std::optional<RawResponse> unread = client.Read();
  EXPECT_EQ(unread->status, 200) << "nobody wants the body";
  EXPECT_EQ(unread->Header("connection"), "close");
  EXPECT_TRUE(client.AtEnd());
}

TEST(ConnectionTest, TooLargeABodyIsNotAskedFor) {
  TestServer server;
  RawClient client(server.port());
  client.Send(Post("/echo", "Content-Length: 5000000\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(client.Read()->status, 413);
  EXPECT_TRUE(client.AtEnd());
  RawClient chunked(server.port());
  chunked.Send(Chunked("/echo", "400001\r\nx"));
  EXPECT_EQ(chunked.Read()->status, 413);
}

struct RefusedRow {
  std::string bytes;
  int status;
  std::string target;
};

TEST(ConnectionTest, RefusesAndCloses) {
  const RefusedRow rows[] = {
      {"GET / HTTP/1.1\r\n\r\n" + Get("/after"), 400, "/"},
      {"GET /x HTTP/1.1\nHost: a\r\n\r\n", 400, "/x"},
      {"GET /x HTTP/2.0\r\n\r\n", 505, "/x"},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405, ""},
      {Get("/x", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400, "/x"},
      {Get("/x", "Transfer-Encoding: gzip, chunked\r\n"), 501, "/x"},
      {Get("/x", "Expect: tea\r\n"), 417, "/x"},
      {Get("/" + std::string(100 << 10, 'x')), 414, ""},
      {Get("/x", "Y: " + std::string(100 << 10, 'x') + "\r\n"), 431, "/x"},
  };
  for (const RefusedRow& row : rows) {
    TestServer server;
    RawClient client(server.port());
    client.Send(row.bytes);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response) << row.bytes.substr(0, 60);
    EXPECT_EQ(response->status, row.status) << row.bytes.substr(0, 60);
    EXPECT_EQ(response->Header("connection"), "close");
    EXPECT_TRUE(client.AtEnd());
    EXPECT_FALSE(client.was_reset()) << row.bytes.substr(0, 60);
    const Seen seen = server.handler().seen();
    EXPECT_EQ(seen.started, 0u) << row.bytes.substr(0, 60);
    ASSERT_EQ(seen.refusals.size(), 1u);
    EXPECT_TRUE(row.target.empty() || seen.refused_targets[0] == row.target);
  }
}

TEST(ConnectionTest, Streams) {
  TestServer server;
  RawClient client(server.port());
  client.Send(Get("/stream?tiny") + Get("/stream?40") + Get("/x"));
  const std::optional<RawResponse> tiny = client.Read();
  EXPECT_EQ(tiny->Header("transfer-encoding"), "chunked");
  EXPECT_EQ(tiny->body, "piecepiece");
  EXPECT_FALSE(tiny->cut);
  EXPECT_EQ(client.Read()->body, std::string(40 * (64 << 10), 's'));
  EXPECT_EQ(client.Read()->body, "hello /x");
  RawClient old(server.port());
  old.Send("GET /stream?tiny HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::optional<RawResponse> plain = old.Read();
  EXPECT_EQ(plain->Header("connection"), "close");
  EXPECT_EQ(plain->body, "piecepiece");
  EXPECT_FALSE(plain->cut);
}

TEST(ConnectionTest, LargeAnswers) {
  TestServer server;
  RawClient client(server.port());
  client.Send(Get("/big?100000") + Get("/big?20000000") + Get("/x"));
  EXPECT_EQ(client.Read()->body.size(), 100000u);
  EXPECT_EQ(client.Read()->body, std::string(20000000, 'b'));
  EXPECT_EQ(client.Read()->body, "hello /x");
}

TEST(ConnectionTest, Http10) {
  TestServer server;
  RawClient client(server.port());
  client.Send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.Read()->Header("connection"), "keep-alive");
  client.Send("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.Read()->Header("connection"), "close");
  EXPECT_TRUE(client.AtEnd());
}

TEST(ConnectionTest, FieldsThatWouldSplitTheAnswerAreLeftOut) {
  TestServer server;
  RawClient client(server.port());
  client.Send(Get("/lines"));
  const std::optional<RawResponse> response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "hello /lines");
  EXPECT_EQ(response->Header("x-good"), "yes");
  for (const char* name : {"x-split", "x-evil", "x bad", "x-nul", "transfer-encoding"}) {
    EXPECT_EQ(response->Count(name), 0u) << name;
  }
  EXPECT_EQ(response->Count("content-length"), 1u);
  EXPECT_EQ(response->Count("connection"), 0u);
}

}  // namespace
}  // namespace frontdesk::http
