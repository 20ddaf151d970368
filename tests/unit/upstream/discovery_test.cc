// Finding the end points of upstreams, and following them.
#include "tests/unit/upstream/discovery_rig.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::hours;
using testing_support::SrvRecord;
using Fault = DnsReply::Fault;

TEST(DiscoverySchedule, AfterAnAnswer) {
  const struct {
    Duration refresh;
    Duration ttl;
    double random;
    Duration wait;
  } rows[] = {
      {seconds(5), seconds(1), 0, seconds(1)},
      {seconds(5), seconds(5), 0, seconds(5)},
      {seconds(5), seconds(60), 0, seconds(5)},
      {seconds(5), hours(24 * 365), 0, seconds(5)},
      {hours(1), seconds(60), 0, seconds(60)},
      // Records that have no time to live.
      {seconds(5), seconds(0), 0, milliseconds(500)},
      {milliseconds(20), seconds(0), 0, milliseconds(20)},
      {milliseconds(20), seconds(60), 0, milliseconds(20)},
      // Never so late that the new set would be used more than a second after the records' time.
      {hours(1), seconds(60), 1, milliseconds(60500)},
      {seconds(5), seconds(60), 1, milliseconds(5500)},
      {seconds(5), seconds(0), 1, milliseconds(550)},
      {seconds(1), seconds(1), 1, milliseconds(1100)},
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
  refresh_ = hours(1);
  server_.SetHost("orders.test", {});
  server_.Set("orders.test", DnsType::kA, {.records = {AddressRecord("10.0.0.1", 1)}});
  Begin({{"orders.test:80"}});
  Settle();
  EXPECT_EQ(Published(), "10.0.0.1:80");
  // On a busy machine one try says nothing.
  Duration took = Duration::max();
  for (int next = 2; next < 7 && took > seconds(2); ++next) {
    const std::string address = Cat("10.0.0.", next);
    const TimePoint start = loop_.Now();
    server_.Set("orders.test", DnsType::kA, {.records = {AddressRecord(address, 1)}});
    RunUntilPublished(Cat(address, ":80"));
    took = loop_.Now() - start;
    EXPECT_GE(took, milliseconds(950));  // believed as long as it said
  }
  EXPECT_LE(took, seconds(2));
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
