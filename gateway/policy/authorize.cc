#include "gateway/policy/authorize.h"

#include <algorithm>
#include <string>

#include "gateway/base/failure.h"
#include "gateway/identity/claim_value.h"

namespace frontdesk::policy {
namespace {

using identity::Identity;

absl::Status Denied(std::string_view reason, std::string_view message) {
  return Failure(absl::StatusCode::kPermissionDenied, reason, message);
}

bool HasScopes(const route::Route::Auth& auth, const Identity& caller) {
  const auto has = [&](const std::string& scope) { return caller.HasScope(scope); };
  return std::all_of(auth.scopes.begin(), auth.scopes.end(), has) &&
         (auth.any_scope.empty() || std::any_of(auth.any_scope.begin(), auth.any_scope.end(), has));
}

}  // namespace

absl::Status Authorize(const route::Route::Auth& auth, const Identity* caller) {
  if (!auth.asks()) return absl::OkStatus();
  if (caller == nullptr || !HasScopes(auth, *caller)) {
    return Denied("SCOPE_MISSING", "the caller lacks a scope that this needs");
  }
  const auto has = [&](const std::string& role) { return caller->HasRole(role); };
  if (!auth.roles.empty() && std::none_of(auth.roles.begin(), auth.roles.end(), has)) {
    return Denied("ROLE_MISSING", "the caller has none of the roles that may do this");
  }
  const auto satisfied = [&](const auto& claim) {
    return caller->ClaimIs(claim.name, claim.values);
  };
  if (!std::all_of(auth.claims.begin(), auth.claims.end(), satisfied)) {
    return Denied("CLAIM_MISSING", "the caller's claims don't allow this");
  }
  return absl::OkStatus();
}

absl::Status AuthorizeClaims(const std::vector<contract::ClaimNeed>& claims,
                             const Identity* caller) {
  if (caller == nullptr) return absl::OkStatus();
  for (const contract::ClaimNeed& need : claims) {
    const bool there = identity::HasClaim(caller, need.claim);
    if (there ? identity::FindClaim(caller, need.claim, need.type) != nullptr : !need.required) {
      continue;
    }
    return Denied("CLAIM_MISSING", "the caller's claims don't allow this");
  }
  return absl::OkStatus();
}

}  // namespace frontdesk::policy
