#include "gateway/identity/key_set.h"

#include "gateway/base/text.h"
#include "gateway/contract/findings.h"

namespace frontdesk::identity {
namespace {

using Kind = JsonValue::Kind;

absl::Status Wrong(std::string_view text) { return absl::InvalidArgumentError(Absl(text)); }

// "key 2 (kid \"a\")"
std::string NameOfKey(const JsonValue& jwk, size_t index) {
  const std::string* const kid = jwk.FindText("kid");
  return Cat("key ", index + 1, kid ? Cat(" (kid ", contract::Quoted(*kid), ")") : "");
}

// Whoever can read a set of public keys must not be able to sign.
absl::Status CheckKept(const JsonValue& jwk, bool secrets) {
  const bool secret = jwk.Find("k") != nullptr;
  if (secrets) {
    return secret ? absl::OkStatus() : Wrong("is no secret, and HMAC is for secrets alone");
  }
  if (secret) return Wrong("is a secret among public keys");
  if (jwk.Find("d") != nullptr) return Wrong("is a private key among public ones");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<KeySet> KeySet::Parse(std::string_view text, const KeySetRules& rules) {
  if (text.size() > kMostBytes) return Wrong(Cat("is larger than ", kMostBytes, " bytes"));
  const absl::StatusOr<JsonValue> root = ParseJson(text);
  if (!root.ok()) return root.status();
  const JsonValue* const list = root->Find("keys");
  if (list == nullptr || !list->is(Kind::kArray)) return Wrong("has no list \"keys\"");
  if (list->members.size() > kMostKeys) return Wrong(Cat("has more than ", kMostKeys, " keys"));

  const bool by_rule = !rules.algorithms.empty();
  const AlgorithmSet allowed = by_rule ? rules.algorithms : AlgorithmSet::Asymmetric();
  const bool secrets = !(allowed & AlgorithmSet::Symmetric()).empty();
  if (secrets && !(allowed & AlgorithmSet::Asymmetric()).empty()) {
    return Wrong("would hold both secrets and public keys");
  }
  KeySet set;
  for (size_t i = 0; i < list->members.size(); ++i) {
    const JsonValue& jwk = list->members[i].value;
    const std::string name = NameOfKey(jwk, i);
    if (!jwk.is(Kind::kObject)) return Wrong(Cat(name, " is no object"));
    const absl::Status kept = CheckKept(jwk, secrets);
    if (!kept.ok()) return Wrong(Cat(name, ' ', Std(kept.message())));
    const Key::Unfit unfit = Key::WhyUnfit(jwk);
    if (unfit == Key::Unfit::kForEncryption) {
      if (!rules.skip_encryption_keys) return Wrong(Cat(name, " is for encryption (use: enc)"));
      set.ignored_.push_back(Cat(name, " is for encryption"));
      continue;
    }
    if (unfit == Key::Unfit::kUnknownKind) {
      set.ignored_.push_back(Cat(name, " is of a kind that is not known"));
      continue;
    }
    absl::StatusOr<Key> key = Key::FromJwk(jwk, allowed, by_rule);
    if (key.status().code() == absl::StatusCode::kFailedPrecondition) {
      set.ignored_.push_back(Cat(name, ' ', Std(key.status().message())));
      continue;
    }
    if (!key.ok()) return Wrong(Cat(name, ' ', Std(key.status().message())));
    if (!key->id().empty() && !set.by_id_.emplace(key->id(), set.keys_.size()).second) {
      return Wrong(Cat(name, " has the kid of another one"));
    }
    set.keys_.push_back(*std::move(key));
  }
  return set;
}

const Key* KeySet::Find(const std::optional<std::string>& kid, Algorithm algorithm) const {
  const Key* found = nullptr;
  if (kid && !(keys_.size() == 1 && keys_[0].id().empty())) {
    const auto named = by_id_.find(*kid);
    if (named != by_id_.end()) found = &keys_[named->second];
    return found != nullptr && found->algorithms().Has(algorithm) ? found : nullptr;
  }
  for (const Key& key : keys_) {
    if (!key.algorithms().Has(algorithm)) continue;
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

}  // namespace frontdesk::identity
