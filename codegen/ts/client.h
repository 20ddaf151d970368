// The contract as a client for web apps: modules of TypeScript on top of fetch().
#pragma once

#include <string>
#include <vector>

#include "codegen/common/plugin.h"
#include "gateway/contract/contract.h"

namespace frontdesk::codegen::ts {

struct ClientOptions {
  // Only services of these files; of all if there are none.
  std::vector<std::string> files;
  // Behind the name of a module that is imported: ".js" for compiled modules.
  std::string extension = ".js";
};

// A module per package, "shop.order.v1.ts", with the messages that its bindings and those of other
// packages need and a class per service, and "frontdesk-client.ts", which all share.
std::vector<File> WriteClient(const contract::Contract& contract, const ClientOptions& options);

}  // namespace frontdesk::codegen::ts
