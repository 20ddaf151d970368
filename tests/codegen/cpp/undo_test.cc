// What is taken back and how, from the plan and as generated code; and what hooks have to do with
// it. tests/unit/compose/undo_test.cc has the rules themselves.
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include "banquet/v1/banquet.frontdesk.h"
#include "gateway/base/failure.h"
#include "gateway/base/scope.h"
#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "gateway/compose/undo.h"
#include "gateway/contract/wire.h"
#include "gateway/upstream/idempotency_key.h"
#include "market/v1/market.pb.h"
#include "tests/codegen/cpp/two_ways.h"
#include "tests/support/scripted_caller.h"

namespace frontdesk::testing {
namespace {

using namespace std::chrono_literals;
using upstream::CallContext;
using Result = absl::StatusOr<compose::Composed>;

absl::Status Declined() {
  return Failure(absl::StatusCode::kFailedPrecondition, "DECLINED", "no", Origin::kUpstream);
}
absl::Status Lost() {
  return Failure(absl::StatusCode::kUnavailable, "UPSTREAM_RESET", "", Origin::kUpstream);
}

// "undone=a,b;not_undone=c;", from the wire of an ErrorInfo.
std::string Info(const absl::Status& status) {
  const std::string info = InfoOf(status);
  std::string out;
  for (contract::WireReader reader(info); reader.Next();) {
    for (contract::WireReader entry(reader.field().bytes); entry.Next();) {
      out += Cat(entry.field().bytes, entry.field().number == 1 ? "=" : ";");
    }
  }
  return out;
}

// Hooks that do as a test says.
class Host final : public banquet::v1::BanquetAggregates {
 public:
  using BanquetAggregates::BanquetAggregates;

  static inline std::string refuses;  // the name of the hook that does not return OK
  static inline std::string throws;   // of the one that has a mistake in it

  absl::Status BeforeBuySomePaid(CallContext&, market::v1::PayRequest& request) override {
    request.set_cents(7);
    return Say("BeforePaid");
  }
  absl::Status AfterBuySomePaid(CallContext&, const market::v1::PayRequest&,
                                market::v1::Paid& reply) override {
    reply.set_id("hidden");
    return Say("AfterPaid");
  }
  absl::Status BeforeBuySomeDeliveries(CallContext&, market::v1::DeliverRequest& request) override {
    request.set_number(3);
    return request.fruit_id() == "b" ? Say("BeforeDelivery") : absl::OkStatus();
  }
  absl::Status AfterBuySomeDeliveries(CallContext&, market::v1::Delivery&) override {
    return Say("AfterDelivery");
  }
  absl::Status AfterBuySome(CallContext&, const banquet::v1::BuyRequest&,
                            banquet::v1::Receipt&) override {
    return Say("AfterAll");
  }

 private:
  static absl::Status Say(std::string_view hook) {
    if (hook == throws) throw std::runtime_error("a slip");
    if (hook != refuses) return absl::OkStatus();
    return Failure(absl::StatusCode::kPermissionDenied, "VETO", Cat(hook));
  }
};

class UndoFixture {
 protected:
  explicit UndoFixture(bool code)
      : contract_(LoadContract(FRONTDESK_GOLDEN_CONTRACT)), as_code_(code) {
    code_.Add<Host>();
    handlers_ = code_.Make(*contract_, caller_);
    Host::refuses.clear();
    Host::throws.clear();
    options_.undo_host = &host_;
    options_.compensation = &undos_;
    context_.key_scope = "scope";
    Replies<market::v1::Held>("Hold", "id: \"h\" cents: 9 place { row: 4 }");
    Replies<market::v1::Paid>("Pay", "id: \"p\" cents: 9");
    Replies<market::v1::Delivery>("Deliver", "id: \"d\"");
    Replies<market::v1::Menu>("GetMenu", "title: \"t\"");
    for (const char* undo : {"Release", "Refund", "Recall"})
      Replies<market::v1::Released>(undo, "");
  }
  ~UndoFixture() {
    loop_.RunUntil([&] { return scope_.running() == 0; });
  }

