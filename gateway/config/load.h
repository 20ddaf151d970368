// The operator's YAML file -> frontdesk.v1.Config, or everything that is wrong with it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "frontdesk/v1/config.pb.h"
#include "gateway/contract/findings.h"

namespace frontdesk::config {

struct LoadedConfig {
  frontdesk::v1::Config config;
  std::string file;
  // Of each value by its path: "upstreams.orders.endpoints[0]"; of a map or list, where its key is.
  std::map<std::string, contract::Place, std::less<>> places;

  // The path's place, or that of the nearest thing around it.
  contract::Place PlaceOf(std::string_view path) const;
  // True if the file says anything at this path, be it right or wrong.
  bool Has(std::string_view path) const { return places.find(path) != places.end(); }
};

// Reads the file and checks all that can be checked without the contract (check_config.h). Every
// error is a finding; nothing is returned only when the file can't be read as YAML at all. With
// findings the result holds what could be read, good for finding more and for nothing else.
std::optional<LoadedConfig> LoadConfig(const std::string& path, contract::Findings& findings);
// The same for text; `name` is the file's name in findings.
std::optional<LoadedConfig> ParseConfig(std::string_view text, std::string_view name,
                                        contract::Findings& findings);

// The name of a file as findings tell it: all of it, however long.
inline std::string QuotedFile(const std::string& file) {
  return contract::Quoted(file, file.size());
}

}  // namespace frontdesk::config
