#include <gtest/gtest.h>

#include "gateway/contract/contract.h"
#include "google/protobuf/text_format.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;

Policy Parsed(const char* text) {
  Policy policy;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &policy)) << text;
  return policy;
}

TEST(MergePolicy, WinsPerLeaf) {
  struct Row {
    const char* base;
    const char* over;
    const char* merged;
  };
  const Row rows[] = {
      {"", "", ""},
      {"timeout: '1s'", "", "timeout: '1s'"},
      {"", "timeout: '1s'", "timeout: '1s'"},
      {"timeout: '1s'", "timeout: '2s'", "timeout: '2s'"},
      {"timeout: '1s'", "timeout: ''", "timeout: ''"},
      {"print { defaults: true }", "print { defaults: false }", "print { defaults: false }"},
      {"print { defaults: true }", "print {}", "print { defaults: true }"},
      {"", "print {}", "print {}"},
      {"print { defaults: true proto_names: true }", "print { defaults: false enum_numbers: true }",
       "print { defaults: false proto_names: true enum_numbers: true }"},
      {"max_request_bytes: 5", "max_request_bytes: 0", "max_request_bytes: 0"},
      {"request_headers: ['a', 'b'] response_headers: 'x'", "request_headers: 'c'",
       "request_headers: 'c' response_headers: 'x'"},
      {"request_headers: ['a', 'b']", "", "request_headers: ['a', 'b']"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(MergePolicy(Parsed(row.base), Parsed(row.over)).ShortDebugString(),
              Parsed(row.merged).ShortDebugString())
        << row.base << " + " << row.over;
  }
}

}  // namespace
}  // namespace frontdesk::contract
