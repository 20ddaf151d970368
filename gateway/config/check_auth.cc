// CheckAuth(): what is wrong with how callers prove who they are.
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
#include "gateway/http/chars.h"
#include "gateway/identity/algorithm.h"
#include "gateway/identity/api_keys.h"
#include "gateway/identity/certificate_rules.h"
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
      if (name == identity::CertificateRules::kProvider)
        Add(path, "has the name that owners of certificates have");
      CheckProvider(path, provider);
    }
    CheckApiKeys();
    CheckCertificates();
    if (auth_.has_cookie() && !http::IsToken(auth_.cookie())) {
      Add("auth.cookie", Cat(Quoted(auth_.cookie()), " is no name that a cookie can have"));
    }
    if (auth_.has_cookie() && auth_.providers_size() == 0) {
      Add("auth.cookie", "has no meaning without `providers`: it holds a token");
    }
    CheckMetadata();
    CheckSubjects();
    CheckUnused();
    if (auth_.has_cached_token_bytes() && auth_.cached_token_bytes() < (1 << 20)) {
      Add("auth.cached_token_bytes",
          Cat("must be at least 1048576, got ", auth_.cached_token_bytes()));
    }
    if (auth_.has_cached_tokens() &&
        (auth_.cached_tokens() < 1 || auth_.cached_tokens() > 10'000'000)) {
      Add("auth.cached_tokens", Cat("must be between 1 and 10000000, got ", auth_.cached_tokens()));
    }
  }

 private:
  void Add(const std::string& path, std::string_view text) {
    if (findings_.size() < kMaxFindings) findings_.Add(loaded_.PlaceOf(path), path, text);
  }

  void CheckProvider(const std::string& path, const Provider& provider) {
    const bool asked = provider.has_introspection() && !provider.has_jwks_file() &&
                       !provider.has_jwks_url() && !provider.has_signing_key_file();
    if (asked && !provider.has_issuer()) {
      // It need not say who it is.
    } else if (!provider.has_issuer() || provider.issuer().empty()) {
      if (!HasUnknownKey(findings_, path)) Add(path, "has no issuer");
    } else if (!issuers_.insert(provider.issuer()).second) {
      Add(Cat(path, ".issuer"), "is that of another provider as well");
    }
    if (provider.audiences_size() == 0 && !asked && !loaded_.Has(Cat(path, ".audiences")) &&
        !HasUnknownKey(findings_, path)) {
      Add(path, "has no audiences: tokens that the issuer made for others would be taken, too");
    }
    if (provider.has_introspection()) CheckIntrospection(Cat(path, ".introspection"), provider);
    CheckKeys(path, provider);
    CheckAlgorithms(path, provider);
    constexpr std::array kTimes = {
        TimeRule{"skew", std::chrono::nanoseconds(1), std::chrono::minutes(5)},
        TimeRule{"max_stale", std::chrono::seconds(1), std::chrono::hours(24 * 30)},
        TimeRule{"refresh_interval", std::chrono::seconds(1), std::chrono::hours(24)}};
    contract::CheckValues(provider, {}, kTimes,
                          [&](const std::vector<int>&, std::string_view name,
                              std::string_view text) { Add(Cat(path, '.', name), text); });
  }

  void CheckKeys(const std::string& path, const Provider& provider) {
    const int sources = PlacesOfKeys(provider);
    const bool asked = sources == 0 && provider.has_introspection();
    if (sources != 1 && !asked && !HasUnknownKey(findings_, path)) {
      Add(path, Cat("has ", sources == 0 ? "no keys" : "keys of more than one place",
                    ": one of jwks_file, jwks_url and signing_key_file is needed"));
    }
    if (asked) CheckOfKeys(path, provider);
    if (provider.has_jwks_url()) CheckUrl(Cat(path, ".jwks_url"), provider.jwks_url());
    if (provider.has_ca_file() && !provider.jwks_url().starts_with("https://") &&
        !provider.introspection().url().starts_with("https://")) {
      Add(Cat(path, ".ca_file"), "has no meaning without a jwks_url of https");
    }
  }

  // What is of no use where an issuer is asked about each token.
  void CheckOfKeys(const std::string& path, const Provider& provider) {
    for (const auto& [name, has] :
         {std::pair<const char*, bool>{"algorithms", provider.algorithms_size() > 0},
          {"refresh_interval", provider.has_refresh_interval()},
          {"max_stale", provider.has_max_stale()},
          {"skip_encryption_keys", provider.has_skip_encryption_keys()},
          {"allow_no_expiry", provider.has_allow_no_expiry()},
          {"type", provider.has_type()}}) {
      if (has) Add(Cat(path, '.', name), "has no meaning without keys");
    }
  }

  void CheckIntrospection(const std::string& path, const Provider& provider) {
    const auto& own = provider.introspection();
    if (introspects_) Add(path, "is that of another provider as well: whom to ask is not known");
    introspects_ = true;
    if (own.url().empty()) {
      if (!HasUnknownKey(findings_, path)) Add(path, "has no url");
    } else {
      CheckUrl(Cat(path, ".url"), own.url());
    }
    if (own.has_client_id() != own.has_client_secret_file()) {
      Add(path, "needs both client_id and client_secret_file, or neither");
    }
    constexpr std::array kTimes = {
        TimeRule{"timeout", std::chrono::milliseconds(1), std::chrono::seconds(30)},
        TimeRule{"active_ttl", std::chrono::seconds(1), std::chrono::hours(1)},
        TimeRule{"inactive_ttl", std::chrono::seconds(1), std::chrono::minutes(1)}};
    contract::CheckValues(own, {}, kTimes,
                          [&](const std::vector<int>&, std::string_view name,
                              std::string_view text) { Add(Cat(path, '.', name), text); });
    if (own.has_max_in_flight() && (own.max_in_flight() < 1 || own.max_in_flight() > 64)) {
      Add(Cat(path, ".max_in_flight"), Cat("must be between 1 and 64, got ", own.max_in_flight()));
    }
    if (own.has_max_pending() && own.max_pending() > 100'000) {
      Add(Cat(path, ".max_pending"), Cat("must be at most 100000, got ", own.max_pending()));
    }
    if (own.has_on_error() &&
        own.on_error() == v1::Config::Auth::Introspection::ON_ERROR_UNSPECIFIED) {
      Add(Cat(path, ".on_error"), "is UNAVAILABLE or REFUSE");
    }
  }

  void CheckCertificates() {
    if (!auth_.has_client_certificates()) return;
    using Certificates = v1::Config::Auth::ClientCertificates;
    const Certificates& own = auth_.client_certificates();
    constexpr std::string_view kPath = "auth.client_certificates";
    if (!loaded_.config.listen().tls().has_client_ca_file()) {
      Add(std::string(kPath),
          "has no meaning without listen.tls.client_ca_file: clients are not asked for any");
    }
    if (own.rules_size() == 0 && !HasUnknownKey(findings_, kPath)) {
      Add(std::string(kPath), "has no rules: no certificate says who it is");
    }
    if (own.has_beside_token() && own.beside_token() == Certificates::BESIDE_TOKEN_UNSPECIFIED) {
      Add(Cat(kPath, ".beside_token"), "is one of REFUSED, TOKEN and BOUND_TOKEN");
    }
    for (int i = 0; i < own.rules_size(); ++i) {
      const std::string path = Cat(kPath, ".rules[", i, ']');
      if (own.rules(i).from() == Certificates::FROM_UNSPECIFIED) {
        Add(path, "needs `from`: COMMON_NAME, URI, DNS or EMAIL");
      }
      for (const auto* names : {&own.rules(i).scopes(), &own.rules(i).roles()}) {
        for (const std::string& name : *names) {
          if (name.empty() || !IsPrintable(name)) Add(path, Cat(Quoted(name), " is no name"));
        }
      }
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

  // What would be carried out if there was something to carry it out on.
  void CheckUnused() {
    if (auth_.providers_size() == 0) {
      for (const auto& [name, has] :
           {std::pair<const char*, bool>{"cached_tokens", auth_.has_cached_tokens()},
            {"cached_token_bytes", auth_.has_cached_token_bytes()}}) {
        if (has)
          Add(Cat("auth.", name), "has no meaning without `providers`, whose tokens it keeps");
      }
    }
    const bool fetches =
        std::any_of(auth_.providers().begin(), auth_.providers().end(), [](const auto& each) {
          return each.second.has_jwks_url() || each.second.has_introspection();
        });
    if (auth_.allowed_hosts_size() > 0 && !fetches) {
      Add("auth.allowed_hosts", "has no meaning without a jwks_url: nothing is fetched");
    }
  }

  // Who it is that vouches for callers, with what is put before the names that they give out.
  std::map<std::string, std::string> SubjectPrefixes() const {
    std::map<std::string, std::string> prefixes;
    for (const auto& [name, provider] : auth_.providers()) {
      prefixes[Cat("auth.providers.", name)] = provider.subject_prefix();
    }
    if (auth_.has_api_keys()) prefixes["auth.api_keys"] = auth_.api_keys().subject_prefix();
    if (auth_.has_client_certificates()) {
      prefixes["auth.client_certificates"] = auth_.client_certificates().subject_prefix();
    }
    return prefixes;
  }

  // Two of them may give two people one name, and each of them that of another's customer.
  void CheckSubjects() {
    const std::map<std::string, std::string> prefixes = SubjectPrefixes();
    const bool several = prefixes.size() > 1;
    if (auth_.shared_subjects() && !several) {
      Add("auth.shared_subjects", "has no meaning where callers are vouched for in one way only");
    }
    for (const auto& [path, prefix] : prefixes) {
      if (!IsPrintable(prefix) || prefix.size() > 64 || prefix.starts_with(' ')) {
        Add(Cat(path, ".subject_prefix"),
            Cat(Quoted(prefix), " is no text of up to 64 visible characters"));
      } else if (auth_.shared_subjects() && !prefix.empty()) {
        Add(Cat(path, ".subject_prefix"), "contradicts auth.shared_subjects");
      } else if (several && !auth_.shared_subjects()) {
        CheckPrefix(path, prefix, prefixes);
      }
    }
  }

  void CheckPrefix(const std::string& path, const std::string& prefix,
                   const std::map<std::string, std::string>& prefixes) {
    if (prefix.empty()) {
      return Add(path,
                 "needs a `subject_prefix`: callers are vouched for in several ways, and two may "
                 "give two people one name; if they never do, say `shared_subjects: true` in auth");
    }
    for (const auto& [other, text] : prefixes) {
      if (other == path || text.empty() || !prefix.starts_with(text)) continue;
      if (text == prefix && other > path) continue;  // said of that one
      Add(Cat(path, ".subject_prefix"),
          Cat(Quoted(prefix), " begins with that of ", other, ", ", Quoted(text),
              ": what follows could make one name of two"));
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
  bool introspects_ = false;
};

}  // namespace

void CheckAuth(const LoadedConfig& loaded, Findings& findings) {
  AuthChecker(loaded, findings).Run();
}

}  // namespace frontdesk::config
