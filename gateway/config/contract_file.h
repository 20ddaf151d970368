// The contract that the operator's file names, with the rules that the file has for it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/config/load.h"
#include "gateway/contract/contract.h"

namespace frontdesk::config {

// Null with findings. `config_file`: relative names begin in its folder.
std::unique_ptr<const contract::Contract> LoadContract(const LoadedConfig& loaded,
                                                       const std::string& config_file,
                                                       const std::vector<std::string>& proto_path,
                                                       contract::Findings& findings);

}  // namespace frontdesk::config
