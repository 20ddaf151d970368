// host [":" port] of a Host field or a URI (RFC 3986 section 3.2), without userinfo.
#pragma once

#include <string_view>

namespace frontdesk::http {

// True for a registered name, an IPv4 address or an IPv6 address in brackets (no zone), with or
// without a port of 1 to 65535. Stricter than the grammar where readers disagree: no empty host, no
// empty port, no comma.
bool IsAuthority(std::string_view text);

}  // namespace frontdesk::http
