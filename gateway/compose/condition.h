// Whether a step is made.
#pragma once

#include <string>
#include <string_view>

#include "gateway/compose/assemble.h"
#include "gateway/contract/plan.h"

namespace frontdesk::compose {

// Every step that the condition reads is done, with a reply or without.
bool Holds(const contract::PlanCondition& condition, const Knowledge& known);

// Which of all that the steps' conditions say of a caller is true, a character each: callers of one
// text have the same steps made of the same request. `claims` may be null.
std::string TrueOfCaller(const contract::Plan& plan, std::string_view sub,
                         const identity::Identity* claims);

}  // namespace frontdesk::compose
