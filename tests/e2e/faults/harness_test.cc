// What the fault matrix is measured with: a harness that forgives would reach everything.
#include <gtest/gtest.h>

#include <string>

#include "tests/e2e/faults/judge.h"
#include "tests/support/http_answer.h"
#include "tests/support/light_connection.h"
#include "tests/support/light_words.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using testing_support::HttpAnswer;
using testing_support::Tell;
using State = HttpAnswer::State;

struct AnswerRow {
  std::string bytes;
  State state;
  int status = 0;
  std::string body = "";
};

TEST(HttpAnswer, TakesAnswersApart) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const AnswerRow rows[] = {
      {ok + "Content-Length: 2\r\n\r\nhi", State::kWhole, 200, "hi"},
      {ok + "content-length: 0\r\n\r\n", State::kWhole, 200},
      {"HTTP/1.1 204 No Content\r\n\r\n", State::kWhole, 204},
      {"HTTP/1.1 100 Continue\r\n\r\n" + ok + "content-length: 1\r\n\r\nx", State::kWhole, 200,
       "x"},
      {ok + "transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\n ho\r\n0\r\n\r\n", State::kWhole,
       200, "hi ho"},
      {ok + "content-length: 3\r\n\r\nhi", State::kMore, 200},
      {ok + "transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n", State::kMore, 200, "hi"},
      {ok + "transfer-encoding: chunked\r\n\r\nz\r\n", State::kBroken, 200},
      {ok + "content-length: 1\r\n\r\nxHTTP", State::kBroken, 200, "x"},
      {ok + "content-length: one\r\n\r\n", State::kBroken, 200},
      {"HTTP/1.0 200 OK\r\n\r\n", State::kBroken},
      {"HTTP/1.1 abc\r\n\r\n", State::kBroken},
  };
  for (const AnswerRow& row : rows) {
    SCOPED_TRACE(row.bytes);
    HttpAnswer whole;
    EXPECT_EQ(whole.Feed(row.bytes), row.state);
    EXPECT_EQ(whole.status(), row.status);
    EXPECT_EQ(whole.body(), row.body);
    // Byte by byte it is the same.
    HttpAnswer bytes;
    State state = State::kMore;
    for (size_t i = 0; i < row.bytes.size() && state != State::kBroken; ++i) {
      state = bytes.Feed(row.bytes.substr(i, 1));
    }
    EXPECT_EQ(state, row.state);
  }
}

RouteReport Samples(const std::vector<std::pair<int, float>>& samples) {
  RouteReport report;
  for (const auto& [status, took] : samples) {
    report.samples.push_back({0, took, static_cast<int16_t>(status), false});
  }
  return report;
}

TEST(RouteReport, CountsEachOnce) {
  const RouteReport report = Samples({{200, 1}, {204, 3}, {503, 9}, {0, 20}, {-1, 7}, {200, 2}});
  EXPECT_EQ(report.sent(), 6u);
  EXPECT_EQ(report.good(), 3u);
  EXPECT_EQ(report.lost(), 1u);
  EXPECT_EQ(report.failed(), 2u);
  EXPECT_EQ(report.GoodPercentile(0), 1);
  EXPECT_EQ(report.GoodPercentile(50), 2);
  EXPECT_EQ(report.GoodPercentile(67), 3);
  EXPECT_EQ(report.GoodPercentile(100), 3);
  EXPECT_EQ(report.PercentileOf(503, 99), 9);
  EXPECT_EQ(report.PercentileOf(502, 99), 0);
}

TEST(Pairs, TheMiddleRatioAndTheWidestNoise) {
  const Pairs pairs{.with = {2, 3, 50, 4, 1}, .without = {2, 2, 2.5, 2, 2}};
  EXPECT_DOUBLE_EQ(pairs.Median(), 1.5);
  EXPECT_DOUBLE_EQ(pairs.Noise(), 1.25);
}

// A server of one slot: each request that a schedule makes due while it is busy has to wait, and is
// counted with that wait. One that stops sending meanwhile would report 20 ms for all of them.
TEST(OpenLoad, LatencyCountsFromTheSchedule) {
  const Topology topology{.behaviour = {.delay = milliseconds(20), .slots = 1}};
  Rig rig(topology, Scale());
  const LoadPlan plan{.routes = {rig.Get()}, .rate = 200, .length = milliseconds(500)};
  const RouteReport report = rig.Load(plan)["get1"];
  EXPECT_EQ(report.sent(), 100u);
  EXPECT_EQ(report.failed(), 0u);
  EXPECT_GT(report.GoodPercentile(100), 20 * 100 - 500);
}

// A row in which nothing is dropped shows nothing.
TEST(LightBackend, SaysWhetherPacketsAreDropped) {
  Loop loop;
  LightBackend backend(loop, {});
  EXPECT_TRUE(backend.Drop(true));
  EXPECT_TRUE(backend.Drop(false));
  EXPECT_TRUE(backend.Drop(false));
  EXPECT_FALSE(testing_support::SetDropping(-1, true));
}

TEST(LightWords, AreUnderstoodOrRefused) {
  Loop loop;
  LightBackend backend(loop, {});
  EXPECT_TRUE(Tell(backend, "answer=never one_in=3  delay_ms=20 slots=16 max_streams=1"));
  EXPECT_EQ(backend.behaviour().answer, LightBehaviour::Answer::kNever);
  EXPECT_EQ(backend.behaviour().one_in, 3u);
  EXPECT_EQ(backend.behaviour().delay, milliseconds(20));
  EXPECT_EQ(backend.behaviour().slots, 16u);
  EXPECT_EQ(backend.behaviour().max_concurrent_streams, 1u);
  for (const char* line : {"answer", "answer=perhaps", "one_in=0", "delay_ms=-1", "delay_ms=2x",
                           "colour=red", "refuse listen"}) {
    EXPECT_FALSE(Tell(backend, line)) << line;
    EXPECT_EQ(backend.behaviour().one_in, 3u) << line;
  }
  for (const char* verb : {"refuse", "listen", "reset", "goaway", "drop", "undrop"}) {
    EXPECT_TRUE(Tell(backend, verb)) << verb;
  }
  EXPECT_TRUE(Tell(backend, ""));
  EXPECT_EQ(backend.behaviour().one_in, 1u);
}

}  // namespace
}  // namespace frontdesk::faults
