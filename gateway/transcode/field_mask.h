// Paths of google.protobuf.FieldMask: snake_case in the message, lowerCamelCase in JSON.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::transcode {

// Appends the path in the other spelling. False when it could not be turned back: anything but
// identifiers, or '*', joined by single dots; to JSON, also an upper-case letter and an underscore
// that no lower-case letter follows; from JSON, also an underscore.
bool FieldMaskPathToJson(std::string_view path, std::string& out);
bool FieldMaskPathFromJson(std::string_view path, std::string& out);

}  // namespace frontdesk::transcode
