// Configuration + contract -> snapshot, or the list of everything that is wrong.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/compose/registry.h"
#include "gateway/config/load.h"
#include "gateway/config/snapshot.h"
#include "gateway/contract/findings.h"

namespace frontdesk::config {

// Reads the YAML file, the contract it names, and checks both together. Null with findings. Opens
// no port and reaches no back end. `proto_path`: folders with the contract's .proto files, so that
// findings inside of options have their exact place; may be empty. `code`: what the program has for
// methods that can't do without.
std::unique_ptr<Snapshot> Compile(const std::string& config_file,
                                  const std::vector<std::string>& proto_path,
                                  const compose::Registry& code, contract::Findings& findings);

}  // namespace frontdesk::config
