// All by which callers prove who they are, once per process: issuers with their keys, API keys, and
// what was verified a moment ago.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/identity/api_keys.h"
#include "gateway/identity/certificate_rules.h"
#include "gateway/identity/fetcher.h"
#include "gateway/identity/introspector.h"
#include "gateway/identity/key_source.h"
#include "gateway/identity/token_verifier.h"
#include "gateway/policy/credential.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::policy {

// Constant while a snapshot lives.
struct AuthSettings {
  struct Provider {
    std::string name;
    identity::ClaimRules rules;
    identity::KeySetRules keys;
    identity::RefreshSettings refresh;
    Duration max_stale = identity::KeySourceSettings().max_stale;
    // Where its keys are: one of these.
    std::string file;
    bool file_is_signing_key = false;  // the file is a private key, and its public half counts
    std::optional<identity::FetchSettings> url;
    bool has_keys() const { return !file.empty() || url; }
  };
  struct Introspection {
    identity::IntrospectionSettings settings;
    identity::FetchSettings fetch;
    std::string client_id;
    std::string client_secret_file;  // "" for none
  };
  struct ApiKeys {
    std::string file;
    identity::ApiKeys::Rules rules;
  };
  std::vector<Provider> providers;
  std::optional<ApiKeys> api_keys;             // nothing: none are taken
  std::optional<Introspection> introspection;  // of one of the providers
  std::optional<identity::CertificateRules> certificates;
  CredentialPlaces places;
  identity::TokenCache::Limits cached_tokens;
  // Every request of this machine without a credential has this caller; null for none.
  identity::IdentityPointer development_caller;
  // Keys of metadata that only the gateway sets, besides x-user-id.
  std::vector<std::string> metadata_keys;

  // Callers can prove who they are.
  bool on() const { return !providers.empty() || api_keys || certificates; }
};

// How often files of keys are looked at.
constexpr std::chrono::seconds kFileInterval{30};

// The text of a provider's keys, read from its file.
absl::StatusOr<std::string> ReadKeys(const AuthSettings::Provider& provider);
// API keys, read from their file; `seed` is secret.
absl::StatusOr<std::string> ReadApiKeys(const AuthSettings::ApiKeys& settings);
identity::ApiKeySource::Parse ApiKeyParser(const AuthSettings::ApiKeys& settings, uint64_t seed);

// Any thread.
class Authenticator {
 public:
  // `wall` is the time of day; `make_random` is asked for one for each thread; `seed` is secret;
  // `dns` is for the names of issuers. Fetches nothing before Start().
  Authenticator(const AuthSettings& settings, std::function<identity::UnixTime()> wall,
                const std::function<upstream::Random()>& make_random, uint64_t seed,
                const upstream::DnsSettings& dns);
  // Ends what is being fetched.
  ~Authenticator();

  // Begins to fetch keys, from the thread whose signal mask the threads shall have.
  void Start();
  // Waits until all keys are there. False when that takes longer.
  bool WaitForKeys(Duration patience);

  // Who it stands for, or why that is not known: UNAUTHENTICATED, or UNAVAILABLE while keys are
  // missing, with a reason for the log.
  absl::StatusOr<identity::IdentityPointer> Verify(const Credential& credential, TimePoint now);
  // The same where an issuer may have to be asked, which it is until `deadline` at most. `bearer`:
  // whose turn it is, as in Introspector::Ask().
  Task<absl::StatusOr<identity::IdentityPointer>> VerifyAsking(Credential credential,
                                                               std::string bearer, Loop& loop,
                                                               TimePoint deadline,
                                                               Cancellation* cancel);

  // How each source of keys does, for operators.
  std::vector<identity::KeySourceStatus> Describe(TimePoint now) const;
  std::optional<identity::IntrospectionStatus> DescribeIntrospection() const;

 private:
  void AddIntrospector(const AuthSettings::Introspection& settings, uint64_t seed);
  std::optional<absl::StatusOr<identity::IdentityPointer>> VerifyUnlessAskedAbout(
      const Credential& credential, TimePoint now);
  absl::StatusOr<identity::IdentityPointer> VerifyHere(const Credential& credential, TimePoint now);
  absl::StatusOr<identity::IdentityPointer> FindApiKey(std::string_view key) const;

  const std::function<identity::UnixTime()> wall_;
  const identity::HostLookup look_up_;
  std::optional<identity::CertificateRules> certificates_;
  std::unique_ptr<identity::ApiKeySource> api_keys_;
  std::vector<std::unique_ptr<identity::Fetcher>> fetchers_;
  std::vector<std::unique_ptr<identity::KeySource>> sources_;
  std::optional<identity::TokenVerifier> verifier_;
  std::atomic<size_t> inquiries_{0};
  std::unique_ptr<identity::Introspector> introspector_;
};

}  // namespace frontdesk::policy
