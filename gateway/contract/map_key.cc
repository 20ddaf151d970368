#include "gateway/contract/map_key.h"

#include "gateway/contract/wire.h"

namespace frontdesk::contract {

bool IsSignedKey(FieldType type) {
  switch (type) {
    case FieldType::kInt32:
    case FieldType::kInt64:
    case FieldType::kSint32:
    case FieldType::kSint64:
    case FieldType::kSfixed32:
    case FieldType::kSfixed64:
      return true;
    default:
      return false;
  }
}

uint64_t MapKeyOrder(FieldType type, uint64_t wire_value) {
  const auto low = static_cast<uint32_t>(wire_value);
  const auto from_signed = [](int64_t key) { return static_cast<uint64_t>(key) ^ kMapKeySign; };
  switch (type) {
    case FieldType::kInt32:
    case FieldType::kSfixed32:
      return from_signed(static_cast<int32_t>(low));
    case FieldType::kSint32:
      return from_signed(static_cast<int32_t>(UnZigZag(low)));
    case FieldType::kSint64:
      return from_signed(UnZigZag(wire_value));
    case FieldType::kInt64:
    case FieldType::kSfixed64:
      return from_signed(static_cast<int64_t>(wire_value));
    case FieldType::kUint32:
    case FieldType::kFixed32:
      return low;
    case FieldType::kBool:
      return wire_value != 0 ? 1 : 0;
    case FieldType::kString:
      return 0;
    default:
      return wire_value;
  }
}

}  // namespace frontdesk::contract
