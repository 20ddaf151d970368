// Rate limits through the chain: who is counted together, what is charged when, what is answered.
#include "gateway/policy/limit.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/limit/memory_store.h"
#include "gateway/policy/chain.h"
#include "gateway/policy/limit_key.h"
#include "tests/support/chain_rig.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/no_body.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk::policy {
namespace {

using Key = route::Route::Limit::Key;
using testing_support::NoBody;
using testing_support::RunOnLoop;

constexpr char kContract[] = R"(
  message Inner { int32 number = 3; }
  message M { string id = 1; repeated string ids = 2; Inner inner = 20; }
  message Own { string user = 1 [(frontdesk.v1.field).from = "caller.sub"]; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/a" }; }
    rpc Mine(Own) returns (M) { option (google.api.http) = { get: "/mine" }; }
  }
)";

class AtOnce final : public Terminal {
 public:
  Task<Reply> Dispatch(Exchange&) override {
    ++calls;
    co_return Reply();
  }
  int calls = 0;
};

// One that has to be waited for, or knows nothing.
class ElsewhereStore final : public limit::Store {
 public:
  ElsewhereStore(limit::Store& in, Loop& loop) : in_(in), loop_(loop) {}
  std::optional<limit::Decision> TakeNow(std::span<const limit::Ask>, TimePoint) override {
    return std::nullopt;
  }
  Task<limit::Decision> Take(std::span<const limit::Ask> asks) override {
    const absl::Status slept = co_await loop_.SleepUntil(loop_.Now());
    EXPECT_TRUE(slept.ok());
    limit::Decision decision;
    decision.outcome = limit::Decision::Outcome::kUnavailable;
    if (knows) decision = *in_.TakeNow(asks, loop_.Now());
    co_return decision;
  }
  bool knows = true;

 private:
  limit::Store& in_;
  Loop& loop_;
};

struct Asked {
  std::string address = "192.0.2.1";
  std::string caller = "user-1";
  std::string query = {};
  std::string app = {};  // a header
  std::string claims = "{}";
  std::string api_key = {};   // by which he is known
  std::string provider = {};  // that vouches for him
  bool shared_subject = false;
};

identity::IdentityPointer CallerOf(const Asked& asked) {
  if (asked.caller.empty()) return nullptr;
  identity::Identity caller = *identity::MakeIdentity(asked.caller);
  caller.claims = *identity::ParseJson(asked.claims);
  caller.api_key = asked.api_key;
  caller.provider = asked.provider;
  caller.shared_subject = asked.shared_subject;
  return std::make_shared<const identity::Identity>(std::move(caller));
}

class LimitTest : public ::testing::TestWithParam<bool>, protected testing_support::ChainRig {
 protected:
  LimitTest()
      : contract(contract::Contract::Load(testing::CompileProto(kContract), "limit", findings)) {
    EXPECT_TRUE(contract) << findings.ToString();
    settings.types = &contract->tables();
    get = testing_support::RouteOf(*contract, "test.S/Get");
    mine = testing_support::RouteOf(*contract, "test.S/Mine");
  }
  // So many per hour.
  size_t AddRule(const std::string& name, uint64_t burst) {
    rules.push_back({static_cast<uint32_t>(rules.size()), name,
                     BucketRule(burst, std::chrono::hours(1), burst)});
    return rules.size() - 1;
  }
  void Begin() {
    limits.emplace(rules, &memory, nullptr, every_address);
    elsewhere.emplace(memory, loop);
    limit::Store* const store = GetParam() ? static_cast<limit::Store*>(&*elsewhere) : &memory;
    host.emplace(Host({store, &*limits}));
    guarded.emplace(*host, terminal);
  }
  // "OK 3 left", "RATE_LIMITED".
  std::string Ask(const route::Route& route, const Asked& asked = {}) {
    if (!host) Begin();
    http::Request request;
    request.method = "GET";
    request.path = route.binding->path.text;
    request.query = asked.query;
    request.received = loop.Now();
    request.peer_address = "127.0.0.1";
    if (!asked.app.empty()) request.headers.Add("x-app", asked.app);
    NoBody body;
    Cancellation cancel;
    Exchange exchange(request, body, cancel, loop);
    exchange.route = &route;
    exchange.client_address = asked.address;
    settings.auth.development_caller = CallerOf(asked);
    const Reply reply = RunOnLoop(loop, RunChain(exchange, settings, *host, *guarded));
    failure = reply.status;
    head.headers.clear();
    AddLimitHeaders(exchange.limit, head);
    if (!reply.status.ok()) return ReasonOf(reply.status);
    return exchange.limit.rule ? Cat("OK ", exchange.limit.remaining, " left") : "OK";
  }
  std::string Header(std::string_view name) const {
    for (const auto& [key, value] : head.headers) {
      if (key == name) return value;
    }
    return "";
  }

