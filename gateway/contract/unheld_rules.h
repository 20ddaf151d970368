// Rules that a method holds its own requests against, and that nobody does when it is called by a
// composition.
#pragma once

#include <string>
#include <vector>

#include "gateway/contract/plan.h"

namespace frontdesk::contract {

// Fields of what the step calls ("lines[].quantity", each once) that it fills from the request of
// `composed`, where that is not held against all the rules that the called method has for them.
// What back ends have answered, and constants, nobody need look at.
std::vector<std::string> UnheldRules(const Method& composed, const PlanStep& step);
// The same of what takes the step back, as far as it is known before the step runs; the step has an
// undo.
std::vector<std::string> UnheldRulesOfUndo(const Method& composed, const PlanStep& step);

}  // namespace frontdesk::contract
