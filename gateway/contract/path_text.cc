#include "gateway/contract/path_text.h"

#include <cstdint>

#include "gateway/base/text.h"

namespace frontdesk::contract {
namespace {

constexpr char kHex[] = "0123456789ABCDEF";

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

bool IsDots(std::string_view text) { return text == "." || text == ".."; }

// Length of the UTF-8 sequence at the start of `bytes`, or 0.
size_t SequenceLength(std::string_view bytes) {
  const auto at = [bytes](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t lead = at(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                        : (lead & 0xF0) == 0xE0        ? 3
                        : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                       : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xE0 && at(1) < 0xA0) return 0;  // over-long
  if (lead == 0xED && at(1) > 0x9F) return 0;  // surrogate
  if (lead == 0xF0 && at(1) < 0x90) return 0;  // over-long
  if (lead == 0xF4 && at(1) > 0x8F) return 0;  // above U+10FFFF
  return length;
}

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

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = SequenceLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string_view SegmentFault(std::string_view decoded) {
  if (decoded.find('\0') != std::string_view::npos) return "a zero byte";
  if (!IsUtf8(decoded)) return "invalid UTF-8";
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
