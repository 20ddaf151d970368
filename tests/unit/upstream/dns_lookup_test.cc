#include "gateway/upstream/dns_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "gateway/base/text.h"
#include "gateway/upstream/settings.h"
#include "tests/support/dns_server.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::AddressRecord;
using testing_support::CnameRecord;
using testing_support::DnsRecord;
using testing_support::DnsReply;
using testing_support::DnsServer;
using testing_support::DnsType;
using testing_support::SrvRecord;
using Fault = DnsReply::Fault;

// "10.0.0.1:80" of each address, with its weight unless that is 1; "host: why" where there is none.
std::string TextOf(const DnsAnswer& answer) {
  if (!answer.status.ok()) return Cat("failed: ", Std(answer.status.message()));
  std::string text;
  for (const DnsTarget& target : answer.targets) {
    for (const auto& address : target.addresses) {
      text += Cat(text.empty() ? "" : " ", address.to_string(), ' ', target.port);
      if (target.weight != 1) text += Cat('*', target.weight);
    }
    if (!target.status.ok()) text += Cat(text.empty() ? "" : " ", Std(target.status.message()));
  }
  return text;
}

class DnsLookups : public ::testing::Test {
 protected:
  DnsSettings Settings() const {
    return {
        .servers = server_.address(), .time_limit = seconds(10), .try_limit = milliseconds(400)};
  }
  DnsAnswer Look(const std::string& name) { return Look(name, Settings()); }
  DnsAnswer Look(const std::string& name, const DnsSettings& settings) {
    std::optional<DnsAnswer> answer;
    DnsLookup lookup(loop_, settings, *ParseEndpoint(name), [&](DnsAnswer got) {
      EXPECT_FALSE(answer) << "told twice";
      answer = std::move(got);
    });
    EXPECT_FALSE(answer) << "told from inside the constructor";
    loop_.RunUntil([&] { return answer.has_value(); });
    return *std::move(answer);
  }

  DnsServer server_;
  Loop loop_;
};

TEST_F(DnsLookups, FindsAddresses) {
  using Records = std::vector<DnsRecord>;
  const struct {
    const char* what;
    Records a;
    Records aaaa;
    const char* found;
    int ttl;
  } rows[] = {
      {"one", {AddressRecord("10.0.0.1", 7)}, {}, "10.0.0.1 80", 7},
      {"both kinds, the shortest TTL",
       {AddressRecord("10.0.0.1", 60)},
       {AddressRecord("fd00::1", 5)},
       "10.0.0.1 80 fd00::1 80",
       5},
      {"the other kind only", {}, {AddressRecord("fd00::1", 5)}, "fd00::1 80", 5},
      {"in any order, some twice",
       {AddressRecord("10.0.0.3", 9), AddressRecord("10.0.0.1", 9), AddressRecord("10.0.0.3", 9),
        AddressRecord("10.0.0.2", 9)},
       {},
       "10.0.0.1 80 10.0.0.2 80 10.0.0.3 80",
       9},
      {"TTL 0", {AddressRecord("10.0.0.1", 0)}, {}, "10.0.0.1 80", 0},
      {"TTL 2^31 counts as 0", {AddressRecord("10.0.0.1", 1u << 31)}, {}, "10.0.0.1 80", 0},
      {"so does 2^32 - 1", {AddressRecord("10.0.0.1", 0xffffffff)}, {}, "10.0.0.1 80", 0},
      {"at most an hour", {AddressRecord("10.0.0.1", 0x7fffffff)}, {}, "10.0.0.1 80", 3600},
      {"an alias, with its TTL",
       {CnameRecord("b.test", 3), {DnsType::kA, 8, AddressRecord("10.0.0.1").data, "b.test"}},
       {},
       "10.0.0.1 80",
       3},
      {"a chain of them",
       {CnameRecord("b.test", 30),
        {DnsType::kCname, 20, CnameRecord("c.test").data, "b.test"},
        {DnsType::kA, 80, AddressRecord("10.0.0.1").data, "c.test"}},
       {},
       "10.0.0.1 80",
       20},
      {"not what no one can connect to",
       {AddressRecord("0.0.0.0", 1), AddressRecord("224.0.0.1", 1), AddressRecord("10.0.0.1", 1)},
       {AddressRecord("::", 1), AddressRecord("ff02::1", 1)},
       "10.0.0.1 80",
       1},
  };
  for (const auto& row : rows) {
    server_.Set("a.test", DnsType::kA, {.records = row.a});
    server_.Set("a.test", DnsType::kAaaa, {.records = row.aaaa});
    const DnsAnswer answer = Look("a.test:80");
    EXPECT_EQ(TextOf(answer), row.found) << row.what;
    EXPECT_EQ(answer.ttl, seconds(row.ttl)) << row.what;
  }
}

