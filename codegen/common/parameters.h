// What is given to a plugin with --<name>_opt.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace frontdesk::codegen {

struct Parameters {
  std::vector<std::string> src;  // folders of sources; "." if none is given
  std::string check;             // folder whose files must be what would be generated; "" for none
  std::map<std::string, std::string> own;  // the plugin's
};

// Reads "name=value,name=value"; a name alone is "name=true". Only `src` may be repeated. Fails for
// a name that is neither ours nor in `known`.
absl::StatusOr<Parameters> ParseParameters(std::string_view text,
                                           const std::vector<std::string>& known);

}  // namespace frontdesk::codegen
