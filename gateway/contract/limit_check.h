// What can't be right with the limits of a policy, wherever they were written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/value_rules.h"

namespace frontdesk::contract {

// Each limit looks at a bucket; so many do for anybody.
inline constexpr int kMostLimits = 8;
inline constexpr int kMostTiers = 16;
inline constexpr uint32_t kMostPerSecond = 1'000'000;

// What is wrong with a message that has `requests`, `per` and `burst`: a limit itself, a tier of it
// (whose `per` is the limit's where it says nothing), or one that stands alone. `add` takes the
// number of the field, 0 where it is missing.
void CheckLimitQuota(
    const google::protobuf::Message& quota, const frontdesk::v1::Policy::Limit& limit,
    const std::function<void(int field, std::string_view name, std::string_view text)>& add);

// Limits that are wrong by themselves, or beside each other.
void CheckLimitValues(const frontdesk::v1::Policy& policy, const AddWrong& add);

// The field numbers of `path`, from the outermost: a single value, no message. Fails with what is
// wrong.
absl::StatusOr<std::vector<uint32_t>> ResolveLimitField(const std::string& path,
                                                        const MessageTable& request);

// A list of the request, of which each element costs something.
struct LimitList {
  std::vector<uint32_t> field;  // numbers, from the outermost
  FieldType type = FieldType::kMessage;
};
// Fails with what is wrong.
absl::StatusOr<LimitList> ResolveLimitList(const std::string& path, const MessageTable& request);

// How often a limit's `cost` is taken by one request: so often, and once for each element of these
// lists; at least once.
struct LimitCost {
  uint32_t times = 1;
  std::vector<LimitList> lists;
};
LimitCost CostOf(const frontdesk::v1::Policy::Limit& limit, const Method& method);

// What does not fit the method. `add` takes the name of the value.
void CheckLimitFields(
    const frontdesk::v1::Policy& policy, const Method& method,
    const std::function<void(const std::string& name, std::string_view text)>& add);

}  // namespace frontdesk::contract