  contract::Findings findings;
  const std::unique_ptr<const contract::Contract> contract;
  route::Route get, mine;
  AtOnce terminal;
  std::vector<limit::Rule> rules;
  std::optional<size_t> every_address;  // of them
  limit::MemoryStore memory{1 << 20};
  std::optional<ElsewhereStore> elsewhere;
  std::optional<Limits> limits;
  std::optional<ChainHost> host;
  std::optional<Guarded> guarded;
  absl::Status failure;
  http::ResponseHead head;
};

TEST_P(LimitTest, WithoutLimitsThereAreNoHeaders) {
  EXPECT_EQ(Ask(get), "OK");
  EXPECT_TRUE(head.headers.empty());
}

// Two issuers may know different people by one name, unless the file says that they don't: then a
// second credential is no second quota.
TEST_P(LimitTest, ByCallerOfSeveralIssuers) {
  get.limits_by_caller.push_back({.key = Key::kCaller, .rule = AddRule("callers", 2)});
  mine.limits_by_caller.push_back(
      {.key = Key::kClaim, .rule = AddRule("tenants", 2), .of = "tenant"});
  for (const route::Route* route : {&get, &mine}) {
    const auto ask = [&](const std::string& provider, bool shared) {
      return Ask(
          *route,
          {.claims = R"({"tenant":"acme"})", .provider = provider, .shared_subject = shared});
    };
    EXPECT_EQ(ask("idp", false), "OK 1 left");
    EXPECT_EQ(ask("other", false), "OK 1 left");
    EXPECT_EQ(ask("idp", true), "OK 1 left");
    EXPECT_EQ(ask("other", true), "OK 0 left");
    EXPECT_EQ(ask("api_keys", true), "RATE_LIMITED");
    EXPECT_EQ(ask("idp", false), "OK 0 left");
  }
}

TEST_P(LimitTest, ByCaller) {
  get.limits_by_caller.push_back({.key = Key::kCaller, .rule = AddRule("callers", 2)});
  EXPECT_EQ(Ask(get), "OK 1 left");
  EXPECT_EQ(Header("RateLimit-Limit"), "2");
  EXPECT_EQ(Header("RateLimit-Remaining"), "1");
  EXPECT_EQ(Header("RateLimit-Reset"), "1800");
  EXPECT_EQ(Header("RateLimit-Policy"), "2;w=3600;burst=2");
  EXPECT_EQ(Ask(get, {.address = "192.0.2.2"}), "OK 0 left");
  EXPECT_EQ(Ask(get), "RATE_LIMITED");
  EXPECT_EQ(failure.code(), absl::StatusCode::kResourceExhausted);
  const std::string headers = HeadersOf(failure);
  EXPECT_TRUE(headers == "Retry-After: 1800\r\n" || headers == "Retry-After: 1799\r\n") << headers;
  EXPECT_EQ(Header("RateLimit-Remaining"), "0");
  EXPECT_EQ(Ask(get, {.caller = "user-2"}), "OK 1 left");
  // Without a caller the address counts, and nobody is called like one.
  EXPECT_EQ(Ask(get, {.caller = ""}), "OK 1 left");
  EXPECT_EQ(Ask(get, {.caller = Cat('@', AddressKey("192.0.2.1"))}), "OK 1 left");
  EXPECT_EQ(Ask(get, {.caller = ""}), "OK 0 left");
  EXPECT_EQ(Ask(get, {.caller = ""}), "RATE_LIMITED");
  EXPECT_EQ(Ask(get, {.address = "192.0.2.2", .caller = ""}), "OK 1 left");
  EXPECT_EQ(terminal.calls, 7);

  const std::string text = [this] {
    metrics.AddSource(*limits);
    return metrics.Text();
  }();
  EXPECT_NE(text.find("frontdesk_limit_refused_total{limit=\"callers\"} 2\n"), std::string::npos)
      << text;
}

