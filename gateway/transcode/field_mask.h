// Paths of google.protobuf.FieldMask: snake_case in the message, lowerCamelCase in JSON.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::transcode {

// Appends the path in the other spelling. False when it could not be turned back: no text, a comma,
// an upper-case letter or an underscore that no lower-case letter follows (to JSON); anything but
// identifiers without underscores, or '*', joined by single dots (from JSON, where commas separate
// paths).
bool FieldMaskPathToJson(std::string_view path, std::string& out);
bool FieldMaskPathFromJson(std::string_view path, std::string& out);

}  // namespace frontdesk::transcode
