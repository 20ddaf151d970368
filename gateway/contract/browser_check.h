// What can't be right with what pages in browsers may do: the parts `cors` and `csrf` of a policy,
// wherever they were written.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/policy_leaves.h"
#include "gateway/contract/value_rules.h"

namespace frontdesk::contract {

// Values that are wrong by themselves. `add` takes paths of a Policy.
void CheckBrowserValues(const frontdesk::v1::Policy& policy, const AddWrong& add);

// Values of the policy in force, which stand at `places`, that don't fit each other.
void CheckBrowsersTogether(
    const frontdesk::v1::Policy& policy, const PolicyPlaces& places,
    const std::function<void(const std::string& name, std::string_view text)>& add);

// Whether pages of other origins get anything.
bool IsOn(const frontdesk::v1::Policy::Cors& cors);

}  // namespace frontdesk::contract