TEST_F(DnsLookups, SaysWhyThereAreNone) {
  const struct {
    DnsReply reply;
    const char* why;
  } rows[] = {
      {{.code = testing_support::kNxdomain}, "a.test: no such name"},
      {{}, "a.test: the name has no such records"},
      {{.code = testing_support::kServfail}, "a.test: no name server could or would answer"},
      {{.code = testing_support::kRefused}, "a.test: no name server could or would answer"},
      {{.fault = Fault::kHang}, "a.test: no name server answered in time"},
      {{.fault = Fault::kWrongId}, "a.test: no name server answered in time"},
      {{.fault = Fault::kNoise}, "a.test: no name server answered in time"},
      {{.fault = Fault::kBadRecords}, "a.test: Misformatted DNS reply"},
      {{.records = {AddressRecord("0.0.0.0")}}, "a.test: the name has no such records"},
      // An alias to nowhere, and one to itself.
      {{.records = {CnameRecord("b.test")}}, "a.test: the name has no such records"},
      {{.records = {CnameRecord("a.test")}}, "a.test: the name has no such records"},
      {{.fault = Fault::kBrokenTcp}, "a.test: no name server could or would answer"},
  };
  for (const auto& row : rows) {
    server_.Set("a.test", DnsType::kA, row.reply);
    server_.Set("a.test", DnsType::kAaaa, row.reply);
    EXPECT_EQ(TextOf(Look("a.test:80")), row.why);
  }
}

// One kind of addresses is enough, whatever becomes of the other.
TEST_F(DnsLookups, TakesWhatThereIs) {
  for (const Fault fault : {Fault::kHang, Fault::kNoise, Fault::kWrongId}) {
    server_.SetHost("a.test", {"10.0.0.1"});
    server_.Set("a.test", DnsType::kAaaa, {.fault = fault});
    EXPECT_EQ(TextOf(Look("a.test:80")), "10.0.0.1 80");
  }
  server_.Set("a.test", DnsType::kAaaa, {.code = testing_support::kServfail});
  EXPECT_EQ(TextOf(Look("a.test:80")), "10.0.0.1 80");
}

