// What bodies that are too much cost: memory and processor time, by the process' own account.
#include <gtest/gtest.h>

#include <chrono>

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

}  // namespace
}  // namespace frontdesk::e2e
