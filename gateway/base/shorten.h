// Text of strangers, cut before it is cited.
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/text.h"

namespace frontdesk {

// At most `most` bytes of the text, and "..." if there was more. What is UTF-8 stays so.
inline std::string Shorten(std::string_view text, size_t most = 128) {
  if (text.size() <= most) return std::string(text);
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return Cat(text.substr(0, end), "...");
}

}  // namespace frontdesk
