#include "gateway/config/auth.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "gateway/base/read_file.h"
#include "gateway/base/text.h"
#include "gateway/contract/auth_check.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/to_call_policy.h"
#include "gateway/identity/algorithm.h"
#include "gateway/identity/url.h"
#include "gateway/tls/context.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using Access = route::Route::Auth::Access;
using Provider = v1::Config::Auth::Provider;

std::vector<std::string> ToList(const google::protobuf::RepeatedPtrField<std::string>& from) {
  return {from.begin(), from.end()};
}

std::string In(const std::string& folder, const std::string& file) {
  return (std::filesystem::path(folder) / file).string();
}

std::vector<std::pair<std::string, std::string>> ToMetadata(const v1::Config::Auth& from) {
  std::vector<std::pair<std::string, std::string>> metadata;
  for (const auto& each : from.claim_metadata()) metadata.emplace_back(each.claim(), each.key());
  return metadata;
}

identity::ClaimRules ToRules(const Provider& from, const v1::Config::Auth& auth) {
  identity::ClaimRules rules;
  rules.issuer = from.issuer();
  rules.subject_prefix = from.subject_prefix();
  rules.shared_subjects = auth.shared_subjects();
  rules.audiences = ToList(from.audiences());
  rules.skew = std::chrono::duration_cast<std::chrono::seconds>(
      contract::ToDuration(from.skew(), rules.skew));
  rules.allow_no_expiry = from.allow_no_expiry();
  rules.type = from.type();
  rules.required = ToList(from.required_claims());
  if (from.has_scopes_claim()) rules.scopes = {from.scopes_claim()};
  if (from.has_roles_claim()) rules.roles = from.roles_claim();
  rules.metadata = ToMetadata(auth);
  return rules;
}

policy::AuthSettings::Provider ToProvider(const std::string& name, const Provider& from,
                                          const v1::Config::Auth& auth, const std::string& folder) {
  policy::AuthSettings::Provider provider;
  provider.name = name;
  provider.rules = ToRules(from, auth);
  for (const std::string& algorithm : from.algorithms()) {
    if (const auto known = identity::ParseAlgorithm(algorithm))
      provider.keys.algorithms.Add(*known);
  }
  provider.keys.skip_encryption_keys = from.skip_encryption_keys();
  if (from.has_jwks_url()) {
    const auto url = identity::ParseFetchUrl(from.jwks_url());
    if (url.ok()) provider.url.emplace().url = *url;
    if (url.ok() && from.has_ca_file()) provider.url->ca_file = In(folder, from.ca_file());
  } else if (from.has_jwks_file() || from.has_signing_key_file()) {
    provider.refresh.interval = policy::kFileInterval;
    provider.file_is_signing_key = from.has_signing_key_file();
    provider.file =
        In(folder, provider.file_is_signing_key ? from.signing_key_file() : from.jwks_file());
  }
  provider.refresh.interval =
      contract::ToDuration(from.refresh_interval(), provider.refresh.interval);
  provider.max_stale = contract::ToDuration(from.max_stale(), provider.max_stale);
  return provider;
}

// What its file holds is looked at; it is read again while the program runs.
policy::AuthSettings::ApiKeys ToApiKeys(const LoadedConfig& loaded, const std::string& folder,
                                        Findings& findings) {
  const v1::Config::Auth& auth = loaded.config.auth();
  policy::AuthSettings::ApiKeys settings;
  settings.file = In(folder, auth.api_keys().file());
  settings.rules.metadata = ToMetadata(auth);
  settings.rules.subject_prefix = auth.api_keys().subject_prefix();
  settings.rules.shared_subjects = auth.shared_subjects();
  if (auth.api_keys().file().empty()) return settings;  // which was found
  const absl::StatusOr<std::string> text = policy::ReadApiKeys(settings);
  absl::Status wrong = text.status();
  if (text.ok()) {
    wrong = policy::ApiKeyParser(settings, 0)(*text).status();
    if (!wrong.ok()) {
      wrong = absl::InvalidArgumentError(Absl(Cat(settings.file, ": ", Std(wrong.message()))));
    }
  }
  constexpr std::string_view kPath = "auth.api_keys.file";
  if (!wrong.ok()) findings.Add(loaded.PlaceOf(kPath), kPath, Std(wrong.message()));
  return settings;
}

