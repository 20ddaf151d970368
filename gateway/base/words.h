// Looking at eight bytes of text at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace frontdesk {

inline constexpr uint64_t kOnes = 0x0101010101010101;
inline constexpr uint64_t kHighs = 0x8080808080808080;

inline uint64_t LoadWord(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}
// Not 0 if one of the word's bytes is `byte`, or is below `limit` (<= 0x80). Exact as a yes or no.
inline uint64_t HasByte(uint64_t word, uint8_t byte) {
  const uint64_t zeroed = word ^ kOnes * byte;
  return (zeroed - kOnes) & ~zeroed & kHighs;
}
inline uint64_t HasBelow(uint64_t word, uint8_t limit) {
  return (word - kOnes * limit) & ~word & kHighs;
}
// Not 0 if one of the word's bytes is no printable ASCII: adding one lifts 0x7f into the high bit,
// where bytes above ASCII already are.
inline uint64_t HasUnprintable(uint64_t word) {
  return HasBelow(word, 0x20) | ((word | (word + kOnes)) & kHighs);
}

// All of it is printable ASCII. The last word overlaps the one before.
inline bool IsPrintable(std::string_view text) {
  const char* const p = text.data();
  const size_t size = text.size();
  if (size >= 8) {
    uint64_t found = HasUnprintable(LoadWord(p + size - 8));
    for (size_t at = 0; at + 8 < size; at += 8) found |= HasUnprintable(LoadWord(p + at));
    return found == 0;
  }
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

}  // namespace frontdesk
