#include "gateway/policy/authenticator.h"

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/identity/jws.h"
#include "gateway/identity/signing_key.h"

namespace frontdesk::policy {

absl::StatusOr<std::string> ReadKeys(const AuthSettings::Provider& provider) {
  errno = 0;
  std::ifstream file(provider.file, std::ios::binary);
  // One byte more than is taken, so that a larger file is seen to be larger.
  std::string text(identity::KeySet::kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || (errno != 0 && file.gcount() == 0)) {
    const int error = errno != 0 ? errno : EIO;
    return absl::UnavailableError(
        Absl(Cat(provider.file, ": ", std::generic_category().message(error))));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  if (!provider.file_is_signing_key) return text;
  const absl::StatusOr<identity::SigningKey> key = identity::SigningKey::FromJwk(text);
  if (!key.ok()) return key.status();
  return key->ToPublicKeySet();
}

Authenticator::Authenticator(const AuthSettings& settings, std::function<identity::UnixTime()> wall,
                             const std::function<upstream::Random()>& make_random, uint64_t seed)
    : wall_(std::move(wall)), api_keys_(settings.api_keys) {
  std::vector<identity::Provider> providers;
  for (const AuthSettings::Provider& provider : settings.providers) {
    identity::KeySource::Fetch fetch = [provider] { return ReadKeys(provider); };
    if (provider.url) {
      auto& fetcher = *fetchers_.emplace_back(std::make_unique<identity::Fetcher>(*provider.url));
      fetch = [&fetcher] { return fetcher.Get(); };
    }
    sources_.push_back(std::make_unique<identity::KeySource>(
        identity::KeySourceSettings{provider.name, provider.keys, provider.refresh},
        std::move(fetch), make_random()));
    providers.push_back({provider.name, provider.rules, sources_.back().get()});
  }
  if (!providers.empty()) verifier_.emplace(std::move(providers), settings.cached_tokens, seed);
}

Authenticator::~Authenticator() {
  for (const auto& fetcher : fetchers_) fetcher->Stop();
}

void Authenticator::Start() {
  for (const auto& source : sources_) source->Start();
}

bool Authenticator::WaitForKeys(Duration patience) {
  const TimePoint end = Clock::now() + patience;
  bool all = true;
  for (const auto& source : sources_) {
    all &= source->WaitForKeys(std::max(end - Clock::now(), Duration::zero()));
  }
  return all;
}

absl::StatusOr<identity::IdentityPointer> Authenticator::Verify(const Credential& credential,
                                                                TimePoint now) {
  switch (credential.kind) {
    case Credential::Kind::kNone:
      return identity::Refusal("CREDENTIAL_MISSING");
    case Credential::Kind::kToken:
      if (!verifier_) return identity::Refusal("CREDENTIAL_UNKNOWN_KIND");
      return verifier_->Verify(credential.text, wall_(), now);
    case Credential::Kind::kApiKey:
      if (!api_keys_) return identity::Refusal("CREDENTIAL_UNKNOWN_KIND");
      return api_keys_->Find(credential.text, wall_());
  }
  return identity::Refusal("CREDENTIAL_UNKNOWN_KIND");
}

}  // namespace frontdesk::policy
