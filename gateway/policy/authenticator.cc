#include "gateway/policy/authenticator.h"

#include <algorithm>
#include <utility>

#include "gateway/base/read_file.h"
#include "gateway/base/text.h"
#include "gateway/identity/jws.h"
#include "gateway/identity/signing_key.h"
#include "gateway/policy/host_lookup.h"

namespace frontdesk::policy {
namespace {

absl::StatusOr<std::string> Named(const std::string& name, absl::StatusOr<std::string> read) {
  if (read.ok()) return read;
  return absl::UnavailableError(Absl(Cat(name, ": ", Std(read.status().message()))));
}

absl::StatusOr<std::string> Inquire(identity::Fetcher& fetcher,
                                    const AuthSettings::Introspection& settings,
                                    std::string_view token) {
  std::string credentials;
  if (!settings.client_secret_file.empty()) {
    const absl::StatusOr<std::string> secret =
        Named(settings.client_secret_file, ReadSecret(settings.client_secret_file));
    if (!secret.ok()) return secret;
    credentials = identity::ClientCredentials(settings.client_id, *secret);
  }
  return fetcher.Post(identity::IntrospectionForm(token), credentials);
}

// The handshake has looked at it, which may be long ago.
bool IsOver(const tls::Certificate& certificate, identity::UnixTime now) {
  return certificate.is_expired(std::chrono::system_clock::time_point(now));
}

// Somebody else may have found a token that is bound to a certificate.
absl::StatusOr<identity::IdentityPointer> WithBinding(
    const Credential& credential, absl::StatusOr<identity::IdentityPointer> caller,
    const std::function<identity::UnixTime()>& wall) {
  const bool beside =
      credential.certificate != nullptr && credential.kind != Credential::Kind::kCertificate;
  if (!beside || !caller.ok()) return caller;
  if (!identity::IsBoundTo(**caller, *credential.certificate)) {
    return identity::Refusal("TOKEN_OF_ANOTHER_CERTIFICATE");
  }
  if (IsOver(*credential.certificate, wall())) return identity::Refusal("CERTIFICATE_EXPIRED");
  return caller;
}

// What a token is made of (RFC 6750, section 2.1).
bool IsTokenText(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

}  // namespace

absl::StatusOr<std::string> ReadKeys(const AuthSettings::Provider& provider) {
  absl::StatusOr<std::string> text =
      Named(provider.file, ReadFile(provider.file, identity::KeySet::kMostBytes));
  if (!text.ok() || !provider.file_is_signing_key) return text;
  const absl::StatusOr<identity::SigningKey> key = identity::SigningKey::FromJwk(*text);
  if (!key.ok()) return key.status();
  return key->ToPublicKeySet();
}

absl::StatusOr<std::string> ReadApiKeys(const AuthSettings::ApiKeys& settings) {
  return Named(settings.file, ReadFile(settings.file, identity::ApiKeys::kMostBytes));
}

identity::ApiKeySource::Parse ApiKeyParser(const AuthSettings::ApiKeys& settings, uint64_t seed) {
  return [settings, seed](const std::string& text) {
    return identity::ApiKeys::Parse(text, settings.rules, seed);
  };
}

Authenticator::Authenticator(const AuthSettings& settings, std::function<identity::UnixTime()> wall,
                             const std::function<upstream::Random()>& make_random, uint64_t seed,
                             const upstream::DnsSettings& dns)
    : wall_(std::move(wall)), look_up_(MakeHostLookup(dns)), certificates_(settings.certificates) {
  if (settings.api_keys) {
    const AuthSettings::ApiKeys& from = *settings.api_keys;
    api_keys_ = std::make_unique<identity::ApiKeySource>(
        identity::KeySourceSettings{.name = std::string(identity::ApiKeys::kProvider),
                                    .refresh = {.interval = kFileInterval}},
        [from] { return ReadApiKeys(from); }, ApiKeyParser(from, seed), make_random());
  }
  std::vector<identity::Provider> providers;
  for (const AuthSettings::Provider& provider : settings.providers) {
    if (!provider.has_keys()) continue;
    identity::KeySource::Fetch fetch = [provider] { return ReadKeys(provider); };
    if (provider.url) {
      auto& fetcher =
          *fetchers_.emplace_back(std::make_unique<identity::Fetcher>(*provider.url, look_up_));
      fetch = [&fetcher] { return fetcher.Get(); };
    }
    sources_.push_back(std::make_unique<identity::KeySource>(
        identity::KeySourceSettings{provider.name, provider.refresh, provider.max_stale},
        std::move(fetch), identity::KeySetParser(provider.keys), make_random()));
    providers.push_back({provider.name, provider.rules, sources_.back().get()});
  }
  if (!providers.empty()) verifier_.emplace(std::move(providers), settings.cached_tokens, seed);
  if (settings.introspection) AddIntrospector(*settings.introspection, seed);
}

void Authenticator::AddIntrospector(const AuthSettings::Introspection& from, uint64_t seed) {
  const size_t first = fetchers_.size();
  for (size_t i = 0; i < from.settings.max_in_flight; ++i) {
    fetchers_.push_back(std::make_unique<identity::Fetcher>(from.fetch, look_up_));
  }
  introspector_ = std::make_unique<identity::Introspector>(
      from.settings,
      [this, first, from] {
        identity::Fetcher& fetcher = *fetchers_[first + inquiries_.fetch_add(1)];
        return [&fetcher, from](std::string_view token) { return Inquire(fetcher, from, token); };
      },
      wall_, seed);
}

Authenticator::~Authenticator() {
  for (const auto& fetcher : fetchers_) fetcher->Stop();
}

void Authenticator::Start() {
  if (api_keys_) api_keys_->Start();
  if (introspector_) introspector_->Start();
  for (const auto& source : sources_) source->Start();
}

bool Authenticator::WaitForKeys(Duration patience) {
  const TimePoint end = Clock::now() + patience;
  bool all = true;
  for (const auto& source : sources_) {
    all &= source->WaitForKeys(std::max(end - Clock::now(), Duration::zero()));
  }
  if (api_keys_) {
    all &= api_keys_->WaitForKeys(std::max(end - Clock::now(), Duration::zero()));
  }
  return all;
}

std::vector<identity::KeySourceStatus> Authenticator::Describe(TimePoint now) const {
  std::vector<identity::KeySourceStatus> all;
  for (const auto& source : sources_) all.push_back(source->status(now));
  if (api_keys_) all.push_back(api_keys_->status(now));
  return all;
}

absl::StatusOr<identity::IdentityPointer> Authenticator::FindApiKey(std::string_view key) const {
  const std::shared_ptr<const identity::ApiKeys> keys = api_keys_->keys();
  if (keys == nullptr) return absl::UnavailableError("KEYS_UNAVAILABLE");
  return keys->Find(key, wall_());
}

std::optional<identity::IntrospectionStatus> Authenticator::DescribeIntrospection() const {
  if (!introspector_) return std::nullopt;
  return introspector_->status();
}

absl::StatusOr<identity::IdentityPointer> Authenticator::VerifyHere(const Credential& credential,
                                                                    TimePoint now) {
  switch (credential.kind) {
    case Credential::Kind::kNone:
      return identity::Refusal("CREDENTIAL_MISSING");
    case Credential::Kind::kToken:
    case Credential::Kind::kSession:
      if (!verifier_) return identity::Refusal("CREDENTIAL_UNKNOWN_KIND");
      return verifier_->Verify(credential.text, wall_(), now);
    case Credential::Kind::kApiKey:
      if (!api_keys_) return identity::Refusal("CREDENTIAL_UNKNOWN_KIND");
      return FindApiKey(credential.text);
    case Credential::Kind::kCertificate:
      if (!certificates_) return identity::Refusal("CREDENTIAL_UNKNOWN_KIND");
      if (IsOver(*credential.certificate, wall_())) {
        return identity::Refusal("CERTIFICATE_EXPIRED");
      }
      return identity::JudgeCertificate(*credential.certificate, *certificates_);
  }
  return identity::Refusal("CREDENTIAL_UNKNOWN_KIND");
}

absl::StatusOr<identity::IdentityPointer> Authenticator::Verify(const Credential& credential,
                                                                TimePoint now) {
  return WithBinding(credential, VerifyHere(credential, now), wall_);
}

// Nothing for a token that only its issuer can read, and that is no other issuer's: one whose keys
// are here is never shown to anybody.
std::optional<absl::StatusOr<identity::IdentityPointer>> Authenticator::VerifyUnlessAskedAbout(
    const Credential& credential, TimePoint now) {
  const std::string_view text = credential.text;
  const bool token =
      credential.kind == Credential::Kind::kToken || credential.kind == Credential::Kind::kSession;
  if (!introspector_ || !token) return VerifyHere(credential, now);
  if (!verifier_) return std::nullopt;
  if (std::count(text.begin(), text.end(), '.') != 2) return std::nullopt;
  // What was decided a moment ago is not looked into again.
  if (identity::IdentityPointer known = verifier_->Known(text, wall_())) return known;
  if (introspector_->Remembered(text)) return std::nullopt;
  return verifier_->VerifyUnlessAnothers(text, introspector_->settings().rules.issuer, wall_(),
                                         now);
}

Task<absl::StatusOr<identity::IdentityPointer>> Authenticator::VerifyAsking(Credential credential,
                                                                            std::string bearer,
                                                                            Loop& loop,
                                                                            TimePoint deadline,
                                                                            Cancellation* cancel) {
  std::optional<absl::StatusOr<identity::IdentityPointer>> own =
      VerifyUnlessAskedAbout(credential, loop.Now());
  if (own) co_return WithBinding(credential, *std::move(own), wall_);
  if (credential.text.size() > identity::Jws::kMostBytes) {
    co_return identity::Refusal("TOKEN_TOO_LONG");
  }
  if (!IsTokenText(credential.text)) co_return identity::Refusal("TOKEN_MALFORMED");
  std::string token(credential.text);
  absl::StatusOr<identity::IdentityPointer> caller =
      co_await introspector_->Ask(std::move(token), std::move(bearer), loop, deadline, cancel);
  co_return WithBinding(credential, std::move(caller), wall_);
}

}  // namespace frontdesk::policy
