// A message with rules, and what requests break of them. Ends the program where the test is wrong.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/policy/validate_message.h"
#include "gateway/transcode/decode.h"
#include "google/rpc/error_details.pb.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::policy {

// 2026-01-02T03:04:05.5Z
inline std::chrono::system_clock::time_point FixedNow() {
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(1767323045500));
}

inline void MustHold(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

// "lines[0].quantity int32.gte, note required"; "" for OK.
inline std::string BrokenIn(const absl::Status& status) {
  if (status.ok()) return "";
  google::rpc::BadRequest bad;
  MustHold(bad.ParseFromString(FieldViolationsOf(status)), "no BadRequest");
  std::string text;
  for (const auto& violation : bad.field_violations()) {
    text += Cat(text.empty() ? "" : ", ", violation.field(), ' ', violation.reason());
    MustHold(!violation.description().empty(), "no description");
  }
  return text;
}

// `declarations` has a message M, which clients send.
class RulesOfOne {
 public:
  explicit RulesOfOne(std::string_view declarations, bool proto2 = false) {
    contract::Findings findings;
    std::string file = testing::ProtoFile(Cat(
        declarations,
        "\nservice S { rpc Get(M) returns (M) { option (google.api.http) = { post: '/a' body: '*' "
        "}; } }"));
    if (proto2) file.replace(file.find("proto3"), 6, "proto2");
    contract_ = contract::Contract::Load(testing::CompileProtos({{"test.proto", file}}),
                                         "test.binpb", findings);
    MustHold(contract_ != nullptr, findings.ToString());
  }

  const contract::MessageRules* rules() const { return contract_->methods()[0].rules; }
  const contract::MessageTable& table() const { return *contract_->methods()[0].input; }

  absl::Status StatusOfWire(std::string_view wire) const {
    Violations violations;
    if (rules() != nullptr) ValidateMessage(*rules(), wire, FixedNow, violations);
    return violations.ToStatus();
  }
  std::string OfWire(std::string_view wire) const { return BrokenIn(StatusOfWire(wire)); }

  std::string Wire(std::string_view json) const {
    std::string wire;
    const absl::Status decoded =
        transcode::DecodeJson(table(), json, transcode::ParseOptions(), contract_->tables(), wire);
    MustHold(decoded.ok(), decoded.ToString());
    return wire;
  }
  std::string OfJson(std::string_view json) const { return OfWire(Wire(json)); }

 private:
  std::unique_ptr<const contract::Contract> contract_;
};

}  // namespace frontdesk::policy