// And tells which kind nobody could tell: having none is an answer.
TEST_F(DnsLookups, SaysWhichKindNobodyTold) {
  const DnsReply v4{.records = {AddressRecord("10.0.0.1", 7)}};
  const DnsReply v6{.records = {AddressRecord("fd00::1", 7)}};
  const struct {
    const char* what;
    DnsReply a;
    DnsReply aaaa;
    const char* found;
    const char* v4;
    const char* v6;
  } rows[] = {
      {"A lost",
       {.fault = Fault::kHang},
       v6,
       "fd00::1 80",
       "a.test, A records: no name server answered in time",
       ""},
      {"A SERVFAIL",
       {.code = testing_support::kServfail},
       v6,
       "fd00::1 80",
       "a.test, A records: no name server could or would answer",
       ""},
      {"A cut off",
       {.fault = Fault::kBadRecords},
       v6,
       "fd00::1 80",
       "a.test, A records: Misformatted DNS reply",
       ""},
      {"AAAA lost",
       v4,
       {.fault = Fault::kHang},
       "10.0.0.1 80",
       "",
       "a.test, AAAA records: no name server answered in time"},
      {"AAAA REFUSED",
       v4,
       {.code = testing_support::kRefused},
       "10.0.0.1 80",
       "",
       "a.test, AAAA records: no name server could or would answer"},
      {"no A", {}, v6, "fd00::1 80", "", ""},
      {"A NXDOMAIN", {.code = testing_support::kNxdomain}, v6, "fd00::1 80", "", ""},
      {"no AAAA", v4, {}, "10.0.0.1 80", "", ""},
      {"the answer to AAAA is A",
       {.fault = Fault::kHang},
       v4,
       "a.test: no name server answered in time",
       "a.test, A records: no name server answered in time",
       ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    server_.Set("a.test", DnsType::kA, row.a);
    server_.Set("a.test", DnsType::kAaaa, row.aaaa);
    const DnsAnswer answer = Look("a.test:80");
    EXPECT_EQ(TextOf(answer), row.found);
    ASSERT_EQ(answer.targets.size(), 1u);
    EXPECT_EQ(Std(answer.targets[0].v4.message()), row.v4);
    EXPECT_EQ(Std(answer.targets[0].v6.message()), row.v6);
    if (answer.targets[0].status.ok()) {
      EXPECT_EQ(answer.ttl, seconds(7));
    }
  }
}

// At the time limit what came is used.
TEST_F(DnsLookups, DoesNotWaitForTheOtherKind) {
  DnsSettings settings = Settings();
  settings.time_limit = seconds(1);
  settings.try_limit = seconds(30);
  server_.SetHost("a.test", {"fd00::1"});
  server_.Set("a.test", DnsType::kA, {.fault = Fault::kHang});
  const TimePoint start = loop_.Now();
  const DnsAnswer answer = Look("a.test:80", settings);
  EXPECT_LT(loop_.Now() - start, seconds(5));
  EXPECT_EQ(TextOf(answer), "fd00::1 80");
  EXPECT_EQ(Std(answer.targets.at(0).v4.message()),
            "a.test, A records: no answer within the time limit");
}

// The search domains are those of both kinds together: addresses of two hosts are never mixed.
TEST_F(DnsLookups, SearchesOneHost) {
  const DnsReply v4{.records = {AddressRecord("10.0.0.1")}};
  const DnsReply nxdomain{.code = testing_support::kNxdomain};
  const DnsReply servfail{.code = testing_support::kServfail};
  const struct {
    const char* what;
    DnsReply first_a;
    DnsReply first_aaaa;
    const char* found;
  } rows[] = {
      {"the first domain has one kind", v4, {}, "10.0.0.1 80"},
      {"nobody tells the other one", v4, servfail, "10.0.0.1 80"},
      {"has none", {}, {}, "fd00::2 80"},
      {"does not have the name", nxdomain, nxdomain, "fd00::2 80"},
      {"says so for one kind", nxdomain, servfail, "fd00::2 80"},
      {"may have some", servfail, {}, "a: no name server could or would answer"},
  };
  server_.SetHost("a.two.test", {"fd00::2"});
  for (const auto& row : rows) {
    server_.Set("a.one.test", DnsType::kA, row.first_a);
    server_.Set("a.one.test", DnsType::kAaaa, row.first_aaaa);
    setenv("LOCALDOMAIN", "one.test two.test", 1);
    EXPECT_EQ(TextOf(Look("a:80")), row.found) << row.what;
    EXPECT_EQ(TextOf(Look("a.two.test:80")), "fd00::2 80") << row.what;
    unsetenv("LOCALDOMAIN");
  }
  EXPECT_EQ(server_.questions("a"), 0);
}

TEST_F(DnsLookups, WaitsForALateAnswer) {
  server_.SetHost("a.test", {});
  server_.Set("a.test", DnsType::kA,
              {.records = {AddressRecord("10.0.0.1")}, .delay = milliseconds(50)});
  EXPECT_EQ(TextOf(Look("a.test:80")), "10.0.0.1 80");
}

TEST_F(DnsLookups, EndsWithinItsTimeLimit) {
  DnsSettings settings = Settings();
  settings.time_limit = milliseconds(60);
  settings.try_limit = seconds(30);
  server_.SetFault("a.test", Fault::kHang);
  server_.SetFault("_grpc._tcp.a.test", Fault::kHang);
  const TimePoint start = loop_.Now();
  EXPECT_EQ(TextOf(Look("a.test:80", settings)), "a.test: no answer within the time limit");
  EXPECT_EQ(TextOf(Look("srv://_grpc._tcp.a.test", settings)),
            "failed: _grpc._tcp.a.test: no answer within the time limit");
  EXPECT_LT(loop_.Now() - start, seconds(5));
}

TEST_F(DnsLookups, AsksAgainOverTcpForALongAnswer) {
  DnsReply reply;
  std::string found;
  for (int i = 1; i <= 100; ++i) {
    reply.records.insert(reply.records.begin(), AddressRecord(Cat("10.0.0.", i)));
    found += Cat(i == 1 ? "" : " ", "10.0.0.", i, " 80");
  }
  server_.SetHost("a.test", {});
  server_.Set("a.test", DnsType::kA, std::move(reply));
  EXPECT_EQ(TextOf(Look("a.test:80")), found);
  EXPECT_GE(server_.tcp_questions(), 1);
}

TEST_F(DnsLookups, TakesSoManyAndNoMore) {
  DnsReply reply;
  for (int i = 10000; i > 0; --i) {
    reply.records.push_back(AddressRecord(Cat("10.0.", i / 256, '.', i % 256)));
  }
  server_.SetHost("a.test", {});
  server_.Set("a.test", DnsType::kA, std::move(reply));
  const DnsAnswer answer = Look("a.test:80");
  ASSERT_EQ(answer.targets.size(), 1u);
  // What 64 KiB hold.
  EXPECT_GT(answer.targets[0].addresses.size(), 3000u);
  EXPECT_LE(answer.targets[0].addresses.size(), kMostAddresses);
}

TEST_F(DnsLookups, FindsServices) {
  server_.SetHost("a.test", {"10.0.0.1"});
  server_.SetHost("b.test", {"10.0.0.2", "fd00::2"});
  const struct {
    const char* what;
    std::vector<DnsRecord> srv;
    const char* found;
  } rows[] = {
      {"one", {SrvRecord(0, 1, 81, "a.test", 7)}, "10.0.0.1 81"},
      {"weights",
       {SrvRecord(0, 10, 81, "a.test"), SrvRecord(0, 30, 82, "b.test")},
       "10.0.0.1 81*10 10.0.0.2 82*30 fd00::2 82*30"},
      {"no weight is the least",
       {SrvRecord(0, 0, 81, "a.test"), SrvRecord(0, 5, 82, "a.test")},
       "10.0.0.1 81 10.0.0.1 82*5"},
      {"the first priority only",
       {SrvRecord(20, 1, 83, "b.test"), SrvRecord(10, 1, 81, "a.test"),
        SrvRecord(10, 1, 82, "a.test"), SrvRecord(30, 1, 84, "b.test")},
       "10.0.0.1 81 10.0.0.1 82"},
      {"a host twice",
       {SrvRecord(0, 1, 81, "a.test"), SrvRecord(0, 3, 81, "A.Test")},
       "10.0.0.1 81*3"},
      {"one of two hosts is not known",
       {SrvRecord(0, 1, 81, "a.test"), SrvRecord(0, 1, 81, "nowhere.test")},
       "10.0.0.1 81 nowhere.test: no such name"},
      {"not at all", {SrvRecord(0, 0, 0, "")}, "failed: no SRV record names a host and a port"},
      {"no port", {SrvRecord(0, 1, 0, "a.test")}, "failed: no SRV record names a host and a port"},
      {"no host name",
       {SrvRecord(0, 1, 81, "a b.test"), SrvRecord(9, 1, 82, "a.test")},
       "10.0.0.1 82"},
  };
  for (const auto& row : rows) {
    server_.Set("_grpc._tcp.test", DnsType::kSrv, {.records = row.srv});
    EXPECT_EQ(TextOf(Look("srv://_grpc._tcp.test")), row.found) << row.what;
  }
}

TEST_F(DnsLookups, KnowsHowLongServicesLast) {
  server_.SetHost("a.test", {});
  server_.Set("a.test", DnsType::kA, {.records = {AddressRecord("10.0.0.1", 50)}});
  for (const auto& [ttl, expected] :
       {std::pair{7u, 7}, std::pair{70u, 50}, std::pair{1u << 31, 0}}) {
    server_.Set("_grpc._tcp.test", DnsType::kSrv,
                {.records = {SrvRecord(0, 1, 81, "a.test", ttl)}});
    EXPECT_EQ(Look("srv://_grpc._tcp.test").ttl, seconds(expected));
  }
}

TEST_F(DnsLookups, SaysWhyThereAreNoServices) {
  const struct {
    DnsReply reply;
    const char* why;
  } rows[] = {
      {{.code = testing_support::kNxdomain}, "failed: no such name"},
      {{}, "failed: the name has no such records"},
      {{.code = testing_support::kServfail}, "failed: no name server could or would answer"},
      {{.fault = Fault::kHang}, "failed: no name server answered in time"},
      {{.fault = Fault::kNoise}, "failed: no name server answered in time"},
      {{.fault = Fault::kBadRecords}, "failed: Misformatted DNS reply"},
      {{.records = {{DnsType::kSrv, 1, "short", ""}}}, "failed: Misformatted DNS reply"},
  };
  for (const auto& row : rows) {
    server_.Set("_grpc._tcp.a.test", DnsType::kSrv, row.reply);
    EXPECT_EQ(TextOf(Look("srv://_grpc._tcp.a.test")), row.why);
  }
}

TEST_F(DnsLookups, ReadsTheHostsFileFirst) {
  server_.SetFault("localhost", Fault::kHang);
  EXPECT_THAT(TextOf(Look("localhost:80")), ::testing::HasSubstr("127.0.0.1 80"));
  EXPECT_EQ(server_.questions("localhost"), 0);
}

TEST_F(DnsLookups, TriesAnotherServer) {
  DnsServer broken;
  broken.SetHost("a.test", {});
  server_.SetHost("a.test", {"10.0.0.1"});
  DnsSettings settings = Settings();
  settings.servers = Cat(broken.address(), ',', server_.address());
  for (const DnsReply& reply :
       {DnsReply{.code = testing_support::kServfail}, DnsReply{.fault = Fault::kHang},
        DnsReply{.fault = Fault::kNoise}}) {
    broken.Set("a.test", DnsType::kA, reply);
    broken.Set("a.test", DnsType::kAaaa, reply);
    EXPECT_EQ(TextOf(Look("a.test:80", settings)), "10.0.0.1 80");
  }
  settings.servers = Cat("127.0.0.1:1,", server_.address());  // nobody listens there
  EXPECT_EQ(TextOf(Look("a.test:80", settings)), "10.0.0.1 80");
}

TEST_F(DnsLookups, SaysThatTheServersMakeNoSense) {
  DnsSettings settings = Settings();
  settings.servers = "nonsense";
  EXPECT_THAT(TextOf(Look("a.test:80", settings)), ::testing::StartsWith("failed: "));
}

TEST_F(DnsLookups, GivingUpIsSilent) {
  server_.SetFault("a.test", Fault::kHang);
  server_.SetFault("_grpc._tcp.a.test", Fault::kHang);
  server_.Set("_grpc._tcp.b.test", DnsType::kSrv, {.records = {SrvRecord(0, 1, 81, "a.test")}});
  for (const char* name : {"a.test:80", "srv://_grpc._tcp.a.test", "srv://_grpc._tcp.b.test"}) {
    auto lookup = std::make_unique<DnsLookup>(loop_, Settings(), *ParseEndpoint(name),
                                              [](const DnsAnswer&) { FAIL() << "told"; });
    const int before = server_.questions("a.test");
    if (std::string_view(name).find("b.test") != std::string_view::npos) {
      loop_.RunUntil([&] {
        loop_.Post([] {});
        return server_.questions("a.test") > before;
      });
    }
    lookup.reset();
    bool turned = false;
    loop_.Post([&] { turned = true; });
    loop_.RunUntil([&] { return turned; });
  }
}

TEST_F(DnsLookups, MayBeDestroyedByWhatItTells) {
  server_.SetHost("a.test", {"10.0.0.1"});
  std::unique_ptr<DnsLookup> lookup;
  lookup = std::make_unique<DnsLookup>(loop_, Settings(), *ParseEndpoint("a.test:80"),
                                       [&](const DnsAnswer&) { lookup.reset(); });
  loop_.RunUntil([&] { return !lookup; });
}

// A look-up that is under way when everything ends.
TEST_F(DnsLookups, EndsBeforeItsLoop) {
  server_.SetFault("a.test", Fault::kHang);
  Loop loop;
  const DnsLookup lookup(loop, Settings(), *ParseEndpoint("a.test:80"), [](const DnsAnswer&) {});
  bool turned = false;
  loop.Post([&] { turned = true; });
  loop.RunUntil([&] { return turned; });
}

}  // namespace
}  // namespace frontdesk::upstream
