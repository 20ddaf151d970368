#include "gateway/config/host_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

#include "gateway/upstream/endpoint.h"

namespace frontdesk::config {
namespace {

// Of a host, not of any name in the DNS.
bool IsHost(std::string_view name) {
  if (!upstream::IsHostName(name)) return false;
  if (name.ends_with('.')) name.remove_suffix(1);
  const std::string_view last = name.substr(name.rfind('.') + 1);  // all of it without a dot
  // "1.2.3" and "1.2.3.4.5" are mistyped addresses; no top-level domain is a number.
  if (last.find_first_not_of("0123456789") == std::string_view::npos) return false;
  while (!name.empty()) {  // RFC 1123 section 2.1
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.front() == '-' || label.back() == '-') return false;
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return true;
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || rest != end) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return port;
}

bool FillV6(HostPort& out) {
  in6_addr address{};
  if (inet_pton(AF_INET6, out.host.c_str(), &address) != 1) return false;
  out.numeric = true;
  out.loopback = IN6_IS_ADDR_LOOPBACK(&address) ||
                 (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
  return true;
}

// An IPv4 address as IPv6 has it ("::ffff:127.0.0.1"), which is the same to a socket.
in6_addr ToV6(const std::string& host) {
  in6_addr address{};
  const bool v4 = host.find(':') == std::string::npos;
  inet_pton(AF_INET6, (v4 ? "::ffff:" + host : host).c_str(), &address);
  return address;
}

bool Covers(const in6_addr& a, const in6_addr& b) {
  if (IN6_IS_ADDR_UNSPECIFIED(&a) || IN6_ARE_ADDR_EQUAL(&a, &b)) return true;
  const in6_addr any_v4 = ToV6("0.0.0.0");
  return IN6_ARE_ADDR_EQUAL(&a, &any_v4) && IN6_IS_ADDR_V4MAPPED(&b);
}

}  // namespace

std::optional<HostPort> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = ParsePort(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (!port || host.find('\0') != std::string_view::npos) return std::nullopt;
  HostPort out;
  out.port = *port;
  if (host.starts_with('[') && host.ends_with(']')) {
    out.host = host.substr(1, host.size() - 2);
    return FillV6(out) ? std::optional(out) : std::nullopt;
  }
  out.host = host;
  in_addr v4{};
  if (inet_pton(AF_INET, out.host.c_str(), &v4) == 1) {
    out.numeric = true;
    out.loopback = ntohl(v4.s_addr) >> 24 == 127;
    return out;
  }
  return IsHost(host) ? std::optional(out) : std::nullopt;
}

bool Collide(const HostPort& a, const HostPort& b) {
  if (a.port != b.port || a.port == 0) return false;
  const in6_addr one = ToV6(a.host), other = ToV6(b.host);
  return Covers(one, other) || Covers(other, one);
}

}  // namespace frontdesk::config
