// The `when` of a step as an expression of C++.
#pragma once

#include <cstdint>
#include <string_view>

#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "codegen/cpp/values.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

// "head condition;", broken behind operators where a line would be too long.
void WriteCondition(std::string_view head, const contract::PlanCondition& condition,
                    const Roots& roots, const Names& names, Printer& out);

// Steps that have a reply whenever the condition holds, a bit per index.
uint64_t Guarded(const contract::PlanCondition& condition);

}  // namespace frontdesk::codegen
