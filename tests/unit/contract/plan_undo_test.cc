#include "gateway/contract/plan_undo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/contract/front_findings.h"

namespace frontdesk::contract {
namespace {

using ::testing::HasSubstr;

constexpr char kMessages[] = R"(
  message Key { string id = 1; repeated string ids = 2; Nested nested = 3; }
  message Nested { string a = 1; string b = 2; int64 n = 3; }
  message Thing { string id = 1; int64 cents = 2; repeated Thing parts = 3; Nested nested = 4; }
  message Answer { Thing a = 1; Thing b = 2; repeated Thing c = 3; }
  service Back {
    rpc Look(Key) returns (Thing) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc Make(Key) returns (Thing);
    rpc Drop(Key) returns (Thing);
    rpc Watch(Key) returns (stream Thing);
  }
  service Other {
    rpc GetComposed(Key) returns (Answer) {
      option (frontdesk.v1.compose) = {
        step { id: "o" call: "test.Back/Look" } out { to: "a" from: "o" }
      };
    }
  }
)";

std::unique_ptr<const Contract> Load(const std::string& composition, Findings& findings) {
  return testing::LoadFront(kMessages, composition, findings);
}

struct Case {
  const char* undo;     // of step "a"
  const char* finding;  // "" for a good one
};

class UndoFindings : public ::testing::TestWithParam<Case> {};

TEST_P(UndoFindings, SayWhatIsWrong) {
  Findings findings;
  Load(std::string(
           R"(step { id: "a" call: "test.Back/Make" bind { to: "id" from: "request.id" } )") +
           GetParam().undo +
           R"( } step { id: "b" call: "test.Back/Look" bind { to: "id" from: "a.id" } }
               out { to: "a" from: "a" } out { to: "b" from: "b" })",
       findings);
  const std::string text = findings.ToString();
  SCOPED_TRACE(GetParam().undo);
  if (std::string_view(GetParam().finding).empty()) {
    EXPECT_EQ(text, "");
    return;
  }
  EXPECT_EQ(findings.size(), 1u) << text;
  EXPECT_THAT(text, HasSubstr(GetParam().finding));
  EXPECT_THAT(text, HasSubstr("test.Front.Get: "));
}

#define DROP R"(undo { call: "test.Back/Drop" )"

constexpr Case kCases[] = {
    {DROP R"(bind { to: "id" from: "a.id" } })", ""},
    {DROP R"(bind { to: "id" from: "request.id" } timeout: "1s" })", ""},
    {DROP R"(bind { to: "id" from: "a.parts" } })", "step \"a\": undo: bind to \"id\" from"},
    {DROP R"(bind { to: "id" from: "a.idd" } })", "has no field \"idd\" (did you mean \"id\"?)"},
    {DROP R"(bind { to: "idd" from: "a.id" } })", "has no field \"idd\" (did you mean \"id\"?)"},
    {DROP R"(bind { to: "id" from: "a.cents" } })", "undo: bind to \"id\" from \"a.cents\""},
    {DROP R"(bind { to: "id" from: "c.id" } })", "there is no step \"c\""},
    {DROP R"(bind { to: "id" from: "b.id" } })", "the steps form a cycle: \"a\" needs \"b\" needs"},
    {DROP R"(bind { to: "id" from: "a.id" } bind { to: "id" from: "request.id" } })",
     "undo: bind to \"id\" from \"request.id\""},
    {DROP R"(bind { to: "id" from: "a.id" } timeout: "soon" })",
     "undo: timeout \"soon\" is not a duration"},
    {DROP "}", "undo: no bind tells what is to be undone"},
    {DROP R"(bind { to: "id" value: "x" } })", "undo: no bind tells what is to be undone"},
    {"undo { }", "step \"a\": undo: it has no call"},
    {R"(undo { call: "test.Back/Dropp" bind { to: "id" from: "a.id" } })",
     "undo: there is no method \"test.Back/Dropp\" (did you mean \"test.Back/Drop\"?)"},
    {R"(undo { call: "test.Back/Watch" bind { to: "id" from: "a.id" } })",
     "undo: \"test.Back/Watch\" is a streaming method"},
    {R"(undo { call: "test.Other/GetComposed" bind { to: "id" from: "a.id" } })",
     "undo: \"test.Other/GetComposed\" is a composition"},
    {R"(undo { call: "test.Back/Look" bind { to: "id" from: "a.id" } })",
     "undo undoes nothing: its call \"test.Back/Look\" is declared without side effects"},
};

