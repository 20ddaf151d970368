// host [":" port] of a Host field or a URI (RFC 3986 section 3.2), without userinfo.
#pragma once

#include <string_view>

namespace frontdesk::http {

// True for a registered name, an IPv4 address or an IPv6 address in brackets (no zone), with or
// without a port of 1 to 65535. Stricter than the grammar where readers disagree: no empty host, no
// empty port, no comma.
bool IsAuthority(std::string_view text);

// True for a numeric address of this machine alone (127.0.0.0/8, also written as IPv6, and ::1).
bool IsLoopback(std::string_view address);

// True for an authority that can mean nothing but this machine: "localhost" or a loopback address.
// Any other name may be made to point here by whoever owns it, so that a page in a browser reaches
// what listens here (DNS rebinding).
bool NamesThisMachine(std::string_view authority);

}  // namespace frontdesk::http
