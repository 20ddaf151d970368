// Words that are declared before they are carried out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

using ::testing::HasSubstr;

std::string Load(const std::string& composition, std::unique_ptr<const Contract>* contract) {
  Findings findings;
  auto loaded =
      Contract::Load(testing::CompileProto(Cat("message Key { string id = 1; }\n"
                                               "service Back { rpc Get(Key) returns (Key); }\n"
                                               "service Front { rpc Get(Key) returns (Key) {\n"
                                               "  option (frontdesk.v1.compose) = { ",
                                               composition, " }; } }")),
                     "test.binpb", findings);
  if (contract) *contract = std::move(loaded);
  return findings.ToString();
}

std::string OneStep(const std::string& more) {
  return Cat(R"(step { id: "key" call: "test.Back/Get" )", more,
             R"( } out { to: "id" from: "key.id" })");
}

TEST(PlanLater, IsRefusedAndSaysWhy) {
  EXPECT_THAT(Load(OneStep("on_error: STALE"), nullptr),
              HasSubstr("step \"key\": on_error: STALE is not carried out by this build: it needs "
                        "the response cache"));
}

TEST(PlanHooks, AreKnownToThePlan) {
  std::unique_ptr<const Contract> contract;
  ASSERT_EQ(Load(Cat("hooks: true ", OneStep("hooks: true")), &contract), "");
  const Plan& plan = *contract->FindMethod("test.Front/Get")->plan;
  EXPECT_TRUE(plan.hooks);
  EXPECT_TRUE(plan.steps[0].hooks);
  ASSERT_EQ(Load(OneStep(""), &contract), "");
  const Plan& plain = *contract->FindMethod("test.Front/Get")->plan;
  EXPECT_FALSE(plain.hooks);
  EXPECT_FALSE(plain.steps[0].hooks);
}

TEST(PlanCustom, HasNoPlan) {
  std::unique_ptr<const Contract> contract;
  ASSERT_EQ(Load("custom: true deadline: '1s'", &contract), "");
  EXPECT_TRUE(contract->FindMethod("test.Front/Get")->custom);
  EXPECT_EQ(contract->FindMethod("test.Front/Get")->plan, nullptr);
  EXPECT_THAT(
      Load(Cat("custom: true ", OneStep("")), nullptr),
      HasSubstr("is written by hand (`custom`), so it has no steps, no `out` and no hooks"));
}

}  // namespace
}  // namespace frontdesk::contract
