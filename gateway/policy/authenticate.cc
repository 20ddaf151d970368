#include "gateway/policy/authenticate.h"

#include "gateway/base/failure.h"

namespace frontdesk::policy {

absl::Status Authenticate(Exchange& exchange, const std::string& development_caller) {
  exchange.call.caller_sub = development_caller;
  if (exchange.call.caller_sub.empty() && exchange.route->method->needs_caller) {
    Failure failure(absl::StatusCode::kUnauthenticated, "CALLER_UNKNOWN",
                    "this address needs to know who is calling");
    return failure.Header("WWW-Authenticate", "Bearer");
  }
  return absl::OkStatus();
}

}  // namespace frontdesk::policy
