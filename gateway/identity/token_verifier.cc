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

bool TokenVerifier::IsKnown(std::string_view token, UnixTime now) {
  return cache_.Find(token, Epoch(), now) != nullptr;
}

bool TokenVerifier::MayBeOfAnother(std::string_view token, std::string_view issuer) const {
  if (token.size() > Jws::kMostBytes) return false;
  const size_t first = token.find('.'), last = token.rfind('.');
  if (std::count(token.begin(), token.end(), '.') != 2) return true;
  if (!LooksLikeHeader(token.substr(0, first))) return true;
  const auto payload = DecodeBase64Url(token.substr(first + 1, last - first - 1));
  if (!payload) return false;
  const absl::StatusOr<JsonValue> claims = ParseJson(*payload, kClaimLimits);
  if (!claims.ok()) return false;
  const JsonValue* const named = claims->Find("iss");
  if (named == nullptr) return true;
  if (!named->is(JsonValue::Kind::kText) || by_issuer_.contains(named->text)) return false;
  return issuer.empty() || named->text == issuer;
}

absl::StatusOr<IdentityPointer> TokenVerifier::Verify(std::string_view token, UnixTime now,
                                                      TimePoint loop_now) {
  if (token.size() > Jws::kMostBytes) return Refusal("TOKEN_TOO_LONG");
  // Read before the keys are: a token verified with keys that go meanwhile is not kept.
  const uint64_t epoch = Epoch();
  if (IdentityPointer known = cache_.Find(token, epoch, now)) return known;
  absl::StatusOr<IdentityPointer> identity = VerifyAnew(token, now, loop_now);
  if (identity.ok()) {
    cache_.Insert(token, epoch, *identity, now + std::chrono::hours(1));
  }
  return identity;
}

absl::StatusOr<IdentityPointer> TokenVerifier::VerifyAnew(std::string_view token, UnixTime now,
                                                          TimePoint loop_now) {
  const absl::StatusOr<Jws> jws = ParseJws(token);
  if (!jws.ok()) return jws.status();
  // What is signed by nobody known is not looked into.
  bool known = false, complete = true;
  std::vector<std::shared_ptr<const KeySet>> sets;
  for (const Provider& provider : providers_) {
    const auto& keys = sets.emplace_back(provider.keys->keys());
    if (keys == nullptr) {
      complete = false;
    } else {
      known |= keys->Find(jws->kid, jws->algorithm) != nullptr;
    }
  }
  if (!known && complete) {
    // It may be of a key that was not there when keys were last fetched.
    for (size_t i = 0; i < sets.size(); ++i) {
      if (sets[i]->MayBeOutdated(jws->kid)) providers_[i].keys->OnUnknownKey(loop_now);
    }
    return Refusal("TOKEN_KEY_UNKNOWN");
  }

  const absl::StatusOr<std::string> payload = DecodePayload(*jws);
  if (!payload.ok()) return payload.status();
  absl::StatusOr<JsonValue> claims = ParseJson(*payload, kClaimLimits);
  if (!claims.ok()) return Refusal("TOKEN_CLAIMS");
  const std::string* const issuer = claims->FindText("iss");
  const auto found = issuer == nullptr ? by_issuer_.end() : by_issuer_.find(*issuer);
  if (found == by_issuer_.end()) return Refusal("TOKEN_ISSUER");
  const Provider& provider = providers_[found->second];
  const std::shared_ptr<const KeySet>& keys = sets[found->second];
  if (keys == nullptr) return absl::UnavailableError("KEYS_UNAVAILABLE");

  const absl::Status signature = CheckSignature(*jws, *keys);
  if (!signature.ok()) {
    if (keys->MayBeOutdated(jws->kid)) provider.keys->OnUnknownKey(loop_now);
    return signature;
  }
  return JudgeClaims(*std::move(claims), jws->type, provider.rules, provider.name, now);
}

}  // namespace frontdesk::identity