policy::AuthSettings::Introspection ToIntrospection(const std::string& name, const Provider& from,
                                                    const v1::Config::Auth& auth,
                                                    const std::string& folder) {
  const v1::Config::Auth::Introspection& own = from.introspection();
  policy::AuthSettings::Introspection to;
  identity::IntrospectionSettings& settings = to.settings;
  settings.name = name;
  settings.rules = ToRules(from, auth);
  settings.rules.type.clear();  // of a JWT's header, which an answer has not
  // Whom it was that said so is known.
  settings.rules.allow_no_expiry = true;
  settings.rules.issuer_may_be_missing = true;
  settings.timeout = contract::ToDuration(own.timeout(), settings.timeout);
  const auto seconds = [](const std::string& text, std::chrono::seconds usual) {
    return std::chrono::duration_cast<std::chrono::seconds>(contract::ToDuration(text, usual));
  };
  settings.good_for = seconds(own.active_ttl(), settings.good_for);
  settings.bad_for = seconds(own.inactive_ttl(), settings.bad_for);
  if (own.has_max_in_flight()) settings.max_in_flight = own.max_in_flight();
  if (own.has_max_pending()) settings.max_pending = own.max_pending();
  settings.refuse_when_down = own.on_error() == v1::Config::Auth::Introspection::REFUSE;
  if (auth.has_cached_tokens()) settings.cache.entries = auth.cached_tokens();
  if (auth.has_cached_token_bytes()) settings.cache.bytes = auth.cached_token_bytes();
  if (const auto url = identity::ParseFetchUrl(own.url()); url.ok()) to.fetch.url = *url;
  if (from.has_ca_file()) to.fetch.ca_file = In(folder, from.ca_file());
  to.fetch.time_limit = settings.timeout;
  to.fetch.most_bytes = 64 << 10;
  to.client_id = own.client_id();
  if (own.has_client_secret_file()) to.client_secret_file = In(folder, own.client_secret_file());
  return to;
}

// They are read when an issuer is asked; that they can't be is known now.
void CheckFiles(const std::string& path, const Provider& from, const std::string& folder,
                const LoadedConfig& loaded, Findings& findings) {
  if (from.has_ca_file()) {
    const std::string at = Cat(path, ".ca_file");
    const std::string file = In(folder, from.ca_file());
    std::vector<tls::FileProblem> problems;
    const auto context = tls::MakeClientContext({.ca_file = file}, &problems);
    for (const tls::FileProblem& problem : problems) {
      findings.Add(loaded.PlaceOf(at), at, Cat(QuotedFile(file), ": ", problem.text));
    }
  }
  if (from.introspection().has_client_secret_file()) {
    const std::string at = Cat(path, ".introspection.client_secret_file");
    const std::string file = In(folder, from.introspection().client_secret_file());
    const absl::StatusOr<std::string> secret = ReadSecret(file);
    if (secret.ok() && !secret->empty()) return;
    const std::string_view why = secret.ok() ? "is empty" : Std(secret.status().message());
    findings.Add(loaded.PlaceOf(at), at, Cat(QuotedFile(file), ": ", why));
  }
}

identity::CertificateRules ToCertificates(const v1::Config::Auth& auth) {
  using From = identity::CertificateRules::From;
  const v1::Config::Auth::ClientCertificates& from = auth.client_certificates();
  identity::CertificateRules to;
  to.subject_prefix = from.subject_prefix();
  to.shared_subjects = auth.shared_subjects();
  for (const auto& rule : from.rules()) {
    identity::CertificateRules::Rule& one = to.rules.emplace_back();
    // Numbered alike.
    one.from = static_cast<From>(rule.from() - v1::Config::Auth::ClientCertificates::COMMON_NAME);
    one.prefix = rule.prefix();
    for (auto [names, kept] :
         {std::pair{&rule.scopes(), &one.scopes}, {&rule.roles(), &one.roles}}) {
      *kept = ToList(*names);
      std::sort(kept->begin(), kept->end());
      kept->erase(std::unique(kept->begin(), kept->end()), kept->end());
    }
  }
  return to;
}

policy::CredentialPlaces::Certificates ToPlace(const v1::Config::Auth& auth) {
  using Certificates = policy::CredentialPlaces::Certificates;
  if (!auth.has_client_certificates()) return Certificates::kIgnored;
  switch (auth.client_certificates().beside_token()) {
    case v1::Config::Auth::ClientCertificates::TOKEN:
      return Certificates::kBesideToken;
    case v1::Config::Auth::ClientCertificates::BOUND_TOKEN:
      return Certificates::kBindToken;
    default:
      return Certificates::kAlone;
  }
}

}  // namespace

