// What a user's subclass can do: typed hooks, methods by hand, registration.
#include <gtest/gtest.h>

#include <stdexcept>

#include "feast/v1/feast.frontdesk.h"
#include "gateway/base/failure.h"
#include "gateway/client/fake_caller.h"
#include "gateway/compose/registry.h"
#include "tests/codegen/cpp/my_kitchen.h"
#include "tests/codegen/cpp/two_ways.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk::testing {
namespace {

using client::FakeCaller;
using kitchen::v1::Taste;
using upstream::CallContext;

class Spy final : public kitchen::v1::KitchenAggregates {
 public:
  using KitchenAggregates::KitchenAggregates;

  std::string throws;  // the name of the hook that does

  absl::Status BeforeGetTasteJar(CallContext&, pantry::v1::GetJarRequest& request) override {
    Slip("BeforeJar");
    if (request.jar_id() == "forbidden") {
      return Failure(absl::StatusCode::kPermissionDenied, "NOT_THIS_JAR", "no");
    }
    request.set_jar_id("[" + request.jar_id() + "]");
    return absl::OkStatus();
  }
  absl::Status AfterGetTasteJar(CallContext&, const pantry::v1::GetJarRequest& request,
                                pantry::v1::Jar& reply) override {
    Slip("AfterJar");
    if (reply.id() == "spoiled") return absl::DataLossError("spoiled");
    reply.set_id(reply.id() + " asked as " + request.jar_id());
    return absl::OkStatus();
  }
  absl::Status BeforeGetTasteLabels(CallContext&, pantry::v1::GetLabelRequest& request) override {
    Slip("BeforeLabel");
    if (request.id() == "secret") return absl::PermissionDeniedError("secret");
    request.set_number(7);
    return absl::OkStatus();
  }
  absl::Status AfterGetTasteLabels(CallContext&, pantry::v1::Label& reply) override {
    Slip("AfterLabel");
    if (reply.torn()) return absl::DataLossError("torn");
    reply.set_text(reply.text() + "!");
    return absl::OkStatus();
  }
  absl::Status AfterGetTaste(CallContext&, const kitchen::v1::GetTasteRequest& request,
                             Taste& answer) override {
    if (request.id() == "veto") return absl::AbortedError("veto");
    answer.add_texts("the end");
    return absl::OkStatus();
  }

  Task<absl::StatusOr<kitchen::v1::Dish>> Cook(CallContext&,
                                               const kitchen::v1::CookRequest&) override {
    co_return absl::UnimplementedError("not here");
  }

 private:
  void Slip(std::string_view hook) const {
    if (hook == throws) throw std::runtime_error("a slip");
  }
};

class HooksTest : public ::testing::Test {
 protected:
  HooksTest() {
    pantry::v1::Jar jar;
    jar.set_id("jar");
    for (const char* id : {"one", "torn", "secret", "one"}) jar.add_layers()->set_id(id);
    fake_.Reply("pantry.v1.Pantry/GetJar", jar);
    fake_.Answer("pantry.v1.Labels/GetLabel", [](std::string_view bytes) {
      pantry::v1::GetLabelRequest request;
      request.ParseFromString(std::string(bytes));
      pantry::v1::Label label;
      label.set_text(request.id() + std::to_string(request.number()));
      label.set_torn(request.id() == "torn");
      return label.SerializeAsString();
    });
  }

  // "answer | parts", or the reason.
  std::string Taste(const std::string& id, const char* throws = "") {
    Spy spy(fake_);
    spy.throws = throws;
    kitchen::v1::GetTasteRequest request;
    request.set_id(id);
    const compose::RunOptions options;
    const auto answer = testing_support::RunOnLoop(loop_, spy.GetTaste(context_, request, options));
    if (!answer.ok()) return ReasonOf(answer.status());
    std::string text = answer->message.id();
    for (const std::string& each : answer->message.texts()) text += ", " + each;
    for (const compose::Missing& part : answer->incomplete) {
      text += " | " + part.part + ';' + part.reason;
    }
    return text;
  }

