#include "gateway/transcode/field_mask.h"

namespace frontdesk::transcode {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The character may stand there. `begins`: an identifier, or a '*' in its place, must begin; it is
// brought up to date.
bool Goes(std::string_view path, size_t i, bool& begins) {
  const char c = path[i];
  const bool star = c == '*' && begins && (i + 1 == path.size() || path[i + 1] == '.');
  const bool letter = IsLower(c) || IsUpper(c) || (IsDigit(c) && !begins);
  if (c == '.' ? begins : !letter && !star) return false;
  begins = c == '.';
  return true;
}

}  // namespace

bool FieldMaskPathToJson(std::string_view path, std::string& out) {
  bool begins = true;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '_') {
      if (IsUpper(path[i]) || !Goes(path, i, begins)) return false;
      out.push_back(path[i]);
      continue;
    }
    if (++i == path.size() || !IsLower(path[i])) return false;
    out.push_back(static_cast<char>(path[i] - 'a' + 'A'));
    begins = false;
  }
  return !begins;
}

bool FieldMaskPathFromJson(std::string_view path, std::string& out) {
  bool begins = true;
  for (size_t i = 0; i < path.size(); ++i) {
    if (!Goes(path, i, begins)) return false;
    if (IsUpper(path[i])) {
      out.push_back('_');
      out.push_back(static_cast<char>(path[i] - 'A' + 'a'));
    } else {
      out.push_back(path[i]);
    }
  }
  return !begins;
}

}  // namespace frontdesk::transcode
