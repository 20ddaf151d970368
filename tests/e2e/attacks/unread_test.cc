// Bodies that nobody reads: what was sent as a body stays one, whoever refuses its request, and it
// is asked for only when it will be read.
#include <gtest/gtest.h>

#include <cstdio>

#include "gateway/base/text.h"
#include "tests/e2e/attacks/rows.h"

namespace frontdesk::e2e {
namespace {

using testing_support::WriteTempFile;

constexpr char kNext[] = "GET /query?text=next HTTP/1.1\r\nhost: localhost\r\n\r\n";

// POST /things/{text}:act needs a key that nobody has, DELETE /things/{text} may be used once.
std::string Guarded() {
  const std::string keys = WriteTempFile("keys.json", R"({"keys":[]})");
  return Cat("auth: {api_keys: {file: ", keys,
             "}}\n"
             "methods:\n"
             "  test.Echo: {auth: {access: public, weakens: true}}\n"
             "  test.Echo/Act: {auth: {access: required}}\n"
             "  test.Echo/Nothing: {limit: [{key: route, requests: 1, per: 1h}]}\n");
}

// An Echo whose limit is used up.
class GuardedEcho : public Echo {
 public:
  GuardedEcho() : Echo(Guarded()) { EXPECT_EQ(Fetch("DELETE", "/things/a").status, 204); }
};

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
      {"Wanted", Ask("POST", "/body", kSized), 100},
      {"WantedInChunks", Ask("POST", "/body", kChunked), 100},
      {"NoRoute", Ask("POST", "/nowhere", kSized), 404},
      {"Unauthenticated", Ask("POST", "/things/a:act", kSized), 401},
      {"OverTheLimit", Ask("DELETE", "/things/a", kSized), 429},
      {"NoMethod", Ask("DELETE", "/body", kSized), 405},
      {"NoMethodInChunks", Ask("DELETE", "/body", kChunked), 405},
      {"BadPath", Ask("POST", "/a/../body", kSized), 400},
      {"TooLarge", Ask("POST", "/body", "expect: 100-continue\r\ncontent-length: 4194305\r\n"),
       413},
      {"Encoded", Ask("POST", "/body", Cat("content-encoding: br\r\n", kSized)), 415},
      {"Other", Ask("POST", "/body", "expect: tea\r\ncontent-length: 12\r\n"), 417},
      {"NothingToWaitFor", Ask("POST", "/body", "expect: 100-continue\r\ncontent-length: 0\r\n"),
       200, true},
  };
}

TEST(Expect, ContinueIsSaidOnlyWhenTheBodyWillBeRead) {
  GuardedEcho echo;
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
  EXPECT_EQ(echo.calls(), 5);
}

TEST(Expect, ABodyThatComesByItselfNeedsNoContinue) {
  Echo echo;
  RawClient client(echo.port());
  client.Send(Ask("POST", "/body", "expect: 100-continue\r\ncontent-length: 12\r\n") +
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
      {"NoRoute", Ask("POST", "/nowhere", sized) + inner, 404, true},
      {"NoRouteInChunks", Ask("POST", "/nowhere", kChunked) + chunks, 404, true},
      {"NoMethod", Ask("PUT", "/body", sized) + inner, 405, true},
      {"Options", Ask("OPTIONS", "/query", sized) + inner, 204, true},
      {"OptionsInChunks", Ask("OPTIONS", "/query", kChunked) + chunks, 204, true},
      {"Health", Ask("GET", "/healthz", sized) + inner, 200, true},
      {"Encoded", Ask("POST", "/body", Cat("content-encoding: gzip\r\n", sized)) + inner, 415,
       true},
      // Refused before a byte of the body is asked for.
      {"Unauthenticated", Ask("POST", "/things/a:act", sized) + inner, 401, true},
      {"UnauthenticatedInChunks", Ask("POST", "/things/a:act", kChunked) + chunks, 401, true},
      {"KeyIsNoText", Ask("POST", "/things/a:act", Cat("x-api-key: \xff\r\n", sized)) + inner, 401,
       true},
      {"OverTheLimit", Ask("DELETE", "/things/a", sized) + inner, 429, true},
      {"OverTheLimitInChunks", Ask("DELETE", "/things/a", kChunked) + chunks, 429, true},
      {"NotJson", Ask("POST", "/body", sized) + inner, 400, true},
      // Much is not read to its end only to be thrown away.
      {"Large", Ask("POST", "/nowhere", "content-length: 100000\r\n") + many, 404, false},
      {"LargeInChunks", Ask("POST", "/nowhere", kChunked) + "186a0\r\n" + many, 404, false},
      {"TooLarge", Ask("POST", "/body", "content-length: 99999999\r\n") + inner, 413, false},
      {"BadChunks", Ask("POST", "/nowhere", kChunked) + "zz\r\n" + inner, 404, false},
  };
}

TEST(UnreadBody, IsNeverTakenForARequest) {
  GuardedEcho echo;
  int calls = 1;
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
  client.Send(Ask("HEAD", "/query?text=a", "") + Ask("HEAD", "/nowhere", body) + "{}" +
              Ask("HEAD", "/query", body) + "{}" + kNext);
  for (const int status : {200, 404, 400}) {
    const std::optional<RawResponse> response = client.Read(true);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, status);
    EXPECT_NE(response->Header("content-length"), "");
    EXPECT_NE(response->Header("content-length"), "0");
  }
  EXPECT_EQ(Json(client.Read().value_or(RawResponse()))["text"], "next");
}

}  // namespace
}  // namespace frontdesk::e2e
