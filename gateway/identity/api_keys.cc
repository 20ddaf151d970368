#include "gateway/identity/api_keys.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstring>
#include <utility>

#include "absl/hash/hash.h"
#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/identity/jws.h"

namespace frontdesk::identity {
namespace {

using Kind = JsonValue::Kind;

absl::Status Wrong(size_t index, std::string_view text) {
  return absl::InvalidArgumentError(Absl(Cat("key ", index + 1, ' ', text)));
}

std::optional<Sha256Digest> ReadHex(std::string_view text) {
  Sha256Digest digest;
  if (text.size() != 2 * digest.size()) return std::nullopt;
  for (size_t i = 0; i < digest.size(); ++i) {
    const int high = HexValue(text[2 * i]), low = HexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return digest;
}

absl::Status ReadNames(const JsonValue& entry, std::string_view name, size_t index,
                       std::vector<std::string>& names) {
  const JsonValue* const value = entry.Find(name);
  if (value == nullptr) return absl::OkStatus();
  auto found = NamesOf(*value);
  if (!found) return Wrong(index, Cat("has a ", name, " that is no text and no list of texts"));
  names = *std::move(found);
  return absl::OkStatus();
}

absl::StatusOr<IdentityPointer> ReadIdentity(const JsonValue& entry, const Sha256Digest& digest,
                                             size_t index, const ApiKeys::Rules& rules) {
  for (const auto& [name, value] : entry.members) {
    if (name != "sha256" && name != "sub" && name != "scope" && name != "roles" && name != "exp" &&
        name != "claims") {
      return Wrong(index, Cat("has the unknown member \"", name, '"'));
    }
  }
  auto identity = std::make_shared<Identity>();
  const std::string* const sub = entry.FindText("sub");
  if (sub == nullptr || sub->empty() || !IsPrintable(*sub)) {
    return Wrong(index, "has no sub of printable ASCII");
  }
  identity->sub = Cat(rules.subject_prefix, *sub);
  identity->provider = ApiKeys::kProvider;
  identity->shared_subject = rules.shared_subjects;
  identity->api_key = View(digest);
  absl::Status status = ReadNames(entry, "scope", index, identity->scopes);
  if (status.ok()) status = ReadNames(entry, "roles", index, identity->roles);
  if (!status.ok()) return status;
  if (const JsonValue* const exp = entry.Find("exp")) {
    if (!exp->is(Kind::kInteger)) return Wrong(index, "has an exp that is no whole number");
    identity->expires = exp->integer;
  }
  identity->claims.kind = Kind::kObject;
  if (const JsonValue* const claims = entry.Find("claims")) {
    if (!claims->is(Kind::kObject)) return Wrong(index, "has claims that are no object");
    identity->claims = *claims;
  }
  identity->metadata = ClaimMetadata(identity->claims, rules.metadata);
  return IdentityPointer(std::move(identity));
}

}  // namespace

Sha256Digest HashOfApiKey(std::string_view key) {
  Sha256Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  return digest;
}

uint64_t ApiKeys::BucketOf(const Sha256Digest& digest) const {
  return absl::HashOf(seed_, Absl(View(digest)));
}

absl::StatusOr<ApiKeys> ApiKeys::Parse(std::string_view text, const Rules& rules, uint64_t seed) {
  if (text.size() > kMostBytes) return absl::InvalidArgumentError("is too large");
  const absl::StatusOr<JsonValue> root = ParseJson(text, {.values = 1'000'000});
  if (!root.ok()) return root.status();
  const JsonValue* const list = root->Find("keys");
  if (list == nullptr || !list->is(Kind::kArray)) {
    return absl::InvalidArgumentError("has no list \"keys\"");
  }
  ApiKeys keys;
  keys.seed_ = seed;
  for (size_t i = 0; i < list->members.size(); ++i) {
    const JsonValue& entry = list->members[i].value;
    const std::string* const hash = entry.FindText("sha256");
    const auto digest = hash == nullptr ? std::nullopt : ReadHex(*hash);
    if (!digest) return Wrong(i, "has no sha256 of 64 hexadecimal digits");
    absl::StatusOr<IdentityPointer> identity = ReadIdentity(entry, *digest, i, rules);
    if (!identity.ok()) return identity.status();
    if (!keys.by_bucket_.emplace(keys.BucketOf(*digest), i).second) {
      return Wrong(i, "stands there twice");
    }
    keys.entries_.push_back({*digest, *std::move(identity)});
  }
  return keys;
}

absl::StatusOr<IdentityPointer> ApiKeys::Find(std::string_view key, UnixTime now) const {
  if (key.empty() || key.size() > kMostKey) return Refusal("API_KEY_MALFORMED");
  const Sha256Digest digest = HashOfApiKey(key);
  const auto found = by_bucket_.find(BucketOf(digest));
  if (found == by_bucket_.end()) return Refusal("API_KEY_UNKNOWN");
  const Entry& entry = entries_[found->second];
  if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) != 0) {
    return Refusal("API_KEY_UNKNOWN");
  }
  if (entry.identity->expires && now.time_since_epoch().count() >= *entry.identity->expires) {
    return Refusal("API_KEY_EXPIRED");
  }
  return entry.identity;
}

}  // namespace frontdesk::identity
