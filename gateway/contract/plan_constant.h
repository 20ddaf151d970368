// Constants of a composition, encoded when the plan is compiled.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/contract/message_table.h"

namespace frontdesk::contract {

// The field, tag included, with the value that `text` denotes, written as in a query parameter:
// numbers, true and false, enum names or numbers, strings as they are, bytes in base64, and the
// well-known types that JSON writes as a string or scalar. For a list, one element. "" when the
// value is the default of a field without presence. Fails with what was expected.
absl::StatusOr<std::string> EncodeConstant(const Field& field, std::string_view text);

// The same for a string, number, bool or enum, without tag and length; the default too has its
// bytes.
absl::StatusOr<std::string> EncodeConstantValue(const Field& field, std::string_view text);

}  // namespace frontdesk::contract
