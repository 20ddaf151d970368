#include "gateway/transcode/wire.h"

namespace frontdesk::transcode {

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
