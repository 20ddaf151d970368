// Where a value of a message stands in the file, from the numbers of fields that lead to it.
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <vector>

namespace frontdesk::config {

// {2, 0, 4} -> "additional_bindings[0].post", from `type` on.
std::string FieldPath(const google::protobuf::Descriptor& type, const std::vector<int>& numbers);

}  // namespace frontdesk::config
