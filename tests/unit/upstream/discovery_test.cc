#include "gateway/upstream/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "tests/support/dns_server.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::AddressRecord;
using testing_support::DnsReply;
using testing_support::DnsServer;
using testing_support::DnsType;
using testing_support::SrvRecord;
using Fault = DnsReply::Fault;

TEST(DiscoverySchedule, AfterAnAnswer) {
  const struct {
    Duration refresh;
    Duration ttl;
    double random;
    Duration wait;
  } rows[] = {
      {seconds(5), seconds(0), 0, seconds(5)},
      {seconds(5), seconds(1), 0, seconds(5)},
      {seconds(5), seconds(60), 0, seconds(60)},
      {seconds(5), hours(1), 0, hours(1)},
      // Never so late that the new set would be used more than a second after the records' time.
      {seconds(5), seconds(60), 1, milliseconds(60500)},
      {seconds(5), seconds(0), 1, milliseconds(5500)},
      {seconds(1), seconds(0), 1, milliseconds(1100)},
      {milliseconds(20), seconds(0), 0.5, milliseconds(21)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(WaitAfterAnswer(row.refresh, row.ttl, row.random), row.wait);
  }
}

TEST(DiscoverySchedule, AfterFailures) {
  const struct {
    Duration refresh;
    uint32_t failures;
    double random;
    Duration wait;
  } rows[] = {
      {seconds(5), 1, 0, seconds(1)},
      {seconds(5), 2, 0, seconds(2)},
      {seconds(5), 3, 0, seconds(4)},
      {seconds(5), 4, 0, seconds(5)},
      {seconds(5), 4000000000, 0, seconds(5)},
      {hours(1), 5, 0, seconds(16)},
      {hours(1), 6, 0, seconds(30)},
      {hours(1), 4000000000, 0, seconds(30)},
      {milliseconds(20), 1, 0, milliseconds(20)},
      {milliseconds(20), 9, 0, milliseconds(20)},
      {seconds(5), 1, 0.5, milliseconds(900)},
      {hours(1), 100, 0.5, seconds(27)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(WaitAfterFailure(row.refresh, row.failures, row.random), row.wait);
  }
}

// "10.0.0.1:80" of each end point, with "*weight", "@zone" and "=authority" where they differ from
// the usual.
std::string TextOf(const Cluster& cluster) {
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
    const DnsSettings dns{.servers = server_.address(),
                          .time_limit = milliseconds(200),
                          .try_limit = milliseconds(50)};
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
  std::optional<Clusters> clusters_;
  bool settled_ = false;
  std::optional<Discovery> discovery_;
};

TEST_F(Discoveries, PublishesWhatANameIs) {
  server_.SetHost("orders.test", {"10.0.0.2", "fd00::1", "10.0.0.1"});
  Begin({{"orders.test:80"}});
  EXPECT_EQ(Published(), "");
  EXPECT_TRUE(cluster().failure().ok());  // nobody knows yet
  Settle();
  EXPECT_EQ(Published(), "10.0.0.1:80 10.0.0.2:80 fd00::1:80");
  for (const PublishedEndpoint& endpoint : *cluster().endpoints()) {
    EXPECT_EQ(endpoint.state->target.authority, "orders.test:80");
  }
}

TEST_F(Discoveries, PublishesWhatServicesAre) {
  server_.SetHost("a.test", {"10.0.0.1"});
  server_.SetHost("b.test", {"10.0.0.2"});
  server_.Set("_grpc._tcp.orders.test", DnsType::kSrv,
              {.records = {SrvRecord(0, 3, 81, "a.test"), SrvRecord(0, 0, 82, "b.test"),
                           SrvRecord(1, 1, 83, "b.test")}});
  Begin({{"srv://_grpc._tcp.orders.test", 10, "north"}});
  Settle();
  EXPECT_EQ(Published(), "10.0.0.1:81*30@north 10.0.0.2:82*10@north");
  EXPECT_EQ(cluster().endpoints()->front().state->target.authority, "a.test:81");
}

TEST_F(Discoveries, KeepsNumbersAndNamesTogether) {
  server_.SetHost("orders.test", {"10.0.0.3", "10.0.0.2"});
  server_.SetHost("canary.test", {"10.0.0.9", "10.0.0.2"});
  Begin({{"canary.test:80", 5, "south"},
         {"10.0.0.7:80", 2, "north"},
         {"orders.test:80"},
         {"10.0.0.1:80"}});
  EXPECT_EQ(Published(), "10.0.0.7:80*2@north 10.0.0.1:80");  // before anything was asked
  Settle();
  // By address; the same one under two names is two end points, for it is called by these names.
  EXPECT_EQ(Published(),
            "10.0.0.7:80*2@north 10.0.0.1:80 10.0.0.2:80*5@south 10.0.0.2:80 10.0.0.3:80 "
            "10.0.0.9:80*5@south");
}

TEST_F(Discoveries, NumbersNeedNothing) {
  Begin({{"10.0.0.1:80"}, {"[::1]:81"}});
  EXPECT_TRUE(settled_);
  EXPECT_EQ(Published(), "10.0.0.1:80 ::1:81");
  EXPECT_TRUE(discovery_->status().empty());
}

TEST_F(Discoveries, LeavesTheGrpcTransportAlone) {
  UpstreamSettings settings;
  settings.name = "orders";
  settings.endpoints = {{"xds:///orders"}};
  settings.transport = TransportKind::kGrpc;
  BeginAll({settings});
  EXPECT_TRUE(settled_);
  EXPECT_EQ(cluster().endpoints()->size(), 1u);
}

TEST_F(Discoveries, FollowsChanges) {
  Begin({{"orders.test:80"}});
  const struct {
    std::vector<std::string> addresses;
    const char* published;
  } rows[] = {{{"10.0.0.1"}, "10.0.0.1:80"},
              {{"10.0.0.1", "10.0.0.2"}, "10.0.0.1:80 10.0.0.2:80"},
              {{"10.0.0.2", "fd00::1"}, "10.0.0.2:80 fd00::1:80"},
              {{"fd00::1"}, "fd00::1:80"},
              {{"10.0.0.9"}, "10.0.0.9:80"}};
  for (const auto& row : rows) {
    server_.SetHost("orders.test", row.addresses);
    RunUntilPublished(row.published);
  }
}

// Those that stay keep how they do.
TEST_F(Discoveries, KeepsWhoStays) {
  server_.SetHost("orders.test", {"10.0.0.1", "10.0.0.2"});
  Begin({{"orders.test:80"}});
  Settle();
  const std::shared_ptr<EndpointState> stays = cluster().endpoints()->back().state;
  server_.SetHost("orders.test", {"10.0.0.2", "10.0.0.3"});
  RunUntilPublished("10.0.0.2:80 10.0.0.3:80");
  EXPECT_EQ(cluster().endpoints()->front().state, stays);
}

TEST_F(Discoveries, TheOrderOfAnswersIsNoChange) {
  std::vector<std::string> addresses = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"};
  server_.SetHost("orders.test", addresses);
  Begin({{"orders.test:80"}});
  Settle();
  const uint64_t version = cluster().version();
  for (int i = 0; i < 5; ++i) {
    std::rotate(addresses.begin(), addresses.begin() + 1, addresses.end());
    server_.SetHost("orders.test", addresses);
    RunRounds("orders.test", 1);
  }
  EXPECT_EQ(cluster().version(), version);
}

// The demand: a new set is used within the records' time to live and a second.
TEST_F(Discoveries, UsesANewSetInTime) {
  server_.SetHost("orders.test", {});
  server_.Set("orders.test", DnsType::kA, {.records = {AddressRecord("10.0.0.1", 1)}});
  Begin({{"orders.test:80"}});
  Settle();
  const TimePoint start = loop_.Now();
  EXPECT_EQ(Published(), "10.0.0.1:80");
  server_.Set("orders.test", DnsType::kA, {.records = {AddressRecord("10.0.0.2", 1)}});
  RunUntilPublished("10.0.0.2:80");
  EXPECT_GE(loop_.Now() - start, milliseconds(950));  // believed as long as it said
  EXPECT_LE(loop_.Now() - start, seconds(2));
}

TEST_F(Discoveries, KeepsTheLastGoodSet) {
  const struct {
    const char* what;
    DnsReply reply;
    const char* error;
  } rows[] = {
      {"NXDOMAIN", {.code = testing_support::kNxdomain}, "orders.test: no such name"},
      {"nothing", {}, "orders.test: the name has no such records"},
      {"SERVFAIL",
       {.code = testing_support::kServfail},
       "orders.test: no name server could or would answer"},
      {"REFUSED",
       {.code = testing_support::kRefused},
       "orders.test: no name server could or would answer"},
      {"hangs", {.fault = Fault::kHang}, "orders.test: no name server answered in time"},
      {"wrong id", {.fault = Fault::kWrongId}, "orders.test: no name server answered in time"},
      {"noise", {.fault = Fault::kNoise}, "orders.test: no name server answered in time"},
      {"cut off", {.fault = Fault::kBadRecords}, "orders.test: Misformatted DNS reply"},
      {"broken TCP",
       {.fault = Fault::kBrokenTcp},
       "orders.test: no name server could or would answer"},
      {"nonsense",
       {.records = {AddressRecord("0.0.0.0")}},
       "orders.test: the name has no such records"},
  };
  server_.SetHost("orders.test", {"10.0.0.1", "10.0.0.2"});
  Begin({{"orders.test:80"}});
  Settle();
  const uint64_t version = cluster().version();
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    server_.Set("orders.test", DnsType::kA, row.reply);
    server_.Set("orders.test", DnsType::kAaaa, row.reply);
    RunUntilError(row.error);
    EXPECT_EQ(Published(), "10.0.0.1:80 10.0.0.2:80");
    server_.SetHost("orders.test", {"10.0.0.1", "10.0.0.2"});
    RunUntilError("");
  }
  EXPECT_EQ(cluster().version(), version);
  EXPECT_TRUE(cluster().failure().ok());
}

// A resolver that hangs holds nothing up: neither the loop nor other names nor the first round.
TEST_F(Discoveries, AHangingResolverBlocksNothing) {
  server_.SetFault("hangs.test", Fault::kHang);
  server_.SetHost("orders.test", {"10.0.0.1"});
  Begin({{"hangs.test:80"}, {"orders.test:80"}});
  RunUntilPublished("10.0.0.1:80");
  EXPECT_FALSE(settled_);
  server_.SetHost("orders.test", {"10.0.0.2"});
  RunUntilPublished("10.0.0.2:80");
  Settle();
  EXPECT_EQ(discovery_->status()[0].error, "hangs.test: no name server answered in time");
  server_.SetHost("hangs.test", {"10.0.0.3"});
  RunUntilPublished("10.0.0.2:80 10.0.0.3:80");
}

TEST_F(Discoveries, EachNameKeepsItsOwnPart) {
  server_.SetHost("a.test", {"10.0.0.1"});
  server_.SetHost("b.test", {"10.0.1.1"});
  Begin({{"a.test:80"}, {"b.test:80"}});
  Settle();
  server_.SetFault("a.test", Fault::kHang);
  server_.SetHost("b.test", {"10.0.1.2"});
  RunUntilPublished("10.0.0.1:80 10.0.1.2:80");
}

// So does each host of a service.
TEST_F(Discoveries, EachHostOfAServiceKeepsItsOwnPart) {
  server_.SetHost("a.test", {"10.0.0.1"});
  server_.SetHost("b.test", {"10.0.1.1"});
  const DnsReply both{.records = {SrvRecord(0, 1, 81, "a.test"), SrvRecord(0, 1, 82, "b.test")}};
  server_.Set("_grpc._tcp.test", DnsType::kSrv, both);
  Begin({{"srv://_grpc._tcp.test"}});
  Settle();
  server_.SetFault("a.test", Fault::kHang);
  server_.SetHost("b.test", {"10.0.1.2"});
  RunUntilPublished("10.0.0.1:81 10.0.1.2:82");
  // One that the service does not name any more is gone.
  server_.Set("_grpc._tcp.test", DnsType::kSrv, {.records = {SrvRecord(0, 1, 82, "b.test")}});
  RunUntilPublished("10.0.1.2:82");
  // Of new hosts none is known: the old ones stay.
  server_.Set("_grpc._tcp.test", DnsType::kSrv, {.records = {SrvRecord(0, 1, 81, "c.test")}});
  RunUntilError("c.test: no such name");
  EXPECT_EQ(Published(), "10.0.1.2:82");
  server_.SetFault("_grpc._tcp.test", Fault::kHang);
  RunUntilError("no name server answered in time");
  EXPECT_EQ(Published(), "10.0.1.2:82");
}

TEST_F(Discoveries, SaysWhyThereIsNothing) {
  server_.SetFault("b.test", Fault::kHang);
  Begin({{"a.test:80"}, {"b.test:80"}});
  Settle();
  EXPECT_EQ(Published(), "");
  const absl::Status failure = cluster().failure();
  EXPECT_EQ(failure.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(WasNeverSent(failure));
  EXPECT_EQ(Std(failure.message()),
            "no end point: a.test:80: a.test: no such name; b.test:80: b.test: no name server "
            "answered in time");
  server_.SetHost("b.test", {"10.0.0.1"});
  RunUntilPublished("10.0.0.1:80");
  EXPECT_TRUE(cluster().failure().ok());
}

// Nobody waits for what will never be found.
TEST_F(Discoveries, SaysAtOnceWhatCanNeverBe) {
  const struct {
    std::vector<EndpointSettings> endpoints;
    const char* failure;
  } rows[] = {
      {{}, "the upstream has no end point"},
      {{{"orders"}}, "the upstream has no end point: \"orders\": expected host:port"},
      {{{"srv://orders:80"}},
       "the upstream has no end point: \"srv://orders:80\": expected a name without a port, as in "
       "srv://_grpc._tcp.orders"},
  };
  for (const auto& row : rows) {
    discovery_.reset();
    Begin(row.endpoints);
    EXPECT_TRUE(settled_);
    EXPECT_TRUE(WasNeverSent(cluster().failure()));
    EXPECT_EQ(Std(cluster().failure().message()), row.failure);
  }
  discovery_.reset();
  Begin({{"orders"}, {"10.0.0.1:80"}});  // the others are used
  EXPECT_TRUE(cluster().failure().ok());
  EXPECT_EQ(Published(), "10.0.0.1:80");
}

TEST_F(Discoveries, UsesSoManyAndNoMore) {
  std::vector<EndpointSettings> names = {{"10.9.9.9:80"}};
  for (int name = 0; name < 3; ++name) {
    DnsReply reply;
    for (int i = 0; i < 3334; ++i) {
      reply.records.push_back(AddressRecord(Cat("10.", name, '.', i / 256, '.', i % 256)));
    }
    const std::string text = Cat("many", name, ".test");
    server_.SetHost(text, {});
    server_.Set(text, DnsType::kA, std::move(reply));
    names.push_back({Cat(text, ":80")});
  }
  ::testing::internal::CaptureStderr();
  Begin(names);
  Settle();
  RunRounds("many0.test", 3);
  RunRounds("many2.test", 3);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(cluster().endpoints()->size(), 256u);
  EXPECT_EQ(cluster().endpoints()->front().state->target.host, "10.9.9.9");
  const std::string said = " end points were found; only 256 are used";
  ASSERT_NE(log.find(said), std::string::npos) << log;
  EXPECT_EQ(log.find(said, log.find(said) + 1), std::string::npos) << "said more than once";
  // Settings of a program, which no check has seen.
  discovery_.reset();
  std::vector<EndpointSettings> numeric;
  for (int i = 1; i <= 300; ++i) numeric.push_back({Cat("10.0.0.1:", i)});
  ::testing::internal::CaptureStderr();
  Begin(numeric);
  EXPECT_EQ(cluster().endpoints()->size(), 256u);
  EXPECT_NE(::testing::internal::GetCapturedStderr().find(Cat(": 300", said)), std::string::npos);
}

TEST_F(Discoveries, LogsChangesAndTroubleOnce) {
  server_.SetHost("orders.test", {"10.0.0.1", "10.0.0.2"});
  ::testing::internal::CaptureStderr();
  Begin({{"orders.test:80"}});
  Settle();
  server_.SetHost("orders.test", {"10.0.0.1", "10.0.0.4", "fd00::4"});
  RunUntilPublished("10.0.0.1:80 10.0.0.4:80 fd00::4:80");
  server_.SetFault("orders.test", Fault::kHang);
  RunUntilError("orders.test: no name server answered in time");
  RunRounds("orders.test", 3);
  server_.SetHost("orders.test", {"10.0.0.4"});
  RunUntilPublished("10.0.0.4:80");
  const std::string log = ::testing::internal::GetCapturedStderr();
  std::vector<std::string> lines;
  for (size_t at = log.find("\"text\":\""); at != std::string::npos;) {
    const size_t begin = at + 8;
    lines.push_back(log.substr(begin, log.find("\"}", begin) - begin));
    at = log.find("\"text\":\"", begin);
  }
  EXPECT_THAT(lines,
              ::testing::ElementsAre(
                  "orders: 2 end points (+10.0.0.1:80, +10.0.0.2:80)",
                  "orders: 3 end points (+10.0.0.4:80, +[fd00::4]:80, -10.0.0.2:80)",
                  "orders: cannot look up orders.test:80: orders.test: no name server answered in "
                  "time; what was found before stays",
                  "orders: orders.test:80 is found again",
                  "orders: 1 end point (-10.0.0.1:80, -[fd00::4]:80)"));
}

TEST_F(Discoveries, TellsHowItDoes) {
  server_.SetHost("orders.test", {"10.0.0.1", "10.0.0.2"});
  Begin({{"orders.test:80"}, {"nowhere.test:80"}});
  ASSERT_EQ(discovery_->status().size(), 2u);
  EXPECT_FALSE(discovery_->status()[0].looked_up);
  Settle();
  const std::vector<DiscoveryStatus> status = discovery_->status();
  EXPECT_EQ(status[0].upstream, "orders");
  EXPECT_EQ(status[0].name, "orders.test:80");
  EXPECT_EQ(status[0].endpoints, 2u);
  EXPECT_EQ(status[0].error, "");
  EXPECT_TRUE(status[0].looked_up);
  EXPECT_GT(status[0].next, status[0].last);
  EXPECT_EQ(status[1].endpoints, 0u);
  EXPECT_EQ(status[1].error, "nowhere.test: no such name");
}

TEST_F(Discoveries, MayEndAtAnyTime) {
  server_.SetFault("hangs.test", Fault::kHang);
  server_.SetHost("orders.test", {"10.0.0.1"});
  Begin({{"hangs.test:80"}, {"orders.test:80"}});
  RunUntilPublished("10.0.0.1:80");
  discovery_.reset();
  bool turned = false;
  loop_.Post([&] { turned = true; });
  loop_.RunUntil([&] { return turned; });
  EXPECT_FALSE(settled_);
}

}  // namespace
}  // namespace frontdesk::upstream
