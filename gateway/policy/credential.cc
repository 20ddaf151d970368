#include "gateway/policy/credential.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/path_text.h"
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

// A parameter of a query that holds a token, in whatever spelling.
bool IsToken(std::string_view parameter) {
  if (parameter.starts_with(kTokenInQuery)) return true;
  const size_t equals = parameter.find('=');
  std::string name;
  return equals != std::string_view::npos &&
         contract::PercentDecode(parameter.substr(0, equals), name) &&
         Cat(name, '=') == kTokenInQuery;
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
  if (query.find('%') == std::string_view::npos) {
    return query.starts_with(kTokenInQuery) ||
           query.find(Cat('&', kTokenInQuery)) != std::string_view::npos;
  }
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    if (IsToken(parameter)) return true;
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
  }
  return false;
}

std::string HideTokens(std::string_view target) {
  const size_t mark = std::min(target.find('?'), target.size() - 1);
  std::string shown(target.substr(0, mark + 1));
  for (std::string_view rest = target.substr(mark + 1); !rest.empty();) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    const bool more = parameter.size() < rest.size();
    rest.remove_prefix(parameter.size() + (more ? 1 : 0));
    if (IsToken(parameter)) {
      shown += Cat(parameter.substr(0, parameter.find('=') + 1), "...");
    } else {
      shown += parameter;
    }
    if (more) shown.push_back('&');
  }
  return shown;
}

}  // namespace frontdesk::policy
