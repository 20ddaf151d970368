// The text of generated code, byte for byte; what it does is in two_ways_test.cc and hooks_test.cc.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "codegen/cpp/generator.h"
#include "tests/codegen/cpp/two_ways.h"

namespace frontdesk::codegen {
namespace {

namespace fs = std::filesystem;

std::string Read(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<File> Generate(const contract::Contract& contract,
                           const std::map<std::string, std::string>& parameters = {},
                           bool only_checks = false) {
  absl::StatusOr<std::vector<File>> files =
      GenerateCpp({contract,
                   {"banquet/v1/banquet.proto", "feast/v1/feast.proto", "kitchen/v1/kitchen.proto",
                    "market/v1/market.proto", "market/v2/market.proto", "pantry/v1/pantry.proto"},
                   parameters,
                   only_checks});
  EXPECT_TRUE(files.ok()) << files.status();
  return files.ok() ? *files : std::vector<File>();
}

TEST(GoldenTest, IsWhatWasReviewed) {
  const auto contract = testing::LoadContract(FRONTDESK_GOLDEN_CONTRACT);
  const fs::path expected = fs::path(FRONTDESK_GOLDEN) / "expected";
  const std::vector<File> files = Generate(*contract);
  EXPECT_EQ(files.size(), 12u);
  for (const File& file : files) {
    EXPECT_EQ(Read(expected / file.name), file.content)
        << file.name << ": tests/codegen/golden/cpp/update.sh writes it anew";
  }
}

// Of what g++ 12 gets wrong when such a line awaits.
TEST(GoldenTest, NoLineThatAwaitsHasBracesOrBrackets) {
  const auto demo = testing::LoadContract(FRONTDESK_CONTRACT);
  const auto golden = testing::LoadContract(FRONTDESK_GOLDEN_CONTRACT);
  const absl::StatusOr<std::vector<File>> of_demo =
      GenerateCpp({*demo, {"bff/web/v1/web.proto", "bff/mobile/v1/mobile.proto"}, {}});
  ASSERT_TRUE(of_demo.ok());
  std::vector<File> files = Generate(*golden);
  files.insert(files.end(), of_demo->begin(), of_demo->end());
  int awaits = 0;
  for (const File& file : files) {
    std::istringstream lines(file.content);
    for (std::string line; std::getline(lines, line);) {
      if (line.find("co_await") == std::string::npos) continue;
      ++awaits;
      EXPECT_EQ(line.find_first_of("{["), std::string::npos) << line;
    }
  }
  EXPECT_GT(awaits, 150) << "hardly any code was generated";
}

TEST(ScaffoldTest, IsWrittenOnceAndNeverAgain) {
  const auto contract = testing::LoadContract(FRONTDESK_GOLDEN_CONTRACT);
  const fs::path folder = fs::temp_directory_path() / ("scaffold" + std::to_string(getpid()));
  Generate(*contract, {{"scaffold", folder.string()}}, true);
  EXPECT_FALSE(fs::exists(folder));
  Generate(*contract, {{"scaffold", folder.string()}});
  const fs::path mine = folder / "kitchen/v1/my_kitchen.h";
  const std::string text = Read(mine);
  EXPECT_NE(text.find("class MyKitchen final : public KitchenAggregates {"), std::string::npos);
  EXPECT_NE(text.find("Cook(frontdesk::upstream::CallContext& context"), std::string::npos);
  EXPECT_EQ(text, Read(fs::path(FRONTDESK_GOLDEN) / "expected/kitchen/v1/my_kitchen.h"));
  std::ofstream(mine) << "mine now";
  Generate(*contract, {{"scaffold", folder.string()}});
  EXPECT_EQ(Read(mine), "mine now");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace frontdesk::codegen
