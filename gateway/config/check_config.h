// What must hold in a configuration whatever the contract says.
#pragma once

#include "gateway/config/load.h"
#include "gateway/contract/findings.h"

namespace frontdesk::config {

// Addresses, ranges, services with two homes, what is open to the network and must not be. Values
// that were unreadable have their finding already and are not complained about again.
void CheckConfig(const LoadedConfig& loaded, contract::Findings& findings);

// IDENT { "." IDENT }
bool IsDottedName(std::string_view name);

}  // namespace frontdesk::config
