#include "gateway/policy/credential.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/http/chars.h"
#include "gateway/identity/jws.h"

namespace frontdesk::policy {
namespace {

using identity::Refusal;
using Kind = Credential::Kind;

constexpr std::string_view kScheme = "bearer ";
// RFC 6750, section 2.3.
constexpr std::string_view kTokenInQuery = "access_token";

std::string_view NextParameter(std::string_view& query) {
  const size_t end = std::min(query.find('&'), query.size());
  const std::string_view parameter = query.substr(0, end);
  query.remove_prefix(std::min(end + 1, query.size()));
  return parameter;
}

// However its name is spelt ("access%5Ftoken=...").
bool IsTokenParameter(std::string_view parameter) {
  const std::string_view name = parameter.substr(0, parameter.find('='));
  size_t at = 0;
  for (const char wanted : kTokenInQuery) {
    if (at >= name.size()) return false;
    char c = name[at++];
    if (c == '%' && at + 2 <= name.size()) {
      const int high = HexValue(name[at]), low = HexValue(name[at + 1]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high << 4 | low);
      at += 2;
    }
    if (c != wanted) return false;
  }
  return at == name.size();
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
  // Three searches: one for any of them would look at each byte by itself, which costs more than
  // all else that is done with a token that is known.
  const auto has = [&](char c) { return token.find(c) != std::string_view::npos; };
  if (has(' ') || has('\t') || has(',')) return Refusal("CREDENTIAL_MALFORMED");
  return token;
}

absl::StatusOr<Credential> WithCertificate(Credential found, const http::Request& request,
                                           CredentialPlaces::Certificates place) {
  using Certificates = CredentialPlaces::Certificates;
  const tls::Certificate* const certificate = request.peer_certificate;
  const bool token = found.kind == Kind::kToken || found.kind == Kind::kSession;
  if (certificate == nullptr || place == Certificates::kIgnored) {
    if (token && place == Certificates::kBindToken) return Refusal("CERTIFICATE_MISSING");
    return found;
  }
  if (found.kind == Kind::kNone) {
    if (HasTokenInQuery(request.query)) return Refusal("CREDENTIALS_TWICE");
    return Credential{Kind::kCertificate, "", certificate};
  }
  if (place == Certificates::kAlone) return Refusal("CREDENTIALS_TWICE");
  if (token && place == Certificates::kBindToken) found.certificate = certificate;
  return found;
}

}  // namespace

size_t CookieOf(const http::Headers& headers, std::string_view name, std::string_view& value) {
  size_t count = 0;
  for (const http::Header& header : headers.fields()) {
    if (header.name != "cookie") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find(';'), rest.size());
      const std::string_view pair = http::Trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const size_t equals = pair.find('=');
      if (equals == std::string_view::npos || http::Trim(pair.substr(0, equals)) != name) continue;
      value = http::Trim(pair.substr(equals + 1));
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
    if (cookies > 0) found = {Kind::kSession, value};
    count += cookies;
  }
  if (count > 0 && HasTokenInQuery(request.query)) ++count;
  if (count > 1) return Refusal("CREDENTIALS_TWICE");
  return WithCertificate(found, request, places.certificates);
}

bool HasTokenInQuery(std::string_view query) {
  while (!query.empty()) {
    if (IsTokenParameter(NextParameter(query))) return true;
  }
  return false;
}

std::string HideTokens(std::string_view target) {
  const size_t question = target.find('?');
  if (question == std::string_view::npos || !HasTokenInQuery(target.substr(question + 1))) {
    return std::string(target);
  }
  std::string shown(target.substr(0, question));
  char before = '?';
  for (target.remove_prefix(question + 1); !target.empty(); before = '&') {
    const std::string_view parameter = NextParameter(target);
    shown.push_back(before);
    if (IsTokenParameter(parameter)) {
      shown += Cat(parameter.substr(0, parameter.find('=')), "=...");
    } else {
      shown += parameter;
    }
  }
  return shown;
}

}  // namespace frontdesk::policy
