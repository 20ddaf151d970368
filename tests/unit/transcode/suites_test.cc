// Public suites of JSON and UTF-8, read from ../shared/suites where they are there.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "gateway/contract/wire.h"
#include "gateway/transcode/percent.h"
#include "tests/support/find_suite.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {
namespace {

namespace fs = std::filesystem;
using testing_support::FindSuite;

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

MessageTypes& Types() {
  static auto* const types = new MessageTypes();
  return *types;
}

TEST(JsonTestSuite, AcceptsValidRefusesInvalid) {
  const fs::path suite = FindSuite("jsontestsuite/test_parsing");
  if (suite.empty()) GTEST_SKIP() << "skipped: suites not found";
  // RFC 8259 leaves names given twice to the reader; ours refuses them.
  const std::set<std::string> refused = {"y_object_duplicated_key.json",
                                         "y_object_duplicated_key_and_value.json"};
  int count = 0;
  for (const auto& entry : fs::directory_iterator(suite)) {
    const std::string name = entry.path().filename();
    const std::string text = ReadFile(entry.path());
    const std::string wire = Types().Decode("google.protobuf.Value", text);
    ++count;
    if (refused.contains(name)) {
      EXPECT_EQ(wire, "<DUPLICATE_KEY>") << name;
      EXPECT_FALSE(
          Types().Decode("google.protobuf.Value", text, {.last_key_wins = true}).starts_with('<'))
          << name;
    } else if (name.starts_with("y_")) {
      EXPECT_FALSE(wire.starts_with('<')) << name << wire;
    } else if (name.starts_with("n_")) {
      EXPECT_TRUE(wire.starts_with('<')) << name << wire;
    }
    if (wire.starts_with('<')) continue;
    const std::string json = Types().Encode("google.protobuf.Value", wire);
    EXPECT_EQ(Types().Decode("google.protobuf.Value", json), wire) << name << json;
  }
  EXPECT_GT(count, 300);
}

TEST(JsonTestSuite, TransformedTextsAreReadOrRefused) {
  const fs::path suite = FindSuite("jsontestsuite/test_transform");
  if (suite.empty()) GTEST_SKIP() << "skipped: suites not found";
  for (const auto& entry : fs::directory_iterator(suite)) {
    const std::string wire = Types().Decode("google.protobuf.Value", ReadFile(entry.path()));
    if (wire.starts_with('<')) continue;
    const std::string json = Types().Encode("google.protobuf.Value", wire);
    EXPECT_EQ(Types().Decode("google.protobuf.Value", json), wire) << entry.path();
  }
}

// Bytes in a JSON string, in a message's string and in a path.
void ExpectText(const std::string& bytes, bool valid, const std::string& name) {
  EXPECT_EQ(contract::IsValidUtf8(bytes), valid) << name;
  std::string escaped;  // JSON has its own rules about these
  for (const char c : bytes) {
    if (c == '"' || c == '\\') escaped.push_back('\\');
    escaped.push_back(c);
  }
  const std::string wire = Types().Decode("Order", "{\"note\":\"" + escaped + "\"}");
  EXPECT_EQ(!wire.starts_with('<'), valid) << name << wire;
  std::string length(1, static_cast<char>(bytes.size()));
  if (bytes.size() > 127) return;
  const std::string json = Types().Encode("Order", "\x0a" + length + bytes);
  EXPECT_EQ(!json.starts_with('<'), valid) << name << json;
  if (valid) {
    EXPECT_EQ(Types().Decode("Order", json), "\x0a" + length + bytes) << name;
  }
}

TEST(Utf8Tests, AreJudgedAlikeEverywhere) {
  const fs::path suite = FindSuite("utf8tests/utf8tests.txt");
  if (suite.empty()) GTEST_SKIP() << "skipped: suites not found";
  std::istringstream lines(ReadFile(suite));
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (line.starts_with('#') || colon == std::string::npos) continue;
    const std::string rest = line.substr(colon + 1);
    const bool valid = rest.starts_with("valid");
    if (!valid && !rest.starts_with("invalid hex:")) continue;
    std::string text = rest.substr(rest.find(':') + 1);
    if (rest.find("hex:") != std::string::npos && rest.find("hex:") < 12) {
      text = text.substr(0, text.find(':'));
      std::erase(text, ' ');
      std::string percent;
      for (size_t i = 0; i + 1 < text.size(); i += 2) percent += "%" + text.substr(i, 2);
      ASSERT_TRUE(transcode::DecodePathValue(percent, transcode::Keep::kNothing, text)) << line;
    }
    ++count;
    if (text.find_first_of(std::string("\0\n\r\t", 4)) == std::string::npos) {
      ExpectText(text, valid, line);
    }
  }
  EXPECT_GT(count, 80);
}

TEST(NaughtyStrings, SurviveBothWays) {
  const fs::path suite = FindSuite("naughty-strings/blns.json");
  if (suite.empty()) GTEST_SKIP() << "skipped: suites not found";
  const std::string text = ReadFile(suite);
  const std::string wire = Types().Decode("google.protobuf.ListValue", text);
  ASSERT_FALSE(wire.starts_with('<')) << wire;
  const std::string json = Types().Encode("google.protobuf.ListValue", wire);
  EXPECT_EQ(Types().Decode("google.protobuf.ListValue", json), wire);
  const auto list = Types().New("google.protobuf.ListValue");
  ASSERT_TRUE(list->ParseFromString(wire));
  const auto& values = *list->GetDescriptor()->FindFieldByName("values");
  const int count = list->GetReflection()->FieldSize(*list, &values);
  EXPECT_GT(count, 500);
  for (int i = 0; i < count; ++i) {
    const auto& value = list->GetReflection()->GetRepeatedMessage(*list, &values, i);
    const std::string naughty = value.GetReflection()->GetString(
        value, value.GetDescriptor()->FindFieldByName("string_value"));
    // As a query would bring it: encoded whole, decoded once.
    std::string encoded;
    std::string decoded;
    for (const char c : naughty) {
      char hex[4];
      snprintf(hex, sizeof hex, "%%%02x", static_cast<unsigned char>(c));
      encoded += hex;
    }
    ASSERT_TRUE(transcode::DecodeQueryText(encoded, decoded));
    EXPECT_EQ(decoded, naughty);
  }
}

}  // namespace
}  // namespace frontdesk::testing
