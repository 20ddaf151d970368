// Names that are not found, servers that hang, too many addresses; and what the log says of them.
#include <cstring>

#include "tests/unit/upstream/discovery_rig.h"

namespace frontdesk::upstream {
namespace {

using testing_support::SrvRecord;
using Fault = DnsReply::Fault;

// Where many that hang are waited for, and one that was late is asked again.
constexpr milliseconds kSoon{50};

// "info: text" of each line.
std::vector<std::string> LinesOf(const std::string& log) {
  const auto field = [&](const char* key, const char* end, size_t& at) {
    const size_t begin = at + std::strlen(key);
    at = log.find(end, begin);
    return log.substr(begin, at - begin);
  };
  std::vector<std::string> lines;
  constexpr const char* kLevel = "\"level\":\"";
  constexpr const char* kText = "\"text\":\"";
  for (size_t at = log.find(kLevel); at != std::string::npos; at = log.find(kLevel, at)) {
    const std::string level = field(kLevel, "\"", at);
    at = log.find(kText, at);
    lines.push_back(Cat(level, ": ", field(kText, "\"}", at)));
  }
  return lines;
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
  try_limit_ = kSoon;
  Begin({{"orders.test:80"}});
  RunUntilPublished("10.0.0.1:80 10.0.0.2:80");
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

// The addresses of a kind that nobody could tell stay; a kind that there is none of goes.
TEST_F(Discoveries, KeepsTheKindThatNobodyTells) {
  const DnsReply v4{.records = {AddressRecord("10.0.0.2")}};
  const DnsReply v6{.records = {AddressRecord("fd00::2")}};
  const DnsReply servfail{.code = testing_support::kServfail};
  const struct {
    const char* what;
    DnsReply a;
    DnsReply aaaa;
    const char* published;
    const char* error;
  } rows[] = {
      {"A lost",
       {.fault = Fault::kHang},
       v6,
       "10.0.0.1:80 fd00::2:80",
       "orders.test, A records: no name server answered in time"},
      {"A SERVFAIL", servfail, v6, "10.0.0.1:80 fd00::2:80",
       "orders.test, A records: no name server could or would answer"},
      {"AAAA lost",
       v4,
       {.fault = Fault::kHang},
       "10.0.0.2:80 fd00::1:80",
       "orders.test, AAAA records: no name server answered in time"},
      {"AAAA SERVFAIL", v4, servfail, "10.0.0.2:80 fd00::1:80",
       "orders.test, AAAA records: no name server could or would answer"},
      {"no A", {}, v6, "fd00::2:80", ""},
      {"A NXDOMAIN", {.code = testing_support::kNxdomain}, v6, "fd00::2:80", ""},
      {"no AAAA", v4, {}, "10.0.0.2:80", ""},
      {"no A, AAAA SERVFAIL",
       {},
       servfail,
       "10.0.0.1:80 fd00::1:80",
       "orders.test: no name server could or would answer"},
  };
  server_.SetHost("orders.test", {"10.0.0.1", "fd00::1"});
  try_limit_ = kSoon;
  Begin({{"orders.test:80"}});
  RunUntilPublished("10.0.0.1:80 fd00::1:80");
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    server_.Set("orders.test", DnsType::kAaaa, row.aaaa);
    server_.Set("orders.test", DnsType::kA, row.a);
    RunUntilPublished(row.published);
    RunUntilError(row.error);
    RunRounds("orders.test", 3);
    EXPECT_EQ(Published(), row.published);
    server_.SetHost("orders.test", {"10.0.0.1", "fd00::1"});
    RunUntilError("");
    RunUntilPublished("10.0.0.1:80 fd00::1:80");
  }
}

// At first there is nothing to keep, and what was found is followed.
TEST_F(Discoveries, OneKindIsEnoughToBegin) {
  server_.SetHost("orders.test", {"10.0.0.1"});
  server_.Set("orders.test", DnsType::kAaaa, {.code = testing_support::kServfail});
  Begin({{"orders.test:80"}});
  Settle();
  EXPECT_EQ(Published(), "10.0.0.1:80");
  EXPECT_EQ(discovery_->status()[0].error,
            "orders.test, AAAA records: no name server could or would answer");
  EXPECT_TRUE(cluster().failure().ok());
  server_.Set("orders.test", DnsType::kA, {.records = {AddressRecord("10.0.0.2")}});
  RunUntilPublished("10.0.0.2:80");
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
  // Nor does it lose the addresses of a kind that nobody tells.
  server_.SetHost("a.test", {"10.0.0.1", "fd00::1"});
  RunUntilPublished("10.0.0.1:81 10.0.1.2:82 fd00::1:81");
  server_.Set("a.test", DnsType::kA, {.fault = Fault::kHang});
  RunUntilError("a.test, A records: no name server answered in time");
  EXPECT_EQ(Published(), "10.0.0.1:81 10.0.1.2:82 fd00::1:81");
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

TEST_F(Discoveries, ThousandsOfOthersPushOutNobodyInUse) {
  server_.SetHost("orders.test", {"10.200.0.1", "10.100.0.1"});
  Begin({{"orders.test:80"}});
  Settle();
  EXPECT_EQ(Published(), "10.100.0.1:80 10.200.0.1:80");
  DnsReply reply;
  for (int i = 0; i < 3000; ++i) {
    reply.records.push_back(AddressRecord(Cat("10.0.", i / 256, '.', i % 256)));
  }
  reply.records.push_back(AddressRecord("10.200.0.1"));
  server_.SetHost("orders.test", {});
  server_.Set("orders.test", DnsType::kA, std::move(reply));
  RunRounds("orders.test", 3);
  const std::string published = Published();
  EXPECT_EQ(cluster().endpoints()->size(), 256u);
  EXPECT_NE(published.find("10.200.0.1:80"), std::string::npos) << "is still there";
  EXPECT_EQ(published.find("10.100.0.1:80"), std::string::npos) << "is no more";
  EXPECT_NE(published.find("10.0.0.0:80"), std::string::npos);
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
  EXPECT_THAT(LinesOf(::testing::internal::GetCapturedStderr()),
              ::testing::ElementsAre(
                  "info: orders: 2 end points (+10.0.0.1:80, +10.0.0.2:80)",
                  "info: orders: 3 end points (+10.0.0.4:80, +[fd00::4]:80, -10.0.0.2:80)",
                  "warn: orders: cannot look up orders.test:80: orders.test: no name server "
                  "answered in time; what was found before stays",
                  "info: orders: orders.test:80 is found again",
                  "info: orders: 1 end point (-10.0.0.1:80, -[fd00::4]:80)"));
}

// A kind that nobody tells, perhaps for good, is no failure, whatever the reasons are each time.
TEST_F(Discoveries, LogsWhatIsFoundInPartOnce) {
  const DnsReply servfail{.code = testing_support::kServfail};
  server_.SetHost("orders.test", {"10.0.0.1"});
  server_.Set("orders.test", DnsType::kAaaa, servfail);
  ::testing::internal::CaptureStderr();
  Begin({{"orders.test:80"}});
  Settle();
  for (int i = 0; i < 2; ++i) {
    server_.Set("orders.test", DnsType::kAaaa, {.fault = Fault::kHang});
    RunUntilError("orders.test, AAAA records: no name server answered in time");
    server_.Set("orders.test", DnsType::kAaaa, servfail);
    RunUntilError("orders.test, AAAA records: no name server could or would answer");
  }
  server_.Set("orders.test", DnsType::kA, servfail);
  RunUntilError("orders.test: no name server could or would answer");
  server_.Set("orders.test", DnsType::kA, {.records = {AddressRecord("10.0.0.1")}});
  RunUntilError("orders.test, AAAA records: no name server could or would answer");
  server_.SetHost("orders.test", {"10.0.0.1"});
  RunUntilError("");
  // Another kind, of which some are known.
  server_.Set("orders.test", DnsType::kAaaa, {.records = {AddressRecord("fd00::1")}});
  RunUntilPublished("10.0.0.1:80 fd00::1:80");
  server_.Set("orders.test", DnsType::kA, servfail);
  RunUntilError("orders.test, A records: no name server could or would answer");
  EXPECT_EQ(Published(), "10.0.0.1:80 fd00::1:80");
  const std::string no_aaaa =
      "info: orders: orders.test:80 was found only in part: orders.test, AAAA records: no name "
      "server could or would answer";
  EXPECT_THAT(LinesOf(::testing::internal::GetCapturedStderr()),
              ::testing::ElementsAre(
                  no_aaaa, "info: orders: 1 end point (+10.0.0.1:80)",
                  "warn: orders: cannot look up orders.test:80: orders.test: no name server could "
                  "or would answer; what was found before stays",
                  no_aaaa, "info: orders: orders.test:80 is found in full",
                  "info: orders: 2 end points (+[fd00::1]:80)",
                  "info: orders: orders.test:80 was found only in part: orders.test, A records: no "
                  "name server could or would answer; what was known of the rest stays"));
}

// Of a service with a host that is not found the others are.
TEST_F(Discoveries, LogsTheHostThatIsMissing) {
  server_.SetHost("a.test", {"10.0.0.1"});
  server_.Set("a.test", DnsType::kAaaa, {.code = testing_support::kServfail});
  server_.Set("_grpc._tcp.test", DnsType::kSrv,
              {.records = {SrvRecord(0, 1, 81, "a.test"), SrvRecord(0, 1, 82, "b.test")}});
  ::testing::internal::CaptureStderr();
  Begin({{"srv://_grpc._tcp.test"}});
  Settle();
  RunRounds("a.test", 3);
  EXPECT_EQ(discovery_->status()[0].error, "b.test: no such name");
  EXPECT_THAT(LinesOf(::testing::internal::GetCapturedStderr()),
              ::testing::ElementsAre("info: orders: srv://_grpc._tcp.test was found only in part: "
                                     "b.test: no such name",
                                     "info: orders: 1 end point (+10.0.0.1:81)"));
}

// Records without a time to live, over and over, are no reason to ask over and over.
TEST_F(Discoveries, WaitsLongerWhereNothingWasFound) {
  const DnsReply servfail{.code = testing_support::kServfail};
  const DnsReply both{.records = {SrvRecord(0, 1, 81, "a.test"), SrvRecord(0, 1, 82, "b.test")}};
  const DnsReply v4{.records = {AddressRecord("10.0.0.1")}};
  const struct {
    const char* what;
    DnsReply srv;
    DnsReply a_a;
    DnsReply a_aaaa;
    Duration wait;
  } rows[] = {
      {"no host", both, servfail, servfail, milliseconds(900)},
      {"no service", servfail, v4, {}, milliseconds(900)},
      {"one host", both, v4, {}, milliseconds(525)},
      {"one kind of one host", both, v4, servfail, milliseconds(525)},
  };
  refresh_ = seconds(5);
  server_.Set("b.test", DnsType::kA, servfail);
  server_.Set("b.test", DnsType::kAaaa, servfail);
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    server_.Set("_grpc._tcp.test", DnsType::kSrv, row.srv);
    server_.Set("a.test", DnsType::kA, row.a_a);
    server_.Set("a.test", DnsType::kAaaa, row.a_aaaa);
    discovery_.reset();
    settled_ = false;
    Begin({{"srv://_grpc._tcp.test"}});
    Settle();
    const DiscoveryStatus status = discovery_->status()[0];
    EXPECT_NE(status.error, "");
    EXPECT_EQ(status.next - status.last, row.wait);
  }
  // Of those that found a part it does not matter how many there were.
  RunRounds("a.test", 4);
  server_.Set("_grpc._tcp.test", DnsType::kSrv, servfail);
  RunUntilError("no name server could or would answer");
  const DiscoveryStatus status = discovery_->status()[0];
  EXPECT_EQ(status.next - status.last, milliseconds(900));
}

}  // namespace
}  // namespace frontdesk::upstream
