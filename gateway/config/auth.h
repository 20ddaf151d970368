// Who may call, from contract and file to the plain values that are used.
#pragma once

#include <string>
#include <vector>

#include "gateway/config/load.h"
#include "gateway/policy/authenticator.h"
#include "gateway/route/route.h"

namespace frontdesk::config {

// What must hold of the section `auth` by itself.
void CheckAuth(const LoadedConfig& loaded, contract::Findings& findings);

// The section, with its files read; what is wrong with them is a finding. Files are named relative
// to `folder`. Nothing is fetched.
policy::AuthSettings ToAuth(const LoadedConfig& loaded, const std::string& folder,
                            contract::Findings& findings);

// In how many ways it says where its keys are: one is right.
int PlacesOfKeys(const v1::Config::Auth::Provider& provider);

// Every way in which callers can prove who they are, by the name that fronts have for it.
std::vector<std::string> CredentialNames(const v1::Config::Auth& auth);

// Access of methods of which nothing is said: where callers can prove who they are, they must.
v1::Policy::Auth::Access AccessOtherwise(const v1::Config::Auth& auth);
route::Route::Auth ToRouteAuth(const v1::Policy::Auth& from, v1::Policy::Auth::Access otherwise);

}  // namespace frontdesk::config
