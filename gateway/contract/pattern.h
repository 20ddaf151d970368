// Regular expressions of contracts.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace frontdesk::contract {

// Whether some part of a text matches. The time it takes grows with the text and no faster: RE2 has
// no back-tracking. Copies share the expression; any thread may ask.
using Pattern = std::function<bool(std::string_view)>;

// Fails with what is wrong with the expression, or when it is too large: 1000 bytes of text, 1 MiB
// compiled.
absl::StatusOr<Pattern> CompilePattern(std::string_view text);

}  // namespace frontdesk::contract
