// Whether a step is made.
#pragma once

#include "gateway/compose/assemble.h"
#include "gateway/contract/plan.h"

namespace frontdesk::compose {

// Every step that the condition reads is done, with a reply or without.
bool Holds(const contract::PlanCondition& condition, const Knowledge& known);

}  // namespace frontdesk::compose
