// Public test data beside the repository.
#pragma once

#include <filesystem>
#include <string>

namespace frontdesk::testing_support {

// Folder of ../shared/suites by its name; "" where there is none. Beside the repository: above the
// folder the tests run in, or above this file.
inline std::filesystem::path FindSuite(const std::string& name) {
  namespace fs = std::filesystem;
  for (const fs::path& start : {fs::current_path(), fs::absolute(__FILE__).parent_path()}) {
    for (fs::path at = start; at != at.root_path(); at = at.parent_path()) {
      const fs::path found = at / "shared/suites" / name;
      if (fs::exists(found)) return found;
    }
  }
  return {};
}

}  // namespace frontdesk::testing_support
