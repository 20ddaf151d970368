// How the verbs print findings.
#pragma once

#include "gateway/contract/findings.h"
#include "gateway/contract/option_source.h"

namespace frontdesk {

// Reads the file of a finding: below one of the folders, else by its own name.
contract::SourceReader SourcesOf(std::vector<std::string> folders);

// To stdout, in the order of their places: with the lines they are about, or as one JSON object.
void Tell(const contract::Findings& findings, const contract::SourceReader& sources, bool json);

}  // namespace frontdesk
