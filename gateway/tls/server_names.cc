#include "gateway/tls/server_names.h"

namespace frontdesk::tls {
namespace {

// Names are compared without regard to case, and to the dot that may end them.
std::string Canonical(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

bool ServerNames::Add(std::string_view name, size_t certificate) {
  std::string canonical = Canonical(name);
  if (canonical.empty()) return false;
  if (!canonical.starts_with("*.")) return exact_.emplace(std::move(canonical), certificate).second;
  return wildcards_.emplace(canonical.substr(2), certificate).second;
}

std::optional<size_t> ServerNames::Find(std::string_view name) const {
  const std::string canonical = Canonical(name);
  if (const auto at = exact_.find(canonical); at != exact_.end()) return at->second;
  const size_t dot = canonical.find('.');
  if (dot == std::string::npos || dot == 0) return std::nullopt;
  const auto at = wildcards_.find(canonical.substr(dot + 1));
  if (at == wildcards_.end()) return std::nullopt;
  return at->second;
}

}  // namespace frontdesk::tls
