#include "gateway/policy/authenticate.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/http/authority.h"
#include "gateway/identity/jws.h"
#include "gateway/policy/limit_key.h"

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

// Tokens of keys that lie about in a folder.
bool IsForThisMachine(const AuthSettings& settings, const identity::Identity& caller) {
  return std::any_of(settings.providers.begin(), settings.providers.end(),
                     [&](const AuthSettings::Provider& provider) {
                       return provider.file_is_signing_key && provider.name == caller.provider;
                     });
}

// Whether who brings nothing is the development caller. That the address which is listened on is
// this machine's was checked when the file was loaded; the peer is looked at for what nobody
// thought of. And a page of somebody whose name points to this machine, which browsers take for
// that name's own, is nobody here.
bool IsDevelopmentCaller(const http::Request& request, const AuthSettings& settings,
                         const route::Route::Auth& auth) {
  // Where a kind of credential or those who give it out are said, there is no way around them, but
  // where nobody could bring any.
  const bool whoever = (auth.providers.empty() && auth.credentials == 0) || !settings.on();
  return settings.development_caller && whoever && http::IsLoopback(request.peer_address) &&
         (request.authority.empty() || http::NamesThisMachine(request.authority));
}

// What the request brings, or nothing when it is let in, or refused, without being asked: then
// `status` says which.
std::optional<Credential> Begin(Exchange& exchange, const AuthSettings& settings,
                                absl::Status& status) {
  const route::Route& route = *exchange.route;
  if (route.auth.access == Access::kPublic) return std::nullopt;
  absl::StatusOr<Credential> credential = Credential();
  // Where nobody can prove anything, what looks like a credential is a header like others.
  if (settings.on()) credential = FindCredential(exchange.request, settings.places);
  if (!credential.ok()) {
    status = Refuse(exchange, credential.status());
    return std::nullopt;
  }
  if (credential->kind != Credential::Kind::kNone) {
    if (credential->IsOneOf(route.auth.credentials)) return *credential;
    status = Refuse(exchange, identity::Refusal("CREDENTIAL_KIND"));
    return std::nullopt;
  }
  if (IsDevelopmentCaller(exchange.request, settings, route.auth)) {
    exchange.call.identity = settings.development_caller;
    exchange.by_browser = true;  // any page that is open on this machine is it
    return std::nullopt;
  }
  if (route.auth.access == Access::kOptional && !route.method->needs_caller) return std::nullopt;
  status = Refuse(exchange, identity::Refusal("CREDENTIAL_MISSING"));
  return std::nullopt;
}

absl::Status End(Exchange& exchange, const AuthSettings& settings, const Credential& credential,
                 absl::StatusOr<identity::IdentityPointer> caller) {
  if (!caller.ok()) return Refuse(exchange, caller.status());
  if (IsForThisMachine(settings, **caller) && !http::IsLoopback(exchange.request.peer_address)) {
    return Refuse(exchange, identity::Refusal("TOKEN_FOR_LOOPBACK"));
  }
  const std::vector<std::string>& taken = exchange.route->auth.providers;
  if (!taken.empty() && std::find(taken.begin(), taken.end(), (*caller)->provider) == taken.end()) {
    return Refuse(exchange, identity::Refusal("CREDENTIAL_OF_ANOTHER_API"));
  }
  exchange.call.identity = *std::move(caller);
  exchange.by_cookie = credential.kind == Credential::Kind::kSession;
  exchange.by_browser = exchange.by_cookie || credential.kind == Credential::Kind::kCertificate;
  return absl::OkStatus();
}

}  // namespace

absl::Status Authenticate(Exchange& exchange, const AuthSettings& settings,
                          Authenticator& authenticator) {
  absl::Status status;
  const std::optional<Credential> credential = Begin(exchange, settings, status);
  if (!credential) return status;
  return End(exchange, settings, *credential,
             authenticator.Verify(*credential, exchange.call.loop.Now()));
}

Task<absl::Status> AuthenticateAsking(Exchange& exchange, const AuthSettings& settings,
                                      Authenticator& authenticator) {
  absl::Status status;
  const std::optional<Credential> credential = Begin(exchange, settings, status);
  if (!credential) co_return status;
  // A flood of tokens that somebody makes up is his own trouble.
  std::string bearer = AddressKey(exchange.client_address);
  absl::StatusOr<identity::IdentityPointer> caller =
      co_await authenticator.VerifyAsking(*credential, std::move(bearer), exchange.call.loop,
                                          exchange.call.deadline, &exchange.call.cancel);
  co_return End(exchange, settings, *credential, std::move(caller));
}

}  // namespace frontdesk::policy
