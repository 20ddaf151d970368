// A service as a class with a method per binding.
#pragma once

#include <string>
#include <vector>

#include "codegen/ts/types.h"
#include "gateway/contract/contract.h"

namespace frontdesk::codegen::ts {

// The class of `methods`, which are all bound ones of one service, in the module of its package.
void AddService(const std::vector<const contract::Method*>& methods, Types& types);

}  // namespace frontdesk::codegen::ts
