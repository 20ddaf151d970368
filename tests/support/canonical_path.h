// The canonical form of a path, as the RFC has it: a judge of what the gateway makes of one.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::testing_support {

// RFC 3986 sections 6.2.2.1 and 6.2.2.2: escapes in upper case, none for unreserved characters.
// A path with a malformed escape has no such form and stays as it is.
std::string CanonicalPath(std::string_view path);

}  // namespace frontdesk::testing_support
