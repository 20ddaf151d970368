// The verb `token`: tokens for a demo, signed with the key that the file names for one.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "gateway/base/read_file.h"
#include "gateway/base/text.h"
#include "gateway/config/load.h"
#include "gateway/contract/contract.h"
#include "gateway/identity/key_set.h"
#include "gateway/identity/signing_key.h"
#include "gateway/tell.h"
#include "gateway/verbs.h"

namespace frontdesk {
namespace {

using Provider = v1::Config::Auth::Provider;

// Returns the exit code.
int Complain(std::string_view text, bool json, int code = kFindings) {
  if (json) {
    contract::Findings findings;
    findings.Add({}, "", text);
    Tell(findings, SourcesOf({}), json);
  } else {
    std::cerr << "frontdesk token: " << text << '\n';
  }
  return code;
}

// A key that is there stays: what it has signed shall hold.
absl::Status MakeKey(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return absl::OkStatus();
  if (error) return absl::UnknownError(Absl(Cat(path, ": ", error.message())));
  const auto key = identity::SigningKey::Make();
  if (!key.ok()) return key.status();
  const mode_t before = umask(0077);
  std::ofstream file(path, std::ios::binary);
  umask(before);
  file << key->ToJwk() << '\n';
  file.close();
  if (file) return absl::OkStatus();
  return absl::UnknownError(Absl(Cat(path, ": cannot be written")));
}

// The provider of this name; never null.
absl::StatusOr<const Provider*> FindByName(const v1::Config::Auth& auth, const std::string& name) {
  const auto found = auth.providers().find(name);
  if (found == auth.providers().end()) {
    std::vector<std::string> names;
    for (const auto& [own, provider] : auth.providers()) names.push_back(own);
    std::sort(names.begin(), names.end());
    return absl::NotFoundError(
        Absl(Cat("--provider: auth.providers has no ", contract::Quoted(name),
                 contract::DidYouMean(name, names))));
  }
  if (!found->second.has_signing_key_file()) {
    return absl::NotFoundError(Absl(Cat("--provider: ", contract::Quoted(name),
                                        " has no signing_key_file, and only such keys are ours to "
                                        "sign with")));
  }
  return &found->second;
}

// The provider that a token is made for, where it is clear which; never null.
absl::StatusOr<const Provider*> Find(const v1::Config::Auth& auth, const std::string& name) {
  if (!name.empty()) return FindByName(auth, name);
  const Provider* found = nullptr;
  for (const auto& [own, provider] : auth.providers()) {
    if (!provider.has_signing_key_file()) continue;
    if (found != nullptr) {
      return absl::InvalidArgumentError(
          "several providers have a signing_key_file: say which with --provider");
    }
    found = &provider;
  }
  if (found == nullptr) {
    return absl::NotFoundError(
        "no provider has a signing_key_file, and only such keys are ours to sign with");
  }
  return found;
}

absl::StatusOr<std::string> Sign(const Provider& provider, const VerbOptions& options,
                                 std::chrono::seconds life) {
  const std::filesystem::path folder = std::filesystem::path(options.config).parent_path();
  const std::string path = (folder / provider.signing_key_file()).string();
  const absl::StatusOr<std::string> text = ReadFile(path, identity::KeySet::kMostBytes);
  if (!text.ok()) return absl::NotFoundError(Absl(Cat(path, ": ", Std(text.status().message()))));
  const auto key = identity::SigningKey::FromJwk(*text);
  if (!key.ok())
    return absl::InvalidArgumentError(Absl(Cat(path, ": ", Std(key.status().message()))));

  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const int64_t seconds = now.time_since_epoch().count();
  nlohmann::ordered_json claims{{"iss", provider.issuer()},
                                {"sub", options.sub},
                                {"iat", seconds},
                                {"exp", seconds + life.count()}};
  if (provider.audiences_size() > 0) claims["aud"] = provider.audiences(0);
  if (!options.scopes.empty()) claims["scope"] = options.scopes;
  if (!options.roles.empty()) claims["roles"] = options.roles;
  return key->Sign(claims.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                   provider.has_type() ? provider.type() : "JWT");
}

}  // namespace

int Token(const VerbOptions& options) {
  const bool json = options.json;
  if (!options.new_key.empty()) {
    const absl::Status made = MakeKey(options.new_key);
    if (!made.ok()) return Complain(Std(made.message()), json);
    if (json) TellFine({});
    return kFine;
  }
  if (options.sub.empty()) return Complain("--sub is required", json, kUsage);
  const auto life = contract::ParseDuration(options.life);
  if (!life || *life < std::chrono::seconds(1)) {
    return Complain(
        Cat("--life: ", contract::Quoted(options.life), " is no duration such as \"1h\""), json,
        kUsage);
  }
  contract::Findings findings;
  const auto loaded = config::LoadConfig(options.config, findings);
  if (!loaded || !findings.empty()) {
    Tell(findings, SourcesOf(options.proto_path), json);
    return kFindings;
  }
  const auto provider = Find(loaded->config.auth(), options.provider);
  if (!provider.ok()) return Complain(Std(provider.status().message()), json);
  const absl::StatusOr<std::string> token =
      Sign(**provider, options, std::chrono::duration_cast<std::chrono::seconds>(*life));
  if (!token.ok()) return Complain(Std(token.status().message()), json);
  if (json) {
    PrintJson({{"token", *token}});
  } else {
    std::cout << *token << '\n';
  }
  return kFine;
}

}  // namespace frontdesk
