#include "gateway/policy/limit_by_address.h"

#include <algorithm>

#include "gateway/http/client_address.h"

namespace frontdesk::policy {

std::string AddressKey(std::string_view client_address) {
  const std::optional<http::AddressBytes> bytes = http::ParseAddress(client_address);
  if (!bytes) return "";
  constexpr http::AddressBytes kV4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool v4 = std::equal(kV4.begin(), kV4.begin() + 12, bytes->begin());
  const char* const begin = reinterpret_cast<const char*>(bytes->data());
  return v4 ? std::string(begin + 12, 4) : std::string(begin, 8);
}

Task<absl::Status> LimitByAddress(Exchange& exchange, const LimitHost& host) {
  LimitAsks asks;
  for (const route::Route::Limit& limit : exchange.route->limits_by_address) {
    asks.Add(limit, AddressKey(exchange.client_address));
  }
  co_return co_await asks.Take(exchange, host);
}

}  // namespace frontdesk::policy
