// What can't be right with the part `version` of a policy, wherever it was written; and which
// method follows another.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/value_rules.h"

namespace frontdesk::contract {

// Values that are wrong by themselves.
void CheckVersionValues(const frontdesk::v1::Policy::Version& version, const AddWrong& add);

// Values of the policy in force that don't fit each other. `places` as in CheckTogether().
void CheckVersionTogether(
    const frontdesk::v1::Policy::Version& version, const PolicyPlaces& places,
    const std::function<void(const std::string& name, std::string_view text)>& add);

// Whether `version` says that its method is used no longer, or will be.
bool IsDeprecated(const frontdesk::v1::Policy::Version& version);
// ... or the method itself does, by `deprecated = true`.
bool IsDeprecated(const Method& method, const frontdesk::v1::Policy::Version& version);
// For good, not from some day on.
bool IsRetired(const frontdesk::v1::Policy::Version& version);
// For good, or from some day on.
bool WillBeRetired(const frontdesk::v1::Policy::Version& version);
// As a sentence for people who read of the method, such as "Deprecated since 2026-11-01, sunset
// 2027-05-01; use shop.user.v2.Users/GetUser instead."; "" if there is nothing to tell.
std::string VersionText(const Method& method, const frontdesk::v1::Policy::Version& version);

// "package.Service/Method" of what follows `method`; "" if nothing does.
std::string SuccessorOf(const Method& method, const frontdesk::v1::Policy::Version& version);

// Methods with an address that are followed by what there is not, by what has no address, or in a
// circle; and those that end without telling where to go. `version_of` gives what is in force,
// `add` takes the name of the value. `looked_at` (null: all) are those who are followed, not those
// who follow.
void CheckSuccessors(
    std::span<const Method> methods,
    const std::function<const frontdesk::v1::Policy::Version&(const Method&)>& version_of,
    const std::function<void(const Method&, const std::string& name, std::string_view text)>& add,
    const std::function<bool(const Method&)>& looked_at = nullptr);

}  // namespace frontdesk::contract
