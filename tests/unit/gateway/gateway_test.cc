// What holds of every request, however it ends.
#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

#include "gateway/base/text.h"
#include "gateway/config/compile.h"
#include "gateway/contract/plan_hash.h"
#include "gateway/upstream/random.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/no_body.h"
#include "tests/support/process.h"
#include "tests/support/run_on_loop.h"
#include "tests/support/scripted_caller.h"

namespace frontdesk {
namespace {

using testing_support::NoBody;

uint64_t hash_of_boom = 0;  // set before the registry is asked

// Code as users write it, with a mistake in it.
class Thrower final : public compose::Aggregates {
 public:
  using Aggregates::Aggregates;
  static const std::vector<compose::GeneratedMethod>& Methods() {
    static const std::vector<compose::GeneratedMethod> methods = {
        {"/test.S/Boom", hash_of_boom, &Run}};
    return methods;
  }

 private:
  static Task<absl::StatusOr<compose::Composed>> Run(Aggregates& /*of*/,
                                                     upstream::CallContext& /*context*/,
                                                     std::string_view request,
                                                     const compose::RunOptions& /*options*/) {
    if (request.empty()) throw std::runtime_error("boom");
    co_return compose::Composed();
  }
};

class Sink final : public http::ReplySink {
 public:
  void Send(const http::ResponseHead& head, std::string_view /*body*/) override {
    status = head.status;
  }
  void Begin(const http::ResponseHead& /*head*/) override {}
  Task<absl::Status> Write(std::string_view /*piece*/) override { co_return absl::OkStatus(); }
  void End() override {}
  void Abort() override {}

  int status = 0;
};

// What the handler threw, or "".
Task<std::string> Thrown(Gateway& gateway, http::Incoming incoming) {
  std::string what;
  Task<void> handling = gateway.Handle(incoming);
  try {
    co_await std::move(handling);
  } catch (const std::exception& error) {
    what = error.what();
  }
  co_return what;
}

// A gateway over a contract, without sockets.
class House {
 public:
  // `yaml`: more of the configuration.
  explicit House(const std::string& contract, const std::string& yaml = "") {
    const std::string set = testing::CompileProto(contract);
    contract::Findings findings;
    const auto loaded = contract::Contract::Load(set, "house", findings);
    EXPECT_TRUE(loaded) << findings.ToString();
    if (const auto* boom = loaded->FindMethod("test.S/Boom")) {
      hash_of_boom = contract::PlanHash(*boom);
      code_.Add<Thrower>();
    }
    const std::string file = testing_support::WriteTempFile(
        "house.yaml", Cat("descriptor_set: ", testing_support::WriteTempFile("house.binpb", set),
                          "\n", yaml, '\n'));
    const std::shared_ptr<const config::Snapshot> snapshot =
        config::Compile(file, {}, code_, findings);
    EXPECT_TRUE(snapshot) << findings.ToString();
    in_flight_.emplace(snapshot->overload);
    authenticator_.emplace(
        snapshot->chain.auth, [] { return identity::UnixTime(); }, upstream::MakeRandom, 1,
        upstream::DnsSettings());
    bulkheads_.emplace(snapshot->bulkheads, snapshot->overload.max_queue_age);
    const GatewayHost host = {store_,      *in_flight_, *authenticator_,
                              *bulkheads_, lateness,    [] { return 0.5; }};
    gateway_.emplace(loop_, snapshot, code_, caller, metrics.AddShard(), nullptr, ready_, scope_,
                     host, 1);
  }

  // What the handler threw, or "".
  std::string Get(std::string_view path, std::string_view query, Sink& sink) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.query = query;
    return Ask(std::move(request), sink);
  }
  std::string Ask(http::Request request, Sink& sink) {
    request.peer_address = "127.0.0.1";
    NoBody body;
    Cancellation cancel;
    return testing_support::RunOnLoop(
        loop_, Thrown(*gateway_, http::Incoming{request, body, sink, cancel}));
  }

  observe::Metrics metrics{"1", "test"};
  testing::ScriptedCaller caller;
  Lateness lateness{std::chrono::milliseconds(50)};

