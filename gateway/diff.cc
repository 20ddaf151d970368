// The verb diff: what a change of the contract does to clients.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/base/read_file.h"
#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/diff.h"
#include "gateway/tell.h"
#include "gateway/verbs.h"

namespace frontdesk {
namespace {

using contract::Change;
using contract::Contract;

// Null, with findings, when it can't be used.
std::unique_ptr<const Contract> Load(const std::string& file, contract::Findings& findings) {
  const absl::StatusOr<std::string> bytes = ReadInput(file);
  if (bytes.ok()) return Contract::Load(*bytes, file, findings);
  findings.Add({file}, "", Std(bytes.status().message()));
  return nullptr;
}

void PrintAsJson(const std::vector<Change>& changes) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Change& change : changes) {
    list.push_back({{"breaking", change.breaking}, {"where", change.where}, {"what", change.what}});
  }
  PrintJson({{"changes", list}});
}

}  // namespace

int Diff(const VerbOptions& options) {
  contract::Findings findings;
  const std::unique_ptr<const Contract> before = Load(options.before, findings);
  const std::unique_ptr<const Contract> after = Load(options.after, findings);
  if (!before || !after) {
    Tell(findings, SourcesOf({}), options.json);
    return kUsage;
  }
  const std::vector<Change> changes = contract::Diff(*before, *after);
  const auto breaking = std::count_if(changes.begin(), changes.end(),
                                      [](const Change& change) { return change.breaking; });
  if (options.json) {
    PrintAsJson(changes);
  } else {
    for (const Change& change : changes) {
      std::printf("%-9s %s: %s\n", change.breaking ? "breaking" : "fine", change.where.c_str(),
                  change.what.c_str());
    }
    std::printf("%zu changes, %td breaking\n", changes.size(), breaking);
  }
  return breaking > 0 ? kFindings : kFine;
}

}  // namespace frontdesk
