#include "gateway/tell.h"

#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/config/compile.h"
#include "gateway/contract/report.h"

namespace frontdesk {
contract::SourceReader SourcesOf(std::vector<std::string> folders) {
  return [below = contract::SourcesBelow(std::move(folders)), here = contract::SourcesBelow({"."}),
          root = contract::SourcesBelow({""})](const std::string& file) {
    std::optional<std::string> text = below(file);
    return text ? text : file.starts_with('/') ? root(file) : here(file);
  };
}

void Tell(const contract::Findings& findings, const contract::SourceReader& sources, bool json,
          const Remarks& remarks) {
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
  PrintJson({{"findings", list}, {"warnings", remarks.warnings}, {"notes", remarks.notes}});
}

void TellFine(const Remarks& remarks) { Tell({}, SourcesOf({}), true, remarks); }

std::unique_ptr<config::Snapshot> CompileOrTell(const VerbOptions& options) {
  contract::Findings findings;
  std::unique_ptr<config::Snapshot> snapshot =
      config::Compile(options.config, options.proto_path, *options.code, findings);
  if (!snapshot) Tell(findings, SourcesOf(options.proto_path), options.json);
  return snapshot;
}

void PrintJson(const nlohmann::ordered_json& json) {
  std::cout << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

void TellNoFront(const route::Apis& apis, const std::string& api, bool json) {
  std::string names;
  for (const auto& one : apis.all()) names += Cat(names.empty() ? "" : ", ", one->name);
  const std::string text = Cat(api.empty() ? "is needed: each front has a document of its own"
                                           : "names no front of the configuration",
                               "; there are: ", names.empty() ? "none" : names);
  if (!json) {
    std::cerr << "--api " << text << '\n';
    return;
  }
  contract::Findings findings;
  findings.Add({}, "--api", text);
  Tell(findings, SourcesOf({}), json);
}

}  // namespace frontdesk
