#include "gateway/policy/authenticate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"

namespace frontdesk::policy {
namespace {

using Access = route::Route::Auth::Access;

absl::Status Refuse(Exchange& exchange, const absl::Status& why) {
  exchange.refused_credential = Std(why.message());
  if (why.code() == absl::StatusCode::kUnavailable) {
    return Failure(absl::StatusCode::kUnavailable, "AUTH_UNAVAILABLE",
                   "who is calling can't be found out at the moment", Origin::kGateway)
        .Header("Retry-After", "1");
  }
  return Failure(absl::StatusCode::kUnauthenticated, "CALLER_UNKNOWN",
                 "this address needs to know who is calling")
      .Header("WWW-Authenticate", "Bearer");
}

void SetCaller(Exchange& exchange, identity::IdentityPointer caller) {
  exchange.call.caller_sub = caller->sub;
  exchange.call.identity = std::move(caller);
}

}  // namespace

absl::Status Authenticate(Exchange& exchange, const AuthSettings& settings,
                          Authenticator& authenticator) {
  const route::Route& route = *exchange.route;
  if (route.auth.access == Access::kPublic) return absl::OkStatus();
  absl::StatusOr<Credential> credential = Credential();
  // Where nobody can prove anything, what looks like a credential is a header like others.
  if (settings.on()) credential = FindCredential(exchange.request, settings.places);
  if (!credential.ok()) return Refuse(exchange, credential.status());
  if (credential->kind == Credential::Kind::kNone) {
    if (settings.development_caller) {
      SetCaller(exchange, settings.development_caller);
      return absl::OkStatus();
    }
    if (route.auth.access == Access::kOptional && !route.method->needs_caller) {
      return absl::OkStatus();
    }
  }
  absl::StatusOr<identity::IdentityPointer> caller =
      authenticator.Verify(*credential, exchange.call.loop.Now());
  if (!caller.ok()) return Refuse(exchange, caller.status());
  const std::vector<std::string>& taken = route.auth.providers;
  if (!taken.empty() && std::find(taken.begin(), taken.end(), (*caller)->provider) == taken.end()) {
    return Refuse(exchange, absl::UnauthenticatedError("CREDENTIAL_OF_ANOTHER_API"));
  }
  SetCaller(exchange, *std::move(caller));
  exchange.by_cookie = credential->from_cookie;
  return absl::OkStatus();
}

}  // namespace frontdesk::policy
