// Who is calling. Until clients can prove it, the configured development caller is everybody.
#pragma once

#include <string>

#include "gateway/exchange.h"

namespace frontdesk::policy {

// Sets the caller of every call. A method that needs the caller (contract/caller_check.h) is
// answered UNAUTHENTICATED when there is none.
absl::Status Authenticate(Exchange& exchange, const std::string& development_caller);

}  // namespace frontdesk::policy
