// All by which callers prove who they are, once per process: issuers with their keys, API keys, and
// what was verified a moment ago.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/identity/api_keys.h"
#include "gateway/identity/fetcher.h"
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
    // Where its keys are: one of these.
    std::string file;
    bool file_is_signing_key = false;  // the file is a private key, and its public half counts
    std::optional<identity::FetchSettings> url;
  };
  std::vector<Provider> providers;
  std::shared_ptr<const identity::ApiKeys> api_keys;  // null: none are taken
  CredentialPlaces places;
  size_t cached_tokens = 100'000;
  // Every request without a credential has this caller; null for none.
  identity::IdentityPointer development_caller;
  // Keys of metadata that only the gateway sets, besides x-user-id.
  std::vector<std::string> metadata_keys;

  // Callers can prove who they are.
  bool on() const { return !providers.empty() || api_keys != nullptr; }
};

// The text of a provider's keys, read from its file.
absl::StatusOr<std::string> ReadKeys(const AuthSettings::Provider& provider);

// Any thread.
class Authenticator {
 public:
  // `wall` is the time of day; `make_random` is asked for one for each thread; `seed` is secret.
  // Fetches nothing before Start().
  Authenticator(const AuthSettings& settings, std::function<identity::UnixTime()> wall,
                const std::function<upstream::Random()>& make_random, uint64_t seed);
  // Ends what is being fetched.
  ~Authenticator();

  // Begins to fetch keys, from the thread whose signal mask the threads shall have.
  void Start();
  // Waits until every provider has keys. False when that takes longer.
  bool WaitForKeys(Duration patience);

  // Who it stands for, or why that is not known: UNAUTHENTICATED, or UNAVAILABLE while keys are
  // missing, with a reason for the log.
  absl::StatusOr<identity::IdentityPointer> Verify(const Credential& credential, TimePoint now);

 private:
  const std::function<identity::UnixTime()> wall_;
  const std::shared_ptr<const identity::ApiKeys> api_keys_;
  std::vector<std::unique_ptr<identity::Fetcher>> fetchers_;
  std::vector<std::unique_ptr<identity::KeySource>> sources_;
  std::optional<identity::TokenVerifier> verifier_;
};

}  // namespace frontdesk::policy
