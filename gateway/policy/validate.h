// What clients send keeps the contract's rules, or is answered 400 with all that is wrong.
#pragma once

#include "absl/status/status.h"
#include "gateway/exchange.h"
#include "gateway/policy/validate_message.h"

namespace frontdesk::policy {

// Whether anything of a request for the route is looked at.
inline bool HasRules(const route::Route& route) {
  return route.method->rules != nullptr || route.header_rules != nullptr;
}

// Looks at the headers, as they go on to back ends, and the decoded message. A header that the
// client names in Connection is not there; a value that metadata can't carry breaks `header.text`.
absl::Status Validate(const Exchange& exchange, const WallClock& wall);

}  // namespace frontdesk::policy
