// From a token to whoever it stands for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/identity/claims.h"
#include "gateway/identity/identity.h"
#include "gateway/identity/json_value.h"
#include "gateway/identity/jws.h"
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
  // Who it stands for, if it was verified a moment ago and still holds; else null.
  IdentityPointer Known(std::string_view token, UnixTime now);
  // As Verify(), of a token that is not known, where somebody else can be asked. Nothing when it is
  // for them to say what it is: it is no JWT, or one that names none of these issuers. Where their
  // own issuer is known, `another` and not "", a JWT must not name any other. What the token says
  // is not believed: this is about whom it may be shown to, so a JWT that can't be read is nobody
  // else's.
  std::optional<absl::StatusOr<IdentityPointer>> VerifyUnlessAnothers(std::string_view token,
                                                                      std::string_view another,
                                                                      UnixTime now,
                                                                      TimePoint loop_now);

 private:
  // What a token says before its signature is looked at: believed of nothing but whose it is.
  struct Unproved {
    std::string claims;  // JSON of which no tree was built
    TextMember issuer;
  };
  // Of each provider; null for one whose keys are not there.
  using KeySets = std::vector<std::shared_ptr<const KeySet>>;

  static absl::StatusOr<Unproved> ReadClaims(std::string_view payload);
  bool MayBeOfAnother(const Unproved& said, std::string_view another) const;
  // `said`: what ReadClaims() has found; null when nobody has read them yet.
  absl::StatusOr<IdentityPointer> VerifyAnew(std::string_view token,
                                             const absl::StatusOr<Unproved>* said, UnixTime now,
                                             TimePoint loop_now);
  KeySets Keys() const;
  absl::Status CheckKeyIsKnown(const Jws& jws, const KeySets& sets, TimePoint loop_now) const;
  absl::StatusOr<IdentityPointer> Judge(const Jws& jws, const absl::StatusOr<Unproved>& said,
                                        const KeySets& sets, UnixTime now,
                                        TimePoint loop_now) const;
  uint64_t Epoch() const;

  const std::vector<Provider> providers_;
  absl::flat_hash_map<std::string, size_t> by_issuer_;
  TokenCache cache_;
};

}  // namespace frontdesk::identity
