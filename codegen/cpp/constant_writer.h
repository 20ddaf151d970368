// Constants of a plan as setters.
#pragma once

#include <string>

#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

// `target` ends in "." or "->".
void WriteConstant(const contract::Write& write, const std::string& target, const Names& names,
                   Printer& out);

}  // namespace frontdesk::codegen
