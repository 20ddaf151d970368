#include "gateway/policy/idempotency.h"

#include <gtest/gtest.h>

#include <coroutine>
#include <deque>
#include <optional>
#include <stdexcept>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/compose/undo.h"
#include "gateway/contract/plan.h"
#include "gateway/policy/chain.h"
#include "tests/support/no_body.h"
#include "tests/support/scripted_caller.h"

namespace frontdesk::policy {
namespace {

// What it holds of bodies, as Prometheus sees it.
double BytesOf(const InFlight& in_flight) {
  return in_flight.Collect().at(0).metric.at(0).gauge.value;
}

using testing_support::NoBody;

using namespace std::chrono_literals;

TEST(IdempotencyKey, IsBareOrQuoted) {
  const struct {
    std::vector<std::string_view> values;
    const char* key;  // "" for a refusal
  } rows[] = {
      {{"8e03978e-40d5-43dd-bc93-6894a57f9324"}, "8e03978e-40d5-43dd-bc93-6894a57f9324"},
      {{"\"8e03978e\""}, "8e03978e"},
      {{R"("a\"b\\c")"}, R"(a"b\c)"},
      {{"a\"b"}, "a\"b"},
      {{"~!;,="}, "~!;,="},
      {{""}, ""},
      {{"\"\""}, ""},
      {{"\""}, ""},
      {{"\"a"}, ""},
      {{"\"a\"b\""}, ""},
      {{"\"a\\\""}, ""},
      {{R"("a\b")"}, ""},
      {{"\"a\";q=1"}, ""},
      {{"a b"}, ""},
      {{"\"a b\""}, ""},
      {{"a\tb"}, ""},
      {{"\xc3\xa9"}, ""},
      {{"a", "a"}, ""},
  };
  for (const auto& row : rows) {
    http::Headers headers;
    for (const std::string_view value : row.values) headers.Add("idempotency-key", value);
    const auto key = ReadIdempotencyKey(headers);
    SCOPED_TRACE(row.values[0]);
    EXPECT_EQ(key.ok(), row.key[0] != '\0');
    if (key.ok()) {
      EXPECT_EQ(key->value_or(""), row.key);
    } else {
      EXPECT_EQ(ReasonOf(key.status()), "IDEMPOTENCY_KEY_INVALID");
    }
  }
  for (const size_t length : {size_t{255}, size_t{256}}) {
    const std::string text(length, 'k');
    http::Headers headers;
    headers.Add("idempotency-key", text);
    EXPECT_EQ(ReadIdempotencyKey(headers).ok(), length == 255);
  }
  const auto none = ReadIdempotencyKey(http::Headers());
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
}

TEST(IdempotencyKey, OnlyAClearNoIsFinal) {
  const absl::Status finals[] = {absl::InvalidArgumentError(""), absl::NotFoundError(""),
                                 absl::FailedPreconditionError(""), absl::AlreadyExistsError(""),
                                 absl::PermissionDeniedError("")};
  for (const absl::Status& failure : finals) EXPECT_TRUE(IsFinal(failure)) << failure;
  const absl::Status others[] = {
      absl::UnavailableError(""),
      absl::DeadlineExceededError(""),
      absl::CancelledError(""),
      absl::ResourceExhaustedError(""),
      absl::AbortedError(""),
      absl::InternalError(""),
      absl::UnauthenticatedError(""),
      Failure(absl::StatusCode::kUnimplemented, "UPSTREAM_NOT_CONFIGURED", "").NeverSent(),
      Failure(absl::StatusCode::kUnimplemented, "UPSTREAM_PROTOCOL", "", Origin::kUpstream)};
  for (const absl::Status& failure : others) EXPECT_FALSE(IsFinal(failure)) << failure;
}

// What is behind the policy: every request is held until the test answers it.
class HeldTerminal final : public Terminal {
 public:
  Task<Reply> Dispatch(Exchange& exchange) override {
    scopes.push_back(exchange.call.key_scope);
    messages.push_back(exchange.message);
    Hold hold(*this);
    co_await hold;
    if (std::exchange(throws_, false)) throw std::runtime_error("boom");
    Reply reply = std::move(next_);
    if (exchange.call.cancel.cancelled()) reply = Reply(exchange.call.cancel.reason());
    co_return reply;
  }
  void Answer(Reply reply) {
    next_ = std::move(reply);
    const std::coroutine_handle<> waiter = held_.front();
    held_.pop_front();
    waiter.resume();
  }
  // The request comes to code with a mistake in it.
  void Throw() {
    throws_ = true;
    Answer(Reply());
  }
  size_t held() const { return held_.size(); }

  std::vector<std::string> scopes;
  std::vector<std::string> messages;

 private:
  struct Hold {
    explicit Hold(HeldTerminal& of) : terminal(of) {}
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { terminal.held_.push_back(waiter); }
    void await_resume() const {}
    HeldTerminal& terminal;
  };
  std::deque<std::coroutine_handle<>> held_;
  Reply next_;
  bool throws_ = false;
};

// A request with its connection, which the test may end.
struct Client {
  Client(Loop& loop, const route::Route& route, std::string_view key, std::string_view message,
         std::string_view caller)
      : exchange(request, body, cancel, loop) {
    if (!key.empty()) request.headers.Add("idempotency-key", key);
    exchange.route = &route;
    exchange.message = message;
    exchange.client_address = "192.0.2.1";
    Become(caller);
    exchange.call.metadata = {{"x-user-id", std::string(caller)}, {"idempotency-key", "theirs"}};
  }

  // "provider/sub", or a name alone; "" for nobody. Names by "shared-..." are those of one person.
  void Become(std::string_view caller) {
    if (caller.empty()) return;
    const size_t slash = std::min(caller.find('/'), caller.size());
    auto who = std::make_shared<identity::Identity>();
    who->provider = caller.substr(0, slash);
    who->sub = caller.substr(std::min(slash + 1, caller.size()));
    if (slash == caller.size()) who->sub.swap(who->provider);
    who->shared_subject = who->provider.starts_with("shared-");
    exchange.call.identity = std::move(who);
  }

  http::Request request;
  NoBody body;
  Cancellation cancel;
  Exchange exchange;
  std::optional<Reply> reply;
};

frontdesk::internal::Detached Send(Client* client, const IdempotencyHost* host,
                                   Terminal* terminal) {
  client->reply = co_await DispatchOnce(client->exchange, *host, *terminal);
}

class PolicyTest : public ::testing::Test {
 protected:
  PolicyTest() {
    method.full_name = "test.Front.Buy";
    route.method = &method;
    route.idempotency.on = true;
    route.response_headers = {"etag"};
  }
  ~PolicyTest() override {
    while (terminal.held() > 0) terminal.Answer(Reply());
    Turn();
  }

  Client& Start(std::string_view key, std::string_view message = "m",
                std::string_view caller = "me") {
    Client& client = clients.emplace_back(loop, route, key, message, caller);
    Send(&client, &host, &terminal);
    Turn();
    return client;
  }
  void Answer(Reply reply) {
    terminal.Answer(std::move(reply));
    Turn();
  }
  void Turn() {
    bool turned = false;
    loop.Post([&] { turned = true; });
    loop.RunUntil([&] { return turned; });
  }
  // "text", "text (again)", or the reason.
  static std::string Of(const Client& client) {
    if (!client.reply) return "waits";
    if (!client.reply->status.ok()) {
      return ReasonOf(client.reply->status) + (client.reply->replayed ? " (again)" : "");
    }
    return client.reply->message + (client.reply->replayed ? " (again)" : "");
  }
  static Reply Ok(std::string_view message) {
    Reply reply;
    reply.message = message;
    reply.metadata = {{"etag", "1"}, {"secret", "2"}};
    reply.incomplete = {{"part", "WHY"}};
    return reply;
  }

  Loop loop;
  contract::Method method;
  route::Route route;
  observe::MetricsShard metrics;
  MemoryIdempotencyStore store{{100, 1 << 20}};
  Scope scope{3};
  IdempotencyHost host{store, scope, metrics, nullptr};
  HeldTerminal terminal;
  std::deque<Client> clients;
};

TEST_F(PolicyTest, TheSameKeyGivesTheSameAnswer) {
  Client& first = Start("k");
  EXPECT_EQ(Of(first), "waits");
  EXPECT_EQ(Of(Start("k")), "IDEMPOTENCY_KEY_IN_FLIGHT");
  EXPECT_EQ(HttpOverrideOf(clients.back().reply->status), 409);
  EXPECT_EQ(HeadersOf(clients.back().reply->status), "Retry-After: 1\r\n");
  Answer(Ok("done"));
  EXPECT_EQ(Of(first), "done");
  const Client& again = Start("\"k\"");
  EXPECT_EQ(Of(again), "done (again)");
  ASSERT_EQ(again.reply->incomplete.size(), 1u);
  EXPECT_EQ(again.reply->metadata, (upstream::Metadata{{"etag", "1"}}));
  EXPECT_EQ(Of(Start("k", "other")), "IDEMPOTENCY_KEY_REUSED");
  EXPECT_EQ(HttpOverrideOf(clients.back().reply->status), 422);
  EXPECT_EQ(terminal.messages.size(), 1u);
}

TEST_F(PolicyTest, AKeyBelongsToItsCallerAndMethod) {
  Start("k");
  Answer(Ok("mine"));
  EXPECT_EQ(Of(Start("k", "m", "you")), "waits");
  Answer(Ok("yours"));
  EXPECT_EQ(Of(clients.back()), "yours");
  method.full_name = "test.Front.Sell";
  EXPECT_EQ(Of(Start("k")), "waits");
  EXPECT_NE(terminal.scopes[0], terminal.scopes[1]);
  EXPECT_NE(terminal.scopes[0], terminal.scopes[2]);
}

// Whoever guesses a key, and even what was asked for, is not shown another one's answer.
TEST_F(PolicyTest, AKeyIsSharedByNobodyElse) {
  const auto start = [&](std::string_view caller, std::string_view address = "192.0.2.1",
                         upstream::Metadata claims = {}) {
    Client& client = clients.emplace_back(loop, route, "k", "m", caller);
    client.exchange.client_address = address;
    if (!claims.empty()) {
      auto who = std::make_shared<identity::Identity>(*client.exchange.call.identity);
      who->metadata = std::move(claims);
      client.exchange.call.identity = std::move(who);
    }
    Send(&client, &host, &terminal);
    Turn();
    std::string said = Of(client);
    if (said == "waits") Answer(Ok("done"));
    return said;
  };
  // Issuers, those with API keys, and strangers by their network.
  for (const auto& [caller, address] :
       std::vector<std::pair<std::string_view, std::string_view>>{{"idp/me", "192.0.2.1"},
                                                                  {"other/me", "192.0.2.1"},
                                                                  {"api_keys/me", "192.0.2.1"},
                                                                  {"idp/you", "192.0.2.1"},
                                                                  {"idp/192.0.2.1", "192.0.2.1"},
                                                                  {"", "192.0.2.1"},
                                                                  {"", "192.0.2.2"},
                                                                  {"", "2001:db8:1::1"}}) {
    EXPECT_EQ(start(caller, address), "waits") << caller << address;
    EXPECT_EQ(start(caller, address), "done (again)") << caller << address;
  }
  EXPECT_EQ(start("", "2001:db8:1::2"), "done (again)") << "the same network";
  EXPECT_EQ(start("idp/me", "192.0.2.9"), "done (again)") << "who is known may come from anywhere";
  EXPECT_EQ(start("shared-idp/me"), "waits");
  EXPECT_EQ(start("shared-other/me"), "done (again)") << "by another credential";
  EXPECT_EQ(start("shared-other/you"), "waits");
  // What back ends are told of him is another one's.
  EXPECT_EQ(start("idp/t", "", {{"x-tenant", "a"}}), "waits");
  EXPECT_EQ(start("idp/t", "", {{"x-tenant", "b"}}), "IDEMPOTENCY_KEY_REUSED");
  EXPECT_EQ(start("idp/t", "", {{"x-tenant", "a"}}), "done (again)");
}

contract::PlanCondition OfClaim(std::string_view claim, std::vector<std::string> values = {}) {
  contract::PlanCondition condition;
  condition.kind =
      values.empty() ? contract::PlanCondition::Kind::kHas : contract::PlanCondition::Kind::kIn;
  condition.source.root = contract::Source::Root::kCaller;
  condition.source.claim = claim;
  condition.values = std::move(values);
  return condition;
}

// What a claim decides or fills belongs to what was asked for, also when the message is the same.
TEST_F(PolicyTest, AKeyStandsForWhatWasDoneForSuchACaller) {
  contract::PlanCondition either;
  either.kind = contract::PlanCondition::Kind::kOr;
  either.children.push_back(OfClaim("org.plan", {"gold", "silver"}));
  either.children.push_back(OfClaim("vip"));
  contract::PlanCondition no;
  no.kind = contract::PlanCondition::Kind::kNot;
  no.children.push_back(std::move(either));
  auto plan = std::make_unique<contract::Plan>();
  plan->steps.emplace_back();
  plan->steps.emplace_back().when = std::make_unique<contract::PlanCondition>(std::move(no));
  method.plan = std::move(plan);
  method.claims = {{"tenant", contract::FieldType::kString, false},
                   {"tenant", contract::FieldType::kInt32, false}};
  const char kOther[] = "IDEMPOTENCY_KEY_REUSED", kSame[] = "done (again)";
  const struct {
    const char* first;
    const char* then;
    const char* outcome;
  } rows[] = {
      {"{}", "{}", kSame},
      {"{}", R"({"exp": 7})", kSame},  // a newer token
      // They decide whether the step is made.
      {R"({"org": {"plan": "gold"}})", "{}", kOther},
      {"{}", R"({"org": {"plan": "gold"}})", kOther},
      {"{}", R"({"org": {"plan": "silver"}})", kOther},
      {R"({"vip": true})", R"({"vip": null})", kOther},
      {R"({"vip": []})", "{}", kOther},
      {R"({"vip": {}})", R"({"org": {"plan": "gold"}})", kOther},
      // Nothing is decided otherwise.
      {R"({"org": {"plan": "gold"}})", R"({"org": {"plan": "silver"}})", kSame},
      {R"({"org": {"plan": "iron"}})", R"({"org": "gold"})", kSame},
      {R"({"vip": true})", R"({"vip": "no"})", kSame},
      {R"({"vip": null})", "{}", kSame},
      // They fill fields.
      {R"({"tenant": "a"})", R"({"tenant": "b"})", kOther},
      {R"({"tenant": "a"})", R"({"tenant": "a"})", kSame},
      {R"({"tenant": "a"})", "{}", kOther},
      {R"({"tenant": "7"})", R"({"tenant": 7})", kOther},
      {R"({"tenant": []})", R"({"tenant": true})", kSame},  // fit neither field
  };
  std::deque<std::string> keys;  // requests refer to them
  for (const auto& row : rows) {
    SCOPED_TRACE(Cat(row.first, " then ", row.then));
    const std::string& key = keys.emplace_back(Cat('k', keys.size()));
    const auto send = [&](const char* claims) {
      Client& client = clients.emplace_back(loop, route, key, "m", "idp/me");
      auto who = std::make_shared<identity::Identity>(*client.exchange.call.identity);
      who->claims = identity::ParseJson(claims).value();
      client.exchange.call.identity = std::move(who);
      Send(&client, &host, &terminal);
      Turn();
      return Of(client);
    };
    EXPECT_EQ(send(row.first), "waits");
    EXPECT_EQ(send(row.then),
              row.outcome == kSame ? "IDEMPOTENCY_KEY_IN_FLIGHT" : "IDEMPOTENCY_KEY_REUSED");
    Answer(Ok("done"));
    EXPECT_EQ(send(row.then), row.outcome);
    EXPECT_EQ(send(row.first), kSame);
  }
}

TEST_F(PolicyTest, AKeyMayBeRequired) {
  EXPECT_EQ(Of(Start("")), "waits");
  Answer(Ok("without"));
  EXPECT_EQ(Of(clients.back()), "without");
  EXPECT_EQ(terminal.scopes[0], "");
  route.idempotency.required = true;
  EXPECT_EQ(Of(Start("")), "IDEMPOTENCY_KEY_MISSING");
  EXPECT_EQ(clients.back().reply->status.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PolicyTest, ItGoesOnWithoutItsClient) {
  Client& leaves = Start("k");
  leaves.cancel.Cancel(absl::CancelledError("client left"));
  Turn();
  EXPECT_EQ(Of(leaves), "CANCELLED");
  // Its frame is gone.
  clients.clear();
  EXPECT_EQ(scope.running(), 1u);
  EXPECT_EQ(Of(Start("k")), "IDEMPOTENCY_KEY_IN_FLIGHT");
  Answer(Ok("done"));
  EXPECT_EQ(scope.running(), 0u);
  EXPECT_EQ(Of(Start("k")), "done (again)");
}

TEST_F(PolicyTest, WithoutItsClientItKeepsItsPlaceAmongThoseInFlight) {
  InFlight in_flight({.max_in_flight = 9, .max_body_bytes = 1000});
  const auto start = [&] {
    Client& client = clients.emplace_back(loop, route, "k", "m", "me");
    in_flight.Take(Priority::kNormal, client.exchange.place);
    in_flight.TakeBytes(Priority::kNormal, 100, client.exchange.body_bytes);
    Send(&client, &host, &terminal);
    Turn();
    return &client;
  };
  start()->cancel.Cancel(absl::CancelledError("client left"));
  Turn();
  start();  // refused, as the first is under way
  clients.clear();
  EXPECT_EQ(in_flight.count(), 1u);
  EXPECT_EQ(BytesOf(in_flight), 100) << "of the message that it still has";
  Answer(Ok("done"));
  EXPECT_EQ(in_flight.count(), 0u);
  EXPECT_EQ(BytesOf(in_flight), 0);
  EXPECT_EQ(Of(*start()), "done (again)");
  clients.clear();
  EXPECT_EQ(in_flight.count(), 0u);
  EXPECT_EQ(BytesOf(in_flight), 0);
}

TEST_F(PolicyTest, WithoutAKeyItEndsWithItsClient) {
  Client& leaves = Start("");
  leaves.cancel.Cancel(absl::CancelledError("client left"));
  EXPECT_EQ(scope.running(), 0u);
  Answer(Ok("done"));
  EXPECT_EQ(Of(leaves), "CANCELLED");
}

TEST_F(PolicyTest, AFinalFailureIsKeptAndAnotherIsNot) {
  Start("no");
  Answer(Reply(Failure(absl::StatusCode::kFailedPrecondition, "DECLINED", "no")));
  EXPECT_EQ(Of(Start("no")), "DECLINED (again)");
  Start("perhaps");
  Answer(Reply(absl::UnavailableError("")));
  EXPECT_EQ(Of(clients.back()), "UNAVAILABLE");
  EXPECT_EQ(Of(Start("perhaps")), "waits");
  // Nothing was undone, so back ends must know the calls of the second try again.
  EXPECT_EQ(terminal.scopes[2], terminal.scopes[1]);
  Answer(Ok("yes"));
  EXPECT_EQ(Of(Start("perhaps")), "yes (again)");
}

// Nobody waits above what goes on without its client: an exception that got there would end the
// program.
TEST_F(PolicyTest, AMistakeIsInternalAndItsKeyIsFree) {
  ::testing::internal::CaptureStderr();
  Client& waits = Start("waits");
  terminal.Throw();
  Turn();
  EXPECT_EQ(Of(waits), "INTERNAL");
  EXPECT_EQ(waits.reply->status.code(), absl::StatusCode::kInternal);
  Client& leaves = Start("leaves");
  leaves.cancel.Cancel(absl::CancelledError("client left"));
  Turn();
  terminal.Throw();
  Turn();
  EXPECT_EQ(Of(leaves), "CANCELLED");
  EXPECT_EQ(scope.running(), 0u);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("(test.Front.Buy) ended with an exception: boom"), std::string::npos) << log;
  for (const char* key : {"waits", "leaves"}) {
    Client& again = Start(key);
    EXPECT_EQ(Of(again), "waits") << key;
    Answer(Ok("done"));
    EXPECT_EQ(Of(again), "done") << key;
    EXPECT_EQ(Of(Start(key)), "done (again)") << key;
  }
}

class CompensatedTest : public PolicyTest {
 protected:
  CompensatedTest() { undo_method.name = "Drop"; }
  ~CompensatedTest() override {
    while (!caller.Held().empty()) caller.Release("Drop", std::string());
    Turn();
  }

  // A request that failed, whose undo is held.
  Client& StartAndFail(std::string_view key, absl::Status failure) {
    Client& client = Start(key);
    compose::UndoCall call;
    call.method = &undo_method;
    call.step_method = &method;
    call.timeout = std::chrono::seconds(5);
    call.part = "step";
    call.known = true;
    std::vector<compose::UndoCall> calls;
    calls.push_back(std::move(call));
    const auto undos = std::make_shared<compose::Compensation>(
        caller, client.exchange.call, scope.stop(), nullptr, nullptr, std::move(calls));
    scope.Spawn(compose::Compensation::Run(undos));
    Reply reply(std::move(failure));
    reply.compensation = undos;
    Answer(std::move(reply));
    return client;
  }

  contract::Method undo_method;
  testing::ScriptedCaller caller;
};

TEST_F(CompensatedTest, AKeyIsUnderWayUntilAllIsUndoneAndThenBeginsAnew) {
  EXPECT_EQ(Of(StartAndFail("k", absl::UnavailableError(""))), "UNAVAILABLE");
  EXPECT_EQ(Of(Start("k")), "IDEMPOTENCY_KEY_IN_FLIGHT");
  caller.Release("Drop", std::string());
  Turn();
  EXPECT_EQ(Of(Start("k")), "waits");
  EXPECT_NE(terminal.scopes[1], terminal.scopes[0]);  // the old keys stand for what was undone
}

TEST_F(CompensatedTest, WhatCouldNotBeUndoneKeepsTheFailure) {
  StartAndFail("k", absl::UnavailableError(""));
  caller.Release("Drop", absl::Status(absl::PermissionDeniedError("")));
  Turn();
  EXPECT_EQ(Of(Start("k")), "UNAVAILABLE (again)");
  EXPECT_NE(InfoOf(clients.back().reply->status).find("not_undone"), std::string::npos);
}

TEST_F(CompensatedTest, AFinalFailureIsKeptOnceItIsUndone) {
  StartAndFail("k", absl::FailedPreconditionError(""));
  EXPECT_EQ(Of(Start("k")), "IDEMPOTENCY_KEY_IN_FLIGHT");
  caller.Release("Drop", std::string());
  Turn();
  EXPECT_EQ(Of(Start("k")), "FAILED_PRECONDITION (again)");
}

TEST_F(PolicyTest, WithoutRoomNothingIsClaimed) {
  std::vector<Scope::Place> places;
  while (std::optional<Scope::Place> place = scope.Reserve()) places.push_back(*std::move(place));
  EXPECT_EQ(Of(Start("k")), "OVERLOADED");
  places.clear();
  EXPECT_EQ(Of(Start("k")), "waits");
}

TEST_F(PolicyTest, TheClientsKeyGoesNoFurther) {
  Client& client = Start("k");
  EXPECT_EQ(client.exchange.call.metadata, (upstream::Metadata{{"x-user-id", "me"}}));
}

}  // namespace
}  // namespace frontdesk::policy
