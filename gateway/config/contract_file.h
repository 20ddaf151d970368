// Contracts from their files: the one that the operator's file names, with the rules that it has
// for it, and descriptor sets by themselves.
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

// A descriptor set by itself. Null with findings.
std::unique_ptr<const contract::Contract> LoadDescriptorSet(
    const std::string& file, contract::Findings& findings,
    const contract::SourceReader& sources = nullptr);

}  // namespace frontdesk::config