  template <class Message>
  void Replies(const std::string& method, const std::string& text) {
    Message message;
    google::protobuf::TextFormat::ParseFromString(text, &message);
    caller_.Reply(method, [bytes = message.SerializeAsString()](std::string_view) {
      return ScriptedCaller::Answer(bytes);
    });
  }
  void Fails(const std::string& method, const absl::Status& status) {
    caller_.Reply(method, [status](std::string_view) { return ScriptedCaller::Answer(status); });
  }
  // The first call only; then the method answers as it did before.
  void FailsOnce(const std::string& method, const absl::Status& status, std::string bytes) {
    caller_.Reply(method, [status, bytes, first = true](std::string_view) mutable {
      return std::exchange(first, false) ? ScriptedCaller::Answer(status)
                                         : ScriptedCaller::Answer(bytes);
    });
  }

  void Start(std::string_view name) {
    const contract::Method& method = *contract_->FindMethod(Cat("banquet.v1.Banquet/", name));
    banquet::v1::BuyRequest request;
    request.add_ids("a");
    request.add_ids("b");
    request.set_shelf("s");
    request_ = request.SerializeAsString();
    const compose::Handlers::Handler* handler = handlers_.Find(method);
    Drive(as_code_ ? handler->method->run(*handler->of, context_, request_, options_)
                   : compose::Run(context_, *method.plan, caller_, request_, options_));
  }
  // "OK", or the reason and what became of the parts.
  std::string Outcome() {
    loop_.RunUntil([&] { return result_.has_value(); });
    const Result result = *std::exchange(result_, std::nullopt);
    return result.ok() ? "OK" : Cat(ReasonOf(result.status()), ' ', Info(result.status()));
  }
  std::string Ask(std::string_view name) {
    Start(name);
    return Outcome();
  }
  // "Hold Pay ...", of all calls.
  std::string Calls() const {
    std::string names;
    for (const auto& seen : caller_.seen()) names += Cat(names.empty() ? "" : " ", seen.method);
    return names;
  }
  template <class Message>
  std::string Asked(std::string_view method) const {
    std::string text;
    for (const auto& seen : caller_.seen()) {
      Message message;
      if (seen.method != method) continue;
      message.ParseFromString(seen.request);
      text += Cat(text.empty() ? "" : " | ", message.ShortDebugString());
    }
    return text;
  }
  std::string KeyOf(std::string_view method, size_t nth = 0) const {
    for (const auto& seen : caller_.seen()) {
      if (seen.method == method && nth-- == 0) return seen.key;
    }
    return "";
  }

  internal::Detached Drive(Task<Result> task) { result_.emplace(co_await std::move(task)); }

