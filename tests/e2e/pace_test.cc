// Clients that wait, stop, send what nobody reads, or do not read themselves.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "gateway/base/text.h"
#include "tests/e2e/echo.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr char kNext[] = "GET /query?text=next HTTP/1.1\r\nhost: localhost\r\n\r\n";

std::string Head(std::string_view method, std::string_view target, std::string_view fields) {
  return Cat(method, ' ', target, " HTTP/1.1\r\nhost: localhost\r\n", fields, "\r\n");
}

struct ExpectRow {
  const char* name;
  std::string head;
  int status;          // 100 when the body is wanted
  bool stays = false;  // whether the connection goes on without the body
};

std::vector<ExpectRow> ExpectRows() {
  constexpr char kSized[] = "expect: 100-continue\r\ncontent-length: 12\r\n";
  constexpr char kChunked[] = "Expect: 100-Continue\r\ntransfer-encoding: chunked\r\n";
  return {
      {"Wanted", Head("POST", "/body", kSized), 100},
      {"WantedInChunks", Head("POST", "/body", kChunked), 100},
      {"NoRoute", Head("POST", "/nowhere", kSized), 404},
      {"NoMethod", Head("DELETE", "/body", kSized), 405},
      {"NoMethodInChunks", Head("DELETE", "/body", kChunked), 405},
      {"BadPath", Head("POST", "/a/../body", kSized), 400},
      {"TooLarge", Head("POST", "/body", "expect: 100-continue\r\ncontent-length: 4194305\r\n"),
       413},
      {"Encoded", Head("POST", "/body", Cat("content-encoding: br\r\n", kSized)), 415},
      {"Other", Head("POST", "/body", "expect: tea\r\ncontent-length: 12\r\n"), 417},
      {"NothingToWaitFor", Head("POST", "/body", "expect: 100-continue\r\ncontent-length: 0\r\n"),
       200, true},
  };
}

TEST(Expect, ContinueIsSaidOnlyWhenTheBodyWillBeRead) {
  Echo echo;
  for (const ExpectRow& row : ExpectRows()) {
    SCOPED_TRACE(row.name);
    RawClient client(echo.port());
    client.Send(row.head);
    const std::optional<RawResponse> first = client.Read();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status, row.status) << first->body;
    if (row.status != 100) {
      EXPECT_EQ(first->Header("connection"), row.stays ? "" : "close");
      EXPECT_EQ(client.Send(kNext) && client.Read(), row.stays);
      continue;
    }
    const bool sized = row.head.find("content-length") != std::string::npos;
    client.Send(sized ? R"({"text":"a"})" : "c\r\n{\"text\":\"a\"}\r\n0\r\n\r\n");
    const std::optional<RawResponse> answer = client.Read();
    ASSERT_TRUE(answer);
    EXPECT_EQ(Json(*answer)["text"], "a");
  }
  EXPECT_EQ(echo.calls(), 4);
}

TEST(Expect, ABodyThatComesByItselfNeedsNoContinue) {
  Echo echo;
  RawClient client(echo.port());
  client.Send(Head("POST", "/body", "expect: 100-continue\r\ncontent-length: 12\r\n") +
              R"({"text":"a"})" + kNext);
  const std::optional<RawResponse> answer = client.Read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
  EXPECT_EQ(Json(client.Read().value_or(RawResponse()))["text"], "next");
}

struct UnreadRow {
  const char* name;
  std::string request;
  int status;
  bool stays;
};

std::vector<UnreadRow> UnreadRows() {
  const std::string inner = "GET /query?text=smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n";
  const std::string sized = Cat("content-length: ", inner.size(), "\r\n");
  const std::string many(100000, 'x');
  constexpr char kChunked[] = "transfer-encoding: chunked\r\n";
  char size[8];
  std::snprintf(size, sizeof size, "%zx", inner.size());
  const std::string chunks = Cat(size, "\r\n", inner, "\r\n0\r\n\r\n");
  return {
      {"NoRoute", Head("POST", "/nowhere", sized) + inner, 404, true},
      {"NoRouteInChunks", Head("POST", "/nowhere", kChunked) + chunks, 404, true},
      {"NoMethod", Head("PUT", "/body", sized) + inner, 405, true},
      {"Options", Head("OPTIONS", "/query", sized) + inner, 204, true},
      {"OptionsInChunks", Head("OPTIONS", "/query", kChunked) + chunks, 204, true},
      {"Health", Head("GET", "/healthz", sized) + inner, 200, true},
      {"Encoded", Head("POST", "/body", Cat("content-encoding: gzip\r\n", sized)) + inner, 415,
       true},
      {"NotJson", Head("POST", "/body", sized) + inner, 400, true},
      // Much is not read to its end only to be thrown away.
      {"Large", Head("POST", "/nowhere", "content-length: 100000\r\n") + many, 404, false},
      {"LargeInChunks", Head("POST", "/nowhere", kChunked) + "186a0\r\n" + many, 404, false},
      {"TooLarge", Head("POST", "/body", "content-length: 99999999\r\n") + inner, 413, false},
      {"BadChunks", Head("POST", "/nowhere", kChunked) + "zz\r\n" + inner, 404, false},
  };
}

