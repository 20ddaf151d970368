#include "gateway/config/auth.h"

#include <openssl/rand.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/config/call_policy.h"
#include "gateway/contract/auth_check.h"
#include "gateway/contract/header_names.h"
#include "gateway/identity/algorithm.h"
#include "gateway/identity/url.h"

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
  rules.audiences = ToList(from.audiences());
  rules.skew =
      std::chrono::duration_cast<std::chrono::seconds>(ToDuration(from.skew(), rules.skew));
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
  } else {
    provider.refresh.interval = std::chrono::seconds(30);
    provider.file_is_signing_key = from.has_signing_key_file();
    provider.file =
        In(folder, provider.file_is_signing_key ? from.signing_key_file() : from.jwks_file());
  }
  provider.refresh.interval = ToDuration(from.refresh_interval(), provider.refresh.interval);
  return provider;
}

// A file that is read once, whole; the status says why not.
absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError("cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

uint64_t SecretSeed() {
  uint64_t seed = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof seed);
  return seed;
}

void ReadApiKeys(const LoadedConfig& loaded, const std::string& folder,
                 policy::AuthSettings& settings, Findings& findings) {
  const v1::Config::Auth& auth = loaded.config.auth();
  const std::string path = In(folder, auth.api_keys().file());
  const absl::StatusOr<std::string> text = ReadWhole(path);
  absl::StatusOr<identity::ApiKeys> keys =
      text.ok() ? identity::ApiKeys::Parse(*text, ToMetadata(auth), SecretSeed())
                : absl::StatusOr<identity::ApiKeys>(text.status());
  if (!keys.ok()) {
    constexpr std::string_view kPath = "auth.api_keys.file";
    findings.Add(loaded.PlaceOf(kPath), kPath, Cat(path, ": ", Std(keys.status().message())));
    return;
  }
  settings.api_keys = std::make_shared<const identity::ApiKeys>(*std::move(keys));
}

}  // namespace

policy::AuthSettings ToAuth(const LoadedConfig& loaded, const std::string& folder,
                            Findings& findings) {
  const v1::Config::Auth& auth = loaded.config.auth();
  policy::AuthSettings settings;
  settings.places.cookie = auth.cookie();
  if (auth.has_cached_tokens()) settings.cached_tokens = auth.cached_tokens();
  if (!auth.development_caller().empty()) {
    settings.development_caller = identity::MakeIdentity(auth.development_caller());
  }
  for (const auto& each : auth.claim_metadata()) settings.metadata_keys.push_back(each.key());
  if (auth.has_api_keys()) {
    const std::string& header = auth.api_keys().header();
    settings.places.api_key_header = header.empty() ? "x-api-key" : contract::LowerCase(header);
    ReadApiKeys(loaded, folder, settings, findings);
  }
  const std::map<std::string, Provider> sorted(auth.providers().begin(), auth.providers().end());
  for (const auto& [name, from] : sorted) {
    policy::AuthSettings::Provider provider = ToProvider(name, from, auth, folder);
    // What a file holds is known now; what a URL will answer is not.
    if (!from.jwks_file().empty() || !from.signing_key_file().empty()) {
      const absl::StatusOr<std::string> text = ReadKeys(provider);
      const absl::Status keys =
          text.ok() ? identity::KeySet::Parse(*text, provider.keys).status() : text.status();
      if (!keys.ok()) {
        const std::string path = Cat("auth.providers.", name, '.',
                                     from.has_jwks_file() ? "jwks_file" : "signing_key_file");
        findings.Add(loaded.PlaceOf(path), path,
                     Cat("its keys can't be used: ", Std(keys.message())));
      }
    }
    settings.providers.push_back(std::move(provider));
  }
  return settings;
}

std::vector<std::string> CredentialNames(const v1::Config::Auth& auth) {
  std::vector<std::string> names;
  for (const auto& [name, provider] : auth.providers()) names.push_back(name);
  if (auth.has_api_keys()) names.emplace_back(identity::ApiKeys::kProvider);
  return names;
}

v1::Policy::Auth::Access AccessOtherwise(const v1::Config::Auth& auth) {
  return auth.providers_size() > 0 || auth.has_api_keys() ? v1::Policy::Auth::REQUIRED
                                                          : v1::Policy::Auth::OPTIONAL;
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
  return auth;
}

}  // namespace frontdesk::config
