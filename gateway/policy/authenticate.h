// Who is calling.
#pragma once

#include "gateway/exchange.h"
#include "gateway/policy/authenticator.h"

namespace frontdesk::policy {

// Sets the caller of every call, as far as the route wants to know it. A request that brings a
// credential which is no good, or two of them, or none where one is needed, is UNAUTHENTICATED with
// a bare `WWW-Authenticate`: why is for the log alone. A method whose request is filled from the
// caller (contract/caller_check.h) needs one in any case.
absl::Status Authenticate(Exchange& exchange, const AuthSettings& settings,
                          Authenticator& authenticator);

// The same where an issuer may have to be asked (AuthSettings::introspection).
Task<absl::Status> AuthenticateAsking(Exchange& exchange, const AuthSettings& settings,
                                      Authenticator& authenticator);

}  // namespace frontdesk::policy
