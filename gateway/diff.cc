// The verb diff: what a change of the contract does to clients.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/config/contract_file.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/diff.h"
#include "gateway/tell.h"
#include "gateway/verbs.h"

namespace frontdesk {
namespace {

using contract::Change;

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
  const auto before = config::LoadDescriptorSet(options.before, findings);
  const auto after = config::LoadDescriptorSet(options.after, findings);
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
