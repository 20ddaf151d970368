// From the bytes of a FileDescriptorSet to linked descriptors.
#pragma once

#include <memory>
#include <string_view>

#include "gateway/contract/findings.h"
#include "gateway/contract/source_places.h"

namespace google::protobuf {
class DescriptorPool;
class FileDescriptorSet;
}  // namespace google::protobuf

namespace frontdesk::contract {

// Reads `bytes`; false, with a finding, when they are no descriptor set or an empty one. `name` is
// the file they come from.
bool ReadDescriptorSet(std::string_view bytes, std::string_view name,
                       google::protobuf::FileDescriptorSet& set, Findings& findings);

// Links the files in whatever order they come. Null, with all findings, when they don't fit
// together, are written in an edition or import what the set does not contain.
std::unique_ptr<google::protobuf::DescriptorPool> LinkDescriptors(
    const google::protobuf::FileDescriptorSet& set, const SourcePlaces& places, Findings& findings);

}  // namespace frontdesk::contract
