// Which version of an upstream calls go to: who gets it, who stays, and what happens when it can't
// be called.
#include "gateway/upstream/canary.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/mechanism/stable_hash.h"
#include "gateway/upstream/grpc_wire.h"
#include "tests/unit/upstream/chain.h"

namespace frontdesk::upstream {
namespace {

using Readiness = Transport::Readiness;

constexpr int kCallers = 20'000;

std::string Caller(int i) { return Cat("=issuer\nuser-", i); }

// For each caller the version that it gets, by the shares of all but the first.
std::vector<size_t> Choices(const std::vector<std::string_view>& names,
                            const std::vector<double>& shares) {
  std::vector<double> weights = {100};
  for (const double share : shares) {
    weights.push_back(share);
    weights[0] -= share;
  }
  std::vector<size_t> choices;
  for (int i = 0; i < kCallers; ++i) choices.push_back(ChooseVersion(Caller(i), names, weights));
  return choices;
}

double Share(const std::vector<size_t>& choices, size_t version) {
  return 100.0 * static_cast<double>(std::count(choices.begin(), choices.end(), version)) /
         static_cast<double>(choices.size());
}

TEST(ChooseVersion, SharesAreThoseThatWereAskedFor) {
  const std::vector<double> rows[] = {{0}, {0.5}, {1}, {5}, {10}, {50}, {99}, {100}};
  for (const auto& row : rows) {
    const auto choices = Choices({kStable, "next"}, row);
    // Four standard deviations of as many throws.
    const double p = row[0] / 100;
    EXPECT_NEAR(Share(choices, 1), row[0], 400 * std::sqrt(p * (1 - p) / kCallers)) << row[0];
  }
  const auto three = Choices({kStable, "a", "b"}, {20, 30});
  EXPECT_NEAR(Share(three, 0), 50, 1.5);
  EXPECT_NEAR(Share(three, 1), 20, 1.5);
  EXPECT_NEAR(Share(three, 2), 30, 1.5);
}

TEST(ChooseVersion, MoreForOneMovesTheDifferenceAndNobodyElse) {
  std::vector<size_t> before = Choices({kStable, "next"}, {0});
  for (const double percent : {1, 5, 10, 10, 25, 50, 90, 100}) {
    const std::vector<size_t> after = Choices({kStable, "next"}, {percent});
    for (int i = 0; i < kCallers; ++i) {
      ASSERT_LE(before[static_cast<size_t>(i)], after[static_cast<size_t>(i)])
          << Caller(i) << " went back at " << percent;
    }
    before = after;
  }
  // With a third beside them hardly anybody else moves.
  const auto five = Choices({kStable, "next", "other"}, {5, 10});
  const auto ten = Choices({kStable, "next", "other"}, {10, 10});
  int moved = 0, to_next = 0;
  for (size_t i = 0; i < five.size(); ++i) {
    if (five[i] == ten[i]) continue;
    ++moved;
    if (ten[i] == 1) ++to_next;
    EXPECT_NE(five[i], 1u) << "went away from what got more";
  }
  EXPECT_NEAR(100.0 * to_next / kCallers, 5, 1);
  EXPECT_LT(100.0 * (moved - to_next) / kCallers, 1);
}

TEST(ChooseVersion, IsTheSameEverywhereAndAlways) {
  // Gateways of several builds stand side by side while one is replaced by the next.
  EXPECT_EQ(StableHash(""), 0xefd01f60ba992926);
  EXPECT_EQ(StableHash("stable\n"), 0xd26c287059249940);
  EXPECT_NE(StableHash("a"), StableHash("b"));
  EXPECT_NE(StableHash(std::string_view("\0", 1)), StableHash(""));
  EXPECT_EQ(Choices({kStable, "next"}, {7}), Choices({kStable, "next"}, {7}));
  // By the name: versions of the same name have the same callers, others have others.
  const auto one = Choices({kStable, "next"}, {10});
  const auto other = Choices({kStable, "later"}, {10});
  int both = 0;
  for (size_t i = 0; i < one.size(); ++i) both += one[i] == 1 && other[i] == 1;
  EXPECT_LT(both, kCallers / 20);
  EXPECT_GT(both, 0);
}

class CanaryTest : public Chain {
 protected:
  CanaryTest() {
    settings_.services = {"s.S"};
    settings_.endpoints = {"127.0.0.1:1"};
    VersionSettings& next = settings_.canary.versions.emplace_back();
    next.name = "next";
    next.endpoints = {"127.0.0.1:2"};
    policy().retry.max_attempts = 3;
    policy().breaker.on = false;
    settings_.breaker.on = false;
    settings_.queue_age.max_age = seconds(10);
  }
  VersionSettings& next() { return settings_.canary.versions[0]; }
  void Percent(double percent) {
    channels();
    ASSERT_TRUE(clusters_->SetPercent("s", "next", percent));
  }

