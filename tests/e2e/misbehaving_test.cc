// Back ends that do everything wrong: what the client gets, what the back end sees, and what it
// costs the gateway.
#include <gtest/gtest.h>

#include <chrono>

#include "gateway/base/text.h"
#include "tests/e2e/misbehaving_rows.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;
using Clock = std::chrono::steady_clock;

// Who is silent is waited for; the others have time that no busy machine uses up.
milliseconds ConnectTimeout(const Row& row) {
  return milliseconds(row.name == "HangsBeforeSettings" ? 1500 : 3000);
}
milliseconds Timeout(const Outcome& expected) {
  return milliseconds(expected.status == 504 ? 1000 : 5000);
}
// What machine and sanitizer may add to a deadline.
constexpr milliseconds kSlack{3000};
// What the largest message may have, buffers, and what the allocator keeps; far below what the back
// ends send.
constexpr size_t kMayGrow = (size_t{4} << 20) + (size_t{64} << 10);
// gRPC C++ looks at a message's size when it has all of it, or its quota of 128 MiB is used up.
constexpr size_t kMayGrowOverGrpc = size_t{192} << 20;

// The user "user-1".
constexpr char kUser[] = "\x0a\x06user-1";

class Misbehaving : public ::testing::TestWithParam<Row> {
 protected:
  void Run(const std::string& transport, const Outcome& expected, bool exact);
};

// An error as the gateway words it, with nothing of the back end in it.
void ExpectTold(const RawResponse& response, const Outcome& expected) {
  EXPECT_EQ(response.status, expected.status) << response.body;
  EXPECT_EQ(response.Header("content-type"), "application/json");
  EXPECT_EQ(response.Count("set-cookie"), 0u);
  const nlohmann::json json = Json(response);
  ASSERT_TRUE(json.is_object()) << response.body;
  EXPECT_EQ(response.Header("retry-after"), expected.retry_after);
  if (expected.status == 200) return;
  EXPECT_EQ(ReasonOf(response), expected.reason) << response.body;
  for (const char* inside : {"secret", "html", "127.0.0.1"}) {
    EXPECT_EQ(response.body.find(inside), std::string::npos) << response.body;
  }
}

void Misbehaving::Run(const std::string& transport, const Outcome& expected, bool exact) {
  const Row& row = GetParam();
  Seen seen;
  std::optional<ScriptedH2Server> bad;
  if (row.script) bad.emplace([&](ScriptedConnection& c, int nth) { row.script(c, nth, seen); });
  const ScriptedH2Server good([](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, kUser);
  });
  GatewayOptions options;
  options.workers = 1;
  options.transport = transport;
  options.endpoints = {{"user", good.address()}};
  if (bad) options.endpoints["order"] = options.endpoints["product"] = bad->address();
  // What one attempt ends with; retries have rows of their own.
  options.extra =
      "methods: {shop.order.v1.Orders: {retry: {max_attempts: 1}}, "
      "shop.product.v1.Products: {retry: {max_attempts: 1}}}\n";
  options.upstream = {Cat("timeout: ", Timeout(expected).count(), "ms"),
                      Cat("connect_timeout: ", ConnectTimeout(row).count(), "ms")};
  Frontdesk gateway(options);
  EXPECT_EQ(Json(Fetch(gateway.port(), "GET", "/api/v1/users/user-1"))["id"], "user-1");
  const size_t before = PeakBytes(gateway.process());

  const Clock::time_point start = Clock::now();
  ExpectTold(Fetch(gateway.port(), "GET", row.target), expected);
  EXPECT_LT(Clock::now() - start, Timeout(expected) + kSlack);
  EXPECT_EQ(Json(Fetch(gateway.port(), "GET", "/api/v1/users/user-1"))["id"], "user-1");

  if (row.stopped) {
    ASSERT_EQ(seen.requests, row.requests) << "the call did not come in time";
    EXPECT_TRUE(Eventually([&] { return seen.stopped > 0; }));
  }
  if (exact) {
    EXPECT_EQ(seen.requests, row.requests);
  }
  const size_t after = PeakBytes(gateway.process());
  RecordProperty("grown_kB", static_cast<int>((after - before) >> 10));
  if (!IsSanitized()) {
    EXPECT_LT(after, before + (transport == "grpc" ? kMayGrowOverGrpc : kMayGrow));
  }
}

TEST_P(Misbehaving, OverH2) { Run("h2", GetParam().h2, true); }

TEST_P(Misbehaving, OverGrpc) {
  const Row& row = GetParam();
  Run("grpc", row.grpc.value_or(row.h2), !row.grpc);
}

const auto kName = [](const auto& row) { return row.param.name; };

INSTANTIATE_TEST_SUITE_P(Unreachable, Misbehaving, ::testing::ValuesIn(UnreachableRows()), kName);
INSTANTIATE_TEST_SUITE_P(Silent, Misbehaving, ::testing::ValuesIn(SilentRows()), kName);
INSTANTIATE_TEST_SUITE_P(Broken, Misbehaving, ::testing::ValuesIn(BrokenRows()), kName);
INSTANTIATE_TEST_SUITE_P(Large, Misbehaving, ::testing::ValuesIn(LargeRows()), kName);
INSTANTIATE_TEST_SUITE_P(BadMessages, Misbehaving, ::testing::ValuesIn(BadMessageRows()), kName);
INSTANTIATE_TEST_SUITE_P(Failures, Misbehaving, ::testing::ValuesIn(FailureRows()), kName);

}  // namespace
}  // namespace frontdesk::e2e
