// What the author of a contract wrote about a thing, as plain text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

// The comment in front of a declaration, else the one behind it: no blank at the ends, and of each
// line neither the blank after the slashes nor those at its end.
std::string CommentText(const google::protobuf::SourceLocation& location);

// "" for what has no comment, and in a set without source info.
template <class Descriptor>
std::string CommentOf(const Descriptor& descriptor) {
  google::protobuf::SourceLocation location;
  return descriptor.GetSourceLocation(&location) ? CommentText(location) : std::string();
}

std::vector<std::string_view> Lines(std::string_view text);

// Its first sentence, on one line.
std::string Summary(std::string_view comment);

}  // namespace frontdesk::codegen
