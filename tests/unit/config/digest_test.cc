// Which changes of a file and its contract wait for a restart.
#include "gateway/config/digest.h"

#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "gateway/config/compile.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

constexpr char kContract[] =
    "message M { string a = 1; }\nservice S { rpc Get(M) returns (M) {\n"
    "option (google.api.http) = { get: \"/a\" }; } }";
constexpr char kUpstream[] =
    "upstreams: {s: {services: [test.S], endpoints: [\"127.0.0.1:1\"], canary: {versions: "
    "[{name: next, percent: 5, endpoints: [\"127.0.0.1:2\"]}]}}}\n";

Sha256Digest Of(const std::string& contract, const std::string& upstream,
                const std::string& more = "") {
  const std::string set =
      testing_support::WriteTempFile("digest.binpb", testing::CompileProto(contract));
  contract::Findings findings;
  const auto snapshot =
      Compile(testing_support::WriteTempFile("digest.yaml",
                                             Cat("descriptor_set: ", set, '\n', upstream, more)),
              {}, compose::Registry(), findings);
  EXPECT_TRUE(snapshot) << findings.ToString();
  return snapshot ? snapshot->made_of : Sha256Digest();
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Digest, WhatWaitsForARestart) {
  const Sha256Digest in_force = Of(kContract, kUpstream);
  const struct {
    const char* name;
    bool same;
    std::string contract, upstream, more = "";
  } rows[] = {
      {"nothing", true, kContract, kUpstream},
      {"a comment in the file", true, kContract, kUpstream, "# mine\n"},
      {"a comment in the contract", true, Cat("// mine\n", kContract), kUpstream},
      {"a percentage", true, kContract, Replaced(kUpstream, "percent: 5", "percent: 50")},
      {"a version's end point", false, kContract, Replaced(kUpstream, ":2\"", ":3\"")},
      {"an end point", false, kContract, Replaced(kUpstream, ":1\"", ":3\"")},
      {"a method's policy", false, kContract, kUpstream, "methods: {test.S: {timeout: 2s}}\n"},
      {"a field", false, Replaced(kContract, "a = 1;", "a = 1; string b = 2;"), kUpstream},
      {"a route", false, Replaced(kContract, "\"/a\"", "\"/b\""), kUpstream},
      {"a name in JSON", false, Replaced(kContract, "a = 1", "a = 1 [json_name = \"b\"]"),
       kUpstream},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Of(row.contract, row.upstream, row.more) == in_force, row.same) << row.name;
  }
}

}  // namespace
}  // namespace frontdesk::config
