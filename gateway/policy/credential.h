// What a request brings to prove who sends it: exactly one thing, or nothing.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/http/message.h"

namespace frontdesk::policy {

struct Credential {
  enum class Kind { kNone, kToken, kApiKey };
  Kind kind = Kind::kNone;
  std::string_view text;     // as long as the request
  bool from_cookie = false;  // which browsers send along whoever asks: see csrf.h
};

// Where credentials are looked for.
struct CredentialPlaces {
  std::string api_key_header;  // lower case; "" for none
  std::string cookie;          // name of a cookie with a token; "" for none
};

// The credential: `Authorization: Bearer TOKEN` (RFC 6750, section 2.1), a cookie or an API key.
// Who brings two of them is refused rather than chosen for, also where the second is a token in the
// query, which is never taken; so are other schemes. The status holds the reason for the log.
absl::StatusOr<Credential> FindCredential(const http::Request& request,
                                          const CredentialPlaces& places);

// How often the cookie stands in the request; `value` becomes the last one's.
size_t CookieOf(const http::Headers& headers, std::string_view name, std::string_view& value);

// A request's target as a log may show it: without what a token stands in, where it has one.
bool HasTokenInQuery(std::string_view query);
std::string HideTokens(std::string_view target);

}  // namespace frontdesk::policy
