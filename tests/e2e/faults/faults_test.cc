// Every row of the fault matrix, short: counts, and bounds that a busy machine keeps.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/e2e/faults/judge.h"

namespace frontdesk::faults {
namespace {

class Faults : public ::testing::TestWithParam<Row> {};

TEST_P(Faults, Holds) {
  if (!GetParam().waits_for.empty()) GTEST_SKIP() << "waits for " << GetParam().waits_for;
  const Judge judge = Play(GetParam(), Scale());
  for (const Judge::Finding& finding : judge.findings()) {
    EXPECT_TRUE(finding.holds) << finding.what << ": " << finding.measured;
  }
}

std::string NameOf(const ::testing::TestParamInfo<Row>& info) {
  std::string name = info.param.id;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Rows, Faults, ::testing::ValuesIn(AllRows()), NameOf);

}  // namespace
}  // namespace frontdesk::faults
