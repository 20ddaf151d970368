#include "gateway/policy/client_deadline.h"

#include <gtest/gtest.h>

#include <vector>

#include "gateway/base/failure.h"
#include "tests/support/no_body.h"

namespace frontdesk::policy {
namespace {

using testing_support::NoBody;

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Duration kJunk{-1};
constexpr Duration kLongest = hours(24 * 365);

Duration Read(const std::vector<http::Header>& fields) {
  http::Headers headers;
  for (const http::Header& field : fields) headers.Add(field.name, field.value);
  const absl::StatusOr<std::optional<Duration>> timeout = ReadClientTimeout(headers);
  if (timeout.ok()) return timeout->value_or(Duration::max());
  EXPECT_EQ(timeout.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(timeout.status()), "INVALID_HEADER");
  return kJunk;
}

TEST(ClientTimeout, XRequestTimeout) {
  const struct {
    std::string_view text;
    Duration timeout;
  } rows[] = {
      {"1", seconds(1)},
      {"0.25", milliseconds(250)},
      {"250ms", milliseconds(250)},
      {"2s", seconds(2)},
      {"1.5s", milliseconds(1500)},
      {"0.5ms", nanoseconds(500'000)},
      {"007", seconds(7)},
      {"0", seconds(0)},
      {"0.000", seconds(0)},
      {"0ms", seconds(0)},
      // As languages print what is left of a time.
      {"0.30000000000000004", milliseconds(300)},
      {"0.24999213218688965", nanoseconds(249'992'132)},
      {"249.99213218688965ms", nanoseconds(249'992'132)},
      {"0.0000000001", nanoseconds(0)},
      {"0.99999999999999999999999999999999999999999", nanoseconds(999'999'999)},
      {"0.1234567890x", kJunk},
      {"0.123456789-1", kJunk},
      {"0000000000.5", kJunk},
      {"0.000000001", nanoseconds(1)},
      {"0.000000001ms", nanoseconds(0)},
      {"0.999999999", nanoseconds(999'999'999)},
      {"999999999", kLongest},
      {"999999999.999999999", kLongest + nanoseconds(999'999'999)},
      {"999999999ms", milliseconds(999'999'999)},
      {"1000000000", kJunk},
      {"", kJunk},
      {" ", kJunk},
      {" 1", kJunk},
      {"1 ", kJunk},
      {"1 s", kJunk},
      {"-1", kJunk},
      {"+1", kJunk},
      {".5", kJunk},
      {"1.", kJunk},
      {"1.s", kJunk},
      {".", kJunk},
      {"1.2.3", kJunk},
      {"1,5", kJunk},
      {"1e3", kJunk},
      {"0x10", kJunk},
      {"s", kJunk},
      {"ms", kJunk},
      {"1m", kJunk},
      {"1sms", kJunk},
      {"1S", kJunk},
      {"1us", kJunk},
      {"1m30s", kJunk},
      {"inf", kJunk},
      {"nan", kJunk},
      {"never", kJunk},
      {"\xd9\xa1", kJunk},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Read({{"x-request-timeout", row.text}}), row.timeout) << '"' << row.text << '"';
  }
}

TEST(ClientTimeout, GrpcTimeout) {
  const struct {
    std::string_view text;
    Duration timeout;
  } rows[] = {
      {"1H", hours(1)},
      {"2M", seconds(120)},
      {"3S", seconds(3)},
      {"250m", milliseconds(250)},
      {"5u", nanoseconds(5000)},
      {"6n", nanoseconds(6)},
      {"0S", seconds(0)},
      {"99999999n", nanoseconds(99'999'999)},
      {"99999999H", kLongest},
      {"99999999M", kLongest},
      {"99999999S", kLongest},
      {"99999999m", milliseconds(99'999'999)},
      {"100000000n", kJunk},
      {"", kJunk},
      {"S", kJunk},
      {"1", kJunk},
      {"1s", kJunk},
      {"1 S", kJunk},
      {"-1S", kJunk},
      {"1.5S", kJunk},
      {"1SS", kJunk},
      {"1x", kJunk},
      {"1ms", kJunk},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Read({{"grpc-timeout", row.text}}), row.timeout) << '"' << row.text << '"';
  }
}

TEST(ClientTimeout, TheShorterOfBoth) {
  EXPECT_EQ(Read({}), Duration::max());
  EXPECT_EQ(Read({{"x-request-timeout", "1"}, {"grpc-timeout", "2S"}}), seconds(1));
  EXPECT_EQ(Read({{"x-request-timeout", "3"}, {"grpc-timeout", "2S"}}), seconds(2));
  EXPECT_EQ(Read({{"x-request-timeout", "1"}, {"grpc-timeout", "soon"}}), kJunk);
  EXPECT_EQ(Read({{"x-request-timeout", "1"}, {"x-request-timeout", "1"}}), kJunk);
  EXPECT_EQ(Read({{"grpc-timeout", "1S"}, {"grpc-timeout", "1S"}}), kJunk);
}

TEST(ClientDeadline, ShortensTheRoutesAndNeverLengthensIt) {
  struct Row {
    const char* name;
    std::string_view wish;
    Duration age;         // of the request at its head
    Duration upload;      // from there until its body is read
    std::string refused;  // reason, or ""
    Duration left = {};   // of the deadline, after the body
    bool clients = false;
  };
  const Row rows[] = {
      {"none", "", seconds(0), seconds(9), "", seconds(2)},
      {"shorter", "0.5", seconds(0), seconds(0), "", milliseconds(500), true},
      {"longer", "60", seconds(0), seconds(0), "", seconds(2), false},
      {"counts from the arrival", "0.5", milliseconds(100), milliseconds(300), "",
       milliseconds(100), true},
      {"longer until the body took its time", "4", seconds(0), seconds(3), "", seconds(1), true},
      {"zero", "0", seconds(0), seconds(0), "DEADLINE_EXCEEDED"},
      {"passed before it was read", "0.1", milliseconds(100), seconds(0), "DEADLINE_EXCEEDED"},
      {"passed during the upload", "0.1", seconds(0), milliseconds(100), "DEADLINE_EXCEEDED"},
      {"junk", "soon", seconds(0), seconds(0), "INVALID_HEADER"},
  };
  for (const Row& row : rows) {
    Loop loop;
    http::Request request;
    if (!row.wish.empty()) request.headers.Add("x-request-timeout", row.wish);
    request.received = loop.Now() - row.age;
    NoBody body;
    Cancellation cancel;
    Exchange exchange(request, body, cancel, loop);
    route::Route route;
    route.timeout = seconds(2);
    exchange.route = &route;
    absl::Status status = TakeClientDeadline(exchange);
    if (status.ok()) {
      // The loop's time stands still, so the upload moves what was before it.
      if (exchange.call.client_deadline) exchange.call.deadline -= row.upload;
      status = TakeRouteDeadline(exchange);
    }
    EXPECT_EQ(status.ok() ? "" : ReasonOf(status), row.refused) << row.name;
    if (!status.ok()) {
      EXPECT_EQ(WasNeverSent(status), row.refused == "DEADLINE_EXCEEDED") << row.name;
      continue;
    }
    EXPECT_EQ(exchange.call.deadline - loop.Now(), row.left) << row.name;
    EXPECT_EQ(exchange.call.client_deadline, row.clients) << row.name;
    EXPECT_EQ(exchange.call.whole, seconds(2)) << row.name;
  }
}

}  // namespace
}  // namespace frontdesk::policy
