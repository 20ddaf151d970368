// API keys: long random texts that clients send, of which only the hash is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "gateway/base/sha256.h"
#include "gateway/identity/claims.h"
#include "gateway/identity/identity.h"

namespace frontdesk::identity {

class ApiKeys {
 public:
  // Identity::provider of those who have one.
  static constexpr std::string_view kProvider = "api_keys";
  static constexpr size_t kMostBytes = 16 << 20;
  static constexpr size_t kMostKey = 512;  // of one that a client sends

  // As in ClaimRules.
  struct Rules {
    std::vector<std::pair<std::string, std::string>> metadata;
    std::string subject_prefix;
    bool shared_subjects = false;
  };

  // {"keys": [{"sha256": "<64 hex digits>", "sub": "...", "scope": "a b", "roles": [...],
  // "exp": <seconds since 1970>, "claims": {...}}]}; all but the first two may be left out. A hash
  // is what `printf %s KEY | sha256sum` prints. `seed` is secret.
  static absl::StatusOr<ApiKeys> Parse(std::string_view text, const Rules& rules, uint64_t seed);

  // Whose key it is. How long the search takes tells nothing about the keys that are kept.
  absl::StatusOr<IdentityPointer> Find(std::string_view key, UnixTime now) const;

  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Sha256Digest digest;
    IdentityPointer identity;
  };

  uint64_t BucketOf(const Sha256Digest& digest) const;

  uint64_t seed_ = 0;
  std::vector<Entry> entries_;
  absl::flat_hash_map<uint64_t, size_t> by_bucket_;
};

// What the program keeps of a key: its SHA-256.
Sha256Digest HashOfApiKey(std::string_view key);

}  // namespace frontdesk::identity
