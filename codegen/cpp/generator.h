// protoc-gen-frontdesk-cpp: from a contract to typed clients and aggregates in C++.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "codegen/common/plugin.h"

namespace frontdesk::codegen {

// X.frontdesk.h and X.frontdesk.cc for each file X.proto that has a service.
absl::StatusOr<std::vector<File>> GenerateCpp(const Input& input);

Plugin CppPlugin();

}  // namespace frontdesk::codegen
