#include "gateway/contract/path_text.h"

#include <cstdint>

#include "gateway/base/text.h"
#include "gateway/contract/wire.h"

namespace frontdesk::contract {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

bool IsDots(std::string_view text) { return text == "." || text == ".."; }

}  // namespace

bool PercentDecode(std::string_view raw, std::string& out) {
  out.clear();
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      out.push_back(raw[i]);
      continue;
    }
    if (raw.size() - i < 3) return false;
    const int high = HexValue(raw[i + 1]);
    const int low = HexValue(raw[i + 2]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return true;
}

std::string PercentEncode(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    if (IsUnreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<uint8_t>(c);
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

std::string_view SegmentFault(std::string_view decoded) {
  if (decoded.find('\0') != std::string_view::npos) return "a zero byte";
  if (!IsValidUtf8(decoded)) return "invalid UTF-8";
  // A variable may start after any '/', and back ends that resolve what they are given see one in
  // an escaped slash and in a backslash, too.
  for (std::string_view rest = decoded;;) {
    const size_t end = rest.find_first_of("/\\");
    const std::string_view part = rest.substr(0, end);
    if (IsDots(part.substr(0, part.find(';'))) || IsDots(part.substr(0, part.rfind(':')))) {
      return "a dot segment";
    }
    if (end == std::string_view::npos) return "";
    rest.remove_prefix(end + 1);
  }
}

}  // namespace frontdesk::contract
