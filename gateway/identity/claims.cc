#include "gateway/identity/claims.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/identity/jws.h"

namespace frontdesk::identity {
namespace {

using Kind = JsonValue::Kind;

constexpr int64_t kYear10000 = 253402300800;
constexpr size_t kMostSub = 256;
// What one claim may add to every call.
constexpr size_t kMostMetadata = 1024;

// A time, or nothing when the claim is missing; false when it is none.
bool ReadTime(const JsonValue& claims, std::string_view name, std::optional<int64_t>& time) {
  const JsonValue* const claim = claims.Find(name);
  if (claim == nullptr) return true;
  if (!claim->is(Kind::kInteger) || claim->integer < 0 || claim->integer >= kYear10000) {
    return false;
  }
  time = claim->integer;
  return true;
}

absl::Status CheckTimes(const JsonValue& claims, const ClaimRules& rules, int64_t now,
                        std::optional<int64_t>& expires) {
  std::optional<int64_t> exp, nbf, iat;
  if (!ReadTime(claims, "exp", exp) || !ReadTime(claims, "nbf", nbf) ||
      !ReadTime(claims, "iat", iat)) {
    return Refusal("TOKEN_TIME");
  }
  const int64_t skew = rules.skew.count();
  if (!exp && !rules.allow_no_expiry) return Refusal("TOKEN_WITHOUT_EXPIRY");
  if (exp && now >= *exp + skew) return Refusal("TOKEN_EXPIRED");
  if (nbf && *nbf > now + skew) return Refusal("TOKEN_NOT_YET_VALID");
  if (iat && *iat > now + skew) return Refusal("TOKEN_FROM_THE_FUTURE");
  if (exp) expires = *exp + skew;
  return absl::OkStatus();
}

bool HasAudience(const JsonValue& aud, const std::vector<std::string>& audiences) {
  const auto meant = [&](const JsonValue& each) {
    return each.is(Kind::kText) &&
           std::find(audiences.begin(), audiences.end(), each.text) != audiences.end();
  };
  if (!aud.is(Kind::kArray)) return meant(aud);
  const auto text = [](const auto& member) { return member.value.is(Kind::kText); };
  if (!std::all_of(aud.members.begin(), aud.members.end(), text)) return false;
  return std::any_of(aud.members.begin(), aud.members.end(),
                     [&](const auto& member) { return meant(member.value); });
}

absl::Status CheckParties(const JsonValue& claims, const ClaimRules& rules) {
  const JsonValue* const issuer = claims.Find("iss");
  const bool may_be = rules.issuer_may_be_missing && (issuer == nullptr || rules.issuer.empty());
  const bool is_its = issuer != nullptr && issuer->is(Kind::kText) && issuer->text == rules.issuer;
  if (!may_be && !is_its) return Refusal("TOKEN_ISSUER");
  const JsonValue* const aud = claims.Find("aud");
  const bool meant = rules.audiences.empty() ? aud == nullptr
                                             : aud != nullptr && HasAudience(*aud, rules.audiences);
  if (!meant) return Refusal("TOKEN_AUDIENCE");
  for (const std::string& name : rules.required) {
    const JsonValue* const claim = claims.FindPath(name);
    if (claim == nullptr || claim->is(Kind::kNull)) return Refusal("TOKEN_CLAIM_MISSING");
  }
  return absl::OkStatus();
}

std::string_view WithoutApplication(std::string_view type) {
  constexpr std::string_view kPrefix = "application/";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  if (type.size() > kPrefix.size() && std::equal(kPrefix.begin(), kPrefix.end(), type.begin(),
                                                 [&](char b, char a) { return same(a, b); })) {
    type.remove_prefix(kPrefix.size());
  }
  return type;
}

// As media types are compared: in any case, with or without "application/".
bool IsType(std::string_view type, std::string_view wanted) {
  type = WithoutApplication(type);
  wanted = WithoutApplication(wanted);
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(type.begin(), type.end(), wanted.begin(), wanted.end(),
                    [&](char a, char b) { return lower(a) == lower(b); });
}

absl::Status ReadNames(const JsonValue* claim, std::vector<std::string>& names) {
  if (claim == nullptr || claim->is(Kind::kNull)) return absl::OkStatus();
  std::optional<std::vector<std::string>> found = NamesOf(*claim);
  if (!found) return Refusal("TOKEN_SCOPES");
  names = *std::move(found);
  return absl::OkStatus();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ClaimMetadata(
    const JsonValue& claims, const std::vector<std::pair<std::string, std::string>>& rules) {
  std::vector<std::pair<std::string, std::string>> metadata;
  for (const auto& [path, key] : rules) {
    const JsonValue* const claim = claims.FindPath(path);
    if (claim == nullptr) continue;
    std::optional<std::string> text = claim->ScalarText();
    if (!text && claim->is(Kind::kArray)) {
      if (const auto names = NamesOf(*claim)) {
        text.emplace();
        for (const std::string& name : *names) {
          if (!text->empty()) text->push_back(' ');
          *text += name;
        }
      }
    }
    // Spaces at the ends would be cut off on the way.
    if (!text || text->size() > kMostMetadata || !IsPrintable(*text) || text->starts_with(' ') ||
        text->ends_with(' ')) {
      continue;
    }
    metadata.emplace_back(key, *std::move(text));
  }
  return metadata;
}

absl::StatusOr<IdentityPointer> JudgeClaims(JsonValue claims, std::string_view type,
                                            const ClaimRules& rules, std::string_view provider,
                                            UnixTime now) {
  if (!claims.is(Kind::kObject)) return Refusal("TOKEN_CLAIMS");
  if (!rules.type.empty() && !IsType(type, rules.type)) return Refusal("TOKEN_TYPE");
  auto identity = std::make_shared<Identity>();
  absl::Status status = CheckParties(claims, rules);
  if (!status.ok()) return status;
  status = CheckTimes(claims, rules, now.time_since_epoch().count(), identity->expires);
  if (!status.ok()) return status;
  const std::string* const sub = claims.FindText("sub");
  if (sub == nullptr || sub->empty() || sub->size() > kMostSub || !IsPrintable(*sub) ||
      sub->starts_with(' ') || sub->ends_with(' ')) {
    return Refusal("TOKEN_SUBJECT");
  }
  identity->sub = Cat(rules.subject_prefix, *sub);
  for (const std::string& path : rules.scopes) {
    if (const JsonValue* const scopes = claims.FindPath(path)) {
      status = ReadNames(scopes, identity->scopes);
      if (!status.ok()) return status;
      break;
    }
  }
  status = ReadNames(claims.FindPath(rules.roles), identity->roles);
  if (!status.ok()) return status;
  identity->provider = provider;
  identity->shared_subject = rules.shared_subjects;
  identity->metadata = ClaimMetadata(claims, rules.metadata);
  identity->claims = std::move(claims);
  return IdentityPointer(std::move(identity));
}

}  // namespace frontdesk::identity
