// The chain as a whole: what waits for what, and what is kept meanwhile.
#include "gateway/policy/chain.h"

#include <gtest/gtest.h>

#include <iterator>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "gateway/base/event.h"
#include "gateway/base/failure.h"
#include "gateway/contract/contract.h"
#include "tests/support/chain_rig.h"
#include "tests/support/descriptor_set.h"
#include "tests/unit/policy/undoing.h"

namespace frontdesk::policy {
namespace {

constexpr char kContract[] = R"(
  message M { string id = 1; }
  service S {
    rpc Get(M) returns (M) { option (google.api.http) = { get: "/a" }; }
    rpc Put(M) returns (M) { option (google.api.http) = { post: "/a" body: "*" }; }
  }
)";

// Comes when the client says so.
class SlowBody final : public http::BodySource {
 public:
  explicit SlowBody(Loop& loop) : loop_(loop) {}
  Task<absl::StatusOr<std::string_view>> Next(TimePoint until) override {
    asked = true;
    co_await may_come.Until(loop_, until, nullptr);
    if (!may_come.happened()) co_return DeadlineExceeded("no body");
    if (std::exchange(came_, true)) co_return std::string_view();
    co_return std::string_view("{}");
  }
  Event may_come;
  bool asked = false;

 private:
  Loop& loop_;
  bool came_ = false;
};

// Carries out nothing, until it may.
class Slow final : public Terminal {
 public:
  Task<Reply> Dispatch(Exchange& exchange) override {
    ++begun;
    co_await may_end->Until(exchange.call.loop, TimePoint::max(), &exchange.call.cancel);
    if (fails) co_return undoing.Fail(exchange);
    co_return Reply();
  }
  bool fails = false;
  Undoing undoing;
  std::shared_ptr<Event> may_end = std::make_shared<Event>();
  int begun = 0;
};

struct Client {
  Client(Loop& loop, const route::Route& route)
      : body(loop), exchange(request, body, cancel, loop) {
    request.method = route.binding->http_method;
    request.path = "/a";
    request.has_body = request.method == "POST";
    request.received = loop.Now();
    exchange.route = &route;
  }
  http::Request request;
  SlowBody body;
  Cancellation cancel;
  Exchange exchange;
  std::string outcome = "under way";
};

internal::Detached Answer(Client* client, const ChainSettings* settings, const ChainHost* host,
                          Guarded* guarded) {
  const Reply reply = co_await RunChain(client->exchange, *settings, *host, *guarded);
  client->outcome = reply.status.ok() ? "OK" : ReasonOf(reply.status);
  if (reply.replayed) client->outcome += " (again)";
  client->exchange.place = InFlight::Place();  // which ends with the exchange
}

// A worker with two routes.
class ChainTest : public ::testing::Test, protected testing_support::ChainRig {
 protected:
  ChainTest()
      : ChainRig({.overload = {.max_in_flight = 3}, .bulkheads = {{"mobile", 1, 0}}}),
        contract(contract::Contract::Load(testing::CompileProto(kContract), "chain", findings)) {
    EXPECT_TRUE(contract) << findings.ToString();
    settings.types = &contract->tables();
    get = testing_support::RouteOf(*contract, "test.S/Get");
    put = testing_support::RouteOf(*contract, "test.S/Put");
  }
  ~ChainTest() override {
    slow.may_end->Set();
    for (Client& client : clients) client.body.may_come.Set();
    Turn();
  }
  Client& Start(const route::Route& route, const char* key = nullptr) {
    Client& client = clients.emplace_back(loop, route);
    if (key) client.request.headers.Add("idempotency-key", key);
    Answer(&client, &settings, &host, &guarded);
    Turn();
    return client;
  }
  // With its body.
  Client& Send(const route::Route& route, const char* key = nullptr) {
    Client& client = Start(route, key);
    client.body.may_come.Set();
    Turn();
    return client;
  }
  void Turn() {
    for (int i = 0; i < 3; ++i) {
      bool turned = false;
      loop.Post([&turned] { turned = true; });
      loop.RunUntil([&] { return turned; });
    }
  }
  // Whoever is inside has its answer.
  void EndAll() {
    const auto now = std::exchange(slow.may_end, std::make_shared<Event>());
    now->Set();
    Turn();
  }

  contract::Findings findings;
  const std::unique_ptr<const contract::Contract> contract;
  route::Route get, put;
  Slow slow;
  const ChainHost host = Host();
  Guarded guarded{host, slow};
  std::list<Client> clients;
};

TEST_F(ChainTest, WhoSendsItsBodySlowlyKeepsNoPlaceFromOthers) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(Start(put).body.asked);
  EXPECT_EQ(in_flight.count(), 0u);
  Start(get);
  EXPECT_EQ(slow.begun, 1);
  EXPECT_EQ(in_flight.count(), 1u);
  // Now they want their places, and there are two.
  std::string outcomes;
  for (Client& client : clients) client.body.may_come.Set();
  Turn();
  for (const Client& client : clients) outcomes += client.outcome + ", ";
  EXPECT_EQ(outcomes, "under way, under way, OVERLOADED, OVERLOADED, OVERLOADED, under way, ");
  EXPECT_EQ(in_flight.count(), 3u);
  // Who would get none is not asked for its body.
  const Client& refused = Start(put);
  EXPECT_EQ(refused.outcome, "OVERLOADED");
  EXPECT_FALSE(refused.body.asked);
  EndAll();
  clients.clear();
  EXPECT_EQ(in_flight.count(), 0u);
}