TEST(UnreadBody, IsNeverTakenForARequest) {
  Echo echo;
  int calls = 0;
  for (const UnreadRow& row : UnreadRows()) {
    for (const bool together : {true, false}) {
      SCOPED_TRACE(Cat(row.name, together ? " at once" : " in pieces"));
      RawClient client(echo.port());
      if (together) {
        client.Send(row.request + kNext);
      } else {
        client.SendInPieces(row.request + kNext, 37);
      }
      const std::optional<RawResponse> first = client.Read();
      ASSERT_TRUE(first);
      EXPECT_EQ(first->status, row.status) << first->body;
      const std::optional<RawResponse> next = client.Read();
      EXPECT_EQ(next.has_value(), row.stays);
      if (next) {
        EXPECT_EQ(Json(*next)["text"], "next");
        ++calls;
      }
      EXPECT_EQ(echo.calls(), calls);
    }
  }
}

TEST(Head, IsTheAnswerToGetWithoutItsBody) {
  Echo echo;
  RawClient client(echo.port());
  const std::string body = "content-length: 2\r\n";
  client.Send(Head("HEAD", "/query?text=a", "") + Head("HEAD", "/nowhere", body) + "{}" +
              Head("HEAD", "/query", body) + "{}" + kNext);
  for (const int status : {200, 404, 400}) {
    const std::optional<RawResponse> response = client.Read(true);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, status);
    EXPECT_NE(response->Header("content-length"), "");
    EXPECT_NE(response->Header("content-length"), "0");
  }
  EXPECT_EQ(Json(client.Read().value_or(RawResponse()))["text"], "next");
}

struct SlowRow {
  const char* name;
  std::string sent;
  int status;  // 0: the connection just ends
  std::string reason;
};

TEST(Slow, WhoDoesNotFinishIsToldAndLeft) {
  Echo echo("limits: {header_timeout: 300ms, idle_timeout: 300ms}\n");
  const SlowRow kRows[] = {
      {"Nothing", "", 0, ""},
      {"HalfAMethod", "GE", 408, "REQUEST_TIMEOUT"},
      {"HalfATarget", "GET /que", 408, "REQUEST_TIMEOUT"},
      {"NoEndOfHead", "GET /query HTTP/1.1\r\nhost: localhost\r\n", 408, "REQUEST_TIMEOUT"},
  };
  for (const SlowRow& row : kRows) {
    for (const bool later : {false, true}) {
      SCOPED_TRACE(Cat(row.name, later ? " after a request" : ""));
      const Clock::time_point start = Clock::now();
      RawClient client(echo.port());
      if (later) {
        client.Send(kNext);
        ASSERT_TRUE(client.Read());
      }
      client.Send(row.sent);
      const std::optional<RawResponse> response = client.Read();
      EXPECT_EQ(response.has_value(), row.status != 0);
      if (response) {
        EXPECT_EQ(response->status, row.status);
        EXPECT_EQ(ReasonOf(*response), row.reason);
        EXPECT_EQ(response->Header("connection"), "close");
      }
      EXPECT_TRUE(client.AtEnd());
      EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
    }
  }
}

// The time of a route is for what is behind the gateway.
TEST(Slow, AnUploadDoesNotUseUpItsRoutesTime) {
  Echo echo("methods: {test.Echo/Body: {timeout: 200ms}}\n");
  RawClient client(echo.port());
  client.Send(Head("POST", "/body", "content-length: 12\r\n") + R"({"text")");
  std::this_thread::sleep_for(milliseconds(400));
  client.Send(R"(:"a"})");
  const std::optional<RawResponse> answer = client.Read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
  EXPECT_EQ(Json(*answer)["text"], "a");
}