  Loop loop_;
  Cancellation cancel_;
  CallContext context_{.loop = loop_, .cancel = cancel_};
  FakeCaller fake_{loop_};
};

TEST_F(HooksTest, SeeAndChangeRequestsRepliesAndTheAnswer) {
  EXPECT_EQ(Taste("x"),
            "jar asked as [x], one7!, one7!, the end"
            " | labels[1];DATA_LOSS | labels[2];PERMISSION_DENIED");
  // The first jar, then each different label once; what a hook refused is not asked at all.
  EXPECT_EQ(fake_.seen().size(), 3u);
  EXPECT_EQ(context_.calls, 3u);
}

TEST_F(HooksTest, FailTheStepOrTheWhole) {
  EXPECT_EQ(Taste("forbidden"), "NOT_THIS_JAR");
  EXPECT_TRUE(fake_.seen().empty());
  EXPECT_EQ(Taste("veto"), "ABORTED");
  pantry::v1::Jar spoiled;
  spoiled.set_id("spoiled");
  fake_.Reply("pantry.v1.Pantry/GetJar", spoiled);
  EXPECT_EQ(Taste("x"), "DATA_LOSS");
}

// Whatever may be missing without harm: code that throws is not a part that fails.
TEST_F(HooksTest, AnExceptionFailsTheWhole) {
  const struct {
    const char* throws;
    size_t calls;
  } rows[] = {
      {"BeforeJar", 0},
      {"AfterJar", 1},
      {"BeforeLabel", 1},
      {"AfterLabel", 3},
  };
  size_t before = 0;
  for (const auto& row : rows) {
    EXPECT_EQ(Taste("x", row.throws), "INTERNAL") << row.throws;
    EXPECT_EQ(fake_.seen().size() - before, row.calls) << row.throws;
    before = fake_.seen().size();
  }
}

TEST_F(HooksTest, MethodsByHandCallThroughTypedClients) {
  kitchen::v1::MyKitchen kitchen(fake_);
  kitchen::v1::CookRequest request;
  request.set_jar_id("j");
  const auto dish = testing_support::RunOnLoop(loop_, kitchen.Cook(context_, request));
  ASSERT_TRUE(dish.ok()) << dish.status();
  EXPECT_EQ(dish->name(), "jar jar0");
}

// Hooks on steps with `when`, a default, and an `each` through a map.
class Taster final : public feast::v1::FeastAggregates {
 public:
  using FeastAggregates::FeastAggregates;

