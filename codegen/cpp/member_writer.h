// The member of a run that is a step: what the contract says about it.
#pragma once

#include <chrono>
#include <string>

#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "codegen/cpp/run_writer.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

// "std::chrono::seconds(2)"
std::string TimeOf(std::chrono::nanoseconds time);

void WriteMember(const contract::PlanStep& step, const StepNames& its, const Names& names,
                 Printer& out);

}  // namespace frontdesk::codegen
