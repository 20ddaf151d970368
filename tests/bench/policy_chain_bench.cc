// What the policies of a request cost: the way from a request that was read to a back end that
// answers at once, and back to headers; bare, with each policy alone, and with all of them.
// chains.sh adds the instructions.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "gateway/base/text.h"
#include "gateway/limit/memory_store.h"
#include "gateway/policy/cors.h"
#include "gateway/policy/limit.h"
#include "tests/support/chain_rig.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/jose.h"
#include "tests/support/no_body.h"

namespace frontdesk {
namespace {

using std::chrono::seconds;
using testing_support::ChainRig;
using testing_support::NoBody;
using Key = route::Route::Limit::Key;

constexpr identity::UnixTime kNow{seconds(1'700'000'000)};

constexpr char kPlain[] = R"(
  message GetOrderRequest { string order_id = 1; int32 page_size = 2; string locale = 3; }
)";
constexpr char kWithRules[] = R"(
  message GetOrderRequest {
    string order_id = 1 [(frontdesk.v1.field).rules.string = {
      min_len: 1 max_len: 64 pattern: "^order-[0-9]+$" }];
    int32 page_size = 2 [(frontdesk.v1.field).rules.int32 = { gte: 0 lte: 100 }];
    string locale = 3 [(frontdesk.v1.field).rules.string = { in: ["de", "en", "fr"] }];
  }
)";
constexpr char kService[] = R"(
  message Order { string id = 1; }
  service Orders {
    rpc GetOrder(GetOrderRequest) returns (Order) {
      option (google.api.http) = { get: "/api/v1/orders/{order_id}" };
    }
  }
)";

// Which policies are on.
struct With {
  const char* name;
  bool jwt = false;
  bool limits = false;
  bool cors = false;
  bool rules = false;
};

std::string ContractFor(const With& with) {
  return Cat(with.rules ? kWithRules : kPlain, kService);
}

class AtOnce final : public policy::Terminal {
 public:
  Task<Reply> Dispatch(Exchange&) override { co_return Reply(); }
};

std::string Claims() {
  return Cat(R"({"iss":"https://idp.example/realms/shop","sub":"user-1","aud":["shop","account"],)",
             R"("exp":1700000300,"iat":1699999990,"azp":"web","tenant":"acme","plan":"gold",)",
             R"("scope":"openid orders.read orders.write profile email"})");
}

// Trusts an issuer whose keys are in a file.
ChainRig::Options OptionsFor(const With& with, const testing::JoseKey& key) {
  ChainRig::Options options{.wall = kNow};
  if (!with.jwt) return options;
  policy::AuthSettings::Provider provider;
  provider.name = "idp";
  provider.rules.issuer = "https://idp.example/realms/shop";
  provider.rules.audiences = {"shop"};
  provider.keys.algorithms = {identity::ParseAlgorithm("ES256").value()};
  provider.file = Cat("/tmp/policy_chain_bench.", ::getpid(), ".jwks");
  std::ofstream(provider.file) << key.Set();
  options.auth.providers.push_back(std::move(provider));
  return options;
}

// A worker with one route.
class Desk {
 public:
  explicit Desk(const With& with)
      : rig_(OptionsFor(with, key_)),
        token_(Cat("Bearer ", key_.Token(Claims()))),
        contract_(
            contract::Contract::Load(testing::CompileProto(ContractFor(with)), "bench", findings_)),
        route_(testing_support::RouteOf(*contract_, "test.Orders/GetOrder")) {
    rig_.settings.types = &contract_->tables();
    if (with.jwt) {
      rig_.authenticator.Start();
      rig_.authenticator.WaitForKeys(seconds(10));
      route_.auth.access = route::Route::Auth::Access::kRequired;
      route_.auth.scopes = {"orders.read"};
    }
    if (with.limits) {
      route_.limits_by_address.push_back({.key = Key::kAddress, .rule = 0});
      route_.limits_by_caller.push_back({.key = Key::kCaller, .rule = 1});
    }
    if (with.cors) {
      auto cors = std::make_shared<route::Cors>();
      cors->origins.Add("https://*.shop.example");
      cors->credentials = true;
      cors->expose_headers = "x-request-id, server-timing";
      route_.cors = std::move(cors);
    }
    route::MatcherBuilder builder;
    (void)builder.Add(route_.binding->http_method, route_.binding->path, &route_, {});
    matcher_ = builder.Build();
    AddHeaders();
  }

