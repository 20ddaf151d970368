#include "gateway/transcode/wire.h"

namespace frontdesk::transcode {

using contract::FieldType;

WireType WireTypeOf(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
    case FieldType::kFixed64:
    case FieldType::kSfixed64:
      return WireType::kFixed64;
    case FieldType::kFloat:
    case FieldType::kFixed32:
    case FieldType::kSfixed32:
      return WireType::kFixed32;
    case FieldType::kString:
    case FieldType::kBytes:
    case FieldType::kMessage:
      return WireType::kLength;
    case FieldType::kGroup:
      return WireType::kStartGroup;
    default:
      return WireType::kVarint;
  }
}

bool IsPackable(FieldType type) {
  const WireType wire = WireTypeOf(type);
  return wire != WireType::kLength && wire != WireType::kStartGroup;
}

bool PackedReader::Next(uint64_t& value) {
  if (p_ == end_ || p_ == nullptr) return false;
  const auto left = static_cast<size_t>(end_ - p_);
  switch (type_) {
    case WireType::kFixed64:
      if (left < 8) break;
      value = ReadFixed<uint64_t>(p_);
      p_ += 8;
      return true;
    case WireType::kFixed32:
      if (left < 4) break;
      value = ReadFixed<uint32_t>(p_);
      p_ += 4;
      return true;
    default:
      p_ = ReadVarint(p_, end_, value);
      return p_ != nullptr;
  }
  p_ = nullptr;
  return false;
}

}  // namespace frontdesk::transcode
