// What a step says about how its calls are protected; it stands over the called method's own
// policy, value by value.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "gateway/contract/plan.h"
#include "gateway/contract/source_places.h"

namespace frontdesk::contract {

// Fills `step.policy` and its places. `place_of` and `add` take paths from the step; the step's
// method and timeout, and its batch, are known already, as is the deadline of the plan of
// `composed`.
void CompileStepPolicy(const frontdesk::v1::Step& proto, const Method& composed, const Plan& plan,
                       const PlaceOf& place_of,
                       const std::function<void(const SourcePath&, std::string_view)>& add,
                       PlanStep& step);

}  // namespace frontdesk::contract
