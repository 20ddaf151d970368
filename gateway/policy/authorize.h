// Whether this caller may do this.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "gateway/identity/identity.h"
#include "gateway/route/route.h"

namespace frontdesk::policy {

// PERMISSION_DENIED with one of the reasons SCOPE_MISSING, ROLE_MISSING, CLAIM_MISSING when the
// caller lacks what the route asks for. Which one it is that is missing is not said: that is the
// contract's to tell.
absl::Status Authorize(const route::Route::Auth& auth, const identity::Identity* caller);

// CLAIM_MISSING, too, for a known caller without a claim that the method's requests are filled
// from. One that is there, and is not what a field can hold, is as bad as none.
absl::Status AuthorizeClaims(const std::vector<contract::ClaimNeed>& claims,
                             const identity::Identity* caller);

}  // namespace frontdesk::policy
