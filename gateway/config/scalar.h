// One YAML scalar -> one field of a message.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "gateway/config/yaml.h"

namespace frontdesk::config {

// Sets `field` (of type bool, uint32, uint64, double, string or an enum; strings and enums are
// appended when it is a list) from `value`, or returns what is wrong. Strict: numbers are decimal,
// a number or a boolean without quotes is not text, enum words are the lower-case names of the
// schema.
std::string SetScalar(const YamlNode& value, const google::protobuf::FieldDescriptor& field,
                      google::protobuf::Message& message);

// "a list", "the number 5", "\"text\"": what stands where something else was expected.
std::string Describe(const YamlNode& value);

using contract::Quoted;

// True for the string fields that hold times such as "250ms".
bool IsDuration(const google::protobuf::FieldDescriptor& field);

}  // namespace frontdesk::config
