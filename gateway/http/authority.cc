#include "gateway/http/authority.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "gateway/http/chars.h"
#include "gateway/http/client_address.h"

namespace frontdesk::http {
namespace {

constexpr CharTable kHex = internal::MakeTable([](unsigned c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
});

// unreserved and sub-delims; the comma would make a list of it.
constexpr CharTable kNameChar = internal::MakeTable([](unsigned c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-._~!$&'()*+;=").find(static_cast<char>(c)) != std::string_view::npos;
});

bool IsPort(std::string_view text) {
  uint32_t port = 0;
  if (text.empty() || text.size() > 5) return false;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && rest == text.data() + text.size() && port > 0 && port <= 65535;
}

bool IsIpv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return false;
  text.copy(copy.data(), text.size());
  in6_addr address;
  return inet_pton(AF_INET6, copy.data(), &address) == 1;
}

bool IsName(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (Is(kNameChar, text[i])) continue;
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && Is(kHex, text[i + 1]) && Is(kHex, text[i + 2]);
    if (!escape) return false;
    i += 2;
  }
  return !text.empty();
}

}  // namespace

bool IsAuthority(std::string_view text) {
  if (text.empty()) return false;
  std::string_view host, rest;
  if (text[0] == '[') {
    const size_t close = text.find(']');
    if (close == std::string_view::npos || !IsIpv6(text.substr(1, close - 1))) return false;
    rest = text.substr(close + 1);
    return rest.empty() || (rest[0] == ':' && IsPort(rest.substr(1)));
  }
  const size_t colon = text.find(':');
  host = text.substr(0, colon);
  return IsName(host) && (colon == std::string_view::npos || IsPort(text.substr(colon + 1)));
}

bool IsLoopback(std::string_view address) {
  const std::optional<AddressBytes> bytes = ParseAddress(address);
  if (!bytes) return false;
  constexpr AddressBytes kV4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
  constexpr AddressBytes kV6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return std::equal(kV4.begin(), kV4.begin() + 13, bytes->begin()) || *bytes == kV6;
}

bool NamesThisMachine(std::string_view authority) {
  if (!IsAuthority(authority)) return false;
  if (authority[0] == '[') return IsLoopback(authority.substr(1, authority.find(']') - 1));
  constexpr std::string_view kName = "localhost";
  const std::string_view host = authority.substr(0, authority.find(':'));
  return EqualsIgnoreCase(host, kName) || IsLoopback(host);
}

}  // namespace frontdesk::http
