// Findings as a compiler prints them.
#pragma once

#include <string>

#include "gateway/contract/findings.h"
#include "gateway/contract/option_source.h"

namespace frontdesk::contract {

// A line for each finding. One in a .proto file reads as a compiler's, "file:line:col: error: path:
// text", with the line of the source and a caret under the column where `sources` has the file.
std::string Report(const Findings& findings, const SourceReader& sources);

}  // namespace frontdesk::contract
