#include "gateway/identity/certificate_rules.h"

#include <span>

#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/jws.h"

namespace frontdesk::identity {
namespace {

constexpr size_t kMostName = 256;

std::span<const std::string> NamesOf(const tls::Certificate& certificate,
                                     CertificateRules::From from) {
  switch (from) {
    case CertificateRules::From::kCommonName:
      return {&certificate.common_name, certificate.common_name.empty() ? 0u : 1u};
    case CertificateRules::From::kUri:
      return certificate.uris;
    case CertificateRules::From::kDns:
      return certificate.dns;
    case CertificateRules::From::kEmail:
      return certificate.emails;
  }
  return {};
}

// Names may hold anything that an authority was made to sign.
bool IsName(std::string_view name) {
  return name.size() <= kMostName && IsPrintable(name) && !name.starts_with(' ') &&
         !name.ends_with(' ');
}

int Digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

}  // namespace

absl::StatusOr<IdentityPointer> JudgeCertificate(const tls::Certificate& certificate,
                                                 const CertificateRules& rules) {
  for (const CertificateRules::Rule& rule : rules.rules) {
    const std::string* found = nullptr;
    for (const std::string& name : NamesOf(certificate, rule.from)) {
      if (!name.starts_with(rule.prefix) || name.size() == rule.prefix.size()) continue;
      if (found != nullptr && *found != name) return Refusal("CERTIFICATE_AMBIGUOUS");
      found = &name;
    }
    if (found == nullptr) continue;
    if (!IsName(*found)) return Refusal("CERTIFICATE_NAME");
    auto identity = std::make_shared<Identity>();
    identity->sub = Cat(rules.subject_prefix, *found);
    identity->provider = CertificateRules::kProvider;
    identity->shared_subject = rules.shared_subjects;
    identity->scopes = rule.scopes;
    identity->roles = rule.roles;
    identity->claims.kind = JsonValue::Kind::kObject;
    return IdentityPointer(std::move(identity));
  }
  return Refusal("CERTIFICATE_UNKNOWN");
}

bool IsBoundTo(const Identity& of_token, const tls::Certificate& certificate) {
  const JsonValue* const confirmation = of_token.claims.Find("cnf");
  const std::string* const wanted =
      confirmation == nullptr ? nullptr : confirmation->FindText("x5t#S256");
  if (wanted == nullptr) return false;
  std::string digest;
  const std::string& hex = certificate.fingerprint;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    digest.push_back(static_cast<char>(Digit(hex[i]) << 4 | Digit(hex[i + 1])));
  }
  return digest.size() == 32 && *wanted == EncodeBase64Url(digest);
}

}  // namespace frontdesk::identity