  // What the gateway knows of a request.
  struct Who {
    std::string sub;
    std::string address;
    Metadata headers;
    std::string claims;
    std::string provider;
    bool shared_subject = false;
  };
  Pending& From(const Who& who, std::string method = "M") {
    Pending& call = calls_.emplace_back(loop_);
    call.method = {"s.S", std::move(method), contract::Idempotency::kNoSideEffects};
    call.context.versions = std::make_shared<VersionChoices>();
    call.context.versions->hints = {who.address, who.headers};
    if (!who.sub.empty()) {
      auto identity = std::make_shared<identity::Identity>();
      identity->sub = who.sub;
      identity->provider = who.provider;
      identity->shared_subject = who.shared_subject;
      if (!who.claims.empty()) identity->claims = *identity::ParseJson(who.claims, {});
      call.context.identity = std::move(identity);
    }
    Again(call);
    return call;
  }
  // Another call of the same request.
  void Again(Pending& call) {
    call.result.reset();
    testing_support::internal::Finish(
        channels().Unary(call.context, call.method, call.request, call.options), &call.result);
  }
  // The port that gets the call, which is answered.
  std::string Port(Pending& call) {
    RunUntil([&] { return call.result.has_value() || !Live().empty(); });
    if (call.result) return "none";
    FakeTransport::Call& live = *Live()[0];
    std::string port = live.transport.address.substr(10);
    live.Answer("reply");
    ResultOf(call);
    return port;
  }
  std::string PortOf(const Who& who) { return Port(From(who)); }
};

TEST_F(CanaryTest, NobodyGoesThereUnlessAsked) {
  EXPECT_EQ(VersionsText({}), "");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(PortOf({.sub = Cat(i)}), "1");
  // Nor does a client choose by saying so.
  EXPECT_EQ(PortOf({.address = "a", .headers = {{"version", "next"}, {"x-canary", "next"}}}), "1");
}

// Whichever credential of his a caller shows, where all issuers mean the same by one name.
TEST_F(CanaryTest, ACallerOfSeveralIssuersIsOne) {
  Percent(50);
  int apart = 0;
  for (int i = 0; i < 40; ++i) {
    const auto of = [&](const char* provider, bool shared) {
      Who who{.sub = Cat("user-", i)};
      who.provider = provider;
      who.shared_subject = shared;
      return PortOf(who);
    };
    EXPECT_EQ(of("idp", true), of("other", true)) << i;
    apart += of("idp", false) == of("other", false) ? 0 : 1;
  }
  EXPECT_GT(apart, 0) << "two people of one name";
}

TEST_F(CanaryTest, AMatchChooses) {
  next().match = {{.header = "x-canary", .claim = "", .values = {"yes", "1"}},
                  {.header = "", .claim = "org.plan", .values = {"beta"}},
                  {.header = "x-any", .claim = "", .values = {}},
                  {.header = "x-both", .claim = "staff", .values = {}}};
  const std::pair<Who, const char*> rows[] = {
      {{}, "1"},
      {{.headers = {{"x-canary", "yes"}}}, "2"},
      {{.headers = {{"x-canary", "1"}}}, "2"},
      {{.headers = {{"x-canary", "Yes"}}}, "1"},
      {{.headers = {{"x-canary", ""}}}, "1"},
      {{.headers = {{"x-any", ""}}}, "2"},
      {{.sub = "a", .claims = R"({"org":{"plan":"beta"}})"}, "2"},
      {{.sub = "a", .claims = R"({"org":{"plan":["alpha","beta"]}})"}, "2"},
      {{.sub = "a", .claims = R"({"org":{"plan":"alpha"}})"}, "1"},
      {{.sub = "a", .claims = R"({"org":"beta","plan":"beta"})"}, "1"},
      {{.headers = {{"org.plan", "beta"}}}, "1"},
      {{.headers = {{"x-both", "a"}}}, "1"},
      {{.sub = "a", .claims = R"({"staff":true})"}, "1"},
      {{.sub = "a", .headers = {{"x-both", "a"}}, .claims = R"({"staff":true})"}, "2"},
  };
  int row = 0;
  for (const auto& [who, port] : rows) {
    EXPECT_EQ(PortOf(who), port) << "row " << row;
    ++row;
  }
}

TEST_F(CanaryTest, WhoeverItIsStays) {
  settings_.canary.sticky_header = "x-device";
  Percent(50);
  const auto port = [&](const Who& who) { return PortOf(who); };
  std::set<std::string> subs, addresses, devices;
  for (int i = 0; i < 40; ++i) {
    const std::string n = Cat(i);
    // A verified caller counts, wherever it comes from and whatever it says.
    const std::string mine = port({.sub = n, .address = "a"});
    EXPECT_EQ(port({.sub = n, .address = "b", .headers = {{"x-device", n + "x"}}}), mine);
    subs.insert(mine);
    const std::string device = port({.address = "a", .headers = {{"x-device", n}}});
    EXPECT_EQ(port({.address = "b", .headers = {{"x-device", n}}}), device);
    devices.insert(device);
    const std::string there = port({.address = n});
    EXPECT_EQ(port({.address = n, .headers = {{"x-device", ""}}}), there);
    addresses.insert(there);
  }
  EXPECT_EQ(subs.size() + addresses.size() + devices.size(), 6u);
}

TEST_F(CanaryTest, WithoutAnythingKnownItIsDrawnOncePerRequest) {
  double drawn = 0;
  random_ = [&] { return drawn; };
  Percent(10);
  const std::pair<double, const char*> rows[] = {{0, "2"}, {0.09, "2"}, {0.11, "1"}, {0.99, "1"}};
  for (const auto& [random, port] : rows) {
    drawn = random;
    Pending& call = From({});
    EXPECT_EQ(Port(call), port);
    drawn = 1 - random;
    Again(call);
    EXPECT_EQ(Port(call), port) << "another call of the request";
  }
}

TEST_F(CanaryTest, ARequestKeepsItsVersionWhileSharesChange) {
  Percent(100);
  Pending& call = From({.sub = "a"});
  EXPECT_EQ(VersionsText(*call.context.versions), "s@next");
  EXPECT_EQ(Port(call), "2");
  Percent(0);
  Again(call);
  EXPECT_EQ(Port(call), "2");
  EXPECT_EQ(PortOf({.sub = "a"}), "1");
  EXPECT_FALSE(clusters_->SetPercent("s", "stable", 1));
  EXPECT_FALSE(clusters_->SetPercent("s", "other", 1));
  EXPECT_FALSE(clusters_->SetPercent("t", "next", 1));
}

TEST_F(CanaryTest, RetriesStayWithinTheVersion) {
  next().endpoints = {"127.0.0.1:2", "127.0.0.1:3"};
  Percent(100);
  Pending& call = From({.sub = "a"});
  std::string ports;
  for (int i = 0; i < 3; ++i) {
    FakeTransport::Call& live = NextLive();
    ports += live.transport.address.back();
    live.Fail(absl::UnavailableError("down"));
    Turn();
  }
  EXPECT_EQ(ResultOf(call).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ports.find('1'), std::string::npos) << ports;
  EXPECT_EQ(transports_.count("127.0.0.1:1"), 0u) << "it was never asked for";
}

struct Trouble {
  const char* name;
  bool fallback;
  Readiness readiness;
  bool healthy;
  const char* port;  // "none": the call fails
};

TEST_F(CanaryTest, WhereItCantBeCalledTheStableOneIs) {
  const Trouble rows[] = {
      {"well", true, Readiness::kReady, true, "2"},
      {"full", true, Readiness::kFull, true, "waits"},
      {"not connected yet", true, Readiness::kIdle, true, "waits"},
      {"failing", true, Readiness::kFailing, true, "1"},
      {"failing, no fallback", false, Readiness::kFailing, true, "none"},
      {"unhealthy", true, Readiness::kReady, false, "1"},
      {"unhealthy, no fallback", false, Readiness::kReady, false, "2"},
  };
  for (const Trouble& row : rows) {
    channels_.reset();
    transports_.clear();
    next().fallback = row.fallback;
    on_transport_ = [&](FakeTransport& transport) {
      if (transport.address != "127.0.0.1:2") return;
      transport.now = row.readiness;
      transport.failure = Unreachable("refused");
    };
    Percent(100);
    Cluster& canary = clusters_->CanaryOf(cluster())->cluster(1);
    canary.SetHealthy(*canary.endpoints()->front().state, row.healthy, loop_.Now());
    Pending& call = From({.sub = "a"});
    if (std::string_view(row.port) == "waits") {
      Turn();
      EXPECT_TRUE(Live().empty() && !call.result) << row.name;
      transports_.at("127.0.0.1:2")->Become(Readiness::kReady);
      EXPECT_EQ(Port(call), "2") << row.name;
    } else {
      EXPECT_EQ(Port(call), row.port) << row.name;
      EXPECT_EQ(VersionsText(*call.context.versions),
                std::string_view(row.port) == "1" ? "s@stable" : "s@next")
          << row.name;
    }
    // It is tried again, so that it is called as soon as it can be.
    if (row.readiness == Readiness::kFailing) {
      FakeTransport& transport = *transports_.at("127.0.0.1:2");
      EXPECT_GT(transport.connects, 0) << row.name;
      transport.Become(Readiness::kReady);
      EXPECT_EQ(PortOf({.sub = "a"}), "2") << row.name;
    }
  }
}

TEST_F(CanaryTest, AConnectionThatIsNotMadeLeadsToTheStableOne) {
  on_transport_ = [&](FakeTransport& transport) {
    if (transport.address == "127.0.0.1:2") transport.now = Readiness::kConnecting;
  };
  Percent(100);
  Pending& call = From({.sub = "a"});
  Turn();
  EXPECT_FALSE(call.result);
  FakeTransport& transport = *transports_.at("127.0.0.1:2");
  transport.failure = Unreachable("refused");
  transport.Become(Readiness::kFailing);
  EXPECT_EQ(Port(call), "1");
  // The rest of the request stays there, whatever becomes of the other.
  transport.Become(Readiness::kReady);
  Again(call);
  EXPECT_EQ(Port(call), "1");
}

TEST_F(CanaryTest, WhatMayHaveBeenDoneIsNotDoneAgainElsewhere) {
  policy().retry.max_attempts = 1;
  Percent(100);
  for (const auto code : {absl::StatusCode::kUnavailable, absl::StatusCode::kInternal,
                          absl::StatusCode::kNotFound, absl::StatusCode::kResourceExhausted}) {
    Pending& call = From({.sub = "a"});
    NextLive().Fail(absl::Status(code, "x"));
    EXPECT_EQ(ResultOf(call).status().code(), code);
  }
  EXPECT_EQ(transports_.count("127.0.0.1:1"), 0u) << "it was never asked for";
}

TEST_F(CanaryTest, AnOpenBreakerOfItsOwnLeadsToTheStableOne) {
  policy().breaker.on = true;
  policy().breaker.consecutive_failures = 2;
  policy().retry.max_attempts = 1;
  Percent(100);
  for (int i = 0; i < 2; ++i) {
    Pending& call = From({.sub = "a"});
    NextLive().Fail(absl::InternalError("x"));
    ResultOf(call);
  }
  EXPECT_EQ(PortOf({.sub = "a"}), "1");
  Percent(0);
  EXPECT_EQ(PortOf({.sub = "a"}), "1") << "that of the stable one is closed";
}

TEST_F(CanaryTest, EachVersionHasRoomOfItsOwn) {
  settings_.max_in_flight = 100;
  next().max_in_flight = 1;
  Percent(100);
  EXPECT_EQ(clusters_->all()[0]->room().limit(), 100u);
  EXPECT_EQ(clusters_->all()[1]->room().limit(), 1u);
}

TEST_F(CanaryTest, IsToldByVersion) {
  Percent(30);
  for (int i = 0; i < 20; ++i) PortOf({.sub = Cat(i)});
  const std::vector<ClusterView> views = clusters_->Describe(loop_.Now());
  ASSERT_EQ(views.size(), 2u);
  EXPECT_EQ(views[0].name, "s");
  EXPECT_EQ(views[1].name, "s@next");
  uint64_t calls = 0;
  for (const ClusterView& view : views) {
    ASSERT_TRUE(view.version);
    EXPECT_EQ(view.version->of, "s");
    EXPECT_EQ(view.version->counts.calls[0], view.version->counts.chosen[0]);
    calls += view.version->counts.calls[0];
  }
  EXPECT_EQ(views[0].version->name, "stable");
  EXPECT_EQ(views[0].version->percent, 70);
  EXPECT_EQ(views[1].version->name, "next");
  EXPECT_EQ(views[1].version->percent, 30);
  EXPECT_EQ(calls, 20u);
}

TEST(VersionHeaders, EachOnce) {
  UpstreamSettings one, other;
  one.canary.sticky_cookie = "id";
  one.canary.versions.emplace_back().match = {{.header = "x-a", .claim = "", .values = {}},
                                              {.header = "", .claim = "c", .values = {}}};
  other.canary.sticky_header = "x-b";
  other.canary.versions.emplace_back().match = {{.header = "x-a", .claim = "", .values = {}}};
  EXPECT_THAT(VersionHeaders({one, other}), testing::ElementsAre("cookie:id", "x-a", "x-b"));
  EXPECT_THAT(VersionHeaders({}), testing::IsEmpty());
}

}  // namespace
}  // namespace frontdesk::upstream