TEST_P(LimitTest, ByAddressIpv6ByItsNetwork) {
  get.limits_by_address.push_back({.key = Key::kAddress, .rule = AddRule("addresses", 2)});
  EXPECT_EQ(Ask(get), "OK 1 left");
  EXPECT_EQ(Ask(get, {.address = "::ffff:192.0.2.1"}), "OK 0 left");
  EXPECT_EQ(Ask(get, {.address = "192.0.2.2"}), "OK 1 left");
  EXPECT_EQ(Ask(get, {.address = "2001:db8:0:1::1"}), "OK 1 left");
  EXPECT_EQ(Ask(get, {.address = "2001:db8:0:1:ffff::2"}), "OK 0 left");
  EXPECT_EQ(Ask(get, {.address = "2001:db8:0:1:1::"}), "RATE_LIMITED");
  EXPECT_EQ(Ask(get, {.address = "2001:db8:0:2::1"}), "OK 1 left");
  EXPECT_EQ(Ask(get, {.address = ""}), "OK 1 left");
  EXPECT_EQ(Ask(get, {.address = "unix"}), "OK 0 left");
}

// With a route or without one, and before anything else of a limit.
TEST_P(LimitTest, WhateverComesFromAnAddress) {
  every_address = AddRule("every", 5);
  get.limits_by_address.push_back({.key = Key::kAddress, .rule = AddRule("addresses", 3)});
  Begin();
  const auto stray = [this](const char* address) {
    http::Request request;
    NoBody body;
    Cancellation cancel;
    Exchange exchange(request, body, cancel, loop);
    exchange.client_address = address;
    const absl::Status status = RunChainToAddress(exchange, *host);
    return status.ok() ? Cat("OK ", exchange.limit.remaining, " left") : ReasonOf(status);
  };
  EXPECT_EQ(stray("192.0.2.1"), "OK 4 left");
  EXPECT_EQ(Ask(get), "OK 2 left");
  EXPECT_EQ(stray("192.0.2.1"), "OK 2 left");
  EXPECT_EQ(stray("::ffff:192.0.2.1"), "OK 1 left");
  EXPECT_EQ(stray("192.0.2.1"), "OK 0 left");
  EXPECT_EQ(stray("192.0.2.1"), "RATE_LIMITED");
  EXPECT_EQ(Ask(get), "RATE_LIMITED");
  EXPECT_EQ(Header("RateLimit-Limit"), "5");
  EXPECT_EQ(Ask(get, {.address = "192.0.2.2"}), "OK 2 left") << "others are unharmed";
  for (const char* address : {"2001:db8:0:1::1", "2001:db8:0:1::2",
                              "2001:db8:0:1:ffff::", "2001:db8:0:1::4", "2001:db8:0:1::5"}) {
    EXPECT_EQ(stray(address).substr(0, 2), "OK");
  }
  EXPECT_EQ(stray("2001:db8:0:1::6"), "RATE_LIMITED");
  EXPECT_EQ(stray("2001:db8:0:2::1"), "OK 4 left");
}

TEST_P(LimitTest, WhoIsNotLetInIsCountedByAddressAlone) {
  mine.limits_by_address.push_back({.key = Key::kAddress, .rule = AddRule("addresses", 3)});
  mine.limits_by_caller.push_back({.key = Key::kRoute, .rule = AddRule("all", 1)});
  EXPECT_EQ(Ask(mine, {.caller = ""}), "CALLER_UNKNOWN");
  EXPECT_EQ(Ask(mine, {.caller = ""}), "CALLER_UNKNOWN");
  EXPECT_EQ(Ask(mine), "OK 0 left") << "strangers have used up nothing of the route";
  EXPECT_EQ(Ask(mine, {.caller = ""}), "RATE_LIMITED") << "before a caller is looked for";
  EXPECT_EQ(Ask(mine, {.address = "192.0.2.2"}), "RATE_LIMITED") << "all together";
  EXPECT_EQ(terminal.calls, 1);
}

TEST_P(LimitTest, OfThoseLookedAtTogetherAllOrNone) {
  get.limits_by_caller.push_back({.key = Key::kRoute, .rule = AddRule("all", 3)});
  get.limits_by_caller.push_back({.key = Key::kCaller, .rule = AddRule("callers", 1)});
  EXPECT_EQ(Ask(get), "OK 0 left");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Ask(get), "RATE_LIMITED");
  EXPECT_EQ(Ask(get, {.caller = "user-2"}), "OK 0 left");
  EXPECT_EQ(Ask(get, {.caller = "user-3"}), "OK 0 left");
  EXPECT_EQ(Header("RateLimit-Policy"), "3;w=3600;burst=3") << "none is left of both: the first";
  EXPECT_EQ(Ask(get, {.caller = "user-4"}), "RATE_LIMITED");
}

