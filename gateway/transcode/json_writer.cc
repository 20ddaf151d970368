#include "gateway/transcode/json_writer.h"

#include <array>
#include <utility>

#include "gateway/base/utf8.h"
#include "gateway/base/words.h"

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

// Some byte of the word is not plain. '<' and '>' differ in one bit.
inline bool NeedsLook(uint64_t word) {
  return (HasUnprintable(word) | HasByte(word, '"') | HasByte(word, '\\') |
          HasByte(word & ~(kOnes * 2), '<')) != 0;
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

// Length of the plain text at the beginning.
size_t PlainPrefix(const char* text, size_t size) {
  size_t at = 0;
  while (at + 8 <= size && !NeedsLook(LoadWord(text + at))) at += 8;
  while (at < size && kPlain[static_cast<uint8_t>(text[at])]) ++at;
  return at;
}

// Vectors as the compilers know them; they make of it what the machine has.
using Block [[gnu::vector_size(16)]] = uint8_t;
using SignedBlock [[gnu::vector_size(16)]] = int8_t;
using Halves [[gnu::vector_size(16)]] = uint64_t;

// Not all zero if some byte of the block is not plain. Bytes above ASCII are negative.
inline Block NotPlain(Block block) {
  return reinterpret_cast<Block>((reinterpret_cast<SignedBlock>(block) < 0x20) | (block == 0x7f) |
                                 (block == '"') | (block == '\\') | ((block & 0xfd) == '<'));
}
inline bool IsZero(Block block) {
  const auto halves = reinterpret_cast<Halves>(block);
  return (halves[0] | halves[1]) == 0;
}
inline bool ArePlain(uint64_t first, uint64_t last) {
  return IsZero(NotPlain(reinterpret_cast<Block>(Halves{first, last})));
}

// Copies both ends of what is as long as a Part, or up to twice as long; they may overlap.
template <class Part>
std::pair<Part, Part> CopyEnds(const char* text, size_t size, char* to) {
  Part first;
  Part last;
  std::memcpy(&first, text, sizeof first);
  std::memcpy(&last, text + size - sizeof last, sizeof last);
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof last, &last, sizeof last);
  return {first, last};
}

// Copies a text that is plain as a whole, as most are. False when it is not; what stands at `to` is
// then of no use.
bool CopyPlain(const char* text, size_t size, char* to) {
  if (size >= 16) {
    Block block;
    Block seen{};
    for (size_t at = 0; at + 16 < size; at += 16) {
      std::memcpy(&block, text + at, 16);
      std::memcpy(to + at, &block, 16);
      seen |= NotPlain(block);
    }
    std::memcpy(&block, text + size - 16, 16);
    std::memcpy(to + size - 16, &block, 16);
    return IsZero(seen | NotPlain(block));
  }
  if (size >= 8) {
    const auto [first, last] = CopyEnds<uint64_t>(text, size, to);
    return ArePlain(first, last);
  }
  if (size >= 4) {
    const auto [first, last] = CopyEnds<uint32_t>(text, size, to);
    const uint64_t both = uint64_t{last} << 32 | first;
    return ArePlain(both, both);
  }
  for (size_t i = 0; i < size; ++i) {
    if (!kPlain[static_cast<uint8_t>(text[i])]) return false;
    to[i] = text[i];
  }
  return true;
}

}  // namespace

bool JsonWriter::String(std::string_view text) {
  const char* from = text.data();
  const char* const end = from + text.size();
  // The worst case is six bytes for one, a code unit escaped; most texts need no more than theirs.
  char* p = Reserve(text.size() + 16);
  *p++ = '"';
  if (CopyPlain(from, text.size(), p)) {
    p += text.size();
    *p++ = '"';
    Advance(p);
    return true;
  }
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
