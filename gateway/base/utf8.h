// UTF-8 by the book (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above
// U+10FFFF.
#pragma once

#include <cstdint>
#include <string_view>

namespace frontdesk {

// Length of the well-formed sequence that begins at `p` (p < end) and its code point; 0 when there
// is none.
inline int DecodeUtf8(const char* p, const char* end, uint32_t& code) {
  const auto byte = [&](int i) { return static_cast<uint8_t>(p[i]); };
  const auto tail = [&](int i) { return (byte(i) & 0xc0) == 0x80; };
  const uint8_t lead = byte(0);
  const auto left = end - p;
  if (lead < 0x80) {
    code = lead;
    return 1;
  }
  if (lead < 0xe0) {
    if (lead < 0xc2 || left < 2 || !tail(1)) return 0;
    code = (lead & 0x1fu) << 6 | (byte(1) & 0x3fu);
    return 2;
  }
  if (lead < 0xf0) {
    if (left < 3 || !tail(1) || !tail(2)) return 0;
    code = (lead & 0x0fu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
    return code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 0 : 3;
  }
  if (lead > 0xf4 || left < 4 || !tail(1) || !tail(2) || !tail(3)) return 0;
  code = (lead & 7u) << 18 | (byte(1) & 0x3fu) << 12 | (byte(2) & 0x3fu) << 6 | (byte(3) & 0x3fu);
  return code < 0x10000 || code > 0x10ffff ? 0 : 4;
}

// Writes the code point at `p` (room for 4); returns the end.
inline char* EncodeUtf8(char* p, uint32_t code) {
  if (code < 0x80) {
    *p++ = static_cast<char>(code);
  } else if (code < 0x800) {
    *p++ = static_cast<char>(0xc0 | code >> 6);
    *p++ = static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *p++ = static_cast<char>(0xe0 | code >> 12);
    *p++ = static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *p++ = static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *p++ = static_cast<char>(0xf0 | code >> 18);
    *p++ = static_cast<char>(0x80 | (code >> 12 & 0x3f));
    *p++ = static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *p++ = static_cast<char>(0x80 | (code & 0x3f));
  }
  return p;
}

}  // namespace frontdesk
