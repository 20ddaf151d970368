#include "gateway/policy/version_hints.h"

#include <string_view>

#include "gateway/policy/credential.h"
#include "gateway/policy/limit_key.h"

namespace frontdesk::policy {

upstream::VersionHints ReadVersionHints(const Exchange& exchange,
                                        const std::vector<std::string>& names) {
  constexpr std::string_view kCookie = "cookie:";
  upstream::VersionHints hints;
  hints.address = AddressKey(exchange.client_address);
  const http::Headers& headers = exchange.request.headers;
  for (const std::string& name : names) {
    std::string_view value;
    size_t count = 0;
    if (name.starts_with(kCookie)) {
      count = CookieOf(headers, std::string_view(name).substr(kCookie.size()), value);
    } else {
      count = headers.Count(name);
      value = headers.Find(name).value_or("");
    }
    if (count == 1) hints.headers.emplace_back(name, value);
  }
  return hints;
}

}  // namespace frontdesk::policy
