// What is too much, or never ends, costs little: memory and processor time, by the process' own
// account.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "gateway/base/text.h"
#include "tests/e2e/attacks/rows.h"

namespace frontdesk::e2e {
namespace {

constexpr size_t kKiB = 1 << 10;
constexpr size_t kMiB = 1 << 20;
constexpr size_t kLimit = 4 * kMiB;  // of a body, by default
// Buffers of the connection, and pages that the allocator touches for the first time: some 40 KiB.
// The kernel counts pages in batches, though.
constexpr size_t kSlack = 256 * kKiB;

std::string InChunks(size_t bytes) {
  std::string body;
  const std::string piece(64 * kKiB, 'x');
  for (size_t i = 0; i < bytes / piece.size(); ++i) body += Cat("10000\r\n", piece, "\r\n");
  return body + "1\r\nx\r\n0\r\n\r\n";
}

struct CostRow {
  const char* name;
  std::string head;
  std::string body;
  int status;
  size_t memory;
};

std::vector<CostRow> CostRows() {
  constexpr char kChunked[] = "transfer-encoding: chunked\r\n";
  return {
      {"OneByteAboveTheLimit", kChunked, InChunks(kLimit), 413, kLimit + kSlack},
      {"OneGiBIsAnnounced", "content-length: 1073741824\r\n", std::string(kMiB, 'x'), 413, kSlack},
      {"AChunkOfFourGiB", kChunked, "100000000\r\nx", 413, kSlack},
      {"AChunkOfAllThereIs", kChunked, "ffffffffffffffff\r\nx", 400, kSlack},
      {"OneMiBOfGzip", Cat("content-encoding: gzip\r\n", "content-length: 1048576\r\n"),
       std::string(kMiB, '\0'), 415, 2 * kMiB},
      {"OneMiBOfGzipInChunks", Cat("content-encoding: gzip\r\n", kChunked), InChunks(kMiB), 415,
       2 * kMiB},
  };
}

TEST(Bodies, ThatAreTooMuchCostLittle) {
  for (const CostRow& row : CostRows()) {
    SCOPED_TRACE(row.name);
    Echo echo("", 1);
    const testing_support::Process& process = echo.gateway().process();
    // What the first ones touch is no attack's doing: both framings, and a refusal.
    const std::string small = Cat("\"", std::string(32 * kKiB, 'x'), "\"");
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(echo.Fetch("POST", "/value", {}, small).status, 200);
      RawClient client(echo.port());
      client.Send(Ask("POST", "/value", "transfer-encoding: chunked\r\n") +
                  "2\r\n\"\"\r\n0\r\n\r\n");
      EXPECT_EQ(client.Read().value_or(RawResponse()).status, 200);
      EXPECT_EQ(echo.Fetch("POST", "/nowhere", {}, small).status, 404);
    }
    const int calls = echo.calls();
    const size_t before = PeakBytes(process);
    const auto used = CpuTime(process);
    RawClient client(echo.port());
    client.Send(Ask("POST", "/value", row.head) + row.body);
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, row.status) << response->body;
    const auto cost = CpuTime(process) - used;
    const size_t grown = PeakBytes(process) - before;
    EXPECT_EQ(echo.calls(), calls);
    RecordProperty(Cat(row.name, "_kB"), static_cast<int>(grown / kKiB));
    RecordProperty(Cat(row.name, "_us"), static_cast<int>(cost / std::chrono::microseconds(1)));
    if (IsSanitized()) continue;
    EXPECT_LE(grown, row.memory);
    EXPECT_LE(cost, std::chrono::milliseconds(50));
  }
}

// What waits for more on so many connections: with 64 KiB each, 12.5 MiB.
constexpr int kCrowd = 200;
constexpr size_t kOfACrowd = 6 * kMiB;

std::vector<std::unique_ptr<RawClient>> Crowd(const Echo& echo, const std::string& sent) {
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < kCrowd; ++i) {
    clients.push_back(std::make_unique<RawClient>(echo.port()));
    clients.back()->Send(sent);
  }
  return clients;
}

