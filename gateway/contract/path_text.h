// The text of URL paths (RFC 3986, section 3.3): what templates and requests have in common.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::contract {

// Segments of a path or template, and variables of a template, at most. They bound the work of
// matching and keep its state on the stack.
inline constexpr size_t kMaxPathSegments = 256;
inline constexpr size_t kMaxPathVariables = 16;

// Undoes percent-encoding once. False, with `out` unspecified, for a '%' without two digits.
bool PercentDecode(std::string_view raw, std::string& out);

// Encodes all but unreserved characters, in upper case. The canonical form of a literal: two
// spellings of a segment are equal when they are equal decoded and encoded again.
std::string PercentEncode(std::string_view bytes);

// Why no back end should ever see this decoded segment, or "". Refused: dot segments, also before
// a path parameter ("..;x") or verb ("..:x") and around slashes of either kind, NUL, and invalid
// UTF-8.
std::string_view SegmentFault(std::string_view decoded);

}  // namespace frontdesk::contract
