// What contradicts itself in a contract is found without a file, and what a file may still say is
// told.
#include "gateway/config/check_contract.h"

#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::config {
namespace {

// Findings, and notes behind them with a '~'; a line each.
std::string ToldOf(const std::string& contract) {
  contract::Findings findings;
  std::vector<std::string> notes;
  const auto loaded =
      contract::Contract::Load(testing::CompileProto(contract), "test.binpb", findings);
  EXPECT_TRUE(loaded) << findings.ToString();
  if (loaded) CheckContract(*loaded, findings, notes);
  std::string text = findings.ToString();
  for (const std::string& note : notes) text += Cat("~ ", note, '\n');
  return text;
}

// One method with an address, in line 3, and its policy in line 4.
std::string Get(const std::string& policy, const std::string& more = "",
                const std::string& path = "/a") {
  return Cat("message M { string a = 1; string b = 2; } service S { rpc Get(M) returns (M) {\n",
             "option (google.api.http) = { get: \"", path, "\" };\n",
             "option (frontdesk.v1.method) = { ", policy, " }; }\n", more, "}");
}

TEST(CheckContract, WhatContradictsItself) {
  const std::string limit = "limit { name: 'n' key: CALLER requests: 5 }";
  const std::pair<std::string, const char*> rows[] = {
      {Get("timeout: '1s' auth { scopes: 'a' credentials: API_KEY } bulkhead: 'b' "
           "max_request_bytes: 100000000 cors { allow_origins: 'https://a.example' } csrf {}"),
       ""},
      {Get("cors { allow_origins: '*' allow_credentials: true }"),
       "test.proto:4:1: test.S.Get.cors.allow_credentials: would let any page act as whoever looks "
       "at it: allow_origins has \"*\"\n"},
      {Get(limit,
           "rpc Put(M) returns (M) {\noption (google.api.http) = { put: \"/a\" };\n"
           "option (frontdesk.v1.method) = { limit { name: 'n' key: CALLER requests: 6 } "
           "}; }"),
       "test.proto:7:1: test.S.Put.limit[0]: limit \"n\" is another one at test.proto:4:1: of one "
       "name only the cost may differ\n"},
      {Get(limit, Cat("rpc Put(M) returns (M) {\noption (google.api.http) = { put: \"/a\" };\n",
                      "option (frontdesk.v1.method) = { ", limit, " }; }")),
       ""},
      {"message Q { string who = 1 [(frontdesk.v1.field).from = 'caller.sub']; } service S { "
       "rpc Get(Q) returns (Q) {\noption (google.api.http) = { get: \"/a\" };\n"
       "option (frontdesk.v1.method) = { auth { access: PUBLIC } }; } }",
       "test.proto:4:1: test.S.Get.auth.access: is PUBLIC, and fields of the request are filled "
       "from the caller\n"},
      {Get("auth { access: PUBLIC } limit { key: API_KEY requests: 5 }"),
       "test.proto:4:1: test.S.Get.limit[0].key: is of known callers, and the method is PUBLIC\n"},
      // Nobody can send a request to it.
      {"message M { string a = 1; } service S { rpc Get(M) returns (M) { "
       "option (frontdesk.v1.method) = { cors { max_age: '1h' } }; } }",
       ""},
  };
  for (const auto& [contract, told] : rows) EXPECT_EQ(ToldOf(contract), told) << contract;
}

TEST(CheckContract, WhatTheFileMaySay) {
  EXPECT_EQ(ToldOf(Get("cors { max_age: '1h' }")),
            "~ test.S.Get.cors: has no allow_origins, and so allows nobody anything, unless the "
            "operator's file names some\n");
  // Once, of a whole service.
  EXPECT_EQ(ToldOf("message M { string a = 1; } service S { option (frontdesk.v1.service) = { "
                   "cors { allow_headers: 'x-a' } };\n"
                   "rpc Get(M) returns (M) { option (google.api.http).get = \"/a\"; }\n"
                   "rpc Put(M) returns (M) { option (google.api.http).put = \"/a\"; } }"),
            "~ test.S.Get.cors: has no allow_origins, and so allows nobody anything, unless the "
            "operator's file names some\n");
  EXPECT_EQ(ToldOf(Get("", "", "/healthz")),
            "~ test.S.Get: the gateway answers /healthz itself, unless a front has it behind a "
            "path_prefix\n");
}

}  // namespace
}  // namespace frontdesk::config
