#include "gateway/compose/scalar.h"

#include <algorithm>
#include <bit>

#include "gateway/contract/wire.h"

namespace frontdesk::compose {
namespace {

using contract::FieldType;

uint64_t SignExtended(uint64_t bits) {
  return static_cast<uint64_t>(int64_t{static_cast<int32_t>(bits)});
}

uint64_t Varint(std::string_view bytes) {
  const char* position = bytes.data();
  uint64_t value = 0;
  contract::ReadVarint(position, position + bytes.size(), value);
  return value;
}

}  // namespace

uint64_t DecodeScalar(FieldType type, std::string_view bytes) {
  switch (type) {
    case FieldType::kInt64:
    case FieldType::kUint64:
      return Varint(bytes);
    case FieldType::kInt32:
    case FieldType::kEnum:
      return SignExtended(Varint(bytes));
    case FieldType::kUint32:
      return static_cast<uint32_t>(Varint(bytes));
    case FieldType::kBool:
      return Varint(bytes) != 0;
    case FieldType::kSint32:
      return SignExtended(
          static_cast<uint64_t>(contract::UnZigZag(static_cast<uint32_t>(Varint(bytes)))));
    case FieldType::kSint64:
      return static_cast<uint64_t>(contract::UnZigZag(Varint(bytes)));
    case FieldType::kSfixed32:
      return SignExtended(contract::LoadFixed32(bytes.data()));
    case FieldType::kFixed32:
    case FieldType::kFloat:
      return contract::LoadFixed32(bytes.data());
    case FieldType::kFixed64:
    case FieldType::kSfixed64:
    case FieldType::kDouble:
      return contract::LoadFixed64(bytes.data());
    case FieldType::kString:
    case FieldType::kGroup:
    case FieldType::kMessage:
    case FieldType::kBytes:
      break;
  }
  return 0;
}

void EncodeScalar(FieldType from, FieldType to, uint64_t value, std::string& out) {
  switch (to) {
    case FieldType::kInt64:
    case FieldType::kUint64:
    case FieldType::kInt32:
    case FieldType::kEnum:
    case FieldType::kUint32:
    case FieldType::kBool:
      return contract::AppendVarint(out, value);
    case FieldType::kSint32:
      return contract::AppendVarint(
          out, static_cast<uint32_t>(contract::ZigZag(static_cast<int64_t>(value))));
    case FieldType::kSint64:
      return contract::AppendVarint(out, contract::ZigZag(static_cast<int64_t>(value)));
    case FieldType::kSfixed32:
    case FieldType::kFixed32:
    case FieldType::kFloat:
      return contract::AppendFixed32(out, static_cast<uint32_t>(value));
    case FieldType::kDouble:
      if (from == FieldType::kFloat) {
        const double wide = std::bit_cast<float>(static_cast<uint32_t>(value));
        value = std::bit_cast<uint64_t>(wide);
      }
      return contract::AppendFixed64(out, value);
    case FieldType::kFixed64:
    case FieldType::kSfixed64:
      return contract::AppendFixed64(out, value);
    case FieldType::kString:
    case FieldType::kGroup:
    case FieldType::kMessage:
    case FieldType::kBytes:
      break;
  }
}

bool MapEnumNumber(const contract::EnumMap& map, const contract::EnumTable& target,
                   uint64_t& value) {
  const auto number = static_cast<int32_t>(value);
  if (!map.same) {
    const auto at = std::lower_bound(map.numbers.begin(), map.numbers.end(), number,
                                     [](const std::pair<int32_t, int32_t>& entry, int32_t wanted) {
                                       return entry.first < wanted;
                                     });
    // A number newer than the contract would mean something else on the other side.
    if (at == map.numbers.end() || at->first != number) return false;
    value = static_cast<uint64_t>(int64_t{at->second});
    return true;
  }
  return !target.closed || target.NameOf(number) != nullptr;
}

}  // namespace frontdesk::compose
