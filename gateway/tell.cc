#include "gateway/tell.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "gateway/contract/report.h"

namespace frontdesk {
namespace {

contract::Findings Sorted(const contract::Findings& findings) {
  std::vector<contract::Finding> all = findings.all();
  std::stable_sort(all.begin(), all.end(),
                   [](const contract::Finding& a, const contract::Finding& b) {
                     return std::tie(a.place.file, a.place.line, a.place.column) <
                            std::tie(b.place.file, b.place.line, b.place.column);
                   });
  contract::Findings sorted;
  for (const contract::Finding& finding : all) {
    sorted.Add(finding.place, finding.path, finding.text);
  }
  return sorted;
}

}  // namespace

contract::SourceReader SourcesOf(std::vector<std::string> folders) {
  return [below = contract::SourcesBelow(std::move(folders)), here = contract::SourcesBelow({"."}),
          root = contract::SourcesBelow({""})](const std::string& file) {
    std::optional<std::string> text = below(file);
    return text ? text : file.starts_with('/') ? root(file) : here(file);
  };
}

void Tell(const contract::Findings& findings, const contract::SourceReader& sources, bool json) {
  const contract::Findings sorted = Sorted(findings);
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
