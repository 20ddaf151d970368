// What a request brings to prove who sends it: exactly one thing, or nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/http/message.h"
#include "gateway/tls/certificate.h"

namespace frontdesk::policy {

struct Credential {
  enum class Kind : uint8_t { kNone, kToken, kSession, kApiKey, kCertificate };
  Kind kind = Kind::kNone;
  std::string_view text;  // as long as the request
  // The one that proves who it is, or that the token must have been given to; as long as the
  // connection.
  const tls::Certificate* certificate = nullptr;

  // In Route::Auth::credentials.
  static constexpr uint8_t Bit(Kind kind) {
    return static_cast<uint8_t>(1u << static_cast<uint8_t>(kind));
  }
  bool IsOneOf(uint8_t bits) const { return bits == 0 || (bits & Bit(kind)) != 0; }
};

// Where credentials are looked for.
struct CredentialPlaces {
  std::string api_key_header;  // lower case; "" for none
  std::string cookie;          // name of a cookie with a token; "" for none
  // Clients' certificates are credentials; and what becomes of one that comes with another
  // credential: both are refused, or it proves nothing, or the token must be bound to it.
  enum class Certificates : uint8_t { kIgnored, kAlone, kBesideToken, kBindToken };
  Certificates certificates = Certificates::kIgnored;
};

// The credential: `Authorization: Bearer TOKEN` (RFC 6750, section 2.1), a cookie, an API key or
// the connection's certificate. Who brings two of them is refused rather than chosen for, also
// where the second is a token in the query, which is never taken; so are other schemes. The status
// holds the reason for the log.
absl::StatusOr<Credential> FindCredential(const http::Request& request,
                                          const CredentialPlaces& places);

// How often the cookie stands in the request; `value` becomes the last one's.
size_t CookieOf(const http::Headers& headers, std::string_view name, std::string_view& value);

// A request's target as a log may show it: without what a token stands in, where it has one.
bool HasTokenInQuery(std::string_view query);
std::string HideTokens(std::string_view target);

}  // namespace frontdesk::policy
