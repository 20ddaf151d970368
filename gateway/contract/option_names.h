// Options as a parser leaves them, before anybody knows what their names mean.
#pragma once

#include "gateway/contract/findings.h"
#include "gateway/contract/option_source.h"
#include "gateway/contract/source_places.h"

namespace google::protobuf {
class FileDescriptorProto;
}  // namespace google::protobuf

namespace frontdesk::contract {

// A finding for every option of `file` that is misspelt or has something misspelt inside of it, if
// it is a standard option or one of frontdesk.v1 or google.api. These options are taken out of the
// file; `places` knows the file as it was.
void TakeOutWrongOptions(google::protobuf::FileDescriptorProto& file, const SourceReader& sources,
                         const SourcePlaces& places, Findings& findings);

}  // namespace frontdesk::contract
