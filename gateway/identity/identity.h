// Who is calling, once that has been proved.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/identity/json_value.h"

namespace frontdesk::identity {

// Immutable and shared: by the cache, every request that has the same token, and their calls.
struct Identity {
  std::string sub;  // printable ASCII; never empty
  // Name of what vouches for it in the configuration: a provider, or ApiKeys::kProvider; "" for the
  // development caller.
  std::string provider;
  // All who vouch for callers mean the same person by one name.
  bool shared_subject = false;
  std::string api_key;              // SHA-256 of the API key by which it is known; "" for none
  std::vector<std::string> scopes;  // sorted, each once
  std::vector<std::string> roles;   // likewise
  JsonValue claims;                 // an object
  // Metadata that goes on with every call besides x-user-id, as configured.
  std::vector<std::pair<std::string, std::string>> metadata;
  // Seconds since 1970 from which on it does not hold any more; nothing for one without an end.
  std::optional<int64_t> expires;

  // Within what the name, and what claims say, is one thing: part of every key by which something
  // is kept for a caller.
  std::string_view realm() const { return shared_subject ? std::string_view() : provider; }

  // A claim by its path ("realm_access.roles"); null when it has none.
  const JsonValue* Claim(std::string_view path) const { return claims.FindPath(path); }
  // Whether it has the claim, as one of these values or, of a list, with one of them in it; without
  // values: whatever it says.
  bool ClaimIs(std::string_view path, const std::vector<std::string>& values) const;
  bool HasScope(std::string_view scope) const;
  bool HasRole(std::string_view role) const;
  // About how many bytes it has.
  size_t MemoryUsed() const;
};

using IdentityPointer = std::shared_ptr<const Identity>;

// Of somebody of whom nothing but the name is known.
IdentityPointer MakeIdentity(std::string_view sub);

// Names that a claim lists: a text with spaces between them, or a list of texts; nothing for
// anything else. Sorted, each once.
std::optional<std::vector<std::string>> NamesOf(const JsonValue& claim);

}  // namespace frontdesk::identity
