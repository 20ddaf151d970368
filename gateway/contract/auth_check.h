// What can't be right with who may call: the part `auth` of a policy, wherever it was written.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/policy_leaves.h"
#include "gateway/contract/value_rules.h"

namespace frontdesk::contract {

// What is asked of known callers, by its name in a policy: "auth.scopes", "auth.credentials".
std::vector<std::string> DemandsOf(const frontdesk::v1::Policy::Auth& auth);
// Asks for one of these no more.
void DropDemand(const std::string& name, frontdesk::v1::Policy& policy, PolicyPlaces& places);

// Who is let in, with the defaults put in: what is asked of callers is asked of known ones.
frontdesk::v1::Policy::Auth::Access AccessOf(const frontdesk::v1::Policy::Auth& auth,
                                             frontdesk::v1::Policy::Auth::Access otherwise);

// Values that are wrong by themselves.
void CheckAuthValues(const frontdesk::v1::Policy::Auth& auth, const AddWrong& add);

// Values of the policy in force that don't fit each other. `places` as in CheckTogether().
void CheckAuthTogether(const frontdesk::v1::Policy::Auth& auth, const PolicyPlaces& places,
                       const std::function<void(const std::string& name, std::string_view)>& add);

// How `over` lets in callers that `base` does not, as the end of a sentence about it; "" when it
// does not. `otherwise` is the access where nothing is said.
std::string WhatIsWeaker(const frontdesk::v1::Policy::Auth& base,
                         const frontdesk::v1::Policy::Auth& over,
                         frontdesk::v1::Policy::Auth::Access otherwise);

}  // namespace frontdesk::contract
