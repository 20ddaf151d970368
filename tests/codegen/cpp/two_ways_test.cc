// The plan and the code that is generated from it are two ways to one answer: the same calls in the
// same order, the same JSON, the same failure, the same parts missing, whatever back ends do.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "banquet/v1/banquet.frontdesk.h"
#include "bff/mobile/v1/mobile.frontdesk.h"
#include "bff/web/v1/web.frontdesk.h"
#include "feast/v1/feast.frontdesk.h"
#include "gateway/contract/plan.h"
#include "kitchen/v1/kitchen.frontdesk.h"
#include "shop/giftcard/v1/giftcard.frontdesk.h"
#include "tests/codegen/cpp/my_kitchen.h"
#include "tests/codegen/cpp/two_ways.h"

namespace frontdesk::testing {
namespace {

const std::vector<std::string> kHeaders = {"x-served-by", "x-cost"};

// Compares both ways of every composition of the contract; adds their calls up.
void Compare(const contract::Contract& contract, const compose::Registry& code, uint64_t rounds,
             const TwoWays::Scenario& scenario, uint64_t& calls) {
  TwoWays two_ways(contract, code);
  size_t compared = 0;
  for (const contract::Method& method : contract.methods()) {
    if (!method.plan) continue;
    ASSERT_EQ(code.HowItRuns(method), "generated code") << method.full_name;
    for (uint64_t seed = 1; seed <= rounds; ++seed) {
      TwoWays::Scenario each = scenario;
      each.chances.seed = seed;
      const Way plan = two_ways.RunPlan(method, each);
      const Way generated = two_ways.RunCode(method, each);
      SCOPED_TRACE(method.full_name + ", seed " + std::to_string(seed));
      ASSERT_EQ(plan.answer, generated.answer);
      ASSERT_EQ(plan.json, generated.json);
      ASSERT_EQ(plan.parts, generated.parts);
      ASSERT_EQ(plan.calls, generated.calls);
      ASSERT_EQ(plan.count, generated.count);
      calls += plan.count;
      ++compared;
    }
  }
  EXPECT_GE(compared, 2 * rounds) << "hardly anything was compared";
}

class TwoWaysTest : public ::testing::Test {
 protected:
  TwoWaysTest() {
    code_.Add<bff::web::v1::WebAggregates>();
    code_.Add<bff::mobile::v1::MobileAggregates>();
    code_.Add<kitchen::v1::MyKitchen>();  // hooks that change nothing
    code_.Add<feast::v1::FeastAggregates>();
    code_.Add<banquet::v1::BanquetAggregates>();
    code_.Add<shop::giftcard::v1::GiftCardsAggregates>();
    scenario_.options.response_headers = kHeaders;
  }

  // Returns how many calls were made.
  uint64_t CompareAll(uint64_t rounds) {
    uint64_t calls = 0;
    Compare(*LoadContract(FRONTDESK_CONTRACT), code_, rounds, scenario_, calls);
    Compare(*LoadContract(FRONTDESK_GOLDEN_CONTRACT), code_, rounds, scenario_, calls);
    return calls;
  }

  compose::Registry code_;
  TwoWays::Scenario scenario_;
};

TEST_F(TwoWaysTest, WhenAllIsWell) {
  scenario_.chances = {.fails = 0, .garbage = 0};
  CompareAll(200);
}

TEST_F(TwoWaysTest, WhenSomeCallsFail) { CompareAll(300); }

TEST_F(TwoWaysTest, WhenMostCallsFail) {
  scenario_.chances.fails = 70;
  CompareAll(100);
}

TEST_F(TwoWaysTest, WhenEveryCallIsAnsweredAtOnce) {
  scenario_.chances.at_once = 100;
  CompareAll(100);
}

TEST_F(TwoWaysTest, WhenEveryCallIsHeld) {
  scenario_.chances.at_once = 0;
  CompareAll(100);
}

TEST_F(TwoWaysTest, WhenTheClientLeaves) {
  scenario_.cancel = true;
  CompareAll(200);
}

TEST_F(TwoWaysTest, WhenCallsHaveKeys) {
  scenario_.keys = true;
  CompareAll(100);
}

TEST_F(TwoWaysTest, WhenTheClientLeavesAndCallsHaveKeys) {
  scenario_.keys = true;
  scenario_.cancel = true;
  CompareAll(100);
}

TEST_F(TwoWaysTest, WhenUndosEndBeforeTheAnswer) {
  scenario_.keys = true;
  scenario_.host = false;
  CompareAll(100);
}

TEST_F(TwoWaysTest, WhenThereIsNoRoomForUndos) {
  scenario_.room = 0;
  CompareAll(10);
}

TEST_F(TwoWaysTest, WhenRepliesAreTooLargeTogether) {
  scenario_.options.max_total_bytes = 300;
  CompareAll(100);
}

TEST_F(TwoWaysTest, WhenListsAreTooLong) {
  scenario_.options.max_elements = 2;
  scenario_.chances.fails = 0;
  CompareAll(100);
}

TEST_F(TwoWaysTest, WhenTheClientAsksForSomeFields) {
  const uint64_t all = CompareAll(100);
  scenario_.mask = true;
  // Steps that nobody asked for are not called.
  EXPECT_LT(CompareAll(300), 3 * all * 9 / 10);
}

}  // namespace
}  // namespace frontdesk::testing
