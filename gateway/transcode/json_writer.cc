#include "gateway/transcode/json_writer.h"

#include <array>

#include "gateway/transcode/utf8.h"

namespace frontdesk::transcode {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// Bytes that are copied as they are; everything else needs a look.
constexpr std::array<bool, 256> MakePlain() {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x7f; ++c) plain[static_cast<size_t>(c)] = true;
  plain['"'] = plain['\\'] = plain['<'] = plain['>'] = false;
  return plain;
}
constexpr std::array<bool, 256> kPlain = MakePlain();

// Some byte of the word is not plain. '<' and '>' differ in one bit; adding one lifts 0x7f into the
// high bit, where bytes above ASCII already are.
inline bool NeedsLook(uint64_t word) {
  return ((HasBelow(word, 0x20) | HasByte(word, '"') | HasByte(word, '\\') |
           HasByte(word & ~(kOnes * 2), '<')) |
          ((word | (word + kOnes)) & kHighs)) != 0;
}

bool In(uint32_t code, uint32_t low, uint32_t high) { return code >= low && code <= high; }

// Format characters, beyond ASCII, that protobuf's JSON escapes.
bool IsInvisible(uint32_t code) {
  if (code < 0x600) return code == 0xad;
  if (code < 0x2000) {
    return In(code, 0x600, 0x603) || code == 0x6dd || code == 0x70f || In(code, 0x17b4, 0x17b5);
  }
  if (code < 0x2100) {
    return In(code, 0x200b, 0x200f) || In(code, 0x2028, 0x202e) || In(code, 0x2060, 0x2064) ||
           In(code, 0x206a, 0x206f);
  }
  if (code < 0xfeff) return false;
  return code == 0xfeff || In(code, 0xfff9, 0xfffb) || In(code, 0x1d173, 0x1d17a) ||
         code == 0xe0001 || In(code, 0xe0020, 0xe007f);
}

char* EscapeUnit(char* p, uint32_t unit) {
  *p++ = '\\';
  *p++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4) *p++ = kHex[unit >> shift & 15];
  return p;
}

char* Escape(char* p, uint32_t code) {
  const auto brief = [&](char c) {
    *p++ = '\\';
    *p++ = c;
    return p;
  };
  switch (code) {
    case '"':
      return brief('"');
    case '\\':
      return brief('\\');
    case '\b':
      return brief('b');
    case '\f':
      return brief('f');
    case '\n':
      return brief('n');
    case '\r':
      return brief('r');
    case '\t':
      return brief('t');
    default:
      break;
  }
  if (code < 0x10000) return EscapeUnit(p, code);
  code -= 0x10000;
  return EscapeUnit(EscapeUnit(p, 0xd800 + (code >> 10)), 0xdc00 + (code & 0x3ff));
}

// Length of the plain text at the beginning. Looks at words, the last of which overlaps.
size_t PlainPrefix(const char* text, size_t size) {
  size_t at = 0;
  if (size >= 8) {
    while (at + 8 < size && !NeedsLook(LoadWord(text + at))) at += 8;
    if (at + 8 >= size && !NeedsLook(LoadWord(text + size - 8))) return size;
  } else if (size >= 4) {
    uint32_t first;
    uint32_t last;
    std::memcpy(&first, text, 4);
    std::memcpy(&last, text + size - 4, 4);
    if (!NeedsLook(static_cast<uint64_t>(last) << 32 | first)) return size;
  }
  while (at < size && kPlain[static_cast<uint8_t>(text[at])]) ++at;
  return at;
}

}  // namespace

bool JsonWriter::String(std::string_view text) {
  const char* from = text.data();
  const char* const end = from + text.size();
  // The worst case is six bytes for one, a code unit escaped; most texts need no more than theirs.
  char* p = Reserve(text.size() + 16);
  *p++ = '"';
  while (true) {
    const size_t plain = PlainPrefix(from, static_cast<size_t>(end - from));
    if (plain != 0) std::memcpy(p, from, plain);
    p += plain;
    from += plain;
    if (from == end) break;
    uint32_t code = 0;
    const int length = DecodeUtf8(from, end, code);
    if (length == 0) {
      Advance(p);
      return false;
    }
    if (code >= 0x80 && !IsInvisible(code)) {
      std::memcpy(p, from, static_cast<size_t>(length));
      p += length;
      from += length;
      continue;
    }
    from += length;
    p = Escape(p, code);
    Advance(p);
    p = Reserve(static_cast<size_t>(end - from) + 16);
  }
  *p++ = '"';
  Advance(p);
  return true;
}

bool JsonWriter::NotFinite(double value) {
  if (std::isfinite(value)) return false;
  Raw(std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  return true;
}

}  // namespace frontdesk::transcode
