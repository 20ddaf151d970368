#include "gateway/observe/json_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "gateway/base/utf8.h"
#include "gateway/base/words.h"

namespace frontdesk::observe {
namespace {

// Printable ASCII that stands for itself.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (int c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

bool IsPlain(uint64_t word) {
  return (HasUnprintable(word) | HasByte(word, '"') | HasByte(word, '\\')) == 0;
}

bool IsContinuation(char c) { return (c & 0xc0) == 0x80; }

bool IsHarmful(uint32_t code) {
  return code < 0xa0                            // C1: a terminal may take U+009B for ESC [
         || code == 0x061c                      // Arabic letter mark
         || (code >= 0x200b && code <= 0x200f)  // zero width, direction marks
         || (code >= 0x2028 && code <= 0x202e)  // separators, direction embeddings
         || (code >= 0x2060 && code <= 0x206f)  // invisible, direction isolates
         || code == 0xfeff;
}

char* WriteEscape(char* to, uint32_t code) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const char escape[6] = {
      '\\',           'u', kHex[code >> 12 & 15], kHex[code >> 8 & 15], kHex[code >> 4 & 15],
      kHex[code & 15]};
  return std::copy(std::begin(escape), std::end(escape), to);
}

// Writes what stands at the front and is not plain, and takes it away.
char* WriteSpecial(char* to, std::string_view& text) {
  const auto c = static_cast<unsigned char>(text[0]);
  size_t length = 1;
  if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t') {
    *to++ = '\\';
    *to++ = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : static_cast<char>(c);
  } else if (c < 0x80) {
    to = WriteEscape(to, c);
  } else {
    uint32_t code = 0;
    length = static_cast<size_t>(DecodeUtf8(text.data(), text.data() + text.size(), code));
    if (length != 0 && !IsHarmful(code)) {
      to = std::copy_n(text.data(), length, to);
    } else {
      to = WriteEscape(to, length == 0 ? 0xfffd : code);
      length = std::max<size_t>(length, 1);
    }
  }
  text.remove_prefix(length);
  return to;
}

}  // namespace

char* WriteJsonString(char* to, std::string_view text, size_t limit) {
  const bool cut = text.size() > limit;
  if (cut) {
    // Not in the middle of a character, if it is one.
    size_t end = limit;
    while (end > 0 && limit - end < 3 && IsContinuation(text[end])) --end;
    text = text.substr(0, end);
  }
  *to++ = '"';
  while (!text.empty()) {
    const char* from = text.data();
    const char* const end = from + text.size();
    for (uint64_t word; end - from >= 8 && IsPlain(word = LoadWord(from)); from += 8, to += 8) {
      std::memcpy(to, &word, sizeof word);
    }
    while (from != end && kPlain[static_cast<unsigned char>(*from)]) *to++ = *from++;
    text.remove_prefix(static_cast<size_t>(from - text.data()));
    if (!text.empty()) to = WriteSpecial(to, text);
  }
  if (cut) to = std::fill_n(to, 3, '.');
  *to++ = '"';
  return to;
}

void AppendJsonString(std::string& out, std::string_view text, size_t limit) {
  const size_t before = out.size();
  out.resize(before + JsonStringRoom(std::min(text.size(), limit)));
  const char* const end = WriteJsonString(out.data() + before, text, limit);
  out.resize(static_cast<size_t>(end - out.data()));
}

}  // namespace frontdesk::observe