TEST_F(ChainTest, WhatIsGoneIsGoneForEverybodyBeforeAnythingElse) {
  auto version = std::make_unique<route::Version>();
  version->retired_from = std::chrono::sys_days(std::chrono::January / 2 / 2026);
  put.version = std::move(version);
  put.auth.access = route::Route::Auth::Access::kRequired;
  EXPECT_EQ(Start(put).outcome, "CALLER_UNKNOWN");
  today += std::chrono::hours(24);
  const Client& gone = Start(put);
  EXPECT_EQ(gone.outcome, "METHOD_RETIRED");
  EXPECT_FALSE(gone.body.asked);
  // Nor is it told to come again later.
  for (int i = 0; i < 4; ++i) Start(get);
  EXPECT_EQ(Start(get).outcome, "OVERLOADED");
  EXPECT_EQ(Start(put).outcome, "METHOD_RETIRED");
}

TEST_F(ChainTest, WhatIsStillBeingTakenBackKeepsItsPlace) {
  slow.fails = true;
  for (const bool once : {false, true}) {
    get.idempotency.on = once;  // without a key
    Start(get);
    EXPECT_EQ(in_flight.count(), 1u);
    EndAll();
    EXPECT_EQ(clients.back().outcome, "ABORTED");
    clients.clear();
    EXPECT_EQ(in_flight.count(), 1u);
    slow.undoing.EndOne();
    EXPECT_EQ(in_flight.count(), 0u);
  }
}

TEST_F(ChainTest, NoBodyIsWaitedForLongerThanTheClientWaits) {
  const struct {
    const char* name;
    const char* value;
    const char* outcome;
  } rows[] = {
      {"x-request-timeout", "20ms", "DEADLINE_EXCEEDED"},
      {"grpc-timeout", "20m", "DEADLINE_EXCEEDED"},
      {"x-request-timeout", "3600", "under way"},
      {"accept", "*/*", "under way"},
  };
  for (const auto& row : rows) {
    Client& client = clients.emplace_back(loop, put);
    client.request.headers.Add(row.name, row.value);
    Answer(&client, &settings, &host, &guarded);
  }
  loop.RunUntil([&] { return std::next(clients.begin())->outcome != "under way"; });
  Turn();
  auto client = clients.begin();
  for (const auto& row : rows) {
    EXPECT_TRUE(client->body.asked);
    EXPECT_EQ((client++)->outcome, row.outcome) << row.name << ": " << row.value;
  }
  EXPECT_EQ(slow.begun, 0);
  EXPECT_EQ(in_flight.count(), 0u);
}

TEST_F(ChainTest, WhatIsKeptForItsKeyNeedsNoRoom) {
  put.idempotency.on = true;
  put.bulkhead = 0;
  Send(put, "kept");
  EndAll();
  EXPECT_EQ(clients.back().outcome, "OK");
  Send(put, "inside");
  EXPECT_EQ(slow.begun, 2);
  // The bulkhead is full.
  EXPECT_EQ(Send(put, "kept").outcome, "OK (again)");
  EXPECT_EQ(Send(put, "inside").outcome, "IDEMPOTENCY_KEY_IN_FLIGHT");
  EXPECT_EQ(Send(put, "new").outcome, "BULKHEAD_FULL");
  const Client& plain = Start(put);
  EXPECT_EQ(plain.outcome, "BULKHEAD_FULL");
  EXPECT_FALSE(plain.body.asked);
  EXPECT_EQ(slow.begun, 2);
  EndAll();
  // A refusal is not kept.
  Send(put, "new");
  EXPECT_EQ(slow.begun, 3);
  EndAll();
  EXPECT_EQ(clients.back().outcome, "OK");
}

// With a code that is kept when a back end says it.
TEST_F(ChainTest, AnInjectedFailureDoesNotUseUpItsKey) {
  const route::Route::Fault fault = {.on = true, .abort = absl::StatusCode::kFailedPrecondition};
  put.idempotency.on = true;
  put.fault = fault;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Send(put, "key").outcome, "FAULT_INJECTED");
  EXPECT_EQ(slow.begun, 0);
  put.fault = {};
  Send(put, "key");
  EXPECT_EQ(slow.begun, 1);
  EndAll();
  EXPECT_EQ(clients.back().outcome, "OK");
  // What is kept is not carried out, so that nothing goes wrong with it.
  put.fault = fault;
  EXPECT_EQ(Send(put, "key").outcome, "OK (again)");
  EXPECT_EQ(slow.begun, 1);
}

}  // namespace
}  // namespace frontdesk::policy
