// The keys of one issuer: a JWK Set (RFC 7517, section 5).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "gateway/identity/key.h"

namespace frontdesk::identity {

struct KeySetRules {
  // What tokens may be signed with. Empty: every algorithm with a private key, of an RSA key
  // without `alg` only RS256. With an algorithm of HMAC the set holds secrets and nothing else.
  AlgorithmSet algorithms;
  // Keys with `use: enc` are passed over instead of being refused.
  bool skip_encryption_keys = false;
};

class KeySet {
 public:
  static constexpr size_t kMostBytes = 1 << 20;
  static constexpr size_t kMostKeys = 100;

  // All or nothing: the status names the key and what is wrong with it. Refused are sets with weak
  // or unreadable keys, keys for encryption, two of one `kid`, and private or secret keys among
  // public ones. Keys of kinds that are not known here are passed over, as the RFC asks: ignored()
  // says which. A set without any key to use is one: its issuer has withdrawn what it had.
  static absl::StatusOr<KeySet> Parse(std::string_view text, const KeySetRules& rules);

  // The key that may have made a signature. Without a `kid` it must be the only one that could; a
  // set of one key without `kid` is meant whatever a token names.
  const Key* Find(const std::optional<std::string>& kid, Algorithm algorithm) const;
  // True if a newer set could hold what Find() did not find, or what has made a signature that none
  // of these has: a key that goes by no name here may have taken the place of another.
  bool MayBeOutdated(const std::optional<std::string>& kid) const {
    return !kid || !by_id_.contains(*kid);
  }

  size_t size() const { return keys_.size(); }
  const std::vector<std::string>& ignored() const { return ignored_; }

 private:
  std::vector<Key> keys_;
  absl::flat_hash_map<std::string, size_t> by_id_;
  std::vector<std::string> ignored_;
};

}  // namespace frontdesk::identity
