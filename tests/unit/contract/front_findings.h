// Findings of one composition: the method "test.Front/Get" over services that a test declares.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::testing {

// `messages`: those of the contract, Key and Answer among them, and its services.
inline std::unique_ptr<const contract::Contract> LoadFront(std::string_view messages,
                                                           std::string_view composition,
                                                           contract::Findings& findings) {
  const std::string set = CompileProto(
      Cat(messages,
          "service Front { rpc Get(Key) returns (Answer) { option (frontdesk.v1.compose) = { ",
          composition, " }; } }"));
  return contract::Contract::Load(set, "test.binpb", findings);
}

struct FrontCase {
  const char* composition;
  const char* finding;  // "" for a good one
};

// One finding each, which tells its method.
inline void CheckFront(std::string_view messages, std::span<const FrontCase> cases) {
  for (const FrontCase& one : cases) {
    SCOPED_TRACE(one.composition);
    contract::Findings findings;
    LoadFront(messages, one.composition, findings);
    if (std::string_view(one.finding).empty()) {
      EXPECT_EQ(findings.ToString(), "");
      continue;
    }
    EXPECT_EQ(findings.size(), 1u) << findings.ToString();
    EXPECT_THAT(findings.ToString(), ::testing::HasSubstr(one.finding));
    EXPECT_THAT(findings.ToString(), ::testing::HasSubstr("test.Front.Get: "));
  }
}

}  // namespace frontdesk::testing
