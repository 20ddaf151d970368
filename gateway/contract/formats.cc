#include "gateway/contract/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

namespace frontdesk::contract {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsAlnum(char c) { return IsDigit(c) || IsLetter(c); }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <class Is>
bool All(std::string_view text, const Is& is) {
  return std::all_of(text.begin(), text.end(), is);
}

bool IsLabel(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
    return false;
  }
  return All(label, [](char c) { return IsAlnum(c) || c == '-'; });
}

// Labels with dots between them; `last` is the last one.
bool AreLabels(std::string_view text, std::string_view& last) {
  for (;;) {
    const size_t dot = text.find('.');
    last = text.substr(0, dot);
    if (!IsLabel(last)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsAddress(int family, std::string_view text) {
  unsigned char address[sizeof(in6_addr)];
  // No address is longer, and inet_pton() stops at the first 0.
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return false;
  return inet_pton(family, std::string(text).c_str(), address) == 1;
}

// Characters of a part of a URI: unreserved, sub-delims, `more`, and "%" with two digits behind it.
bool AreUriCharacters(std::string_view text, std::string_view more) {
  constexpr std::string_view kAlways = "-._~!$&'()*+,;=";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !IsHex(text[i + 1]) || !IsHex(text[i + 2])) return false;
      i += 2;
    } else if (!IsAlnum(c) && kAlways.find(c) == std::string_view::npos &&
               more.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// IP-literal = "[" ( IPv6address / "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) ) "]"
bool IsIpLiteral(std::string_view inside) {
  if (inside.empty() || (inside.front() != 'v' && inside.front() != 'V')) return IsIpv6(inside);
  const size_t dot = inside.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 == inside.size()) return false;
  const std::string_view address = inside.substr(dot + 1);
  return All(inside.substr(1, dot - 1), IsHex) && address.find('%') == std::string_view::npos &&
         AreUriCharacters(address, ":");
}

// authority = [ userinfo "@" ] host [ ":" port ]
bool IsUriAuthority(std::string_view text) {
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (!AreUriCharacters(text.substr(0, at), ":")) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || !IsIpLiteral(text.substr(1, end - 1))) return false;
    port = text.substr(end + 1);
    if (!port.empty() && port.front() != ':') return false;
  } else {
    const size_t colon = text.find(':');
    if (!AreUriCharacters(text.substr(0, colon), "")) return false;
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  return port.empty() || All(port.substr(1), IsDigit);
}

}  // namespace

bool IsEmail(std::string_view text) {
  const size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos) return false;
  constexpr std::string_view kMore = ".!#$%&'*+/=?^_`{|}~-";
  const bool name = All(text.substr(0, at), [&](char c) {
    return IsAlnum(c) || kMore.find(c) != std::string_view::npos;
  });
  std::string_view last;
  return name && AreLabels(text.substr(at + 1), last);
}

bool IsHostname(std::string_view text) {
  if (text.size() > 253) return false;
  if (text.ends_with('.')) text.remove_suffix(1);
  std::string_view last;
  return AreLabels(text, last) && !All(last, IsDigit);
}

bool IsIpv4(std::string_view text) { return IsAddress(AF_INET, text); }

bool IsIpv6(std::string_view text) { return IsAddress(AF_INET6, text); }

bool IsUri(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !IsLetter(text[0])) return false;
  const auto scheme = [](char c) { return IsAlnum(c) || c == '+' || c == '-' || c == '.'; };
  if (!All(text.substr(0, colon), scheme)) return false;
  std::string_view rest = text.substr(colon + 1);
  if (const size_t hash = rest.find('#'); hash != std::string_view::npos) {
    if (!AreUriCharacters(rest.substr(hash + 1), ":@/?")) return false;
    rest = rest.substr(0, hash);
  }
  if (const size_t mark = rest.find('?'); mark != std::string_view::npos) {
    if (!AreUriCharacters(rest.substr(mark + 1), ":@/?")) return false;
    rest = rest.substr(0, mark);
  }
  if (rest.starts_with("//")) {
    const size_t slash = std::min(rest.find('/', 2), rest.size());
    if (!IsUriAuthority(rest.substr(2, slash - 2))) return false;
    rest.remove_prefix(slash);
  }
  return AreUriCharacters(rest, ":@/");
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !IsHex(text[i])) return false;
  }
  return true;
}

}  // namespace frontdesk::contract