TEST_P(LimitTest, ByHeaderAndCost) {
  const size_t rule = AddRule("shared", 10);
  get.limits_by_caller.push_back({.key = Key::kHeader, .rule = rule, .of = "x-app"});
  mine.limits_by_caller.push_back({.key = Key::kHeader, .rule = rule, .of = "x-app", .cost = 7});
  EXPECT_EQ(Ask(get, {.app = "one"}), "OK 9 left");
  EXPECT_EQ(Ask(mine, {.app = "one"}), "OK 2 left");
  EXPECT_EQ(Ask(mine, {.app = "one"}), "RATE_LIMITED");
  EXPECT_EQ(Ask(get, {.app = "one"}), "OK 1 left");
  EXPECT_EQ(Ask(mine, {.app = "two"}), "OK 3 left");
  EXPECT_EQ(Ask(mine), "OK 3 left") << "without the header: another key";
}

TEST_P(LimitTest, ByFieldOfTheDecodedRequest) {
  get.limits_by_field.push_back({.key = Key::kField, .rule = AddRule("ids", 1), .field = {1}});
  EXPECT_EQ(Ask(get, {.query = "id=a"}), "OK 0 left");
  EXPECT_EQ(Ask(get, {.query = "id=%61"}), "RATE_LIMITED") << "the same, spelled otherwise";
  EXPECT_EQ(Ask(get, {.query = "id=b"}), "OK 0 left");
  EXPECT_EQ(Ask(get, {.query = "inner.number=7"}), "OK 0 left");
  EXPECT_EQ(Ask(get), "RATE_LIMITED") << "what is not there is its default";
  EXPECT_EQ(Ask(get, {.query = "nonsense=1"}), "UNKNOWN_PARAMETER") << "nothing is decoded";
}

TEST_P(LimitTest, ByClaim) {
  get.limits_by_caller.push_back(
      {.key = Key::kClaim, .rule = AddRule("tenants", 3), .of = "org.tenant"});
  EXPECT_EQ(Ask(get, {.caller = "a", .claims = R"({"org":{"tenant":"t1"}})"}), "OK 2 left");
  EXPECT_EQ(Ask(get, {.caller = "b", .claims = R"({"org":{"tenant":"t1"}})"}), "OK 1 left");
  EXPECT_EQ(Ask(get, {.caller = "b", .claims = R"({"org":{"tenant":"t2"}})"}), "OK 2 left");
  EXPECT_EQ(Ask(get, {.caller = "c", .claims = R"({"org":{"tenant":7}})"}), "OK 2 left");
  EXPECT_EQ(Ask(get, {.caller = "d", .claims = R"({"org.tenant":"7"})"}), "OK 1 left");
  // Who has none of that is counted by himself, and can't be called like a tenant.
  EXPECT_EQ(Ask(get, {.caller = "t1"}), "OK 2 left");
  EXPECT_EQ(Ask(get, {.caller = "t1", .claims = R"({"org":{"tenant":["t1"]}})"}), "OK 1 left");
  EXPECT_EQ(Ask(get, {.caller = "t1", .claims = R"({"org":{"tenant":null}})"}), "OK 0 left");
  EXPECT_EQ(Ask(get, {.caller = ""}), "OK 2 left") << "by address";
}

TEST_P(LimitTest, ByApiKey) {
  get.limits_by_caller.push_back({.key = Key::kApiKey, .rule = AddRule("keys", 2)});
  EXPECT_EQ(Ask(get, {.caller = "a", .api_key = "k1"}), "OK 1 left");
  EXPECT_EQ(Ask(get, {.caller = "a", .api_key = "k2"}), "OK 1 left") << "his other key";
  EXPECT_EQ(Ask(get, {.caller = "a", .api_key = "k1"}), "OK 0 left");
  EXPECT_EQ(Ask(get, {.caller = "a", .api_key = "k1"}), "RATE_LIMITED");
  EXPECT_EQ(Ask(get, {.caller = "a"}), "OK 1 left") << "with a token";
}

