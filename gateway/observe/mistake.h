// Exceptions that get out of code as users write it: hooks, and methods by hand.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace frontdesk::observe {

// In a catch block: says in the log that `what` ended with this exception. Its text may name files,
// addresses and whatever else a library knows: it is for the log.
void LogMistake(std::string_view what);

// What the client learns of it.
absl::Status Mistake();

}  // namespace frontdesk::observe
