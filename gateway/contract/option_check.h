// Nothing that a contract says is ignored: options that this build does not carry out.
#pragma once

#include "gateway/contract/findings.h"
#include "gateway/contract/source_places.h"

namespace google::protobuf {
class DescriptorPool;
class FileDescriptorProto;
}  // namespace google::protobuf

namespace frontdesk::contract {

// A finding for every option of frontdesk.v1 and google.api.http, and every field and enum value
// inside of them, that this build does not know, with the name that the contract's own copy of the
// definition in `pool` has for it; and for every (frontdesk.v1.field) that can't be carried out.
void CheckOptions(const google::protobuf::FileDescriptorProto& file,
                  const google::protobuf::DescriptorPool& pool, const SourcePlaces& places,
                  Findings& findings);

}  // namespace frontdesk::contract
