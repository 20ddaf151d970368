#include "gateway/policy/rule_values.h"

namespace frontdesk::policy::internal {
namespace {

RuleValue FromFixed(FieldType type, std::string_view bytes) {
  const uint64_t bits =
      bytes.size() == 4 ? contract::LoadFixed32(bytes.data()) : contract::LoadFixed64(bytes.data());
  RuleValue value;
  switch (type) {
    case FieldType::kDouble:
      value.real = std::bit_cast<double>(bits);
      break;
    case FieldType::kFloat:
      value.real = static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)));
      break;
    case FieldType::kSfixed32:
      value.integer = static_cast<int32_t>(bits);
      break;
    case FieldType::kSfixed64:
      value.integer = static_cast<int64_t>(bits);
      break;
    default:
      value.natural = bits;
  }
  return value;
}

RuleValue FromVarint(FieldType type, uint64_t varint) {
  RuleValue value;
  switch (type) {
    case FieldType::kBool:
      value.integer = varint != 0;
      break;
    case FieldType::kUint32:
      value.natural = static_cast<uint32_t>(varint);
      break;
    case FieldType::kUint64:
      value.natural = varint;
      break;
    case FieldType::kInt64:
      value.integer = static_cast<int64_t>(varint);
      break;
    case FieldType::kSint32:
      value.integer = contract::UnZigZag(static_cast<uint32_t>(varint));
      break;
    case FieldType::kSint64:
      value.integer = contract::UnZigZag(varint);
      break;
    default:
      value.integer = static_cast<int32_t>(varint);
  }
  return value;
}

}  // namespace

RuleValue ValueOf(FieldType type, const WireField& wire) {
  switch (wire.type) {
    case WireType::kVarint:
      return FromVarint(type, wire.varint);
    case WireType::kFixed32:
    case WireType::kFixed64:
      return FromFixed(type, wire.bytes);
    default: {
      RuleValue value;
      value.text = wire.bytes;
      return value;
    }
  }
}

std::string_view Merged(const Slot& slot, std::string& storage) {
  if (slot.count == 1) return slot.last.bytes;
  const uint32_t number = slot.last.number;
  for (WireReader reader(slot.span()); reader.Next();) {
    const WireField& wire = reader.field();
    if (wire.number == number && wire.type == WireType::kBytes) storage.append(wire.bytes);
  }
  return storage;
}

}  // namespace frontdesk::policy::internal
