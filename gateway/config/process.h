// What the file says of the process, whatever the contract is: where it listens, what it bears, who
// may come in.
#pragma once

#include <string>

#include "gateway/config/load.h"
#include "gateway/config/snapshot.h"
#include "gateway/contract/findings.h"

namespace frontdesk::config {

// Reads keys, passwords and certificates that the file names. `config_file`: relative paths start
// at its folder.
void ToProcess(const LoadedConfig& loaded, const std::string& config_file, Snapshot& snapshot,
               contract::Findings& findings);

}  // namespace frontdesk::config