// They have half of the room that bodies have; the other half is for bodies.
TEST(Heads, ThatAreLargeAndDoNotEndHaveABoundTogether) {
  constexpr double kRoom = kMiB;
  constexpr int kMostHeld = 10;  // of 48 KiB that count
  Echo echo(
      "limits: {body_bytes: 800000, header_timeout: 60s}\noverload: {max_body_bytes: 1048576, "
      "max_queue_age: 10s}\n",
      1);
  const Frontdesk& gateway = echo.gateway();
  const std::string large =
      Cat("GET /query?text=a HTTP/1.1\r\nhost: localhost\r\n",
          Repeated(7, Cat("x: ", std::string(8000, 'a'), "\r\n")), "x-last: ");
  const auto held = [&] { return gateway.Metric("frontdesk_overload_body_bytes"); };
  {
    RawClient client(echo.port());
    client.Send(large + "a\r\n\r\n");
    EXPECT_EQ(client.Read().value_or(RawResponse()).status, 200);
    EXPECT_EQ(held(), 0) << "it is answered";
  }
  const size_t before = PeakBytes(echo.gateway().process());
  const auto clients = Crowd(echo, large);
  EXPECT_TRUE(
      Eventually([&] { return gateway.Metric("frontdesk_refused_total") >= kCrowd - kMostHeld; }));
  EXPECT_GT(held(), 40'000);
  EXPECT_LE(held(), kRoom / 2);
  if (!IsSanitized()) {
    EXPECT_LE(PeakBytes(echo.gateway().process()), before + kOfACrowd);
  }
  // Nobody else is refused.
  const int calls = echo.calls();
  EXPECT_EQ(echo.Fetch("GET", "/query?text=a").status, 200);
  EXPECT_EQ(echo.Fetch("GET", "/query?text=a", {{"x", std::string(6000, 'a')}}).status, 200);
  EXPECT_EQ(echo.Fetch("POST", "/value", {}, Cat("\"", std::string(300'000, 'x'), "\"")).status,
            200);
  EXPECT_EQ(echo.calls(), calls + 3);
  int served = 0;
  for (const auto& client : clients) {
    client->Send("a\r\n\r\n");
    const std::optional<RawResponse> response = client->Read();
    ASSERT_TRUE(response);
    if (response->status == 200) {
      ++served;
      continue;
    }
    EXPECT_EQ(response->status, 503) << response->body;
    EXPECT_EQ(ReasonOf(*response), "OVERLOADED");
    EXPECT_EQ(response->Header("retry-after"), "1");
    EXPECT_TRUE(client->AtEnd());
  }
  EXPECT_GE(served, 1);
  EXPECT_LE(served, kMostHeld);
  EXPECT_EQ(echo.calls(), calls + 3 + served);
  EXPECT_EQ(held(), 0);
}

TEST(Bodies, ThatAreDroppedTakeNoRoom) {
  Echo echo("", 1);
  EXPECT_EQ(echo.Fetch("POST", "/nowhere", {}, std::string(60'000, 'x')).status, 404);
  const size_t before = PeakBytes(echo.gateway().process());
  const auto clients =
      Crowd(echo, Ask("POST", "/nowhere", "content-length: 65536\r\n") + std::string(65'000, 'x'));
  for (const auto& client : clients) {
    EXPECT_EQ(client->Read().value_or(RawResponse()).status, 404);
  }
  for (const auto& client : clients) {
    client->Send(std::string(536, 'x') + Get("/nowhere"));
    EXPECT_EQ(client->Read().value_or(RawResponse()).status, 404);
  }
  if (!IsSanitized()) {
    EXPECT_LE(PeakBytes(echo.gateway().process()), before + kOfACrowd);
  }
}

// 19 MB of requests at once, which are read as they are answered.
TEST(Requests, ThatComeAtOnceAreNotAllHeld) {
  constexpr int kRequests = 10'000;
  Echo echo("log: {access: off}\n", 1);
  const std::string request = Get("/nowhere", Cat("x: ", std::string(1900, 'a'), "\r\n"));
  RawClient client(echo.port());
  client.Send(request);
  ASSERT_TRUE(client.Read());
  const size_t before = PeakBytes(echo.gateway().process());
  std::thread sender([&] { client.Send(Repeated(kRequests, request)); });
  int answered = 0;
  for (; answered < kRequests; ++answered) {
    if (client.Read().value_or(RawResponse()).status != 404) break;
  }
  sender.join();
  EXPECT_EQ(answered, kRequests);
  if (!IsSanitized()) {
    EXPECT_LE(PeakBytes(echo.gateway().process()), before + kOfACrowd);
  }
}

// Whoever sends a key and leaves has his request carried out; until then what is held of it counts.
TEST(Bodies, OfRequestsWithoutTheirClientsStillCount) {
  constexpr size_t kBody = 600'000, kCounted = kBody - 8192;
  constexpr char kPhotos[] = "/api/v1/reviews/review-1/photos";
  Mocks mocks;
  mocks.SetFaults("delay=review/UploadPhoto=600000");
  GatewayOptions options;
  options.extra =
      "limits: {body_bytes: 800000}\noverload: {max_body_bytes: 1000000, max_queue_age: 10s}\n"
      "methods: {shop.review.v1.Reviews/UploadPhoto: {idempotency: {required: false}}}\n";
  const Frontdesk gateway(mocks, options);
  const auto is = [&](const char* metric, size_t value) {
    return Eventually([&] { return gateway.Metric(metric) == static_cast<double>(value); });
  };
  const std::string photo(kBody, 'x');
  const HeaderList headers = {{"content-type", "image/png"}, {"idempotency-key", "k"}};
  {
    RawClient leaves(gateway.port());
    leaves.Send(RequestText("POST", kPhotos, headers, photo));
    EXPECT_TRUE(Eventually([&] { return mocks.Count("review", "calls") == 1; }));
  }
  EXPECT_TRUE(is("frontdesk_client_connections", 0));
  EXPECT_EQ(gateway.Metric("frontdesk_overload_body_bytes"), kCounted);
  const RawResponse refused =
      Fetch(gateway.port(), "POST", kPhotos, {{"content-type", "image/png"}}, photo);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(ReasonOf(refused), "OVERLOADED");
  EXPECT_EQ(mocks.Count("review", "calls"), 1u);
  mocks.process().Signal(SIGKILL);  // which ends it
  EXPECT_TRUE(is("frontdesk_overload_body_bytes", 0));
}

}  // namespace
}  // namespace frontdesk::e2e