// The client's own is for all of it.
TEST(Slow, AnUploadUsesUpItsClientsTime) {
  Echo echo;
  for (const char* wish : {"x-request-timeout: 200ms\r\n", "grpc-timeout: 200m\r\n"}) {
    RawClient client(echo.port());
    const int before = echo.calls();
    const Clock::time_point start = Clock::now();
    client.Send(Head("POST", "/body", Cat(wish, "content-length: 12\r\n")) + R"({"text")");
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response) << wish;
    EXPECT_EQ(response->status, 504) << wish;
    EXPECT_EQ(ReasonOf(*response), "DEADLINE_EXCEEDED") << wish;
    EXPECT_GE(Clock::now() - start, milliseconds(190)) << wish;
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(4)) << wish;  // before it is a slow one
    EXPECT_EQ(echo.calls(), before) << wish;
    // What is left of it is no request.
    client.Send(Cat(R"(:"a"})", kNext));
    const std::optional<RawResponse> next = client.Read();
    ASSERT_TRUE(next) << wish;
    EXPECT_EQ(next->status, 200) << wish;
  }
}

// One byte now and then does not buy a head more time.
TEST(Slow, ATrickledHeadHasOneDeadline) {
  Echo echo("limits: {header_timeout: 500ms}\n");
  RawClient client(echo.port(), std::chrono::seconds(1));
  const Clock::time_point start = Clock::now();
  client.Send("GET /query HTTP/1.1\r\nhost: localhost\r\n");
  bool taken = true;
  while (taken && Clock::now() - start < std::chrono::seconds(5)) {
    taken = client.Send("x");
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_FALSE(taken);
  EXPECT_EQ(echo.calls(), 0);
}

// The grace of a body is five seconds.
TEST(Slow, ABodyThatStopsIsGivenUp) {
  Echo echo;
  RawClient client(echo.port());
  client.Send(Head("POST", "/body", "content-length: 12\r\n") + R"({"te)");
  const std::optional<RawResponse> response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
  EXPECT_EQ(ReasonOf(*response), "REQUEST_TIMEOUT");
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(echo.calls(), 0);
}

// 256 answers of 1 MiB are asked for at once and not read: few are made, and in the end the
// connection is cut.
TEST(Slow, AReaderThatStopsHoldsUpOnlyItself) {
  Echo echo("limits: {send_timeout: 1s}\n");
  EXPECT_EQ(echo.Fetch("GET", "/big").body.size(), (size_t{1} << 20) + 11);
  const auto connections = [&] { return echo.gateway().Metric("frontdesk_client_connections"); };
  ASSERT_TRUE(Eventually([&] { return connections() == 0; }));
  const size_t before = PeakBytes(echo.gateway().process());
  RawClient client(echo.port());
  client.ReceiveBuffer(4096);
  std::string requests;
  for (int i = 0; i < 256; ++i) requests += Head("GET", "/big", "");
  client.Send(requests);
  EXPECT_TRUE(Eventually([&] { return echo.calls() > 1; }));
  EXPECT_EQ(Json(echo.Fetch("GET", "/query?text=a"))["text"], "a");
  EXPECT_TRUE(Eventually([&] { return connections() == 0; }));
  EXPECT_LT(echo.calls(), 64);
  if (!IsSanitized()) {
    EXPECT_LT(PeakBytes(echo.gateway().process()), before + (size_t{32} << 20));
  }
}

TEST(Pipelining, TenThousandRequestsAreAnsweredInOrder) {
  Echo echo;
  constexpr int kRequests = 10000;
  RawClient client(echo.port());
  std::thread sender([&] {
    std::string all;
    for (int i = 0; i < kRequests; ++i) {
      const std::string target = i % 10 == 0 ? Cat("/path/", i) : "/nowhere";
      all += Head("GET", target, Cat("x-request-id: ", i, "\r\n"));
    }
    client.Send(all);
  });
  for (int i = 0; i < kRequests; ++i) {
    const std::optional<RawResponse> response = client.Read();
    const bool right = response && response->Header("x-request-id") == Cat(i) &&
                       response->status == (i % 10 == 0 ? 200 : 404) &&
                       (i % 10 != 0 || response->body == Cat(R"({"text":")", i, "\"}"));
    if (right) continue;
    ADD_FAILURE() << i << (response ? response->body : " no answer");
    break;
  }
  sender.join();
}

}  // namespace
}  // namespace frontdesk::e2e
