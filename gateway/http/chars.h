// Character classes of HTTP/1.1 (RFC 9110 section 5.6, RFC 9112), as tables.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace frontdesk::http {

using CharTable = std::array<uint8_t, 256>;

namespace internal {

constexpr bool IsTokenChar(unsigned c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}

template <class Value>
constexpr CharTable MakeTable(Value value) {
  CharTable table{};
  for (unsigned c = 0; c < 256; ++c) table[c] = static_cast<uint8_t>(value(c));
  return table;
}

}  // namespace internal

// tchar -> its lower case, anything else -> 0.
inline constexpr CharTable kTokenLower = internal::MakeTable([](unsigned c) {
  if (!internal::IsTokenChar(c)) return 0u;
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
});

// Methods are case-sensitive and every registered one is upper case; `get` is somebody's mistake or
// somebody's attempt to pass another program's rule.
inline constexpr CharTable kMethodChar = internal::MakeTable(
    [](unsigned c) { return internal::IsTokenChar(c) && !(c >= 'a' && c <= 'z'); });

// Visible ASCII without '#': a request target has no fragment and is never raw UTF-8. Browsers send
// '"', '|', '{' and their like unescaped, so the rest of RFC 3986 is left to the router.
inline constexpr CharTable kTargetChar =
    internal::MakeTable([](unsigned c) { return c > 0x20 && c < 0x7f && c != '#'; });

// field-content with obs-text: HTAB, SP, VCHAR, 0x80-0xFF.
inline constexpr CharTable kFieldChar =
    internal::MakeTable([](unsigned c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });

inline bool Is(const CharTable& table, char c) { return table[static_cast<uint8_t>(c)] != 0; }

// RFC 9110 section 5.6.2: names of fields, methods, cookies.
inline bool IsToken(std::string_view text) {
  for (char c : text) {
    if (!Is(kTokenLower, c)) return false;
  }
  return !text.empty();
}

inline char LowerOf(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// ASCII only. `lower` is in lower case already.
inline bool EqualsLower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (LowerOf(text[i]) != lower[i]) return false;
  }
  return true;
}

inline bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (LowerOf(a[i]) != LowerOf(b[i])) return false;
  }
  return true;
}

// Without spaces and tabs at both ends.
inline std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace frontdesk::http
