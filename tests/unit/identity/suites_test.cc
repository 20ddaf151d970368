// Public suites of signed tokens, read from ../shared/suites where they are there: every invalid
// token is refused, every valid one of a supported algorithm is verified.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/identity/jws.h"
#include "gateway/identity/key_set.h"
#include "tests/support/find_suite.h"

namespace frontdesk::identity {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing_support::FindSuite;

json ReadJson(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return json::parse(in);
}

// "" when the token is verified with this set, else why not.
std::string Verify(const std::string& token, const json& set, bool secret) {
  KeySetRules rules;
  if (secret) rules.algorithms = AlgorithmSet::Symmetric();
  const auto keys = KeySet::Parse(set.dump(), rules);
  if (!keys.ok()) return Cat("set: ", Std(keys.status().message()));
  const auto jws = ParseJws(token);
  if (!jws.ok()) return std::string(Std(jws.status().message()));
  const auto payload = DecodePayload(jws->payload);
  if (!payload.ok()) return std::string(Std(payload.status().message()));
  return std::string(Std(CheckSignature(*jws, *keys).message()));
}

// The key or keys of a group, as a set; public ones where it has them.
json SetOf(const json& group) {
  const json& key = group.contains("public") ? group["public"] : group["private"];
  return key.contains("keys") ? key : json{{"keys", json::array({key})}};
}

// `otherwise`: tests that we judge the other way round.
void RunWycheproof(const std::string& file, const std::set<int>& otherwise, int at_least) {
  const fs::path suite = FindSuite("wycheproof-jose");
  if (suite.empty()) GTEST_SKIP() << "skipped: suites not found";
  int count = 0;
  const json root = ReadJson(suite / file);
  for (const json& group : root["testGroups"]) {
    const bool secret = !group.contains("public");
    for (const json& test : group["tests"]) {
      if (!test.contains("jws")) continue;
      // Where the suite has the token of a JSON serialisation it is an object.
      const json& jws = test["jws"];
      const std::string token = jws.is_string() ? jws.get<std::string>() : jws.dump();
      const std::string why = Verify(token, SetOf(group), secret);
      const int id = test["tcId"];
      const bool valid = (test["result"] == "valid") != otherwise.contains(id);
      EXPECT_EQ(why.empty(), valid) << file << ' ' << id << ' ' << test["comment"] << ": " << why;
      ++count;
    }
  }
  EXPECT_GE(count, at_least);
}

TEST(Wycheproof, Signatures) {
  RunWycheproof("json_web_signature_test.json",
                {
                    // Key says PS256, token PS384: the algorithm is the key's.
                    346,
                    350,
                    // A character that base64url does not have ("?"), which lenient readers skip.
                    372,
                    373,
                    // Called invalid, and byte for byte the valid token of 357.
                    367,
                    370,
                },
                401);
}
TEST(Wycheproof, Keys) { RunWycheproof("json_web_key_test.json", {}, 26); }
TEST(Wycheproof, Mixed) { RunWycheproof("json_web_crypto_test.json", {}, 40); }

TEST(JoseCookbook, CompactTokensVerify) {
  const fs::path suite = FindSuite("jose-cookbook");
  if (suite.empty()) GTEST_SKIP() << "skipped: suites not found";
  int count = 0;
  std::vector<fs::path> files = {suite / "curve25519/jws.json"};
  for (const auto& entry : fs::directory_iterator(suite / "jws")) files.push_back(entry.path());
  for (const fs::path& file : files) {
    const json test = ReadJson(file);
    if (!test["output"].contains("compact")) continue;
    const std::string token = test["output"]["compact"];
    json key = test["input"]["key"];
    // Recipes have no set of their own; who verifies gets what must not be secret.
    for (const char* name : {"d", "p", "q", "dp", "dq", "qi"}) key.erase(name);
    key["alg"] = test["input"]["alg"];
    const bool secret = key["kty"] == "oct";
    // A detached payload is missing from the token, which therefore is another one.
    const bool detached = token.find("..") != std::string::npos;
    const std::string why = Verify(token, {{"keys", {key}}}, secret);
    EXPECT_EQ(why.empty(), !detached) << file << ": " << why;
    std::string changed = token;
    changed[changed.size() - 10] = changed[changed.size() - 10] == 'A' ? 'B' : 'A';
    EXPECT_NE(Verify(changed, {{"keys", {key}}}, secret), "") << file;
    ++count;
  }
  EXPECT_GE(count, 5);
}

TEST(JoseCookbook, UnencodedPayloadsAreRefused) {
  const fs::path suite = FindSuite("jose-cookbook");
  if (suite.empty()) GTEST_SKIP() << "skipped: suites not found";
  for (const auto& entry : fs::directory_iterator(suite / "rfc7797")) {
    const json test = ReadJson(entry.path());
    if (!test["output"].contains("compact")) continue;
    EXPECT_EQ(Verify(test["output"]["compact"], {{"keys", {test["input"]["key"]}}}, true),
              "TOKEN_CRITICAL_HEADER");
  }
}

}  // namespace
}  // namespace frontdesk::identity
