// The protobuf wire format as the codec reads and writes it: contract/wire.h with every value read
// into place, because JSON needs each of them, and all of it inline.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "gateway/contract/message_table.h"
#include "gateway/contract/wire.h"

namespace frontdesk::transcode {

using contract::UnZigZag;
using contract::VarintSize;
using contract::WireType;
using contract::WireTypeOf;
using contract::ZigZag;

// True for what can be packed: every type but string, bytes, messages and groups.
inline bool IsPackable(contract::FieldType type) {
  const WireType wire = WireTypeOf(type);
  return wire != WireType::kBytes && wire != WireType::kStartGroup;
}

// One field as it stands on the wire: `value` for varints and fixed, `bytes` for length-delimited.
// The other of the two is left over from the field before.
struct WireField {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t value = 0;
  std::string_view bytes;
};

// A varint of up to ten bytes at `p`; null when it is cut off or longer. Padded ("over-long") forms
// are accepted, as every protobuf parser does.
inline const char* ReadVarint(const char* p, const char* end, uint64_t& value) {
  if (p < end && static_cast<uint8_t>(*p) < 0x80) {
    value = static_cast<uint8_t>(*p);
    return p + 1;
  }
  uint64_t result = 0;
  for (int shift = 0; shift < 70 && p < end; shift += 7) {
    const auto byte = static_cast<uint8_t>(*p++);
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = result;
      return p;
    }
  }
  return nullptr;
}

template <class Number>
Number ReadFixed(const char* p) {
  static_assert(std::endian::native == std::endian::little);
  Number value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// Walks the fields of one message. Groups are refused: no proto3 contract has them, and their
// nesting would need a stack. So are tags and lengths of more than five bytes, which protobuf does
// not read either.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes)
      : p_(bytes.empty() ? "" : bytes.data()), end_(p_ + bytes.size()) {}

  // The next field; false at the end and when the bytes are malformed (then !ok()).
  bool Next(WireField& field);
  bool ok() const { return p_ != nullptr; }
  const char* position() const { return p_; }

 private:
  bool Malformed() {
    p_ = nullptr;
    return false;
  }

  static constexpr ptrdiff_t kMaxPrefix = 5;  // bytes of a tag or length

  const char* p_;
  const char* end_;
};

// Always inlined: the field stays in registers, which is a tenth of the time of wire -> JSON.
[[gnu::always_inline]] inline bool WireReader::Next(WireField& field) {
  if (p_ == end_ || p_ == nullptr) return false;
  uint64_t tag = 0;
  const char* p = ReadVarint(p_, end_, tag);
  if (p == nullptr || p - p_ > kMaxPrefix || tag > UINT32_MAX || tag < 8) return Malformed();
  field.number = static_cast<uint32_t>(tag >> 3);
  field.type = static_cast<WireType>(tag & 7);
  const auto left = [&] { return static_cast<size_t>(end_ - p); };
  switch (field.type) {
    case WireType::kVarint:
      p = ReadVarint(p, end_, field.value);
      if (p == nullptr) return Malformed();
      break;
    case WireType::kFixed64:
      if (left() < 8) return Malformed();
      field.value = ReadFixed<uint64_t>(p);
      p += 8;
      break;
    case WireType::kFixed32:
      if (left() < 4) return Malformed();
      field.value = ReadFixed<uint32_t>(p);
      p += 4;
      break;
    case WireType::kBytes: {
      uint64_t length = 0;
      const char* const begin = p;
      p = ReadVarint(p, end_, length);
      if (p == nullptr || p - begin > kMaxPrefix || length > left()) return Malformed();
      field.bytes = {p, static_cast<size_t>(length)};
      p += length;
      break;
    }
    default:
      return Malformed();
  }
  p_ = p;
  return true;
}

// The values of a packed payload, as WireField::value would hold them one by one.
class PackedReader {
 public:
  PackedReader(std::string_view bytes, WireType type)
      : p_(bytes.empty() ? "" : bytes.data()), end_(p_ + bytes.size()), type_(type) {}
  bool Next(uint64_t& value);
  bool ok() const { return p_ != nullptr; }

 private:
  const char* p_;
  const char* end_;
  WireType type_;
};

inline constexpr size_t kMaxVarint = 10;

// Writes minimally; `p` has room for kMaxVarint. Returns the end.
inline char* WriteVarint(char* p, uint64_t value) {
  while (value >= 0x80) {
    *p++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *p++ = static_cast<char>(value);
  return p;
}

inline uint64_t Tag(uint32_t number, WireType type) {
  return static_cast<uint64_t>(number) << 3 | static_cast<uint64_t>(type);
}

}  // namespace frontdesk::transcode
