// Back ends that go and come back on the same ports: nobody restarts the gateway for that.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

bool IsFree(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return free;
}

// Ports for all mocks in a row, below those that the kernel gives to anybody.
int FreePorts() {
  constexpr int kCount = 16;
  int base = 10000 + getpid() % 1000 * kCount;
  for (int tries = 0; tries < 100; ++tries, base += kCount) {
    bool free = true;
    for (int port = base - 1; free && port < base + kCount - 1; ++port) free = IsFree(port);
    if (free) return base;
  }
  return 0;
}

class Restart : public ::testing::TestWithParam<const char*> {};

TEST_P(Restart, TheGatewayRecoversByItself) {
  const std::vector<std::string> ports = {"--base-port", Cat(FreePorts())};
  std::optional<Mocks> mocks(ports);
  Frontdesk gateway(*mocks, {.workers = 4, .transport = GetParam()});
  const auto ask = [&](std::string_view target) { return Fetch(gateway.port(), "GET", target); };
  for (int i = 0; i < 16; ++i) EXPECT_EQ(ask("/api/v1/order-details/order-1").status, 200);

  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    // One that is in flight is told.
    mocks->SetFaults("delay=user=60000");
    RawClient waits(gateway.port());
    waits.Send(RequestText("GET", "/api/v1/users/user-1"));
    ASSERT_TRUE(Eventually([&] { return mocks->Count("user", "in_flight") == 1; }));
    mocks->process().Signal(SIGKILL);
    mocks->process().Wait(milliseconds(10000));
    const RawResponse cut = waits.Read().value_or(RawResponse());
    // A read is tried again, and gRPC C++ tells of that attempt, which found nobody.
    const bool again = ReasonOf(cut) == "UPSTREAM_UNREACHABLE";
    EXPECT_EQ(cut.status, again ? 503 : 502) << cut.body;
    EXPECT_EQ(ReasonOf(cut), again ? "UPSTREAM_UNREACHABLE" : "UPSTREAM_RESET");

    int in_a_row = 0;
    EXPECT_TRUE(Eventually([&] {
      const RawResponse down = ask("/api/v1/orders/order-1");
      // Some worker may not have noticed yet that its connection ended.
      const bool reset = ReasonOf(down) == "UPSTREAM_RESET";
      EXPECT_EQ(down.status, reset ? 502 : 503) << down.body;
      EXPECT_EQ(ReasonOf(down), reset ? "UPSTREAM_RESET" : "UPSTREAM_UNREACHABLE");
      in_a_row = reset ? 0 : in_a_row + 1;
      return in_a_row == 16;
    }));
    EXPECT_EQ(ask("/readyz").status, 200);

    mocks.reset();
    mocks.emplace(ports);
    // On every worker.
    const Clock::time_point back = Clock::now();
    in_a_row = 0;
    EXPECT_TRUE(Eventually([&] {
      const bool fine = ask("/api/v1/order-details/order-1").status == 200 &&
                        ask("/api/v1/orders/order-1").status == 200;
      in_a_row = fine ? in_a_row + 1 : 0;
      return in_a_row == 16;
    }));
    EXPECT_LT(Clock::now() - back, milliseconds(5000));
  }
}

INSTANTIATE_TEST_SUITE_P(Transports, Restart, ::testing::Values("h2", "grpc"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace frontdesk::e2e
