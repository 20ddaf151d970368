// What the answer of a composition takes from replies.
#pragma once

#include <set>

#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

// Those parts of the answer whose source is used once, neither as part of something else nor in
// parts: it may be moved.
std::set<const contract::Write*> UsedOnce(const contract::Plan& plan);

}  // namespace frontdesk::codegen
