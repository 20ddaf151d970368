#include "gateway/config/load.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include "gateway/base/text.h"
#include "gateway/config/check_config.h"
#include "gateway/config/load_message.h"
#include "gateway/config/yaml.h"

namespace frontdesk::config {

using contract::Findings;
using contract::Place;

Place LoadedConfig::PlaceOf(std::string_view path) const {
  while (!path.empty()) {
    if (const auto found = places.find(path); found != places.end()) return found->second;
    const size_t end = path.find_last_of(".[");
    path = path.substr(0, end == std::string_view::npos ? 0 : end);
  }
  return {file, 0, 0};
}

std::optional<LoadedConfig> ParseConfig(std::string_view text, std::string_view name,
                                        Findings& findings) {
  const YamlNode::Pointer root = ParseYaml(text, name, findings);
  if (!root) return std::nullopt;
  std::optional<LoadedConfig> loaded(std::in_place);
  loaded->file = name;
  MessageReader(loaded->places, findings).Read(*root, loaded->config);
  CheckConfig(*loaded, findings);
  return loaded;
}

std::optional<LoadedConfig> LoadConfig(const std::string& path, Findings& findings) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  // One byte more than is taken, so that a larger file is seen to be larger.
  std::string text(kMaxYamlBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || (errno != 0 && file.gcount() == 0)) {
    const int error = errno != 0 ? errno : EIO;
    findings.Add({path, 0, 0}, "", Cat("cannot read: ", std::generic_category().message(error)));
    return std::nullopt;
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return ParseConfig(text, path, findings);
}

}  // namespace frontdesk::config