policy::AuthSettings ToAuth(const LoadedConfig& loaded, const std::string& folder,
                            Findings& findings) {
  const v1::Config::Auth& auth = loaded.config.auth();
  policy::AuthSettings settings;
  settings.places.cookie = auth.cookie();
  if (auth.has_cached_tokens()) settings.cached_tokens.entries = auth.cached_tokens();
  if (auth.has_cached_token_bytes()) settings.cached_tokens.bytes = auth.cached_token_bytes();
  if (!auth.development_caller().empty()) {
    settings.development_caller = identity::MakeIdentity(auth.development_caller());
  }
  for (const auto& each : auth.claim_metadata()) settings.metadata_keys.push_back(each.key());
  if (auth.has_api_keys()) {
    const std::string& header = auth.api_keys().header();
    settings.places.api_key_header = header.empty() ? "x-api-key" : contract::LowerCase(header);
    settings.api_keys = ToApiKeys(loaded, folder, findings);
  }
  settings.places.certificates = ToPlace(auth);
  if (auth.has_client_certificates()) {
    settings.certificates = ToCertificates(auth);
  }
  const std::map<std::string, Provider> sorted(auth.providers().begin(), auth.providers().end());
  for (const auto& [name, from] : sorted) {
    policy::AuthSettings::Provider provider = ToProvider(name, from, auth, folder);
    // What a file holds is known now; what a URL will answer is not.
    const bool file = !from.jwks_file().empty() || !from.signing_key_file().empty();
    if (file && PlacesOfKeys(from) == 1) {
      const absl::StatusOr<std::string> text = ReadKeys(provider);
      absl::StatusOr<identity::KeySet> keys = text.ok()
                                                  ? identity::KeySet::Parse(*text, provider.keys)
                                                  : absl::StatusOr<identity::KeySet>(text.status());
      // That all were withdrawn is no way to begin.
      if (keys.ok() && keys->size() == 0) {
        keys = absl::InvalidArgumentError(
            Absl(keys->ignored().empty() ? "has no keys"
                                         : Cat("has no key to use: ", keys->ignored()[0])));
      }
      if (!keys.ok()) {
        const std::string path = Cat("auth.providers.", name, '.',
                                     from.has_jwks_file() ? "jwks_file" : "signing_key_file");
        findings.Add(loaded.PlaceOf(path), path,
                     Cat("its keys can't be used: ", Std(keys.status().message())));
      }
    }
    if (from.has_introspection()) {
      settings.introspection = ToIntrospection(name, from, auth, folder);
    }
    CheckFiles(Cat("auth.providers.", name), from, folder, loaded, findings);
    settings.providers.push_back(std::move(provider));
  }
  return settings;
}

int PlacesOfKeys(const Provider& provider) {
  return (provider.has_jwks_file() ? 1 : 0) + (provider.has_jwks_url() ? 1 : 0) +
         (provider.has_signing_key_file() ? 1 : 0);
}

std::vector<std::string> CredentialNames(const v1::Config::Auth& auth) {
  std::vector<std::string> names;
  for (const auto& [name, provider] : auth.providers()) names.push_back(name);
  if (auth.has_api_keys()) names.emplace_back(identity::ApiKeys::kProvider);
  if (auth.has_client_certificates()) {
    names.emplace_back(identity::CertificateRules::kProvider);
  }
  return names;
}

v1::Policy::Auth::Access AccessOtherwise(const v1::Config::Auth& auth) {
  const bool anybody =
      auth.providers_size() > 0 || auth.has_api_keys() || auth.has_client_certificates();
  return anybody ? v1::Policy::Auth::REQUIRED : v1::Policy::Auth::OPTIONAL;
}

route::Route::Auth ToRouteAuth(const v1::Policy::Auth& from, v1::Policy::Auth::Access otherwise) {
  route::Route::Auth auth;
  const v1::Policy::Auth::Access access = contract::AccessOf(from, otherwise);
  auth.access = access == v1::Policy::Auth::PUBLIC     ? Access::kPublic
                : access == v1::Policy::Auth::OPTIONAL ? Access::kOptional
                                                       : Access::kRequired;
  auth.scopes = ToList(from.scopes());
  auth.any_scope = ToList(from.any_scope());
  auth.roles = ToList(from.roles());
  for (const auto& claim : from.claims())
    auth.claims.push_back({claim.name(), ToList(claim.values())});
  for (const int kind : from.credentials()) {
    // Numbered alike.
    auth.credentials |= policy::Credential::Bit(static_cast<policy::Credential::Kind>(kind));
  }
  return auth;
}

}  // namespace frontdesk::config