INSTANTIATE_TEST_SUITE_P(All, UndoFindings, ::testing::ValuesIn(kCases));

std::string FindingOf(const std::string& composition) {
  Findings findings;
  Load(composition, findings);
  EXPECT_LE(findings.size(), 1u) << findings.ToString();
  return findings.ToString();
}

TEST(Undo, OfAStepWithoutSideEffectsUndoesNothing) {
  EXPECT_THAT(FindingOf(R"(
    step { id: "a" call: "test.Back/Look"
           undo { call: "test.Back/Drop" bind { to: "id" from: "a.id" } } }
    out { to: "a" from: "a" })"),
              HasSubstr("step \"a\": undo undoes nothing: \"test.Back/Look\" is declared without"));
}

TEST(Undo, OfAnEachMustTellItsElementsApart) {
  const auto each = [](const std::string& bind) {
    return FindingOf(R"(
      step { id: "c" each: "request.ids" as: "one" call: "test.Back/Make"
             bind { to: "id" from: "one" } undo { call: "test.Back/Drop" )" +
                     bind + R"( } } out { to: "c" from: "c" })");
  };
  EXPECT_EQ(each(R"(bind { to: "id" from: "one" })"), "");
  EXPECT_EQ(each(R"(bind { to: "id" from: "c.id" })"), "");
  EXPECT_THAT(each(R"(bind { to: "id" from: "request.id" })"),
              HasSubstr("undo: no bind uses \"one\" or \"c\": the undos of all elements would be"));
}

// What a step may fail without must not be what undoing another depends on.
TEST(Undo, ReadsOnlyWhatIsThere) {
  EXPECT_THAT(FindingOf(R"(
    step { id: "a" call: "test.Back/Look" on_error: OMIT }
    step { id: "b" call: "test.Back/Make"
           undo { call: "test.Back/Drop" bind { to: "id" from: "a.id" } } }
    out { to: "a" from: "a" } out { to: "b" from: "b" })"),
              HasSubstr("step \"b\" must not fail but needs \"a\""));
}

TEST(Undo, WaitsForNothingButItsReply) {
  Findings findings;
  const auto contract = Load(R"(
    step { id: "a" call: "test.Back/Make" }
    step { id: "b" call: "test.Back/Make"
           undo { call: "test.Back/Drop"
                  bind { to: "id" from: "a.id" }
                  bind { to: "nested.a" from: "b.id" } bind { to: "nested.b" from: "request.id" }
                  timeout: "3s" } }
    out { to: "a" from: "a" } out { to: "b" from: "b" })",
                             findings);
  ASSERT_TRUE(contract) << findings.ToString();
  const Plan& plan = *contract->FindMethod("test.Front/Get")->plan;
  EXPECT_TRUE(plan.undoes);
  EXPECT_EQ(plan.steps[0].undo, nullptr);
  EXPECT_EQ(plan.steps[1].needs, 1u);  // its undo reads the first
  const PlanUndo& undo = *plan.steps[1].undo;
  EXPECT_EQ(undo.method->name, "Drop");
  EXPECT_EQ(undo.timeout, std::chrono::seconds(3));
  // Of one nested message a part is known early, the other only from the reply.
  ASSERT_EQ(undo.request.size(), 2u);
  EXPECT_EQ(undo.request[1].target->name, "nested");
  ASSERT_EQ(undo.request[1].children.size(), 1u);
  EXPECT_EQ(undo.request[1].children[0].target->name, "b");
  ASSERT_EQ(undo.from_reply.size(), 1u);
  ASSERT_EQ(undo.from_reply[0].children.size(), 1u);
  EXPECT_EQ(undo.from_reply[0].children[0].target->name, "a");
  EXPECT_FALSE(contract->FindMethod("test.Other/GetComposed")->plan->undoes);
}

}  // namespace
}  // namespace frontdesk::contract
