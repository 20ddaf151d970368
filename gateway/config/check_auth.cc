#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/config/auth.h"
#include "gateway/config/load_message.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/value_rules.h"
#include "gateway/identity/algorithm.h"
#include "gateway/identity/api_keys.h"
#include "gateway/identity/url.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using contract::Quoted;
using contract::TimeRule;
using Provider = v1::Config::Auth::Provider;

class AuthChecker {
 public:
  AuthChecker(const LoadedConfig& loaded, Findings& findings)
      : loaded_(loaded), auth_(loaded.config.auth()), findings_(findings) {}

  void Run() {
    const std::map<std::string, Provider> sorted(auth_.providers().begin(),
                                                 auth_.providers().end());
    for (const auto& [name, provider] : sorted) {
      const std::string path = Cat("auth.providers.", name);
      if (name == identity::ApiKeys::kProvider)
        Add(path, "has the name that owners of API keys have");
      CheckProvider(path, provider);
    }
    CheckApiKeys();
    if (auth_.has_cookie() && !IsToken(auth_.cookie())) {
      Add("auth.cookie", Cat(Quoted(auth_.cookie()), " is no name that a cookie can have"));
    }
    if (auth_.has_cookie() && auth_.providers_size() == 0) {
      Add("auth.cookie", "has no meaning without `providers`: it holds a token");
    }
    CheckMetadata();
    if (auth_.has_cached_tokens() &&
        (auth_.cached_tokens() < 1 || auth_.cached_tokens() > 10'000'000)) {
      Add("auth.cached_tokens", Cat("must be between 1 and 10000000, got ", auth_.cached_tokens()));
    }
  }

 private:
  void Add(const std::string& path, std::string_view text) {
    if (findings_.size() < kMaxFindings) findings_.Add(loaded_.PlaceOf(path), path, text);
  }

  static bool IsToken(std::string_view text) {
    return !text.empty() && IsPrintable(text) &&
           text.find_first_of(" \"(),/:;<=>?@[\\]{}") == std::string_view::npos;
  }

  void CheckProvider(const std::string& path, const Provider& provider) {
    if (!provider.has_issuer() || provider.issuer().empty()) {
      if (!HasUnknownKey(findings_, path)) Add(path, "has no issuer");
    } else if (!issuers_.insert(provider.issuer()).second) {
      Add(Cat(path, ".issuer"), "is that of another provider as well");
    }
    if (provider.audiences_size() == 0 && !loaded_.Has(Cat(path, ".audiences")) &&
        !HasUnknownKey(findings_, path)) {
      Add(path, "has no audiences: tokens that the issuer made for others would be taken, too");
    }
    CheckKeys(path, provider);
    CheckAlgorithms(path, provider);
    constexpr std::array kTimes = {
        TimeRule{"skew", std::chrono::nanoseconds(1), std::chrono::minutes(5)},
        TimeRule{"refresh_interval", std::chrono::seconds(1), std::chrono::hours(24)}};
    contract::CheckValues(provider, {}, kTimes,
                          [&](const std::vector<int>&, std::string_view name,
                              std::string_view text) { Add(Cat(path, '.', name), text); });
  }

  void CheckKeys(const std::string& path, const Provider& provider) {
    const int sources = (provider.has_jwks_file() ? 1 : 0) + (provider.has_jwks_url() ? 1 : 0) +
                        (provider.has_signing_key_file() ? 1 : 0);
    if (sources != 1 && !HasUnknownKey(findings_, path)) {
      Add(path, Cat("has ", sources == 0 ? "no keys" : "keys of more than one place",
                    ": one of jwks_file, jwks_url and signing_key_file is needed"));
    }
    if (provider.has_jwks_url()) CheckUrl(Cat(path, ".jwks_url"), provider.jwks_url());
    if (provider.has_ca_file() && !provider.jwks_url().starts_with("https://")) {
      Add(Cat(path, ".ca_file"), "has no meaning without a jwks_url of https");
    }
  }

  void CheckUrl(const std::string& path, const std::string& text) {
    const auto url = identity::ParseFetchUrl(text);
    if (!url.ok()) {
      Add(path, Cat(Quoted(text), ' ', Std(url.status().message())));
      return;
    }
    const auto& allowed = auth_.allowed_hosts();
    const bool named = std::any_of(allowed.begin(), allowed.end(), [&](const std::string& host) {
      return contract::LowerCase(host) == url->host;
    });
    if (!allowed.empty() && !named) {
      Add(path, Cat(Quoted(url->host), " is none of auth.allowed_hosts"));
    }
  }

  void CheckAlgorithms(const std::string& path, const Provider& provider) {
    bool secret = false, open = false;
    for (int i = 0; i < provider.algorithms_size(); ++i) {
      const std::string& name = provider.algorithms(i);
      const auto algorithm = identity::ParseAlgorithm(name);
      if (!algorithm) {
        std::vector<std::string> known;
        for (int each = 0; each < identity::kAlgorithms; ++each) {
          known.emplace_back(identity::NameOf(static_cast<identity::Algorithm>(each)));
        }
        Add(Cat(path, ".algorithms[", i, ']'),
            Cat(Quoted(name), " is no algorithm of signatures", contract::DidYouMean(name, known)));
        continue;
      }
      (identity::FamilyOf(*algorithm) == identity::Family::kHmac ? secret : open) = true;
    }
    if (secret && (open || !provider.has_jwks_file())) {
      Add(Cat(path, ".algorithms"),
          open ? "has secrets (HS256 ...) and public keys: whoever has a public key could sign"
               : "has secrets (HS256 ...), which only a jwks_file may hold");
    }
  }

  void CheckApiKeys() {
    if (!auth_.has_api_keys()) return;
    if (auth_.api_keys().file().empty() && !HasUnknownKey(findings_, "auth.api_keys")) {
      Add("auth.api_keys", "has no file");
    }
    if (!auth_.api_keys().has_header()) return;
    const std::string header = contract::LowerCase(auth_.api_keys().header());
    if (!contract::IsMetadataKey(header) || contract::NeverForwarded(header) ||
        header == "authorization" || header == "cookie") {
      Add("auth.api_keys.header", Cat(Quoted(header), " can't hold a key"));
    }
  }

  void CheckMetadata() {
    std::vector<std::string> before;
    for (int i = 0; i < auth_.claim_metadata_size(); ++i) {
      const auto& each = auth_.claim_metadata(i);
      const std::string path = Cat("auth.claim_metadata[", i, ']');
      if (each.claim().empty()) Add(path, "has no claim");
      const std::string& key = each.key();
      if (!contract::IsMetadataKey(key) || key.ends_with("-bin")) {
        Add(Cat(path, ".key"), Cat(Quoted(key), " is no key of text that metadata can have"));
      } else if (contract::NeverForwarded(key) || key == "authorization" || key == "traceparent" ||
                 key == "tracestate") {
        Add(Cat(path, ".key"), Cat(Quoted(key), " has another meaning"));
      } else if (contract::IsAliasOf(key, before)) {
        Add(Cat(path, ".key"), Cat(Quoted(key), " stands here twice"));
      }
      before.push_back(key);
    }
  }

  const LoadedConfig& loaded_;
  const v1::Config::Auth& auth_;
  Findings& findings_;
  std::set<std::string> issuers_;
};

}  // namespace

void CheckAuth(const LoadedConfig& loaded, Findings& findings) {
  AuthChecker(loaded, findings).Run();
}

}  // namespace frontdesk::config
