// Upstreams whose end points a name server of the test's own tells.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/discovery.h"
#include "tests/support/dns_server.h"

namespace frontdesk::upstream {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::AddressRecord;
using testing_support::DnsReply;
using testing_support::DnsServer;
using testing_support::DnsType;

// "10.0.0.1:80" of each end point, with "*weight", "@zone" and "=authority" where they differ from
// the usual.
inline std::string TextOf(const Cluster& cluster) {
  std::string text;
  for (const PublishedEndpoint& endpoint : *cluster.endpoints()) {
    const EndpointTarget& at = endpoint.state->target;
    text += Cat(text.empty() ? "" : " ", at.host, ':', at.port);
    if (endpoint.weight != 1) text += Cat('*', endpoint.weight);
    if (!endpoint.zone.empty()) text += Cat('@', endpoint.zone);
  }
  return text;
}

class Discoveries : public ::testing::Test {
 protected:
  // Refreshed every 20 ms, so that nobody waits.
  void Begin(std::vector<EndpointSettings> endpoints) {
    UpstreamSettings settings;
    settings.name = "orders";
    settings.services = {"shop.Orders"};
    settings.endpoints = std::move(endpoints);
    settings.dns_refresh = refresh_;
    BeginAll({settings});
  }
  void BeginAll(const std::vector<UpstreamSettings>& upstreams) {
    clusters_.emplace(upstreams, loop_.Now());
    const DnsSettings dns{
        .servers = server_.address(), .time_limit = 10 * try_limit_, .try_limit = try_limit_};
    discovery_.emplace(
        loop_, *clusters_, [] { return 0.5; }, dns);
    discovery_->Start([this] { settled_ = true; });
  }
  void Settle() {
    loop_.RunUntil([this] { return settled_; });
  }
  const Cluster& cluster() const { return *clusters_->all()[0]; }
  std::string Published() const { return TextOf(cluster()); }
  void RunUntilPublished(const std::string& text) {
    const TimePoint limit = loop_.Now() + seconds(10);
    loop_.RunUntil([&] { return Published() == text || loop_.Now() > limit; });
    EXPECT_EQ(Published(), text);
  }
  // Until the name was looked up so many times more.
  void RunRounds(const std::string& name, int rounds) {
    const int wanted = server_.questions(name) + 2 * rounds;  // A and AAAA
    loop_.RunUntil([&] { return server_.questions(name) >= wanted; });
  }
  // Until the last look-up of the first name ended as said.
  void RunUntilError(const std::string& error) {
    const TimePoint limit = loop_.Now() + seconds(10);
    loop_.RunUntil([&] { return discovery_->status()[0].error == error || loop_.Now() > limit; });
    EXPECT_EQ(discovery_->status()[0].error, error);
  }

  DnsServer server_;
  Loop loop_;
  Duration refresh_ = milliseconds(20);
  // A question that nobody answers ends after three times as long: a busy machine answers in time.
  Duration try_limit_ = milliseconds(300);
  std::optional<Clusters> clusters_;
  bool settled_ = false;
  std::optional<Discovery> discovery_;
};

}  // namespace frontdesk::upstream
