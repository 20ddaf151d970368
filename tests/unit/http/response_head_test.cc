#include "gateway/http/response_head.h"

#include <gtest/gtest.h>

#include <string>

namespace frontdesk::http {
namespace {

std::time_t wall = 0;

TEST(DateCacheTest, FormatsAndFollowsTheWallClock) {
  struct Row {
    std::time_t wall;
    const char* text;
  };
  const Row rows[] = {
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},         {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
      {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"}, {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
      {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},  // the clock was set back
  };
  DateCache cache([] { return wall; });
  TimePoint now{};
  for (const Row& row : rows) {
    wall = row.wall;
    now += std::chrono::seconds(1);
    EXPECT_EQ(cache.At(now), row.text);
    wall += 100;
    EXPECT_EQ(cache.At(now + std::chrono::milliseconds(100)), row.text) << "not asked so soon";
  }
}

std::string Write(int status, std::vector<std::pair<std::string, std::string>> headers,
                  const ResponseFraming& framing) {
  ResponseHead head;
  head.status = status;
  head.headers = std::move(headers);
  std::string out;
  AppendResponseHead(out, head, framing, "now");
  return out;
}

TEST(ResponseHeadTest, Writes) {
  ResponseFraming sized;
  sized.content_length = 12;
  EXPECT_EQ(Write(200, {{"X-A", "b"}}, sized),
            "HTTP/1.1 200 OK\r\nDate: now\r\nX-A: b\r\nContent-Length: 12\r\n\r\n");
  ResponseFraming chunked;
  chunked.chunked = true;
  chunked.connection = "close";
  EXPECT_EQ(Write(404, {}, chunked),
            "HTTP/1.1 404 Not Found\r\nDate: now\r\nTransfer-Encoding: chunked\r\n"
            "Connection: close\r\n\r\n");
  EXPECT_EQ(Write(299, {}, {}), "HTTP/1.1 299 \r\nDate: now\r\n\r\n");
  for (int status : {-1, 0, 100, 199, 1000}) {
    EXPECT_EQ(Write(status, {}, {}).substr(0, 12), "HTTP/1.1 500") << status;
  }
}

TEST(ResponseHeadTest, LeavesOutWhatMustNotBeWritten) {
  const std::string empty = Write(200, {}, {});
  const std::pair<std::string, std::string> rows[] = {
      {"", "x"},
      {"a b", "x"},
      {"a:", "x"},
      {"a\r\nb", "x"},
      {"\xc3\xa9", "x"},
      {"a", "x\r\ny: z"},
      {"a", "x\ny"},
      {"a", "x\ry"},
      {"a", std::string("x\0y", 3)},
      {"a", "x\x7f"},
      {"Connection", "x"},
      {"content-LENGTH", "1"},
      {"Date", "x"},
      {"Transfer-Encoding", "x"},
      {"Trailer", "x"},
      {"Upgrade", "x"},
      {"Keep-Alive", "x"},
  };
  for (const auto& row : rows) EXPECT_EQ(Write(200, {row}, {}), empty) << row.first << row.second;
  EXPECT_NE(Write(200, {{"a", "caf\xc3\xa9 \t\"x\""}}, {}), empty);
}

TEST(ResponseHeadTest, Chunk) {
  std::string out;
  AppendChunk(out, std::string(26, 'x'));
  EXPECT_EQ(out, "1a\r\n" + std::string(26, 'x') + "\r\n");
}

}  // namespace
}  // namespace frontdesk::http
