// Whether generated code fits the contract that is loaded.
#pragma once

#include <cstdint>

#include "gateway/contract/contract.h"

namespace frontdesk::contract {

// Of the composition of `method` as it is declared, and of the shapes of all messages that it can
// touch. The same for equal contracts on every machine; another one when a step, a path, a field
// or a type changes. Comments and other options don't count.
uint64_t PlanHash(const Method& method);

}  // namespace frontdesk::contract
