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
inline constexpr uint32_t kMostPerSecond = 1'000'000;

// Limits that are wrong by themselves, or beside each other.
void CheckLimitValues(const frontdesk::v1::Policy& policy, const AddWrong& add);

// The field numbers of `path`, from the outermost: a single value, no message. Fails with what is
// wrong.
absl::StatusOr<std::vector<uint32_t>> ResolveLimitField(const std::string& path,
                                                        const MessageTable& request);

// Fields that the method's request does not have. `add` takes the name of the value.
void CheckLimitFields(
    const frontdesk::v1::Policy& policy, const MessageTable& request,
    const std::function<void(const std::string& name, std::string_view text)>& add);

}  // namespace frontdesk::contract
