// Tokens of every algorithm, right and wrong ones, made with OpenSSL alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/identity/openssl.h"

namespace frontdesk::testing {

class JoseKey {
 public:
  // A new key for "RS256", "PS384", "ES512", "EdDSA", "HS256" ... `bits` is for RSA and HMAC.
  explicit JoseKey(std::string_view algorithm, std::string_view kid = "k1", int bits = 0);

  // As a set of public keys has it; of HMAC with the secret. `more` is put into it:
  // ",\"use\":\"sig\"".
  std::string Jwk(std::string_view more = "") const;
  std::string Set() const;  // {"keys": [Jwk()]}

  // The bytes of a JWS signature.
  std::string Signature(std::string_view input) const;
  // Compact serialisation with this header and payload, whatever they are.
  std::string Sign(std::string_view header, std::string_view payload) const;
  // The same with the header that fits the key.
  std::string Token(std::string_view claims) const;

  // As OpenSSL has it; null for HMAC.
  identity::PKey PublicKey() const;
  const std::string& algorithm() const { return algorithm_; }
  const std::string& kid() const { return kid_; }

 private:
  struct Parts;

  std::string algorithm_;
  std::string kid_;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace frontdesk::testing
