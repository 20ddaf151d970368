// Whether what was generated once is still what would be generated now.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "codegen/common/plugin.h"

namespace frontdesk::codegen {

// Fails with a line for each of `files` that is not in `folder` or differs from what is there.
absl::Status CheckStale(const std::vector<File>& files, const std::string& folder);

}  // namespace frontdesk::codegen
