// From a token to whoever it stands for.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/identity/claims.h"
#include "gateway/identity/identity.h"
#include "gateway/identity/key_source.h"
#include "gateway/identity/token_cache.h"

namespace frontdesk::identity {

// An issuer whose tokens are taken.
struct Provider {
  std::string name;
  ClaimRules rules;
  KeySource* keys = nullptr;  // outlives the verifier
};

// Any thread.
class TokenVerifier {
 public:
  // Each issuer has one provider. `seed` is secret.
  TokenVerifier(std::vector<Provider> providers, const TokenCache::Limits& cached, uint64_t seed);

  // Who the token stands for. UNAUTHENTICATED with a reason for the log (see Refusal()), or
  // UNAVAILABLE when that can't be told because its issuer's keys could not be fetched yet.
  absl::StatusOr<IdentityPointer> Verify(std::string_view token, UnixTime now, TimePoint loop_now);
  // It was verified a moment ago and still holds.
  bool IsKnown(std::string_view token, UnixTime now);
  // Whether it is for somebody else to say what it is: it is no JWT, or one that names none of
  // these issuers. Where the somebody's own `issuer` is known, not "", a JWT must not name any
  // other. What the token says is not believed: this is about whom it may be shown to, so a JWT
  // that can't be read is nobody else's.
  bool MayBeOfAnother(std::string_view token, std::string_view issuer) const;

 private:
  absl::StatusOr<IdentityPointer> VerifyAnew(std::string_view token, UnixTime now,
                                             TimePoint loop_now);
  uint64_t Epoch() const;

  const std::vector<Provider> providers_;
  absl::flat_hash_map<std::string, size_t> by_issuer_;
  TokenCache cache_;
};

}  // namespace frontdesk::identity
