#include "gateway/upstream/control_loop.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>

#include "gateway/base/text.h"
#include "tests/support/dns_server.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::DnsReply;
using testing_support::DnsServer;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;

UpstreamSettings Orders(const std::string& endpoint) {
  UpstreamSettings settings;
  settings.name = "orders";
  settings.services = {"shop.Orders"};
  settings.endpoints = {endpoint};
  settings.dns_refresh = milliseconds(20);
  return settings;
}

// Blocks until the cluster changed so that `done`: another thread changes it.
bool WaitUntil(Cluster& cluster, const std::function<bool()>& done) {
  std::mutex mutex;
  std::condition_variable changed;
  const uint64_t watch = cluster.Watch([&] {
    const std::lock_guard lock(mutex);
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  const bool came = changed.wait_for(lock, seconds(10), done);
  lock.unlock();
  cluster.Unwatch(watch);
  return came;
}

TEST(ControlLoopTest, LooksUpAndChecks) {
  ScriptedH2Server server([](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "\x08\x02");
  });
  DnsServer dns;
  dns.SetHost("orders.test", {"127.0.0.1"});
  UpstreamSettings settings = Orders(Cat("orders.test", server.address().substr(9)));
  settings.health_check = {.on = true, .interval = milliseconds(10)};
  const Clusters clusters({settings}, Clock::now());
  Cluster& cluster = *clusters.all()[0];
  const ControlLoop control(clusters, {.servers = dns.address()});
  ASSERT_TRUE(control.WaitUntilSettled(seconds(10)));
  ASSERT_EQ(cluster.endpoints()->size(), 1u);
  const auto endpoint = cluster.endpoints()->front().state;
  EXPECT_EQ(endpoint->target.host, "127.0.0.1");
  EXPECT_EQ(control.discovery().at(0).endpoints, 1u);
  EXPECT_TRUE(WaitUntil(cluster, [&] { return !endpoint->healthy(); }));
  dns.SetHost("orders.test", {"127.0.0.2"});
  EXPECT_TRUE(WaitUntil(
      cluster, [&] { return cluster.endpoints()->front().state->target.host == "127.0.0.2"; }));
}

TEST(ControlLoopTest, LooksUpOtherNamesToo) {
  DnsServer dns;
  dns.SetHost("redis.test", {"127.0.0.1", "127.0.0.2"});
  const Clusters none({}, Clock::now());
  std::promise<std::string> found;
  std::vector<WatchedHost> hosts;
  hosts.push_back({{.host = "redis.test", .port = 6379}, [&](const auto& targets) {
                     std::string text;
                     for (const DnsTarget& target : targets) {
                       for (const auto& address : target.addresses) {
                         text += Cat(address.to_string(), ':', target.port, ' ');
                       }
                     }
                     found.set_value(text);
                   }});
  const ControlLoop control(none, {.servers = dns.address()}, std::move(hosts));
  std::future<std::string> text = found.get_future();
  ASSERT_EQ(text.wait_for(seconds(10)), std::future_status::ready);
  EXPECT_EQ(text.get(), "127.0.0.1:6379 127.0.0.2:6379 ");
}

TEST(ControlLoopTest, WaitsNoLongerThanSaid) {
  DnsServer dns;
  dns.SetFault("orders.test", DnsReply::Fault::kHang);
  const Clusters clusters({Orders("orders.test:80")}, Clock::now());
  const TimePoint start = Clock::now();
  {
    const ControlLoop control(clusters, {.servers = dns.address()});
    EXPECT_FALSE(control.WaitUntilSettled(milliseconds(20)));
    // Nor does its end wait for the resolver.
  }
  EXPECT_LT(Clock::now() - start, seconds(2));
}

TEST(ControlLoopTest, IsSettledWhereThereIsNothingToFind) {
  const Clusters clusters({Orders("127.0.0.1:80")}, Clock::now());
  const ControlLoop control(clusters);
  EXPECT_TRUE(control.WaitUntilSettled(seconds(10)));
  EXPECT_TRUE(control.discovery().empty());
  const Clusters none({}, Clock::now());
  const ControlLoop idle(none);
  EXPECT_TRUE(idle.WaitUntilSettled(seconds(10)));
}

}  // namespace
}  // namespace frontdesk::upstream
