// Numbers, bools and enums of one wire form as those of another.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/contract/plan.h"

namespace frontdesk::compose {

// The value behind the wire's bytes: a signed number sign-extended, a bool as 0 or 1, a floating
// number as the bits of its own width.
uint64_t DecodeScalar(contract::FieldType type, std::string_view bytes);

// Writes a decoded value of type `from` as one of type `to`, without a tag.
void EncodeScalar(contract::FieldType from, contract::FieldType to, uint64_t value,
                  std::string& out);

// The number in the target's type; false if it has no such value.
bool MapEnumNumber(const contract::EnumMap& map, const contract::EnumTable& target,
                   uint64_t& value);

}  // namespace frontdesk::compose
