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
#include "gateway/policy/limit_by_address.h"
#include "gateway/policy/limit_by_field.h"
#include "gateway/upstream/random.h"
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
  message M { string id = 1; Inner inner = 20; }
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
};

class LimitTest : public ::testing::TestWithParam<bool> {
 protected:
  LimitTest() {
    contract::Findings findings;
    contract = contract::Contract::Load(testing::CompileProto(kContract), "limit", findings);
    EXPECT_TRUE(contract) << findings.ToString();
    settings.types = &contract->tables();
    Bind("test.S/Get", get);
    Bind("test.S/Mine", mine);
  }
  void Bind(const char* name, route::Route& route) {
    route.method = contract->FindMethod(name);
    route.binding = &route.method->bindings[0];
  }
  // So many per hour.
  size_t AddRule(const std::string& name, uint64_t burst) {
    rules.push_back({static_cast<uint32_t>(rules.size()), name,
                     BucketRule(burst, std::chrono::hours(1), burst)});
    return rules.size() - 1;
  }
  void Begin() {
    limits.emplace(rules);
    elsewhere.emplace(memory, loop);
    limit::Store* const store = GetParam() ? static_cast<limit::Store*>(&*elsewhere) : &memory;
    host.emplace(ChainHost{.idempotency = {idempotency, scope, metrics.AddShard(), nullptr},
                           .metrics = metrics.AddShard(),
                           .shedder = shedder,
                           .authenticator = authenticator,
                           .bulkheads = bulkheads,
                           .random = [] { return 0.5; },
                           .limits = {store, &*limits}});
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
    if (!asked.app.empty()) request.headers.Add("x-app", asked.app);
    NoBody body;
    Cancellation cancel;
    Exchange exchange(request, body, cancel, loop);
    exchange.route = &route;
    exchange.client_address = asked.address;
    settings.auth.development_caller =
        asked.caller.empty() ? nullptr : identity::MakeIdentity(asked.caller);
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

  Loop loop;
  std::unique_ptr<const contract::Contract> contract;
  ChainSettings settings;
  route::Route get, mine;
  observe::Metrics metrics{"1", "test"};
  MemoryIdempotencyStore idempotency{{}};
  Scope scope{10};
  Lateness lateness{std::chrono::milliseconds(50)};
  InFlight in_flight{{}};
  Shedder shedder{lateness, in_flight, metrics.AddShard()};
  Authenticator authenticator{settings.auth, [] { return identity::UnixTime(); },
                              upstream::MakeRandom, 1};
  Bulkheads bulkheads{{}, std::chrono::minutes(1)};
  AtOnce terminal;
  std::vector<limit::Rule> rules;
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
  get.limits_by_caller.push_back({.key = Key::kHeader, .rule = rule, .cost = 1, .header = "x-app"});
  mine.limits_by_caller.push_back(
      {.key = Key::kHeader, .rule = rule, .cost = 7, .header = "x-app"});
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

}  // namespace
}  // namespace frontdesk::policy
