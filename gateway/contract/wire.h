// Protobuf wire bytes: reading with every bound checked, writing without padding.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/contract/message_table.h"

namespace frontdesk::contract {

enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

namespace internal {
// By FieldType, from 1.
inline constexpr WireType kWireTypes[] = {
    WireType::kVarint,  // no type
    WireType::kFixed64, WireType::kFixed32,    WireType::kVarint,  WireType::kVarint,
    WireType::kVarint,  WireType::kFixed64,    WireType::kFixed32, WireType::kVarint,
    WireType::kBytes,   WireType::kStartGroup, WireType::kBytes,   WireType::kBytes,
    WireType::kVarint,  WireType::kVarint,     WireType::kFixed32, WireType::kFixed64,
    WireType::kVarint,  WireType::kVarint};

bool ReadLongVarint(const char*& position, const char* end, uint64_t& value);
void AppendLongVarint(std::string& out, uint64_t value);
}  // namespace internal

// How a value of the type stands on the wire when it is not packed.
inline WireType WireTypeOf(FieldType type) {
  return internal::kWireTypes[static_cast<size_t>(type)];
}

// Reads a varint of at most ten bytes at `position` and moves it behind. False if it is cut off or
// too long. Over-long encodings are read; bits above 64 are dropped.
inline bool ReadVarint(const char*& position, const char* end, uint64_t& value) {
  if (position != end && static_cast<unsigned char>(*position) < 0x80) {
    value = static_cast<unsigned char>(*position++);
    return true;
  }
  return internal::ReadLongVarint(position, end, value);
}

// One field as it stands on the wire.
struct WireField {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  // The payload of kBytes; the 4 or 8 bytes of a fixed number; the bytes of a varint.
  std::string_view bytes;
  uint64_t varint = 0;  // of kVarint
};

// Goes through the fields of a message.
//   for (WireReader reader(bytes); reader.Next();) use(reader.field());
//   if (reader.failed()) ...
// Fails on what is cut off, tags and lengths of more than five bytes, field number 0 or above
// 2^29-1, unknown wire types and groups.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes)
      : position_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool Next();
  const WireField& field() const { return field_; }
  bool failed() const { return failed_; }

 private:
  bool Fail() {
    failed_ = true;
    return false;
  }

  static constexpr uint64_t kMaxFieldNumber = (1u << 29) - 1;
  // Bytes of a tag or length. Protobuf reads no longer ones, so they must not be handed on.
  static constexpr ptrdiff_t kMaxPrefix = 5;

  const char* position_;
  const char* end_;
  WireField field_;
  bool failed_ = false;
};

inline bool WireReader::Next() {
  if (position_ == end_ || failed_) return false;
  uint64_t tag;
  const char* begin = position_;
  if (!ReadVarint(position_, end_, tag) || position_ - begin > kMaxPrefix) return Fail();
  const uint64_t number = tag >> 3;
  if (number - 1 >= kMaxFieldNumber) return Fail();  // 0 wraps around
  field_.number = static_cast<uint32_t>(number);
  field_.type = static_cast<WireType>(tag & 7);
  begin = position_;
  uint64_t size = 0;
  switch (field_.type) {
    case WireType::kVarint:
      if (!ReadVarint(position_, end_, field_.varint)) return Fail();
      field_.bytes = {begin, static_cast<size_t>(position_ - begin)};
      return true;
    case WireType::kFixed64:
      size = 8;
      break;
    case WireType::kFixed32:
      size = 4;
      break;
    case WireType::kBytes:
      if (!ReadVarint(position_, end_, size) || position_ - begin > kMaxPrefix) return Fail();
      begin = position_;
      break;
    case WireType::kStartGroup:
    case WireType::kEndGroup:
    default:
      return Fail();
  }
  if (size > static_cast<uint64_t>(end_ - position_)) return Fail();
  field_.bytes = {begin, static_cast<size_t>(size)};
  position_ = begin + size;
  return true;
}

// Deepest nesting of messages that is followed, the outermost counted: one less than protobuf's own
// default, so that what is read here can be read by everyone.
inline constexpr int kMaxWireDepth = 100;

// True if the bytes are a message of the table as far as framing and UTF-8 go, all the way down.
// Every string must be UTF-8, those of proto2 too, for JSON can carry no other. Fields that the
// table does not know, or knows with another wire type, need only framing.
bool IsWellFormed(const MessageTable& table, std::string_view bytes, int depth = 0);

// True if the payload of kBytes is a sequence of values of the (packable) type.
bool IsPackedRun(FieldType type, std::string_view bytes);

// RFC 3629: no surrogates, no over-long forms, nothing above U+10FFFF.
bool IsValidUtf8(std::string_view text);

inline size_t VarintSize(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}
inline void AppendVarint(std::string& out, uint64_t value) {
  if (value < 0x80) {
    out.push_back(static_cast<char>(value));
  } else {
    internal::AppendLongVarint(out, value);
  }
}
inline void AppendTag(std::string& out, uint32_t number, WireType type) {
  AppendVarint(out, static_cast<uint64_t>(number) << 3 | static_cast<uint64_t>(type));
}
void AppendFixed32(std::string& out, uint32_t value);
void AppendFixed64(std::string& out, uint64_t value);
uint32_t LoadFixed32(const char* bytes);
uint64_t LoadFixed64(const char* bytes);

// ZigZag, for sint32 and sint64.
inline uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
inline int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace frontdesk::contract
