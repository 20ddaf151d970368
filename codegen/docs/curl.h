// A request as a command for a shell.
#pragma once

#include <string>

#include "gateway/contract/contract.h"

namespace frontdesk::codegen::docs {

// With made-up values for all that the path needs, the first parameters and the body.
std::string WriteCurl(const contract::Method& method, const contract::Binding& binding,
                      const std::string& server);

}  // namespace frontdesk::codegen::docs
