// How the verbs print findings.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "gateway/contract/findings.h"
#include "gateway/contract/option_source.h"
#include "gateway/route/apis.h"

namespace frontdesk {

// Reads the file of a finding: below one of the folders, else by its own name.
contract::SourceReader SourcesOf(std::vector<std::string> folders);

// To stdout, in the order of their places: with the lines they are about, or as one JSON object.
void Tell(const contract::Findings& findings, const contract::SourceReader& sources, bool json);

// What is worth to know of a configuration that is fine.
struct Remarks {
  std::vector<std::string> warnings, notes;
};
// As a JSON object that has no findings in it.
void TellFine(const Remarks& remarks);

// To stdout, whatever bytes are in its texts: names of files need not be UTF-8.
void PrintJson(const nlohmann::ordered_json& json);

// That --api names none of the fronts, or nothing where it must; to stderr.
void TellNoFront(const route::Apis& apis, const std::string& api);

}  // namespace frontdesk
