// What clients must keep to: the rules of request fields, for those who read what is written.
#pragma once

#include <functional>
#include <string>

#include "gateway/contract/field_rules.h"
#include "gateway/contract/message_table.h"

namespace google::protobuf {
class OneofDescriptor;
}

namespace frontdesk::codegen {

// "must have at most 3 items; each must be at least 1"; "" without rules. Only those whose id
// `shown` takes.
std::string RulesText(
    const contract::Field& field, const std::function<bool(const std::string& id)>& shown =
                                      [](const std::string&) { return true; });

using contract::IsNeeded;

// A request without a member of the oneof breaks its rules.
bool IsNeeded(const google::protobuf::OneofDescriptor& oneof);

// The message, or one inside of it, has rules.
bool HasRules(const contract::MessageTable& table);

}  // namespace frontdesk::codegen
