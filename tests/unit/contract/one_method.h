// Contracts of one method, for tests of what may be declared of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {

// The contract of a file, or null with `findings`.
inline std::unique_ptr<const Contract> Load(const std::string& set, Findings& findings) {
  auto contract = Contract::Load(set, "test.binpb", findings);
  EXPECT_EQ(contract == nullptr, !findings.empty());
  return contract;
}

inline constexpr char kRequestAndReply[] = R"(
message Inner { string id = 1; Inner inner = 2; oneof pick { string a = 3; string b = 4; } }
message Request {
  string id = 1;
  int64 number = 2;
  Inner inner = 3;
  repeated string tags = 4;
  map<string, string> labels = 5;
  google.protobuf.Timestamp at = 6;
  google.protobuf.Struct data = 7;
  google.protobuf.StringValue wrapped = 8;
  oneof either { string left = 9; string right = 10; }
  string user_id = 11 [(frontdesk.v1.field).from = "caller.sub"];
  google.api.HttpBody file = 12;
  repeated google.api.HttpBody files = 13;
  Kind kind = 14;
}
enum Kind { NONE = 0; SOME = 1; }
message Reply { string id = 1; repeated Inner list = 2; Inner inner = 3; }
)";

// One service with one method of the given options, and its messages. The option is in line 3.
inline std::string OneMethod(const std::string& option, const std::string& input = "Request",
                             const std::string& output = "Reply") {
  return testing::CompileProto("service S { rpc M(" + input + ") returns (" + output + ") {\n" +
                               option + "\n}}" + kRequestAndReply);
}

}  // namespace frontdesk::contract