 private:
  Loop loop_;
  compose::Registry code_;
  policy::MemoryIdempotencyStore store_{{}};
  Scope scope_{1};
  const ReadyFlag ready_ = true;
  std::optional<policy::InFlight> in_flight_;
  std::optional<policy::Authenticator> authenticator_;
  std::optional<policy::Bulkheads> bulkheads_;
  std::optional<Gateway> gateway_;
};

TEST(Gateway, ARequestWhoseHandlerThrowsIsNoLongerActive) {
  House house(R"(
    message M { string id = 1; }
    service S { rpc Boom(M) returns (M) {
      option (google.api.http) = { get: "/boom" };
      option (frontdesk.v1.compose) = { custom: true };
    } }
  )",
              "upstreams: {}");
  const auto active = [&] {
    return house.metrics.Text().find("\nhttp_server_active_requests 0\n") == std::string::npos;
  };
  Sink none;
  EXPECT_EQ(house.Get("/boom", "", none), "boom");
  EXPECT_EQ(none.status, 0);  // the connection answers 500
  EXPECT_FALSE(active());
  Sink fine;
  EXPECT_EQ(house.Get("/boom", "id=1", fine), "");
  EXPECT_EQ(fine.status, 200);
  EXPECT_FALSE(active());
}

// With a key it goes on without its connection, which then catches nothing.
TEST(Gateway, ARequestWithAKeyWhoseHandlerThrowsIsAnswered) {
  House house(R"(
    message M { string id = 1; }
    service S { rpc Boom(M) returns (M) {
      option (google.api.http) = { post: "/boom" };
      option (frontdesk.v1.compose) = { custom: true };
    } }
  )",
              "upstreams: {}\nmethods:\n  test.S/Boom: { idempotency: { ttl: 1h } }");
  const struct {
    const char* key;
    const char* query;
    int status;
  } rows[] = {
      {"a", "", 500},
      {"a", "", 500},  // the key is free: not 409
      {"b", "id=1", 200},
  };
  for (const auto& row : rows) {
    http::Request request;
    request.method = "POST";
    request.path = "/boom";
    request.query = row.query;
    request.headers.Add("idempotency-key", row.key);
    Sink sink;
    EXPECT_EQ(house.Ask(std::move(request), sink), "");
    EXPECT_EQ(sink.status, row.status) << row.key << ' ' << row.query;
  }
}

// Calls that are filled from the caller, in messages inside too, are not made for nobody.
TEST(Gateway, WhatNeedsACallerAnswersNobodyElse) {
  constexpr char kContract[] = R"(
    message Scope { string sub = 1 [(frontdesk.v1.field).from = "caller.sub"]; }
    message Ask { string id = 1; Scope scope = 2; }
    message M { string id = 1; }
    service Back { rpc Find(M) returns (M); rpc Own(Ask) returns (M); }
    service Front {
      rpc Plain(Ask) returns (M) { option (google.api.http) = { get: "/plain" }; }
      rpc Owned(M) returns (M) {
        option (google.api.http) = { get: "/owned" };
        option (frontdesk.v1.compose) = {
          step { id: "a" call: "test.Back/Own" bind { to: "id" from: "request.id" } }
          out { to: "id" from: "a.id" } };
      }
      rpc Open(M) returns (M) {
        option (google.api.http) = { get: "/open" };
        option (frontdesk.v1.compose) = {
          step { id: "a" call: "test.Back/Find" bind { to: "id" from: "request.id" } }
          out { to: "id" from: "a.id" } };
      }
    }
  )";
  constexpr char kUpstreams[] =
      "upstreams: {s: {services: [test.Back, test.Front], endpoints: [\"127.0.0.1:1\"]}}\n";
  const auto statuses = [&](const char* auth) {
    House house(kContract, Cat(kUpstreams, auth));
    for (const char* method : {"Find", "Own", "Plain"}) {
      house.caller.Reply(method, [](std::string_view) { return std::string(); });
    }
    std::string all;
    for (const char* path : {"/plain", "/owned", "/open"}) {
      Sink sink;
      EXPECT_EQ(house.Get(path, "", sink), "");
      all += Cat(all.empty() ? "" : " ", sink.status);
    }
    return Cat(all, ", ", house.caller.seen().size(), " calls");
  };
  EXPECT_EQ(statuses(""), "401 401 200, 1 calls");
  EXPECT_EQ(statuses("auth: {development_caller: me}"), "200 200 200, 3 calls");
}

}  // namespace
}  // namespace frontdesk
