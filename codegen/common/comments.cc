#include "codegen/common/comments.h"

namespace frontdesk::codegen {
namespace {

std::string Clean(std::string_view comment) {
  std::string out;
  for (std::string_view line : Lines(comment)) {
    if (line.starts_with(' ')) line.remove_prefix(1);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (!out.empty() || !line.empty()) out.append(line).push_back('\n');
  }
  out.erase(out.find_last_not_of('\n') + 1);
  return out;
}

}  // namespace

std::string CommentText(const google::protobuf::SourceLocation& location) {
  std::string text = Clean(location.leading_comments);
  return text.empty() ? Clean(location.trailing_comments) : text;
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string Summary(std::string_view comment) {
  std::string out;
  for (const std::string_view line : Lines(comment)) {
    if (line.empty()) break;  // a paragraph ends
    if (!out.empty()) out.push_back(' ');
    out.append(line);
  }
  const size_t end = out.find(". ");
  return out.substr(0, end == std::string::npos ? end : end + 1);
}

}  // namespace frontdesk::codegen
