// Every row of the fault matrix, short: counts, and bounds that a busy machine keeps.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/e2e/faults/judge.h"

namespace frontdesk::faults {
namespace {

class Faults : public ::testing::TestWithParam<Row> {};

TEST_P(Faults, Holds) {
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

std::vector<Row> Tests() {
  std::vector<Row> rows = AllRows();
  std::erase_if(rows, [](const Row& row) { return row.measured_only; });
  return rows;
}

INSTANTIATE_TEST_SUITE_P(Rows, Faults, ::testing::ValuesIn(Tests()), NameOf);

}  // namespace
}  // namespace frontdesk::faults
