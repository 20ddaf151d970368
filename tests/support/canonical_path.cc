#include "tests/support/canonical_path.h"

#include <cctype>

namespace frontdesk::testing_support {
namespace {

bool IsHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::string CanonicalPath(std::string_view path) {
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out.push_back(path[i]);
      continue;
    }
    if (path.size() - i < 3 || !IsHex(path[i + 1]) || !IsHex(path[i + 2])) return std::string(path);
    const int value = std::stoi(std::string(path.substr(i + 1, 2)), nullptr, 16);
    const bool unreserved =
        value < 0x80 &&
        (std::isalnum(value) != 0 ||
         std::string_view("-._~").find(static_cast<char>(value)) != std::string_view::npos);
    if (unreserved) {
      out.push_back(static_cast<char>(value));
    } else {
      for (const char c : path.substr(i, 3)) {
        out.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
      }
    }
    i += 2;
  }
  return out;
}

}  // namespace frontdesk::testing_support
