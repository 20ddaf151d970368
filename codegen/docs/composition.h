// A composition in pictures and words.
#pragma once

#include <string>

#include "gateway/contract/contract.h"

namespace frontdesk::codegen::docs {

// A Mermaid flowchart of the steps, a table of them, the stages, the critical path and the
// worst-case time with how it came about. For a method that has a plan.
std::string WriteComposition(const contract::Method& method);

// What an adapter calls, and which field fills which.
std::string WriteAdapter(const contract::Method& method);

}  // namespace frontdesk::codegen::docs
