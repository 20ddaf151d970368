// Clients that are slow, leave or send half of it, and handlers that fail.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "tests/support/raw_client.h"
#include "tests/support/request_text.h"
#include "tests/unit/http/test_server.h"

namespace frontdesk::http {
namespace {

using std::chrono::milliseconds;
using testing_support::RawClient;
using testing_support::RawResponse;

TEST(ConnectionFaultsTest, MalformedChunksReachTheReaderOnly) {
  TestServer server;
  RawClient client(server.port());
  client.Send(Chunked("/echo", "3\r\nabc\r\nzz\r\n") + Get("/after"));
  EXPECT_EQ(client.Read()->status, 400);
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(server.handler().seen().failure, "BAD_CHUNK");
  EXPECT_EQ(server.handler().seen().started, 1u);
}

TEST(ConnectionFaultsTest, HalfARequestIsRefused) {
  TestServer server;
  RawClient client(server.port());
  client.Send("GET /x HTT");
  client.ShutdownWrite();
  EXPECT_EQ(client.Read()->status, 400);
  EXPECT_TRUE(client.AtEnd());
  RawClient nothing(server.port());
  nothing.ShutdownWrite();
  EXPECT_TRUE(nothing.AtEnd());
  EXPECT_EQ(server.handler().seen().refusals.size(), 1u);
}

TEST(ConnectionFaultsTest, SlowHeadIs408) {
  ServerLimits limits;
  limits.header_timeout = milliseconds(1000);  // in which the first bytes have to come
  TestServer server(limits);
  RawClient client(server.port());
  client.Send("GET /x HTTP/1.1\r\nHo");
  const std::optional<RawResponse> response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
  EXPECT_TRUE(client.AtEnd());
  RawClient silent(server.port());
  EXPECT_TRUE(silent.AtEnd()) << "who sends nothing gets nothing";
}

TEST(ConnectionFaultsTest, SecondHeadHasItsOwnTime) {
  ServerLimits limits;
  limits.header_timeout = milliseconds(1000);  // in which the first bytes have to come
  TestServer server(limits);
  RawClient client(server.port());
  client.Send(Get("/a") + "GET /b");
  const std::optional<RawResponse> first = client.Read();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->body, "hello /a");
  const std::optional<RawResponse> second = client.Read();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, 408);
}

TEST(ConnectionFaultsTest, IdleConnectionIsClosedSilently) {
  ServerLimits limits;
  limits.idle_timeout = milliseconds(50);
  TestServer server(limits);
  RawClient client(server.port());
  client.Send(Get("/a"));
  EXPECT_EQ(client.Read()->body, "hello /a");
  EXPECT_TRUE(client.AtEnd());
  EXPECT_TRUE(server.handler().seen().refusals.empty());
}

TEST(ConnectionFaultsTest, SlowBodyIs408) {
  ServerLimits limits;
  limits.body_grace = milliseconds(50);
  limits.body_rate = 1 << 20;
  TestServer server(limits);
  for (const std::string& request :
       {Post("/echo", "Content-Length: 10\r\n", "12345"), Chunked("/echo", "a\r\n12345")}) {
    RawClient client(server.port());
    client.Send(request);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408);
    EXPECT_EQ(response->Header("connection"), "close");
    EXPECT_TRUE(client.AtEnd());
  }
}

// A body that came fast has saved up little: not an hour of silence.
TEST(ConnectionFaultsTest, LargeBodyThatStopsAtItsEndIs408) {
  ServerLimits limits;
  limits.body_grace = milliseconds(50);
  limits.body_saved = milliseconds(200);
  TestServer server(limits);
  const std::string most(size_t{1} << 19, 'a');
  RawClient client(server.port());
  client.Send(Post("/echo", "Content-Length: " + std::to_string(most.size() + 1) + "\r\n", most));
  const std::optional<RawResponse> response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
  EXPECT_TRUE(client.AtEnd());
}

// Whoever reads the body may be in more of a hurry than the limits are.
TEST(ConnectionFaultsTest, BodyThatComesTooLateForItsReader) {
  TestServer server;
  const std::string large = "Content-Length: " + std::to_string(1 << 20) + "\r\n";
  const struct {
    const char* what;
    std::string request;
    std::string rest;  // empty: the connection is closed
  } rows[] = {
      {"nothing of it", Post("/echo?30", "Content-Length: 10\r\n", ""), "1234567890"},
      {"half of it", Post("/echo?30", "Content-Length: 10\r\n", "12345"), "67890"},
      {"within a chunk", Chunked("/echo?30", "a\r\n12345"), "67890\r\n0\r\n\r\n"},
      {"between chunks", Chunked("/echo?30", "3\r\nabc\r\n"), "0\r\n\r\n"},
      {"too large to be dropped", Post("/echo?30", large, "12345"), ""},
      {"no time at all", Post("/echo?0", "Content-Length: 10\r\n", "12345"), "67890"},
      {"not asked for in time",
       Post("/echo?0", "Content-Length: 10\r\nExpect: 100-continue\r\n", ""), ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    RawClient client(server.port());
    client.Send(row.request);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 504);
    EXPECT_EQ(response->body, "DEADLINE_EXCEEDED");
    if (row.rest.empty()) {
      EXPECT_EQ(response->Header("connection"), "close");
      EXPECT_TRUE(client.AtEnd());
      continue;
    }
    client.Send(row.rest + Get("/after"));
    const std::optional<RawResponse> after = client.Read();
    ASSERT_TRUE(after);
    EXPECT_EQ(after->body, "hello /after");
  }
  RawClient in_time(server.port());
  in_time.Send(Post("/echo?60000", "Content-Length: 10\r\n", "1234567890"));
  EXPECT_EQ(in_time.Read()->body, "1234567890");
}

