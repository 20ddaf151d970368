// Texts that have a form of their own. None takes longer than its text is long.
#pragma once

#include <string_view>

namespace frontdesk::contract {

// "name@host" as HTML's input fields take it: no display name, comments or quotes.
bool IsEmail(std::string_view text);
// Labels of up to 63 letters, digits and hyphens, 253 bytes in all, perhaps a '.' at the end; the
// last label is no number, so that an address is none.
bool IsHostname(std::string_view text);
bool IsIpv4(std::string_view text);
// RFC 4291, without a zone.
bool IsIpv6(std::string_view text);
// RFC 3986, with a scheme.
bool IsUri(std::string_view text);
// RFC 9562: 8-4-4-4-12 hexadecimal digits of either case.
bool IsUuid(std::string_view text);

}  // namespace frontdesk::contract
