// Back ends that do everything wrong: what the client gets, what the back end sees, and what it
// costs the gateway.
#include <gtest/gtest.h>

#include <chrono>
#include <deque>

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

// Bodies that a back end does not take are held, and little else is: fifty of 1 MiB each, which
// wait for its windows until their time is over.
class ShutWindows : public ::testing::TestWithParam<const char*> {};

TEST_P(ShutWindows, CostTheBodyAndTwoWindows) {
  constexpr size_t kRequests = 50;
  constexpr size_t kBody = size_t{1} << 20;
  constexpr size_t kWindow = size_t{1} << 20;     // of one stream
  constexpr size_t kUncounted = size_t{8} << 10;  // of each body
  // What both transports touch for the first time, and what blocks of a MiB leave free between
  // them.
  constexpr size_t kMore = size_t{24} << 20;
  const ScriptedH2Server shut([](ScriptedConnection& c, int) {
    constexpr uint16_t kInitialWindowSize = 4;
    if (c.Handshake({{kInitialWindowSize, 0}})) c.WaitForEnd();
  });
  GatewayOptions options;
  options.workers = 1;
  options.transport = GetParam();
  options.endpoints = {{"analytics", shut.address()}};
  // By then all of them are here.
  options.upstream = {Cat("timeout: ", IsSanitized() ? 10 : 5, "s")};
  Frontdesk gateway(options);
  const auto held = [&] { return gateway.Metric("frontdesk_overload_body_bytes"); };
  const std::string request = RequestText(
      "POST", "/api/v1/events", {{"content-type", "application/json"}},
      Cat("{\"events\": [{\"id\": \"e\", \"search\": \"", std::string(kBody, 'x'), "\"}]}"));
  const size_t before = PeakBytes(gateway.process());
  std::deque<RawClient> clients;
  for (size_t i = 0; i < kRequests; ++i) {
    EXPECT_TRUE(clients.emplace_back(gateway.port()).Send(request));
  }
  EXPECT_TRUE(Eventually([&] { return held() >= kRequests * (kBody - kUncounted); })) << held();
  for (RawClient& client : clients) {
    ExpectTold(client.Read().value_or(RawResponse()), {504, "DEADLINE_EXCEEDED"});
  }
  EXPECT_TRUE(Eventually([&] { return held() == 0; })) << held();
  EXPECT_TRUE(Eventually([&] { return gateway.Metric("http_server_active_requests") == 0; }));
  const size_t grown = PeakBytes(gateway.process()) - before;
  RecordProperty("grown_kB_each", static_cast<int>((grown / kRequests) >> 10));
  if (IsSanitized()) return;
  EXPECT_LE(grown, kRequests * (kBody + 2 * kWindow) + kMore);
}

INSTANTIATE_TEST_SUITE_P(Transports, ShutWindows, ::testing::Values("h2", "grpc"),
                         [](const auto& test) { return std::string(test.param); });

const auto kName = [](const auto& row) { return row.param.name; };

INSTANTIATE_TEST_SUITE_P(Unreachable, Misbehaving, ::testing::ValuesIn(UnreachableRows()), kName);
INSTANTIATE_TEST_SUITE_P(Silent, Misbehaving, ::testing::ValuesIn(SilentRows()), kName);
INSTANTIATE_TEST_SUITE_P(Broken, Misbehaving, ::testing::ValuesIn(BrokenRows()), kName);
INSTANTIATE_TEST_SUITE_P(Large, Misbehaving, ::testing::ValuesIn(LargeRows()), kName);
INSTANTIATE_TEST_SUITE_P(BadMessages, Misbehaving, ::testing::ValuesIn(BadMessageRows()), kName);
INSTANTIATE_TEST_SUITE_P(Failures, Misbehaving, ::testing::ValuesIn(FailureRows()), kName);

}  // namespace
}  // namespace frontdesk::e2e
