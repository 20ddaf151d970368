#include "gateway/identity/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>

#include "gateway/base/text.h"
#include "gateway/base/words.h"

namespace frontdesk::identity {
namespace {

absl::Status Wrong(std::string_view text) { return absl::InvalidArgumentError(Absl(text)); }

bool IsV4(const std::string& host, in_addr& address) {
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}
bool IsV6(const std::string& host, in6_addr& address) {
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// A name that ends in a number is an address to those who read those of old (2852039166,
// 0251.0376.0251.0376): they would find one that IsForbidden() did not see.
bool EndsInANumber(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return last.starts_with("0x") || last.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsName(std::string_view host) {
  if (EndsInANumber(host)) return false;
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-') return false;
  if (host.find("..") != std::string_view::npos) return false;
  return host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") ==
         std::string_view::npos;
}

bool IsForbidden(uint32_t v4, bool loopback_is_meant) {
  const uint32_t first = v4 >> 24;
  if (first == 127) return !loopback_is_meant;
  return first == 0 || first >= 224 || v4 >> 16 == 0xa9fe;  // 169.254/16
}

// The IPv4 address that stands in one of IPv6.
uint32_t V4At(const in6_addr& v6, size_t at) {
  const uint8_t* const b = v6.s6_addr + at;
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | b[3];
}

}  // namespace

std::string FetchUrl::HostPort() const {
  const bool v6 = host.find(':') != std::string::npos;
  return Cat(v6 ? "[" : "", host, v6 ? "]" : "", ':', port);
}

std::string FetchUrl::ToString() const {
  return Cat(tls ? "https://" : "http://", HostPort(), target);
}

absl::StatusOr<FetchUrl> ParseFetchUrl(std::string_view text) {
  FetchUrl url;
  if (!IsPrintable(text) || text.find_first_of(" \\\"<>^`{|}") != std::string_view::npos) {
    return Wrong("has characters that no URL has");
  }
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    url.tls = false;
    url.port = 80;
    text.remove_prefix(7);
  } else {
    return Wrong("must begin with https://");
  }
  if (text.find('#') != std::string_view::npos) return Wrong("must have no fragment");
  const size_t slash = text.find_first_of("/?");
  std::string_view authority = text.substr(0, slash);
  url.target = slash == std::string_view::npos ? "/" : text.substr(slash);
  if (url.target[0] == '?') url.target.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) return Wrong("must have no user");
  std::string_view host = authority;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return Wrong("has an address without its bracket");
    host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
  } else {
    host = authority.substr(0, authority.find(':'));
    authority.remove_prefix(host.size());
  }
  for (const char c : host) {
    url.host.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
  if (!authority.empty()) {
    const char* const end = authority.data() + authority.size();
    const auto [rest, error] = std::from_chars(authority.data() + 1, end, url.port);
    if (authority[0] != ':' || error != std::errc() || rest != end || url.port == 0) {
      return Wrong("has no port behind its colon");
    }
  }
  in_addr v4{};
  in6_addr v6{};
  const bool is_v4 = IsV4(url.host, v4);
  const bool numeric = is_v4 || IsV6(url.host, v6);
  if (!numeric && !IsName(url.host)) return Wrong("has no host");
  url.loopback =
      is_v4 ? ntohl(v4.s_addr) >> 24 == 127 : url.host == "::1" || url.host == "localhost";
  if (!url.tls && !url.loopback) {
    return Wrong("must begin with https://: what comes over plain HTTP anybody may have written");
  }
  if (numeric && IsForbiddenAddress(url.host, url.loopback)) {
    return Wrong("is an address that no key server has");
  }
  return url;
}

bool IsForbiddenAddress(std::string_view address, bool loopback_is_meant) {
  const std::string host(address);
  in_addr v4{};
  if (IsV4(host, v4)) return IsForbidden(ntohl(v4.s_addr), loopback_is_meant);
  in6_addr v6{};
  if (!IsV6(host, v6)) return true;
  if (IN6_IS_ADDR_LOOPBACK(&v6)) return !loopback_is_meant;
  if (IN6_IS_ADDR_V4MAPPED(&v6) || IN6_IS_ADDR_V4COMPAT(&v6)) {
    return IsForbidden(V4At(v6, 12), loopback_is_meant);
  }
  // What translates to IPv4 on the way, or is taken there in a tunnel, is judged as that; and never
  // means this machine.
  const std::string_view bytes(reinterpret_cast<const char*>(v6.s6_addr), 16);
  constexpr std::string_view kNat64("\x00\x64\xff\x9b\0\0\0\0\0\0\0\0", 12);  // RFC 6052
  constexpr std::string_view kLocalNat64("\x00\x64\xff\x9b\x00\x01", 6);      // RFC 8215
  constexpr std::string_view k6to4("\x20\x02", 2);                            // RFC 3056
  constexpr std::string_view kTeredo("\x20\x01\0\0", 4);                      // RFC 4380
  // Metadata of a cloud, at a unique local address.
  constexpr std::string_view kMetadata("\xfd\x00\x0e\xc2\0\0\0\0\0\0\0\0\0\0\x02\x54", 16);
  if (bytes.starts_with(kNat64) || bytes.starts_with(kLocalNat64))
    return IsForbidden(V4At(v6, 12), false);
  if (bytes.starts_with(k6to4)) return IsForbidden(V4At(v6, 2), false);
  if (bytes.starts_with(kTeredo) || bytes == kMetadata) return true;
  return IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_SITELOCAL(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6) ||
         IN6_IS_ADDR_MULTICAST(&v6);
}

}  // namespace frontdesk::identity
