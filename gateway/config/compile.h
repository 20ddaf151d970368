// Configuration + contract -> snapshot, or the list of everything that is wrong.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/config/load.h"
#include "gateway/config/snapshot.h"
#include "gateway/contract/findings.h"

namespace frontdesk::config {

// Reads the YAML file, the contract it names, and checks both together. Null with findings. Opens
// no port and reaches no back end.
std::unique_ptr<Snapshot> Compile(const std::string& config_file, contract::Findings& findings);

}  // namespace frontdesk::config
