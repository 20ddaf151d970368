// From .proto files to a descriptor set, without protoc and with all of their mistakes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/contract/findings.h"
#include "gateway/contract/option_source.h"

namespace frontdesk::contract {

// The serialised set of `files` and all that they import, with source info; what `sources` does not
// have is taken from what the program knows itself (google/protobuf, google/api, frontdesk/v1).
//
// Nothing, with findings, when a file can't be read, has a mistake of syntax or does not fit the
// others. Options that are wrong are findings too, but left out of the set, so that the rest of the
// contract can be checked.
std::optional<std::string> CompileSources(const std::vector<std::string>& files,
                                          const SourceReader& sources, Findings& findings);

}  // namespace frontdesk::contract
