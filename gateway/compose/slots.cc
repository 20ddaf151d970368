#include "gateway/compose/slots.h"

#include "gateway/contract/wire.h"

namespace frontdesk::compose {
namespace {

using contract::Field;
using contract::FieldType;
using contract::MessageReader;
using contract::WantedField;
using contract::WireField;
using contract::WireReader;
using contract::WireType;

enum class Form { kUnknown, kValue, kPacked };

// How the field came. With another wire type than its own it is unknown, unless it is a list of
// numbers, which may come packed or not.
Form FormOf(const Field& field, WireType found) {
  const WireType own = contract::WireTypeOf(field.type);
  if (found == own) return Form::kValue;
  return field.repeated && found == WireType::kBytes ? Form::kPacked : Form::kUnknown;
}

// The field of this number; `cursor` stays where fields that come in order are found at once.
const WantedField* Find(const std::vector<WantedField>& fields, uint32_t number, size_t& cursor) {
  if (cursor == fields.size() || fields[cursor].field->number > number) cursor = 0;
  while (cursor < fields.size() && fields[cursor].field->number < number) ++cursor;
  if (cursor == fields.size() || fields[cursor].field->number != number) return nullptr;
  return &fields[cursor];
}

// proto2: a number that the enum does not have makes an unknown field of it.
bool IsUnknownEnum(const Field& field, const WireField& found) {
  return field.type == FieldType::kEnum && field.enumeration->closed &&
         !field.enumeration->NameOf(static_cast<int32_t>(found.varint));
}

// Nothing of it is wanted; but who is no message has not answered.
bool IsMessage(std::string_view bytes) {
  WireReader wire(bytes);
  while (wire.Next()) {
  }
  return !wire.failed();
}

}  // namespace

uint32_t Slots::Open(const MessageReader& reader) {
  const auto base = static_cast<uint32_t>(lists_.size());
  lists_.resize(lists_.size() + reader.slots);
  return base;
}

void Slots::Rewind(Mark mark) {
  values_.resize(mark.values);
  lists_.resize(mark.lists);
}

void Slots::Append(uint32_t slot, std::string_view bytes, bool packed) {
  Value value;
  value.bytes = bytes;
  value.packed = packed;
  values_.push_back(value);
  const auto index = static_cast<uint32_t>(values_.size());
  List& list = lists_[slot];
  if (list.first == 0) {
    list.first = index;
  } else {
    values_[list.last - 1].next = index;
  }
  list.last = index;
}

void Slots::Clear(const MessageReader& reader, const WantedField& wanted, uint32_t base) {
  if (wanted.slot >= 0) lists_[base + static_cast<uint32_t>(wanted.slot)] = List();
  if (wanted.child < 0) return;
  for (const WantedField& inner : reader.nodes[static_cast<size_t>(wanted.child)].fields) {
    Clear(reader, inner, base);
  }
}

void Slots::EndOneof(const MessageReader& reader, const MessageReader::Node& node,
                     const Field& present, uint32_t base) {
  for (const WantedField& other : node.fields) {
    if (other.field->oneof == present.oneof && other.field != &present) Clear(reader, other, base);
  }
}

bool Slots::Read(const MessageReader& reader, std::string_view message, uint32_t base) {
  if (reader.whole >= 0) {
    if (!reader.nodes.empty() && !contract::IsWellFormed(*reader.nodes[0].table, message)) {
      return false;
    }
    Append(base + static_cast<uint32_t>(reader.whole), message, false);
  }
  if (reader.nodes.empty() || reader.nodes[0].fields.empty()) {
    return reader.whole >= 0 || IsMessage(message);
  }
  return ReadNode(reader, 0, message, base);
}

bool Slots::ReadNode(const MessageReader& reader, size_t index, std::string_view message,
                     uint32_t base) {
  const MessageReader::Node& node = reader.nodes[index];
  size_t cursor = 0;
  WireReader wire(message);
  while (wire.Next()) {
    const WireField& found = wire.field();
    if (node.oneofs) {
      const Field* present = node.table->FindNumber(found.number);
      if (present && present->oneof >= 0 && FormOf(*present, found.type) == Form::kValue &&
          !IsUnknownEnum(*present, found)) {
        EndOneof(reader, node, *present, base);
      }
    }
    const WantedField* wanted = Find(node.fields, found.number, cursor);
    if (!wanted) continue;
    const Field& field = *wanted->field;
    const Form form = FormOf(field, found.type);
    if (form == Form::kUnknown) continue;
    if (form == Form::kPacked && !contract::IsPackedRun(field.type, found.bytes)) return false;
    if (form == Form::kValue && IsUnknownEnum(field, found)) continue;
    if (field.type == FieldType::kString && !contract::IsValidUtf8(found.bytes)) return false;
    if (wanted->walk && !contract::IsWellFormed(*field.message, found.bytes, 1)) return false;
    if (wanted->child >= 0 &&
        !ReadNode(reader, static_cast<size_t>(wanted->child), found.bytes, base)) {
      return false;
    }
    if (wanted->slot < 0) continue;
    const uint32_t slot = base + static_cast<uint32_t>(wanted->slot);
    if (!field.repeated && field.type != FieldType::kMessage) lists_[slot] = List();
    Append(slot, found.bytes, form == Form::kPacked);
  }
  return !wire.failed();
}

}  // namespace frontdesk::compose
