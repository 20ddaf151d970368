#include "codegen/common/parameters.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/findings.h"

namespace frontdesk::codegen {
namespace {

absl::Status Wrong(std::string_view text) { return absl::InvalidArgumentError(Absl(text)); }

absl::Status Unknown(std::string_view name, std::vector<std::string> known) {
  known.insert(known.end(), {"check", "src"});
  std::sort(known.begin(), known.end());
  std::string text = Cat("unknown parameter ", contract::Quoted(name),
                         contract::DidYouMean(name, known), "; there are");
  for (const std::string& each : known) text += Cat(&each == &known[0] ? " " : ", ", each);
  return Wrong(text);
}

}  // namespace

absl::StatusOr<Parameters> ParseParameters(std::string_view text,
                                           const std::vector<std::string>& known) {
  Parameters parameters;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    if (one.empty()) continue;
    const size_t equals = one.find('=');
    const std::string name(one.substr(0, equals));
    const std::string value(equals == std::string_view::npos ? "true" : one.substr(equals + 1));
    if (name == "src") {
      parameters.src.push_back(value);
      continue;
    }
    bool added = false;
    if (name == "check") {
      added = parameters.check.empty();
      parameters.check = value;
    } else if (std::find(known.begin(), known.end(), name) != known.end()) {
      added = parameters.own.emplace(name, value).second;
    } else {
      return Unknown(name, known);
    }
    if (!added) return Wrong(Cat("parameter ", contract::Quoted(name), " is given twice"));
  }
  if (parameters.src.empty()) parameters.src.push_back(".");
  return parameters;
}

}  // namespace frontdesk::codegen
