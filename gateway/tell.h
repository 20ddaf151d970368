// How the verbs tell what they found.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "gateway/config/snapshot.h"
#include "gateway/contract/findings.h"
#include "gateway/contract/option_source.h"
#include "gateway/route/apis.h"
#include "gateway/verbs.h"

namespace frontdesk {

// Reads the file of a finding: below one of the folders, else by its own name.
contract::SourceReader SourcesOf(std::vector<std::string> folders);

// What is worth to know of a configuration that is fine.
struct Remarks {
  std::vector<std::string> warnings, notes;
};

// To stdout, in the order of their places: with the lines they are about, or as one JSON object,
// which has lists of remarks too, whatever was found.
void Tell(const contract::Findings& findings, const contract::SourceReader& sources, bool json,
          const Remarks& remarks = {});
// As that JSON object, with nothing found.
void TellFine(const Remarks& remarks);

// The configuration that the options name; null, after its findings were told, when something is
// wrong.
std::unique_ptr<config::Snapshot> CompileOrTell(const VerbOptions& options);

// To stdout, whatever bytes are in its texts: names of files need not be UTF-8.
void PrintJson(const nlohmann::ordered_json& json);

// That --api names none of the fronts, or nothing where it must; to stderr, or as a finding in
// JSON.
void TellNoFront(const route::Apis& apis, const std::string& api, bool json);

}  // namespace frontdesk