// One that never stops sending has no more time than others.
TEST(ConnectionFaultsTest, BodyThatKeepsComingIsCutAsWell) {
  ServerLimits limits;
  limits.body_bytes = 2u << 30;
  TestServer server(limits);
  RawClient client(server.port());
  client.Send(Post("/echo?20", "Content-Length: 2147483648\r\n", ""));
  const std::string piece(256 << 10, 'x');
  int sent = 0;
  while (sent < 4096 && client.Send(piece)) ++sent;
  EXPECT_LT(sent, 4096);
  EXPECT_EQ(server.handler().seen().failure, "DEADLINE_EXCEEDED");
}

TEST(ConnectionFaultsTest, ClientThatLeavesCancels) {
  TestServer server;
  size_t left = 0;
  for (const std::string& request : {Get("/wait"), Get("/wait") + Get("/pipelined")}) {
    for (const bool reset : {false, true}) {
      RawClient client(server.port());
      client.Send(request);
      const size_t started = left + 1;
      ASSERT_TRUE(server.handler().WaitFor([&](const Seen& s) { return s.started == started; }));
      if (reset) {
        client.Reset();
      } else {
        client.Close();
      }
      ++left;
      EXPECT_TRUE(server.handler().WaitFor([&](const Seen& s) { return s.cancelled == left; }));
      EXPECT_EQ(server.handler().seen().failure, "CLIENT_CLOSED_REQUEST");
    }
  }
}

TEST(ConnectionFaultsTest, ClientThatLeavesIsNoticedBehindUnreadBytes) {
  TestServer server;
  RawClient client(server.port());
  client.Send(Get("/wait") + std::string(40000, 'x'));
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.started == 1; }));
  client.ShutdownWrite();
  EXPECT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.cancelled == 1; }));
}

TEST(ConnectionFaultsTest, ClientThatHasSentAllAndWillReadIsAnswered) {
  TestServer server;
  RawClient client(server.port());
  client.Send(Sized("/echo", std::string(300000, 'x')) + Get("/x"));
  client.ShutdownWrite();
  EXPECT_EQ(client.Read()->body.size(), 300000u);
}

TEST(ConnectionFaultsTest, ClientThatLeavesWithinTheBody) {
  TestServer server;
  RawClient client(server.port());
  client.Send(Post("/echo", "Content-Length: 10\r\n", "12345"));
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.started == 1; }));
  client.Close();
  EXPECT_TRUE(
      server.handler().WaitFor([](const Seen& s) { return s.failure == "CLIENT_CLOSED_REQUEST"; }));
}

// What an exception says is for the log: it may name files and addresses.
TEST(ConnectionFaultsTest, AnExceptionsTextStaysInTheHouse) {
  ::testing::internal::CaptureStderr();
  {
    TestServer server;
    for (const char* target : {"/throw?secret", "/half?throw"}) {
      RawClient client(server.port());
      client.Send(Get(target));
      ASSERT_TRUE(client.Read()) << target;
    }
    EXPECT_EQ(server.handler().seen().refused_texts,
              std::vector<std::string>{"something went wrong here"});
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("GET /throw ended with an exception: thrown"), std::string::npos) << log;
  EXPECT_NE(log.find("GET /half ended with an exception: thrown late"), std::string::npos) << log;
  EXPECT_EQ(log.find("secret"), std::string::npos) << log;
}

TEST(ConnectionFaultsTest, HandlerThatFails) {
  TestServer server;
  for (const char* target : {"/throw", "/none"}) {
    RawClient client(server.port());
    client.Send(Get(target));
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response) << target;
    EXPECT_EQ(response->status, 500) << target;
    EXPECT_EQ(response->body, "INTERNAL") << target;
    EXPECT_TRUE(client.AtEnd()) << target;
  }
  for (const char* target : {"/half", "/half?throw", "/half?abort"}) {
    RawClient client(server.port());
    client.Send(Get(target));
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response) << target;
    EXPECT_EQ(response->body, "half") << target;
    EXPECT_TRUE(response->cut) << target;
    RawClient old(server.port());
    old.Send("GET " + std::string(target) + " HTTP/1.0\r\n\r\n");
    old.ReadToEnd();
    EXPECT_TRUE(old.was_reset()) << target << ": a plain end would look whole";
  }
}

TEST(ConnectionFaultsTest, ClientThatDoesNotReadHoldsTheWriterBack) {
  ServerLimits limits;
  limits.send_timeout = milliseconds(100);
  TestServer server(limits);
  RawClient client(server.port());
  client.ReceiveBuffer(4096);
  client.Send(Get("/stream?10000"));
  EXPECT_TRUE(
      server.handler().WaitFor([](const Seen& s) { return s.failure == "CLIENT_CLOSED_REQUEST"; }));
  EXPECT_LT(server.handler().seen().written, 100u << 20);
  client.ReadToEnd();
  EXPECT_TRUE(client.was_reset());
}

}  // namespace
}  // namespace frontdesk::http
