// One key that tokens are verified with, decoded once (RFC 7517, 7518, 8037).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/identity/algorithm.h"
#include "gateway/identity/json_value.h"

namespace frontdesk::identity {

class Key {
 public:
  // What else a JWK is than a key to verify with. Nothing of it is trusted.
  enum class Unfit { kNo, kUnknownKind, kForEncryption };

  // Decodes a JWK. Refused are weak keys: RSA below 2048 bits, with an even or tiny exponent or a
  // modulus that tells of a broken generator (CVE-2017-15361), points that are not on their curve,
  // HMAC keys shorter than the hash. Its algorithms are what its `alg` says; without one those of
  // `allowed` that its type has, an RSA key then only RS256 unless `rsa_by_rule`: the caller's own
  // configuration names algorithms. FAILED_PRECONDITION when nothing but that is in the way.
  static absl::StatusOr<Key> FromJwk(const JsonValue& jwk, AlgorithmSet allowed, bool rsa_by_rule);

  // What stands in the way of using this JWK at all, though it may be a good one.
  static Unfit WhyUnfit(const JsonValue& jwk);

  // Whether `signature` (of a JWS: raw r and s for ECDSA) is that of `input`. False for an
  // algorithm that is not the key's. Any thread.
  bool Verify(Algorithm algorithm, std::string_view input, std::string_view signature) const;

  const std::string& id() const { return id_; }  // `kid`; "" when it has none
  AlgorithmSet algorithms() const { return algorithms_; }

 private:
  struct Prepared;
  Key() = default;
  // Of algorithms(), a secret keeps those that it is long enough for.
  absl::Status PrepareSecret(const JsonValue& jwk);
  absl::Status PreparePublic(const JsonValue& jwk);

  std::string id_;
  AlgorithmSet algorithms_;
  std::shared_ptr<const Prepared> prepared_;
};

}  // namespace frontdesk::identity
