#include "gateway/contract/wire.h"

#include <array>
#include <cstring>

#include "gateway/base/utf8.h"

namespace frontdesk::contract {
namespace {

bool IsPackable(FieldType type) { return WireTypeOf(type) != WireType::kBytes; }

// Most text is ASCII and short: whole words, the last of which overlaps the one before.
bool IsAscii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  const char* p = text.data();
  const size_t size = text.size();
  if (size >= 8) {
    uint64_t word;
    uint64_t seen = 0;
    for (size_t i = 0; i + 8 <= size; i += 8) {
      std::memcpy(&word, p + i, 8);
      seen |= word;
    }
    std::memcpy(&word, p + size - 8, 8);
    return ((seen | word) & kHighBits) == 0;
  }
  if (size >= 4) {
    uint32_t first;
    uint32_t last;
    std::memcpy(&first, p, 4);
    std::memcpy(&last, p + size - 4, 4);
    return ((first | last) & static_cast<uint32_t>(kHighBits)) == 0;
  }
  unsigned seen = 0;
  for (const char c : text) seen |= static_cast<unsigned char>(c);
  return seen < 0x80;
}

}  // namespace

namespace internal {

bool ReadLongVarint(const char*& position, const char* end, uint64_t& value) {
  uint64_t result = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (position == end) return false;
    const auto byte = static_cast<unsigned char>(*position++);
    if (shift < 64) result |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      value = result;
      return true;
    }
  }
  return false;
}

void AppendLongVarint(std::string& out, uint64_t value) {
  std::array<char, 10> bytes;
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes.data(), size);
}

}  // namespace internal

bool IsPackedRun(FieldType type, std::string_view bytes) {
  switch (WireTypeOf(type)) {
    case WireType::kFixed64:
      return bytes.size() % 8 == 0;
    case WireType::kFixed32:
      return bytes.size() % 4 == 0;
    case WireType::kVarint: {
      const char* position = bytes.data();
      const char* end = position + bytes.size();
      uint64_t value;
      while (position != end) {
        if (!ReadVarint(position, end, value)) return false;
      }
      return true;
    }
    case WireType::kBytes:
    case WireType::kStartGroup:
    case WireType::kEndGroup:
      break;
  }
  return false;
}

bool IsWellFormed(const MessageTable& table, std::string_view bytes, int depth) {
  if (depth >= kMaxWireDepth) return false;
  WireReader reader(bytes);
  while (reader.Next()) {
    const WireField& found = reader.field();
    if (found.type != WireType::kBytes) continue;
    const Field* field = table.FindNumber(found.number);
    if (!field) continue;
    if (field->type == FieldType::kMessage) {
      if (!IsWellFormed(*field->message, found.bytes, depth + 1)) return false;
    } else if (field->type == FieldType::kString) {
      if (!IsValidUtf8(found.bytes)) return false;
    } else if (field->repeated && IsPackable(field->type)) {
      if (!IsPackedRun(field->type, found.bytes)) return false;
    }
  }
  return !reader.failed();
}

bool IsValidUtf8(std::string_view text) {
  if (IsAscii(text)) return true;
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    uint32_t code = 0;
    const int length = DecodeUtf8(p, end, code);
    if (length == 0) return false;
    p += length;
  }
  return true;
}

// Byte by byte, so that the host's order does not matter; compilers make one move of it.
void AppendFixed32(std::string& out, uint32_t value) {
  std::array<char, 4> bytes;
  for (char& byte : bytes) {
    byte = static_cast<char>(value);
    value >>= 8;
  }
  out.append(bytes.data(), bytes.size());
}

void AppendFixed64(std::string& out, uint64_t value) {
  std::array<char, 8> bytes;
  for (char& byte : bytes) {
    byte = static_cast<char>(value);
    value >>= 8;
  }
  out.append(bytes.data(), bytes.size());
}

uint32_t LoadFixed32(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

uint64_t LoadFixed64(const char* bytes) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace frontdesk::contract
