#include "gateway/policy/limit_by_caller.h"

#include "gateway/base/text.h"
#include "gateway/policy/limit_by_address.h"

namespace frontdesk::policy {
namespace {

std::string KeyOf(const Exchange& exchange, const route::Route::Limit& limit) {
  using Key = route::Route::Limit::Key;
  if (limit.key == Key::kHeader) {
    return std::string(exchange.request.headers.Find(limit.header).value_or(""));
  }
  if (limit.key != Key::kCaller) return "";
  // Told apart, so that nobody is called like an address; and two issuers may know different people
  // by one name.
  const identity::Identity* const caller = exchange.call.identity.get();
  if (!caller) return Cat('@', AddressKey(exchange.client_address));
  return Cat('=', caller->provider, '\n', caller->sub);
}

}  // namespace

Task<absl::Status> LimitByCaller(Exchange& exchange, const LimitHost& host) {
  LimitAsks asks;
  for (const route::Route::Limit& limit : exchange.route->limits_by_caller) {
    asks.Add(limit, KeyOf(exchange, limit));
  }
  co_return co_await asks.Take(exchange, host);
}

}  // namespace frontdesk::policy