  const std::unique_ptr<const contract::Contract> contract_;
  const bool as_code_;
  compose::Registry code_;
  Loop loop_;
  Scope scope_{10};
  compose::UndoHost host_{scope_};
  std::shared_ptr<compose::Compensation> undos_;
  Cancellation cancel_;
  CallContext context_{.loop = loop_, .cancel = cancel_};
  compose::RunOptions options_;
  ScriptedCaller caller_;
  std::string request_;
  compose::Handlers handlers_;
  std::optional<Result> result_;
};

// True: as generated code.
class UndoWays : public UndoFixture, public ::testing::TestWithParam<bool> {
 protected:
  UndoWays() : UndoFixture(GetParam()) {}
};

TEST_P(UndoWays, NothingIsUndoneWhenAllSucceeds) {
  EXPECT_EQ(Ask("Buy"), "OK");
  EXPECT_EQ(Calls(), "Hold Pay Deliver Deliver GetMenu");
  EXPECT_EQ(undos_, nullptr);
  EXPECT_TRUE(scope_.Reserve().has_value());
}

TEST_P(UndoWays, WhatWasDoneIsUndoneTheLastFirst) {
  context_.identity = identity::MakeIdentity("me");
  caller_.Hold("GetMenu");
  Start("Buy");
  caller_.Release("GetMenu", Declined());
  EXPECT_EQ(Outcome(), "DECLINED undone=deliveries[1],deliveries[0],paid,held;");
  EXPECT_EQ(Calls(), "Hold Pay Deliver Deliver GetMenu Recall Recall Refund Release");
  EXPECT_EQ(Asked<market::v1::RecallRequest>("Recall"),
            "delivery_id: \"d\" fruit_id: \"b\" | delivery_id: \"d\" fruit_id: \"a\"");
  EXPECT_EQ(Asked<market::v1::RefundRequest>("Refund"), "held_id: \"h\" cents: 9");
  EXPECT_EQ(Asked<market::v1::ReleaseRequest>("Release"),
            "id: \"h\" place { shelf: \"s\" row: 4 } reason: \"not bought\" asked_by: \"me\"");
  EXPECT_EQ(KeyOf("Recall"), upstream::DeriveKey("scope", "undo deliveries[1]"));
  EXPECT_EQ(KeyOf("Release"), upstream::DeriveKey("scope", "undo held"));
  EXPECT_EQ(caller_.seen()[7].timeout, 300ms);
  EXPECT_EQ(caller_.seen()[8].timeout, 5s);
}

TEST_P(UndoWays, AnUndoThatFailsIsToldAndTheOthersRun) {
  Fails("GetMenu", Declined());
  Fails("Refund", absl::PermissionDeniedError("no"));
  EXPECT_EQ(Ask("Buy"), "DECLINED undone=deliveries[1],deliveries[0],held;not_undone=paid;");
  EXPECT_TRUE(undos_->failed());
}

TEST_P(UndoWays, AnUndoThatMayPassIsTriedAgainUnderItsKey) {
  Fails("GetMenu", Declined());
  FailsOnce("Release", Lost(), "");
  EXPECT_EQ(Ask("Buy"), "DECLINED undone=deliveries[1],deliveries[0],paid,held;");
  EXPECT_EQ(Calls(), "Hold Pay Deliver Deliver GetMenu Recall Recall Refund Release Release");
  EXPECT_EQ(KeyOf("Release", 0), KeyOf("Release", 1));
}

TEST_P(UndoWays, AStepWhoseAnswerIsLostIsAskedAgainWhenItsUndoNeedsIt) {
  market::v1::Held held;
  held.set_id("learnt");
  FailsOnce("Hold", Lost(), held.SerializeAsString());
  EXPECT_EQ(Ask("Buy"), "UPSTREAM_RESET undone=held;");
  EXPECT_EQ(Calls(), "Hold Hold Release");
  EXPECT_EQ(KeyOf("Hold", 0), KeyOf("Hold", 1));
  EXPECT_EQ(Asked<market::v1::HoldRequest>("Hold"),
            "ids: \"a\" ids: \"b\" | ids: \"a\" ids: \"b\"");
  EXPECT_EQ(Asked<market::v1::ReleaseRequest>("Release"),
            "id: \"learnt\" place { shelf: \"s\" } reason: \"not bought\"");
}

TEST_P(UndoWays, WithoutAKeyItIsNotAskedAgain) {
  context_.key_scope.clear();
  Fails("Hold", Lost());
  EXPECT_EQ(Ask("Buy"), "UPSTREAM_RESET unknown=held;");
  EXPECT_EQ(Calls(), "Hold");
}

TEST_P(UndoWays, AnUndoThatNeedsNoReplyJustRuns) {
  Fails("Pay", Lost());
  EXPECT_EQ(Ask("Buy"), "UPSTREAM_RESET undone=paid,held;");
  EXPECT_EQ(Calls(), "Hold Pay Refund Release");
}

TEST_P(UndoWays, AReplyThatIsNoMessageIsAskedForAgain) {
  caller_.Reply("Hold", [](std::string_view) { return ScriptedCaller::Answer("\xff"); });
  EXPECT_EQ(Ask("Buy"), "UPSTREAM_PROTOCOL not_undone=held;");
  EXPECT_EQ(Calls(), "Hold Hold");
}

TEST_P(UndoWays, AMissingPartThatMayHaveBeenDoneIsUndone) {
  Fails("Deliver", Lost());
  EXPECT_EQ(Ask("BuySome"), "OK");
  loop_.RunUntil([&] { return scope_.running() == 0; });
  EXPECT_EQ(Asked<market::v1::RecallRequest>("Recall"), "fruit_id: \"b\" | fruit_id: \"a\"");
  EXPECT_EQ(Asked<market::v1::RefundRequest>("Refund"), "");
}

TEST_P(UndoWays, AClientThatLeavesStopsNoCallThatCanBeUndone) {
  caller_.Hold("Pay");
  Start("Buy");
  cancel_.Cancel(absl::CancelledError("client is gone"));
  EXPECT_EQ(caller_.Held(), "Pay");
  market::v1::Paid paid;
  caller_.Release("Pay", paid.SerializeAsString());
  EXPECT_EQ(Outcome().substr(0, 9), "CANCELLED");
  loop_.RunUntil([&] { return scope_.running() == 0; });
  EXPECT_EQ(Calls(), "Hold Pay GetMenu Refund Release");
}

TEST_P(UndoWays, ADeadlineThatPassesLeavesUndosToGoOnAlone) {
  context_.deadline = loop_.Now() + 50ms;
  Fails("GetMenu", Declined());
  caller_.Hold("Refund");
  EXPECT_EQ(Ask("Buy"), "DECLINED undone=deliveries[1],deliveries[0];undo_pending=paid,held;");
  EXPECT_EQ(scope_.running(), 1u);
  caller_.Release("Refund", std::string());
  loop_.RunUntil([&] { return scope_.running() == 0; });
  EXPECT_EQ(Calls(), "Hold Pay Deliver Deliver GetMenu Recall Recall Refund Release");
  EXPECT_FALSE(undos_->failed());
}

TEST_P(UndoWays, TheSameAgainSendsTheSameKeys) {
  Fails("GetMenu", Declined());
  Ask("Buy");
  Ask("Buy");
  EXPECT_EQ(caller_.seen().size(), 18u);
  for (const char* method : {"Hold", "Pay", "Refund", "Release"}) {
    EXPECT_NE(KeyOf(method), "");
    EXPECT_EQ(KeyOf(method, 0), KeyOf(method, 1)) << method;
  }
}

TEST_P(UndoWays, WithoutRoomForUndosNothingIsDone) {
  std::vector<Scope::Place> taken;
  while (std::optional<Scope::Place> place = scope_.Reserve()) taken.push_back(*std::move(place));
  EXPECT_EQ(Ask("Buy"), "OVERLOADED ");
  EXPECT_EQ(Calls(), "");
}

INSTANTIATE_TEST_SUITE_P(, UndoWays, ::testing::Bool(),
                         [](const auto& row) { return row.param ? "Code" : "Plan"; });

class UndoHooks : public UndoFixture, public ::testing::Test {
 protected:
  UndoHooks() : UndoFixture(true) {}
};

TEST_F(UndoHooks, SeeTheCallAndNotItsUndo) {
  EXPECT_EQ(Ask("BuySome"), "OK");
  EXPECT_EQ(Asked<market::v1::PayRequest>("Pay"), "held_id: \"s\" cents: 7");
  EXPECT_EQ(Asked<market::v1::DeliverRequest>("Deliver"),
            "fruit_id: \"a\" number: 3 paid_id: \"hidden\" | "
            "fruit_id: \"b\" number: 3 paid_id: \"hidden\"");
}

// The undo is told what the back end said, not what a hook made of it.
TEST_F(UndoHooks, AStepThatAHookFailsAfterwardsIsUndone) {
  Host::refuses = "AfterPaid";
  EXPECT_EQ(Ask("BuySome"), "VETO undone=paid;");
  EXPECT_EQ(Asked<market::v1::RefundRequest>("Refund"), "held_id: \"p\" cents: 9");
}

TEST_F(UndoHooks, AStepThatAHookRefusesWasNotDone) {
  Host::refuses = "BeforePaid";
  EXPECT_EQ(Ask("BuySome"), "VETO ");
  EXPECT_EQ(Calls(), "");
}

TEST_F(UndoHooks, AnElementThatAHookRefusesIsLeftOut) {
  Host::refuses = "BeforeDelivery";
  EXPECT_EQ(Ask("BuySome"), "OK");
  EXPECT_EQ(Asked<market::v1::DeliverRequest>("Deliver"),
            "fruit_id: \"a\" number: 3 paid_id: \"hidden\"");
}

// It was done for a part that the answer does not have.
TEST_F(UndoHooks, AnElementThatAHookFailsAfterwardsIsUndone) {
  Host::refuses = "AfterDelivery";
  EXPECT_EQ(Ask("BuySome"), "OK");
  loop_.RunUntil([&] { return scope_.running() == 0; });
  EXPECT_EQ(Calls(), "Pay Deliver Deliver Hold Recall Recall");
}

TEST_F(UndoHooks, AnAnswerThatAHookRefusesIsAFailureOfTheWhole) {
  Host::refuses = "AfterAll";
  EXPECT_EQ(Ask("BuySome"), "VETO undone=held,deliveries[1],deliveries[0],paid;");
  EXPECT_EQ(Asked<market::v1::RefundRequest>("Refund"), "held_id: \"p\" cents: 9");
}

// Whichever hook it gets out of: the whole fails, whatever may be missing, and what was done until
// then is taken back.
TEST_F(UndoHooks, AfterAnExceptionWhatWasDoneIsUndone) {
  const struct {
    const char* throws;
    const char* outcome;
    const char* calls;
  } rows[] = {
      {"BeforePaid", "INTERNAL ", ""},
      {"AfterPaid", "INTERNAL undone=paid;", "Pay Refund"},
      {"BeforeDelivery", "INTERNAL undone=paid;", "Pay Refund"},
      {"AfterDelivery", "INTERNAL undone=deliveries[1],deliveries[0],paid;",
       "Pay Deliver Deliver Recall Recall Refund"},
      {"AfterAll", "INTERNAL undone=held,deliveries[1],deliveries[0],paid;",
       "Pay Deliver Deliver Hold Release Recall Recall Refund"},
  };
  for (const auto& row : rows) {
    Host::throws = row.throws;
    caller_.Forget();
    EXPECT_EQ(Ask("BuySome"), row.outcome) << row.throws;
    EXPECT_EQ(Calls(), row.calls) << row.throws;
    EXPECT_EQ(scope_.running(), 0u) << row.throws;
  }
}

TEST_F(UndoHooks, AnExceptionWaitsForCallsThatAreUnderWay) {
  Host::throws = "AfterPaid";
  caller_.Hold("Pay");
  caller_.Hold("Hold");
  Start("BuySome");
  EXPECT_EQ(caller_.Held(), "Pay Hold");
  caller_.Release("Pay", market::v1::Paid().SerializeAsString());
  EXPECT_EQ(caller_.Held(), "Hold");
  EXPECT_FALSE(result_.has_value());
  caller_.Release("Hold", market::v1::Held().SerializeAsString());
  EXPECT_EQ(Outcome(), "INTERNAL undone=held,paid;");
  EXPECT_EQ(Calls(), "Pay Hold Release Refund");
}

}  // namespace
}  // namespace frontdesk::testing
