#include "gateway/identity/identity.h"

#include <algorithm>

namespace frontdesk::identity {
namespace {

bool Has(const std::vector<std::string>& sorted, std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

bool IsOneOf(const std::vector<std::string>& values, const JsonValue& value) {
  const std::optional<std::string> text = value.ScalarText();
  return text && std::find(values.begin(), values.end(), *text) != values.end();
}

}  // namespace

bool Identity::ClaimIs(std::string_view path, const std::vector<std::string>& values) const {
  const JsonValue* const claim = Claim(path);
  if (claim == nullptr || claim->is(JsonValue::Kind::kNull)) return false;
  if (values.empty()) return true;
  if (!claim->is(JsonValue::Kind::kArray)) return IsOneOf(values, *claim);
  return std::any_of(claim->members.begin(), claim->members.end(),
                     [&](const auto& member) { return IsOneOf(values, member.value); });
}

bool Identity::HasScope(std::string_view scope) const { return Has(scopes, scope); }
bool Identity::HasRole(std::string_view role) const { return Has(roles, role); }

size_t Identity::MemoryUsed() const {
  size_t bytes = sizeof *this + sub.capacity() + provider.capacity() + claims.MemoryUsed();
  for (const auto* names : {&scopes, &roles}) {
    for (const std::string& name : *names) bytes += sizeof name + name.capacity();
  }
  for (const auto& entry : metadata) {
    bytes += sizeof entry + entry.first.capacity() + entry.second.capacity();
  }
  return bytes;
}

IdentityPointer MakeIdentity(std::string_view sub) {
  auto identity = std::make_shared<Identity>();
  identity->sub = sub;
  identity->claims.kind = JsonValue::Kind::kObject;
  return identity;
}

std::optional<std::vector<std::string>> NamesOf(const JsonValue& claim) {
  std::vector<std::string> names;
  if (claim.is(JsonValue::Kind::kText)) {
    std::string_view rest = claim.text;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(' '), rest.size());
      if (end > 0) names.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  } else if (claim.is(JsonValue::Kind::kArray)) {
    for (const auto& [none, each] : claim.members) {
      if (!each.is(JsonValue::Kind::kText)) return std::nullopt;
      names.push_back(each.text);
    }
  } else {
    return std::nullopt;
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace frontdesk::identity
