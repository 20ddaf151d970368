// A signed token in compact serialisation (RFC 7515, with RFC 8725 in mind).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/identity/algorithm.h"
#include "gateway/identity/key_set.h"

namespace frontdesk::identity {

// Statuses of this room that concern a credential hold a stable reason in upper snake case, such as
// "TOKEN_SIGNATURE": for the log, never for whoever sent it.
absl::Status Refusal(std::string_view reason);

// Views are into the token that was parsed.
struct Jws {
  static constexpr size_t kMostBytes = 8 << 10;
  // Of the header's base64url text. What makes headers longer (chains of certificates) is never
  // looked at.
  static constexpr size_t kMostHeader = 2 << 10;
  static constexpr size_t kMostKeyId = 256;

  Algorithm algorithm;
  std::optional<std::string> kid;
  std::string type;  // `typ`, "" when it has none
  std::string_view signing_input;
  std::string_view payload;    // base64url
  std::string_view signature;  // base64url
};

// Three parts of base64url, the first one a header that this build understands fully: `crit` and
// `b64` are refused; `jku`, `x5u`, `jwk` and `x5c` are never looked at, keys come from
// configuration alone. Decodes nothing but the header.
absl::StatusOr<Jws> ParseJws(std::string_view token);

// The text of Jws::payload.
absl::StatusOr<std::string> DecodePayload(std::string_view payload);

// OK if the signature is that of a key in the set. Without such a key no signature is looked at.
absl::Status CheckSignature(const Jws& jws, const KeySet& keys);

}  // namespace frontdesk::identity
