// Contracts written inside a test.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace frontdesk::testing {

// A serialised FileDescriptorSet, as `protoc --include_imports --include_source_info` writes it, of
// files given by name and text. They may import what the test program links (google/protobuf,
// google/api, frontdesk/v1). Ends the test program, with protoc's words, when they don't compile.
std::string CompileProtos(const std::map<std::string, std::string>& files);

// The same of one proto3 file "test.proto" in package `test`, which imports google/api,
// frontdesk/v1 and the well-known types. `text` begins in line 2 of the file.
std::string CompileProto(std::string_view text);
// The text of that file.
std::string ProtoFile(std::string_view text);

}  // namespace frontdesk::testing
