#include "gateway/policy/credential.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/identity/jws.h"

namespace frontdesk::policy {
namespace {

using identity::Refusal;
using Kind = Credential::Kind;

constexpr std::string_view kScheme = "bearer ";
constexpr std::string_view kTokenInQuery = "access_token=";

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// "Bearer TOKEN", with one space.
absl::StatusOr<std::string_view> BearerToken(std::string_view value) {
  const bool bearer =
      value.size() > kScheme.size() &&
      std::equal(kScheme.begin(), kScheme.end(), value.begin(), [](char lower, char c) {
        return lower == (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
      });
  if (!bearer) return Refusal("CREDENTIAL_SCHEME");
  const std::string_view token = value.substr(kScheme.size());
  if (token.find_first_of(" \t,") != std::string_view::npos) return Refusal("CREDENTIAL_MALFORMED");
  return token;
}

}  // namespace

size_t CookieOf(const http::Headers& headers, std::string_view name, std::string_view& value) {
  size_t count = 0;
  for (const http::Header& header : headers.fields()) {
    if (header.name != "cookie") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = Trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const size_t equals = pair.find('=');
      if (equals == std::string_view::npos || Trimmed(pair.substr(0, equals)) != name) continue;
      value = Trimmed(pair.substr(equals + 1));
      ++count;
    }
  }
  return count;
}

absl::StatusOr<Credential> FindCredential(const http::Request& request,
                                          const CredentialPlaces& places) {
  const http::Headers& headers = request.headers;
  Credential found;
  size_t count = headers.Count("authorization");
  if (count == 1) {
    const absl::StatusOr<std::string_view> token = BearerToken(*headers.Find("authorization"));
    if (!token.ok()) return token.status();
    found = {Kind::kToken, *token};
  }
  if (!places.api_key_header.empty()) {
    const size_t keys = headers.Count(places.api_key_header);
    if (keys > 0) found = {Kind::kApiKey, *headers.Find(places.api_key_header)};
    count += keys;
  }
  if (!places.cookie.empty()) {
    std::string_view value;
    const size_t cookies = CookieOf(headers, places.cookie, value);
    if (cookies > 0) found = {Kind::kToken, value, true};
    count += cookies;
  }
  if (count > 0 && HasTokenInQuery(request.query)) ++count;
  if (count > 1) return Refusal("CREDENTIALS_TWICE");
  return found;
}

bool HasTokenInQuery(std::string_view query) {
  return query.starts_with(kTokenInQuery) ||
         query.find(Cat('&', kTokenInQuery)) != std::string_view::npos;
}

std::string HideTokens(std::string_view target) {
  std::string shown;
  while (true) {
    const size_t at = target.find(kTokenInQuery);
    if (at == std::string_view::npos) break;
    shown += target.substr(0, at + kTokenInQuery.size());
    target.remove_prefix(at + kTokenInQuery.size());
    target.remove_prefix(std::min(target.find('&'), target.size()));
    shown += "...";
  }
  return shown += target;
}

}  // namespace frontdesk::policy
