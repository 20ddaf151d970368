// Values as they stand on the wire, as rules see them. Internal to validation.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/contract/message_table.h"
#include "gateway/contract/rules.h"
#include "gateway/contract/wire.h"

namespace frontdesk::policy::internal {

using contract::Field;
using contract::FieldType;
using contract::RuleValue;
using contract::WireField;
using contract::WireReader;
using contract::WireType;

inline bool IsPackable(FieldType type) { return contract::WireTypeOf(type) != WireType::kBytes; }

// Whether what stands on the wire is the field at all; else it is an unknown field.
inline bool Takes(const Field& field, const WireField& wire) {
  if (contract::WireTypeOf(field.type) == wire.type) return true;
  return field.repeated && IsPackable(field.type) && wire.type == WireType::kBytes;
}

// Numbers that an enum of proto2 does not have are unknown fields.
inline bool IsForeign(const Field& field, const WireField& wire) {
  return field.enumeration != nullptr && field.enumeration->closed &&
         field.enumeration->NameOf(static_cast<int32_t>(wire.varint)) == nullptr;
}

// Of a single value of the type; a message's payload is its text.
RuleValue ValueOf(FieldType type, const WireField& wire);

// Zero, false or "". -0.0 counts as zero; protobuf sends it all the same, so it can be `required`.
inline bool IsZero(const RuleValue& value) {
  return value.text.empty() && value.integer == 0 && value.natural == 0 && value.real == 0;
}

// Not the default that a field without presence has.
inline bool IsSet(const RuleValue& value) {
  return !IsZero(value) || std::bit_cast<uint64_t>(value.real) != 0;
}

// Where a field stands on the wire, between its first and its last part.
struct Slot {
  uint32_t count = 0;
  const char* begin = nullptr;
  const char* end = nullptr;
  WireField last;

  std::string_view span() const { return {begin, static_cast<size_t>(end - begin)}; }
};

// The payloads of a singular message's parts, together: what protobuf merges. "" without any.
std::string_view Merged(const Slot& slot, std::string& storage);

// Calls `take` for each value of a list; stops when that returns false.
template <class Take>
void EachItem(const Field& field, std::string_view span, const Take& take) {
  for (WireReader reader(span); reader.Next();) {
    const WireField& wire = reader.field();
    if (wire.number != field.number || !Takes(field, wire)) continue;
    if (!IsPackable(field.type) || wire.type != WireType::kBytes) {
      if (!take(wire)) return;
      continue;
    }
    WireField item;
    item.number = wire.number;
    item.type = contract::WireTypeOf(field.type);
    const char* position = wire.bytes.data();
    const char* const end = position + wire.bytes.size();
    const size_t width = item.type == WireType::kFixed64 ? 8 : 4;
    while (position != end) {
      const char* const begin = position;
      if (item.type == WireType::kVarint) {
        if (!contract::ReadVarint(position, end, item.varint)) return;
      } else if (static_cast<size_t>(end - position) < width) {
        return;
      } else {
        position += width;
      }
      item.bytes = {begin, static_cast<size_t>(position - begin)};
      if (!take(item)) return;
    }
  }
}

}  // namespace frontdesk::policy::internal