  // What a browser sends, read and handed to the gateway.
  [[gnu::noinline]] void Request() {
    Exchange exchange(request_, body_, cancel_, rig_.loop);
    exchange.match = matcher_.Find(request_.method, request_.path);
    exchange.route = exchange.match.route;
    exchange.client_address = "203.0.113.7";
    Run(this, &exchange);
    head_.headers.clear();
    policy::AddLimitHeaders(exchange.limit, head_);
    if (route_.cors) policy::AddCorsHeaders(request_, *route_.cors, head_);
    benchmark::DoNotOptimize(head_);
  }
  int failed() const { return failed_; }

 private:
  void AddHeaders() {
    request_.method = "GET";
    request_.path = "/api/v1/orders/order-000123456";
    request_.query = "page_size=20&locale=en";
    request_.target = "/api/v1/orders/order-000123456?page_size=20&locale=en";
    request_.authority = "shop.example";
    request_.received = rig_.loop.Now();
    const std::pair<const char*, std::string_view> headers[] = {
        {"host", "shop.example"},
        {"user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari"},
        {"accept", "application/json"},
        {"accept-language", "en-GB,en;q=0.9,de;q=0.8"},
        {"accept-encoding", "gzip, deflate, br"},
        {"origin", "https://app.shop.example"},
        {"referer", "https://app.shop.example/orders"},
        {"authorization", token_},
        {"sec-fetch-mode", "cors"},
        {"sec-fetch-site", "same-site"},
    };
    for (const auto& [name, value] : headers) request_.headers.Add(name, value);
  }
  static internal::Detached Run(Desk* desk, Exchange* exchange) {
    const Reply reply =
        co_await policy::RunChain(*exchange, desk->rig_.settings, desk->host_, desk->guarded_);
    desk->failed_ += !reply.status.ok();
  }

  const testing::JoseKey key_{"ES256"};
  ChainRig rig_;
  const std::string token_;
  contract::Findings findings_;
  const std::unique_ptr<const contract::Contract> contract_;
  route::Route route_;
  route::Matcher matcher_;
  limit::MemoryStore memory_{64 << 20};
  const std::vector<limit::Rule> rules_ = {
      {0, "addresses", BucketRule(1'000'000, seconds(1), 1'000'000)},
      {1, "callers", BucketRule(1'000'000, seconds(1), 1'000'000)}};
  policy::Limits limits_{rules_};
  AtOnce terminal_;
  const policy::ChainHost host_ = rig_.Host({&memory_, &limits_});
  policy::Guarded guarded_{host_, terminal_};
  http::Request request_;
  NoBody body_;
  Cancellation cancel_;
  http::ResponseHead head_;
  int failed_ = 0;
};

constexpr With kRows[] = {
    {.name = "Bare"},
    {.name = "Jwt", .jwt = true},
    {.name = "TwoLimits", .limits = true},
    {.name = "Cors", .cors = true},
    {.name = "Validation", .rules = true},
    {.name = "All", .jwt = true, .limits = true, .cors = true, .rules = true},
};

void Chain(benchmark::State& state) {
  const With& with = kRows[state.range(0)];
  Desk desk(with);
  desk.Request();  // after which the token is known
  for (auto _ : state) desk.Request();
  if (desk.failed() > 0) state.SkipWithError("requests failed");
  state.SetLabel(with.name);
}
constexpr int kLastRow = static_cast<int>(std::size(kRows)) - 1;
BENCHMARK(Chain)->DenseRange(0, kLastRow);
// For chains.sh, which divides by what is said here and the one before.
BENCHMARK(Chain)->Name("Counted")->DenseRange(0, kLastRow)->Iterations(1000);

}  // namespace
}  // namespace frontdesk
