// The verb diff: what a change of the contract does to clients.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/contract/contract.h"
#include "gateway/contract/diff.h"
#include "gateway/verbs.h"

namespace frontdesk {
namespace {

using contract::Change;
using contract::Contract;

// Null, after the findings were printed, when it can't be used.
std::unique_ptr<const Contract> LoadOrTell(const std::string& file) {
  contract::Findings findings;
  std::unique_ptr<const Contract> contract;
  std::ifstream in(file, std::ios::binary);
  std::stringstream bytes;
  if (in && bytes << in.rdbuf()) {
    contract = Contract::Load(bytes.str(), file, findings);
  } else {
    findings.Add({file}, "", "cannot be read");
  }
  std::cerr << findings.ToString();
  return contract;
}

void PrintJson(const std::vector<Change>& changes) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Change& change : changes) {
    list.push_back({{"breaking", change.breaking}, {"where", change.where}, {"what", change.what}});
  }
  std::cout << nlohmann::ordered_json{{"changes", list}}.dump(2) << '\n';
}

}  // namespace

int Diff(const VerbOptions& options) {
  const std::unique_ptr<const Contract> before = LoadOrTell(options.before);
  const std::unique_ptr<const Contract> after = LoadOrTell(options.after);
  if (!before || !after) return kUsage;
  const std::vector<Change> changes = contract::Diff(*before, *after);
  const auto breaking = std::count_if(changes.begin(), changes.end(),
                                      [](const Change& change) { return change.breaking; });
  if (options.json) {
    PrintJson(changes);
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
