// Whether a step is made.
#pragma once

#include <string>
#include <string_view>

#include "gateway/compose/assemble.h"
#include "gateway/contract/plan.h"

namespace frontdesk::compose {

// A single field has a value, by what was read into its slot: one without presence has none when
// that is its default.
bool HasValue(const contract::Field& field, const Slots::Value* value);

// Every step that the condition reads is done, with a reply or without.
bool Holds(const contract::PlanCondition& condition, const Knowledge& known);

// Which of all that the steps' conditions say of a caller is true, a character each: callers of one
// text have the same steps made of the same request. `claims` may be null.
std::string TrueOfCaller(const contract::Plan& plan, std::string_view sub,
                         const identity::Identity* claims);

}  // namespace frontdesk::compose
