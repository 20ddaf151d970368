#include "gateway/tell.h"

#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/contract/report.h"

namespace frontdesk {
contract::SourceReader SourcesOf(std::vector<std::string> folders) {
  return [below = contract::SourcesBelow(std::move(folders)), here = contract::SourcesBelow({"."}),
          root = contract::SourcesBelow({""})](const std::string& file) {
    std::optional<std::string> text = below(file);
    return text ? text : file.starts_with('/') ? root(file) : here(file);
  };
}

void Tell(const contract::Findings& findings, const contract::SourceReader& sources, bool json) {
  const contract::Findings sorted = findings.Sorted();
  if (!json) {
    std::cout << contract::Report(sorted, sources);
    return;
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const contract::Finding& finding : sorted.all()) {
    list.push_back({{"file", finding.place.file},
                    {"line", finding.place.line},
                    {"column", finding.place.column},
                    {"path", finding.path},
                    {"text", finding.text}});
  }
  std::cout << nlohmann::ordered_json{{"findings", list}}.dump(2) << '\n';
}

}  // namespace frontdesk
