#include "gateway/explain_auth.h"

#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"

namespace frontdesk {
namespace {

using nlohmann::ordered_json;

const char* AccessName(route::Route::Auth::Access access) {
  switch (access) {
    case route::Route::Auth::Access::kPublic:
      return "PUBLIC";
    case route::Route::Auth::Access::kOptional:
      return "OPTIONAL";
    case route::Route::Auth::Access::kRequired:
      return "REQUIRED";
  }
  return "";
}

std::vector<std::string> KindsOf(uint8_t bits) {
  using Kind = policy::Credential::Kind;
  std::vector<std::string> kinds;
  for (const auto& [kind, name] : {std::pair{Kind::kToken, "TOKEN"},
                                   {Kind::kSession, "SESSION"},
                                   {Kind::kApiKey, "API_KEY"},
                                   {Kind::kCertificate, "CERTIFICATE"}}) {
    if (bits & policy::Credential::Bit(kind)) kinds.emplace_back(name);
  }
  return kinds;
}

const char* BesideToken(policy::CredentialPlaces::Certificates place) {
  switch (place) {
    case policy::CredentialPlaces::Certificates::kIgnored:
      return "";
    case policy::CredentialPlaces::Certificates::kAlone:
      return "REFUSED";
    case policy::CredentialPlaces::Certificates::kBesideToken:
      return "TOKEN";
    case policy::CredentialPlaces::Certificates::kBindToken:
      return "BOUND_TOKEN";
  }
  return "";
}

}  // namespace

void ExplainAuth(const route::Route::Auth& auth,
                 const std::function<void(const char* name, ordered_json value)>& add) {
  add("auth.access", AccessName(auth.access));
  if (!auth.providers.empty()) add("credentials", auth.providers);
  if (!auth.scopes.empty()) add("auth.scopes", auth.scopes);
  if (!auth.any_scope.empty()) add("auth.any_scope", auth.any_scope);
  if (!auth.roles.empty()) add("auth.roles", auth.roles);
  if (auth.credentials != 0) add("auth.credentials", KindsOf(auth.credentials));
  if (auth.claims.empty()) return;
  ordered_json claims = ordered_json::array();
  for (const auto& claim : auth.claims) {
    claims.push_back({{"name", claim.name}, {"values", claim.values}});
  }
  add("auth.claims", std::move(claims));
}

ordered_json CallersToJson(const policy::AuthSettings& auth) {
  ordered_json all = ordered_json::array();
  for (const policy::AuthSettings::Provider& provider : auth.providers) {
    all.push_back({{"by", provider.name},
                   {"issuer", provider.rules.issuer},
                   {"caller", Cat(provider.rules.subject_prefix, "<sub>")}});
    if (auth.introspection && auth.introspection->settings.name == provider.name) {
      all.back()["introspection"] = auth.introspection->fetch.url.ToString();
    }
  }
  if (auth.api_keys) {
    all.push_back({{"by", identity::ApiKeys::kProvider},
                   {"caller", Cat(auth.api_keys->rules.subject_prefix, "<sub>")}});
  }
  if (auth.certificates) {
    all.push_back({{"by", identity::CertificateRules::kProvider},
                   {"caller", Cat(auth.certificates->subject_prefix, "<name>")},
                   {"beside_token", BesideToken(auth.places.certificates)}});
  }
  if (auth.development_caller) {
    all.push_back({{"by", "development_caller"}, {"caller", auth.development_caller->sub}});
  }
  return all;
}

}  // namespace frontdesk
