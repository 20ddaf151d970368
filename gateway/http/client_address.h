// Who is at the far end of the proxies in front.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/http/message.h"

namespace frontdesk::http {

// A numeric IPv4 or IPv6 address; IPv4 in IPv6's form.
using AddressBytes = std::array<uint8_t, 16>;
// "192.0.2.1", "2001:db8::1"; no brackets, port or zone.
std::optional<AddressBytes> ParseAddress(std::string_view text);

// The client's address as text: of a request that came through `trusted_hops` proxies, each of
// which has appended its own client to X-Forwarded-For or Forwarded (RFC 7239), the one that stands
// there so many places from the right. What is further left the client may have written itself.
//
// The peer's, if there are no proxies; if fewer stand there; if that one is no address ("unknown",
// "_hidden"); if both headers are there and don't agree. Views the request.
std::string_view ClientAddress(const Request& request, uint32_t trusted_hops);

}  // namespace frontdesk::http
