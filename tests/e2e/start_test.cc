// A process that shall end before it was ready.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"
#include "tests/support/dns_server.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using testing_support::DnsReply;
using testing_support::DnsServer;
using testing_support::Process;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;
using testing_support::WriteTempFile;

// Of the signal.
class StoppedAtTheStart : public ::testing::TestWithParam<int> {
 protected:
  // `waits`: it has begun to wait for something that never comes. It would do so for five seconds,
  // and be drained for a minute after that.
  static void Check(GatewayOptions options, const std::function<bool()>& waits) {
    options.grace = "60s";
    const std::string file = WriteTempFile("start.yaml", DemoConfig(nullptr, options));
    Process process({FRONTDESK_BIN "/frontdesk", "serve", "-c", file});
    ASSERT_TRUE(Eventually(waits)) << process.Stderr();
    process.Signal(GetParam());
    EXPECT_EQ(process.Wait(milliseconds(4500)), 0) << process.Stderr();
    const std::optional<std::string> said = process.ReadLine(milliseconds(100));
    EXPECT_FALSE(said) << *said;
    const std::string log = process.Stderr();
    EXPECT_EQ(log.find("ready, though"), std::string::npos) << log;
    EXPECT_NE(log.find("stopped"), std::string::npos) << log;
  }
};

TEST_P(StoppedAtTheStart, WaitsForNoName) {
  DnsServer dns;
  dns.SetFault("orders.test", DnsReply::Fault::kHang);
  GatewayOptions options;
  options.extra = Cat("dns: {servers: [\"", dns.address(), "\"]}\n");
  options.endpoints = {{"order", "orders.test:50052"}};
  Check(options, [&] { return dns.questions("orders.test") > 0; });
}

TEST_P(StoppedAtTheStart, WaitsForNoKeys) {
  const ScriptedH2Server issuer([](ScriptedConnection& c, int) { c.WaitForEnd(); });
  GatewayOptions options;
  options.caller = "";
  options.extra =
      Cat("auth: {providers: {idp: {issuer: idp, audiences: [shop], jwks_url: \"http://",
          issuer.address(), "/keys\"}}}\n");
  Check(options, [&] { return issuer.connections() > 0; });
}

INSTANTIATE_TEST_SUITE_P(Signals, StoppedAtTheStart, ::testing::Values(SIGTERM, SIGINT),
                         [](const auto& row) { return row.param == SIGTERM ? "Term" : "Int"; });

}  // namespace
}  // namespace frontdesk::e2e
