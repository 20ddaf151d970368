// How often something is asked for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateway/policy/limit.h"

namespace frontdesk::policy {

// The value of a field, by its numbers from the outermost, as it stands in a message: equal for
// equal values of a canonical message; "" where it is not there, which is its default.
std::string_view FieldValue(std::string_view message, std::span<const uint32_t> field);

// Takes from the limits of the exchange's route that are by a field of the decoded message.
Task<absl::Status> LimitByField(Exchange& exchange, const LimitHost& host);

}  // namespace frontdesk::policy
