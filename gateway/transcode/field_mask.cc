#include "gateway/transcode/field_mask.h"

namespace frontdesk::transcode {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool FieldMaskPathToJson(std::string_view path, std::string& out) {
  for (size_t i = 0; i < path.size(); ++i) {
    if (IsUpper(path[i]) || path[i] == ',') return false;
    if (path[i] != '_') {
      out.push_back(path[i]);
      continue;
    }
    if (++i == path.size() || !IsLower(path[i])) return false;
    out.push_back(static_cast<char>(path[i] - 'a' + 'A'));
  }
  return !path.empty();
}

bool FieldMaskPathFromJson(std::string_view path, std::string& out) {
  bool begins = true;  // of an identifier, or a '*' in its place
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    const bool star = c == '*' && begins && (i + 1 == path.size() || path[i + 1] == '.');
    const bool letter = IsLower(c) || IsUpper(c) || (IsDigit(c) && !begins);
    if (c == '.' ? begins : !letter && !star) return false;
    begins = c == '.';
    if (IsUpper(c)) {
      out.push_back('_');
      out.push_back(static_cast<char>(c - 'A' + 'a'));
    } else {
      out.push_back(c);
    }
  }
  return !begins;
}

}  // namespace frontdesk::transcode
