// A key of our own that signs tokens, for demos and tests of a deployment: real ones come from an
// issuer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace frontdesk::identity {

// ES256. Kept as a private JWK.
class SigningKey {
 public:
  // A new one, by the system's random numbers.
  static absl::StatusOr<SigningKey> Make();
  static absl::StatusOr<SigningKey> FromJwk(std::string_view text);

  std::string ToJwk() const;           // with the private part
  std::string ToPublicKeySet() const;  // the set that verifies what it signs
  // A token with these claims, a JSON object, and this `typ`.
  absl::StatusOr<std::string> Sign(std::string_view claims, std::string_view type = "JWT") const;

 private:
  struct Parts;
  explicit SigningKey(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::string Jwk(bool with_private) const;

  std::shared_ptr<const Parts> parts_;
};

}  // namespace frontdesk::identity