TEST_P(LimitTest, TiersByAClaim) {
  const size_t rule = AddRule("free", 2);
  get.limits_by_caller.push_back(
      {.key = Key::kCaller,
       .rule = rule,
       .tier_claim = "plan",
       .tiers = {{"gold", AddRule("free=gold", 10)}, {"silver", AddRule("free=silver", 5)}}});
  const struct {
    const char* claims;
    const char* outcome;
  } rows[] = {
      {R"({"plan":"gold"})", "OK 9 left"},
      {R"({"plan":["silver","gold"]})", "OK 8 left"},  // the first that is declared
      {R"({"plan":"silver"})", "OK 4 left"},
      {R"({"plan":"none"})", "OK 1 left"},
      {R"({"plan":{"gold":1}})", "OK 0 left"},
      {R"({})", "RATE_LIMITED"},
      {R"({"plan":"gold"})", "OK 7 left"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Ask(get, {.caller = "a", .claims = row.claims}), row.outcome) << row.claims;
  }
  EXPECT_EQ(Ask(get, {.caller = "b", .claims = R"({"plan":"gold"})"}), "OK 9 left");
  EXPECT_EQ(Header("RateLimit-Policy"), "10;w=3600;burst=10");
  EXPECT_EQ(Ask(get, {.caller = ""}), "OK 1 left");
}

TEST_P(LimitTest, ABatchCostsWhatItsPartsWould) {
  get.limits_by_field.push_back({.key = Key::kCaller,
                                 .rule = AddRule("ids", 10),
                                 .cost = 1,
                                 .per_element = 2,
                                 .lists = {{.field = {2}, .type = contract::FieldType::kString}}});
  EXPECT_EQ(Ask(get, {.query = "ids=a&ids=a"}), "OK 5 left");
  EXPECT_EQ(Ask(get, {.query = "ids=a&ids=b&ids=c"}), "RATE_LIMITED");
  EXPECT_NE(HeadersOf(failure).find("Retry-After"), std::string::npos);
  EXPECT_EQ(Ask(get), "OK 3 left") << "at least once";
  EXPECT_EQ(Ask(get, {.query = "ids=a&ids=a&ids=a&ids=a&ids=a"}), "RATE_LIMITED");
  EXPECT_EQ(HeadersOf(failure), "") << "so much is never there";
}

TEST_P(LimitTest, WhereNobodyCanTellItIsRefused) {
  if (!GetParam()) return;
  get.limits_by_caller.push_back({.key = Key::kCaller, .rule = AddRule("callers", 2)});
  Begin();
  elsewhere->knows = false;
  EXPECT_EQ(Ask(get), "LIMITS_UNAVAILABLE");
  EXPECT_EQ(failure.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(HeadersOf(failure), "Retry-After: 1\r\n");
  EXPECT_TRUE(head.headers.empty());
  elsewhere->knows = true;
  EXPECT_EQ(Ask(get), "OK 1 left");
}

INSTANTIATE_TEST_SUITE_P(Store, LimitTest, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "Elsewhere" : "InMemory"; });

TEST(LimitByField, ValuesInAMessage) {
  const std::string message("\x0a\x01x\x12\x04\x0a\x02yz\x18\x96\x01\x0a\x02xx", 16);
  const struct {
    std::vector<uint32_t> field;
    std::string_view value;
  } rows[] = {{{1}, "xx"}, {{2, 1}, "yz"}, {{2, 2}, ""},       {{3}, "\x96\x01"},
              {{9}, ""},   {{1, 1}, ""},   {{2}, "\x0a\x02yz"}};
  for (const auto& row : rows) EXPECT_EQ(FieldValue(message, row.field), row.value);
  EXPECT_EQ(FieldValue("\xff\xff", std::vector<uint32_t>{1}), "");
}

TEST(LimitByField, ElementsOfAList) {
  using Type = contract::FieldType;
  using namespace std::string_view_literals;
  const struct {
    std::string_view message;
    std::vector<uint32_t> field;
    Type type;
    uint64_t count;
  } rows[] = {
      {"", {1}, Type::kString, 0},
      {"\x0a\x01x\x0a\x00\x12\x01y"sv, {1}, Type::kString, 2},
      {"\x0a\x01x\x0a\x00\x12\x01y"sv, {1}, Type::kMessage, 2},
      {"\x0a\x04\x01\x96\x01\x00"sv, {1}, Type::kInt64, 3},         // packed
      {"\x08\x01\x08\x96\x01\x0a\x01\x07"sv, {1}, Type::kEnum, 3},  // both
      {"\x0a\x08\x01\x02\x03\x04\x05\x06\x07\x08"sv, {1}, Type::kFixed32, 2},
      {"\x0a\x08\x01\x02\x03\x04\x05\x06\x07\x08"sv, {1}, Type::kDouble, 1},
      {"\x12\x06\x0a\x01x\x0a\x01y"sv, {2, 1}, Type::kBytes, 2},
      {"\x12\x06\x0a\x01x\x0a\x01y"sv, {3, 1}, Type::kBytes, 0},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(CountElements(row.message, {row.field, row.type}), row.count) << row.message;
  }
}

}  // namespace
}  // namespace frontdesk::policy
