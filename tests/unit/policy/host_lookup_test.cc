// The names of issuers: found as those of upstreams are, and nobody waits longer than is said.
#include "gateway/policy/host_lookup.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/text.h"
#include "tests/support/dns_server.h"

namespace frontdesk::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::DnsReply;
using testing_support::DnsServer;

std::string Found(const absl::StatusOr<std::vector<std::string>>& addresses) {
  if (!addresses.ok()) return std::string(Std(addresses.status().message()));
  std::string all;
  for (const std::string& each : *addresses) all += Cat(all.empty() ? "" : " ", each);
  return all;
}

TEST(HostLookup, FindsAddressesOrSaysWhyNot) {
  DnsServer server;
  server.SetHost("idp.example.com", {"10.0.0.2", "10.0.0.1", "fd00::1"});
  const identity::HostLookup look_up = MakeHostLookup({.servers = server.address()});
  const identity::Patience patience{Clock::now() + seconds(60)};
  EXPECT_EQ(Found(look_up("idp.example.com", patience)), "10.0.0.1 10.0.0.2 fd00::1");
  EXPECT_EQ(Found(look_up("none.example.com", patience)), "none.example.com: no such name");
  const std::string local = Found(look_up("localhost", patience));
  EXPECT_NE(local.find("127.0.0.1"), std::string::npos) << local;
  EXPECT_EQ(Found(look_up("idp.example.com", {Clock::now()})), "took too long");
}

TEST(HostLookup, ANameServerThatHangsHoldsNobodyUp) {
  DnsServer server;
  server.SetFault("idp.example.com", DnsReply::Fault::kHang);
  const identity::HostLookup look_up = MakeHostLookup({.servers = server.address()});
  const TimePoint begin = Clock::now();
  const auto late = look_up("idp.example.com", {begin + milliseconds(100)});
  EXPECT_EQ(late.status().code(), absl::StatusCode::kUnavailable) << Found(late);
  EXPECT_GE(Clock::now() - begin, milliseconds(100));
  EXPECT_LT(Clock::now() - begin, seconds(4)) << "which is not the time of a whole look-up";
  // The end of the program, at once or while it waits.
  identity::Patience patience{Clock::now() + std::chrono::hours(1), eventfd(0, EFD_CLOEXEC)};
  const identity::HostLookup patient = MakeHostLookup({.servers = server.address(),
                                                       .time_limit = std::chrono::hours(1),
                                                       .try_limit = std::chrono::hours(1)});
  const int before = server.questions("idp.example.com");
  std::thread other([&] {
    while (server.questions("idp.example.com") == before) std::this_thread::yield();
    const uint64_t one = 1;
    EXPECT_EQ(write(patience.stop, &one, sizeof one), static_cast<ssize_t>(sizeof one));
  });
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(patient("idp.example.com", patience).status().code(), absl::StatusCode::kCancelled);
  }
  other.join();
  close(patience.stop);
}

}  // namespace
}  // namespace frontdesk::policy
