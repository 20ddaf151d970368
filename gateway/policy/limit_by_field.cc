#include "gateway/policy/limit_by_field.h"

#include "gateway/contract/wire.h"

namespace frontdesk::policy {

std::string_view FieldValue(std::string_view message, std::span<const uint32_t> field) {
  std::string_view value = message;
  for (const uint32_t number : field) {
    std::string_view found;
    for (contract::WireReader reader(value); reader.Next();) {
      if (reader.field().number == number) found = reader.field().bytes;
    }
    value = found;
  }
  return value;
}

Task<absl::Status> LimitByField(Exchange& exchange, const LimitHost& host) {
  LimitAsks asks;
  for (const route::Route::Limit& limit : exchange.route->limits_by_field) {
    asks.Add(limit, std::string(FieldValue(exchange.message, limit.field)));
  }
  co_return co_await asks.Take(exchange, host);
}

}  // namespace frontdesk::policy