  absl::Status BeforeGetTastingJar(CallContext&, pantry::v1::GetJarRequest& request) override {
    if (request.jar_id() == "forbidden") return absl::PermissionDeniedError("no");
    return absl::OkStatus();
  }
  absl::Status AfterGetTastingJar(CallContext&, const pantry::v1::GetJarRequest&,
                                  pantry::v1::Jar& reply) override {
    if (reply.id() == "spoiled") return absl::DataLossError("spoiled");
    if (reply.id() == "unnamed") reply.clear_title();
    return absl::OkStatus();
  }
  absl::Status BeforeGetTastingLabel(CallContext&, pantry::v1::GetLabelRequest& request) override {
    if (request.id() == "secret") return absl::PermissionDeniedError("secret");
    return absl::OkStatus();
  }
  absl::Status AfterGetTastingLabel(CallContext&, const pantry::v1::GetLabelRequest&,
                                    pantry::v1::Label& reply) override {
    reply.set_torn(reply.text() == "torn0");
    return absl::OkStatus();
  }
  absl::Status BeforeGetTastingBeds(CallContext&, pantry::v1::GetLabelRequest& request) override {
    if (request.id() == "b") return absl::NotFoundError("no such bed");
    return absl::OkStatus();
  }
  absl::Status AfterGetTastingBeds(CallContext&, pantry::v1::Label& reply) override {
    if (reply.text() == "c3") return absl::DataLossError("dug up");
    reply.set_text(reply.text() + "!");
    return absl::OkStatus();
  }
  absl::Status AfterGetTasting(CallContext&, const feast::v1::GetGardenRequest&,
                               feast::v1::Tasting& answer) override {
    answer.add_texts("the end");
    return absl::OkStatus();
  }
};

struct TastingRow {
  const char* what;
  const char* ask;    // the jar's id
  const char* id;     // of the jar that is answered
  const char* title;  // of it
  const char* answer;
  size_t calls;
};

class TastingTest : public HooksTest, public ::testing::WithParamInterface<TastingRow> {};

TEST_P(TastingTest, GivesAndTells) {
  const TastingRow& row = GetParam();
  pantry::v1::Jar jar;
  jar.set_id(row.id);
  jar.set_title(row.title);
  fake_.Reply("pantry.v1.Pantry/GetJar", jar);
  Taster taster(fake_);
  feast::v1::GetGardenRequest request;
  request.set_id(row.ask);
  (*request.mutable_beds())["c"].set_seeds(3);
  (*request.mutable_beds())["a"].set_seeds(1);
  (*request.mutable_beds())["b"].set_seeds(2);
  const compose::RunOptions options;
  const auto answer =
      testing_support::RunOnLoop(loop_, taster.GetTasting(context_, request, options));
  ASSERT_TRUE(answer.ok()) << answer.status();
  std::string text = answer->message.id() + " (" + answer->message.label().name() + ")";
  for (const std::string& each : answer->message.texts()) text += ", " + each;
  for (const compose::Missing& part : answer->incomplete) {
    text += " | " + part.part + ';' + part.reason + (part.defaulted ? " (default)" : "");
  }
  EXPECT_EQ(text, row.answer);
  EXPECT_EQ(fake_.seen().size(), row.calls);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TastingTest,
    ::testing::Values(
        TastingRow{"all", "x", "jar", "plum",
                   "jar (plum0), a1!, no bed, no bed, the end"
                   " | beds[1];NOT_FOUND (default) | beds[2];DATA_LOSS (default)",
                   4},
        TastingRow{"a hook fails the call: the default, whose title is asked for", "forbidden",
                   "jar", "plum",
                   "no jar (none0), a1!, no bed, no bed, the end | jar;PERMISSION_DENIED (default)"
                   " | beds[1];NOT_FOUND (default) | beds[2];DATA_LOSS (default)",
                   3},
        TastingRow{"a hook fails the reply", "x", "spoiled", "plum",
                   "no jar (none0), a1!, no bed, no bed, the end | jar;DATA_LOSS (default)"
                   " | beds[1];NOT_FOUND (default) | beds[2];DATA_LOSS (default)",
                   4},
        TastingRow{"what a hook takes away is not there for the condition", "x", "unnamed", "plum",
                   "unnamed (), the end", 1},
        TastingRow{"a hook leaves out the label, on which the beds depend", "x", "jar", "secret",
                   "jar (), the end | label;PERMISSION_DENIED", 1},
        TastingRow{"what a hook sets holds for the condition", "x", "jar", "torn",
                   "jar (torn0), the end", 2}),
    [](const auto& row) { return "Row" + std::to_string(row.index); });

TEST(RegistryTest, TellsWhatRunsAndWhatIsMissing) {
  const auto contract = LoadContract(FRONTDESK_GOLDEN_CONTRACT);
  const contract::Method& shelf = *contract->FindMethod("kitchen.v1.Kitchen/GetShelf");
  const contract::Method& taste = *contract->FindMethod("kitchen.v1.Kitchen/GetTaste");
  const contract::Method& cook = *contract->FindMethod("kitchen.v1.Kitchen/Cook");
  const contract::Method& plain = *contract->FindMethod("pantry.v1.Pantry/GetJar");

  const compose::Registry none;
  EXPECT_EQ(none.HowItRuns(shelf), "plan");
  EXPECT_EQ(none.HowItRuns(plain), "");
  EXPECT_EQ(none.WhatIsMissing(shelf), "");
  EXPECT_NE(none.WhatIsMissing(taste).find("is declared with hooks"), std::string::npos);
  EXPECT_NE(none.WhatIsMissing(cook).find("is written by hand (`custom`)"), std::string::npos);

  compose::Registry mine;
  mine.Add<kitchen::v1::MyKitchen>();
  EXPECT_EQ(mine.HowItRuns(shelf), "generated code");
  EXPECT_EQ(mine.HowItRuns(cook), "generated code");
  EXPECT_EQ(mine.WhatIsMissing(taste), "");
  EXPECT_EQ(mine.WhatIsMissing(cook), "");
}

// The same code, as if it had been generated before the contract changed.
class Outdated final : public kitchen::v1::KitchenAggregates {
 public:
  using KitchenAggregates::KitchenAggregates;
  static const std::vector<compose::GeneratedMethod>& Methods() {
    static const std::vector<compose::GeneratedMethod> methods = [] {
      std::vector<compose::GeneratedMethod> changed = KitchenAggregates::Methods();
      for (compose::GeneratedMethod& method : changed) method.plan_hash ^= 1;
      return changed;
    }();
    return methods;
  }
  Task<absl::StatusOr<kitchen::v1::Dish>> Cook(CallContext&,
                                               const kitchen::v1::CookRequest&) override {
    co_return absl::UnimplementedError("not here");
  }
};

TEST(RegistryTest, CodeOfAnotherContractIsNotRun) {
  const auto contract = LoadContract(FRONTDESK_GOLDEN_CONTRACT);
  compose::Registry old;
  old.Add<Outdated>();
  const contract::Method& shelf = *contract->FindMethod("kitchen.v1.Kitchen/GetShelf");
  EXPECT_EQ(old.HowItRuns(shelf), "plan: its code is of another contract");
  EXPECT_EQ(old.WhatIsMissing(shelf), "");
  const contract::Method& cook = *contract->FindMethod("kitchen.v1.Kitchen/Cook");
  EXPECT_NE(old.WhatIsMissing(cook).find("generated from another contract"), std::string::npos);
  Loop loop;
  FakeCaller fake(loop);
  EXPECT_EQ(old.Make(*contract, fake).Find(shelf), nullptr);
}

}  // namespace
}  // namespace frontdesk::testing
