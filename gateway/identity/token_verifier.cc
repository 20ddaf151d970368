#include "gateway/identity/token_verifier.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/jws.h"

namespace frontdesk::identity {
namespace {

// The text between two dots is base64url of what looks like an object of JSON.
bool LooksLikeHeader(std::string_view part) {
  const std::optional<std::string> text = DecodeBase64Url(part);
  if (!text) return false;
  const size_t at = text->find_first_not_of(" \t\r\n");
  return at != std::string::npos && (*text)[at] == '{';
}

constexpr JsonLimits kClaimLimits{.depth = 16, .values = 500, .only_object = true};

}  // namespace

TokenVerifier::TokenVerifier(std::vector<Provider> providers, const TokenCache::Limits& cached,
                             uint64_t seed)
    : providers_(std::move(providers)), cache_(cached, seed) {
  for (size_t i = 0; i < providers_.size(); ++i) {
    by_issuer_.emplace(providers_[i].rules.issuer, i);
  }
}

uint64_t TokenVerifier::Epoch() const {
  uint64_t sum = 0;  // of numbers that only grow
  for (const Provider& provider : providers_) sum += provider.keys->epoch();
  return sum;
}

IdentityPointer TokenVerifier::Known(std::string_view token, UnixTime now) {
  return cache_.Find(token, Epoch(), now);
}

absl::StatusOr<IdentityPointer> TokenVerifier::Verify(std::string_view token, UnixTime now,
                                                      TimePoint loop_now) {
  if (token.size() > Jws::kMostBytes) return Refusal("TOKEN_TOO_LONG");
  if (IdentityPointer known = Known(token, now)) return known;
  return VerifyAnew(token, nullptr, now, loop_now);
}

std::optional<absl::StatusOr<IdentityPointer>> TokenVerifier::VerifyUnlessAnothers(
    std::string_view token, std::string_view another, UnixTime now, TimePoint loop_now) {
  if (token.size() > Jws::kMostBytes) return Refusal("TOKEN_TOO_LONG");
  const size_t first = token.find('.'), last = token.rfind('.');
  if (std::count(token.begin(), token.end(), '.') != 2) return std::nullopt;
  if (!LooksLikeHeader(token.substr(0, first))) return std::nullopt;
  const absl::StatusOr<Unproved> said = ReadClaims(token.substr(first + 1, last - first - 1));
  if (said.ok() && MayBeOfAnother(*said, another)) return std::nullopt;
  return VerifyAnew(token, &said, now, loop_now);
}

bool TokenVerifier::MayBeOfAnother(const Unproved& said, std::string_view another) const {
  if (!said.issuer.there) return true;
  const std::optional<std::string>& issuer = said.issuer.text;
  if (!issuer || by_issuer_.contains(*issuer)) return false;
  return another.empty() || *issuer == another;
}

absl::StatusOr<TokenVerifier::Unproved> TokenVerifier::ReadClaims(std::string_view payload) {
  absl::StatusOr<std::string> text = DecodePayload(payload);
  if (!text.ok()) return text.status();
  std::optional<TextMember> issuer = FindTextMember(*text, "iss", kClaimLimits);
  if (!issuer) return Refusal("TOKEN_CLAIMS");
  return Unproved{*std::move(text), *std::move(issuer)};
}

absl::StatusOr<IdentityPointer> TokenVerifier::VerifyAnew(std::string_view token,
                                                          const absl::StatusOr<Unproved>* said,
                                                          UnixTime now, TimePoint loop_now) {
  // Read before the keys are: a token verified with keys that go meanwhile is not kept.
  const uint64_t epoch = Epoch();
  const absl::StatusOr<Jws> jws = ParseJws(token);
  if (!jws.ok()) return jws.status();
  const KeySets sets = Keys();
  // What is signed by nobody known is not looked into.
  const absl::Status known = CheckKeyIsKnown(*jws, sets, loop_now);
  if (!known.ok()) return known;
  absl::StatusOr<IdentityPointer> identity =
      said != nullptr ? Judge(*jws, *said, sets, now, loop_now)
                      : Judge(*jws, ReadClaims(jws->payload), sets, now, loop_now);
  if (identity.ok()) {
    cache_.Insert(token, epoch, *identity, now + std::chrono::hours(1));
  }
  return identity;
}

TokenVerifier::KeySets TokenVerifier::Keys() const {
  KeySets sets;
  sets.reserve(providers_.size());
  for (const Provider& provider : providers_) sets.push_back(provider.keys->keys());
  return sets;
}

absl::Status TokenVerifier::CheckKeyIsKnown(const Jws& jws, const KeySets& sets,
                                            TimePoint loop_now) const {
  for (const auto& keys : sets) {
    // Of one whose keys are not there it may be.
    if (keys == nullptr || keys->Find(jws.kid, jws.algorithm) != nullptr) return absl::OkStatus();
  }
  // It may be of a key that was not there when keys were last fetched.
  for (size_t i = 0; i < sets.size(); ++i) {
    if (sets[i]->MayBeOutdated(jws.kid)) providers_[i].keys->OnUnknownKey(loop_now);
  }
  return Refusal("TOKEN_KEY_UNKNOWN");
}

absl::StatusOr<IdentityPointer> TokenVerifier::Judge(const Jws& jws,
                                                     const absl::StatusOr<Unproved>& said,
                                                     const KeySets& sets, UnixTime now,
                                                     TimePoint loop_now) const {
  if (!said.ok()) return said.status();
  const std::optional<std::string>& issuer = said->issuer.text;
  const auto found = issuer ? by_issuer_.find(*issuer) : by_issuer_.end();
  if (found == by_issuer_.end()) return Refusal("TOKEN_ISSUER");
  const Provider& provider = providers_[found->second];
  const std::shared_ptr<const KeySet>& keys = sets[found->second];
  if (keys == nullptr) return absl::UnavailableError("KEYS_UNAVAILABLE");

  const absl::Status signature = CheckSignature(jws, *keys);
  if (!signature.ok()) {
    if (keys->MayBeOutdated(jws.kid)) provider.keys->OnUnknownKey(loop_now);
    return signature;
  }
  // Not before: anybody can write what costs a tree much.
  absl::StatusOr<JsonValue> claims = ParseJson(said->claims, kClaimLimits);
  if (!claims.ok()) return Refusal("TOKEN_CLAIMS");
  return JudgeClaims(*std::move(claims), jws.type, provider.rules, provider.name, now);
}

}  // namespace frontdesk::identity
