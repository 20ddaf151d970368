#include "gateway/route/apis.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/path_text.h"

namespace frontdesk::route {
namespace {

bool SameSegment(std::string_view raw, std::string_view decoded) {
  if (raw.find('%') == std::string_view::npos) return raw == decoded;
  std::string text;
  return contract::PercentDecode(raw, text) && text == decoded;
}

}  // namespace

std::string Api::PrefixText() const {
  std::string text;
  for (const std::string& segment : prefix) text += Cat('/', contract::PercentEncode(segment));
  return text;
}

std::string_view CanonicalHost(std::string_view authority, std::array<char, 256>& room) {
  // The colons of an IPv6 address stand in brackets.
  const size_t colon = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
  std::string_view host = authority.substr(0, colon);
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > room.size()) return {};
  std::transform(host.begin(), host.end(), room.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return {room.data(), host.size()};
}

std::string_view PathBehind(std::string_view path, const std::vector<std::string>& prefix) {
  std::string_view rest = path;
  for (const std::string& segment : prefix) {
    if (!rest.starts_with('/')) return {};
    const size_t end = std::min(rest.find('/', 1), rest.size());
    if (!SameSegment(rest.substr(1, end - 1), segment)) return {};
    rest.remove_prefix(end);
  }
  return rest.empty() ? std::string_view("/") : rest;
}

const Api* Apis::FindByName(std::string_view name) const {
  for (const auto& api : all_) {
    if (api->name == name) return api.get();
  }
  return nullptr;
}

void Apis::Insert(List& list, const Api* api) {
  const auto longer = [](const Api* one, const Api* other) {
    return one->prefix.size() > other->prefix.size();
  };
  list.insert(std::upper_bound(list.begin(), list.end(), api, longer), api);
}

void Apis::Add(std::unique_ptr<const Api> api) {
  for (const std::string& host : api->hosts) {
    const bool wildcard = host.starts_with("*.");
    Insert(wildcard ? by_suffix_[host.substr(1)] : by_host_[host], api.get());
  }
  if (api->hosts.empty()) Insert(any_host_, api.get());
  all_.push_back(std::move(api));
}

Apis::Found Apis::FindIn(const List& list, std::string_view path) {
  for (const Api* api : list) {
    const std::string_view behind = PathBehind(path, api->prefix);
    if (behind.data()) return {api, api->strip_prefix ? behind : path};
  }
  return {};
}

Apis::Found Apis::Find(std::string_view authority, std::string_view path) const {
  if (!by_host_.empty() || !by_suffix_.empty()) {
    std::array<char, 256> room;
    const std::string_view host = CanonicalHost(authority, room);
    if (const auto exact = by_host_.find(Absl(host)); exact != by_host_.end()) {
      if (const Found found = FindIn(exact->second, path); found.api) return found;
    }
    // From the longest suffix on; a name has no empty label in front.
    for (size_t dot = host.find('.', 1); !by_suffix_.empty() && dot != std::string_view::npos;
         dot = host.find('.', dot + 1)) {
      const auto below = by_suffix_.find(Absl(host.substr(dot)));
      if (below == by_suffix_.end()) continue;
      if (const Found found = FindIn(below->second, path); found.api) return found;
    }
  }
  return FindIn(any_host_, path);
}

}  // namespace frontdesk::route
