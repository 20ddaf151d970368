#include "gateway/policy/limit_key.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "gateway/base/text.h"
#include "gateway/contract/wire.h"
#include "gateway/http/client_address.h"

namespace frontdesk::policy {
namespace {

using contract::WireReader;
using contract::WireType;
using identity::Identity;
using identity::JsonValue;
using Limit = route::Route::Limit;

std::string CallerKey(const Exchange& exchange) {
  const Identity* const caller = exchange.call.identity.get();
  if (!caller) return Cat('@', AddressKey(exchange.client_address));
  return Cat('=', caller->realm(), '\n', caller->sub);
}

std::string ClaimKey(const Exchange& exchange, const std::string& path) {
  const Identity* const caller = exchange.call.identity.get();
  const JsonValue* const claim = caller ? caller->Claim(path) : nullptr;
  const std::optional<std::string> text = claim ? claim->ScalarText() : std::nullopt;
  return text ? Cat('#', caller->realm(), '\n', *text) : CallerKey(exchange);
}

bool Says(const JsonValue& claim, const std::string& value) {
  if (claim.is(JsonValue::Kind::kText)) return claim.text == value;
  if (claim.is(JsonValue::Kind::kArray)) {
    return std::any_of(claim.members.begin(), claim.members.end(),
                       [&](const auto& member) { return Says(member.value, value); });
  }
  return claim.ScalarText() == value;
}

// Values that stand in one field, one behind the other.
uint64_t CountPacked(contract::FieldType type, std::string_view bytes) {
  switch (contract::WireTypeOf(type)) {
    case WireType::kFixed32:
      return bytes.size() / 4;
    case WireType::kFixed64:
      return bytes.size() / 8;
    default:  // the last byte of a varint has no mark
      return static_cast<uint64_t>(std::count_if(bytes.begin(), bytes.end(), [](char byte) {
        return static_cast<unsigned char>(byte) < 0x80;
      }));
  }
}

}  // namespace

std::string AddressKey(std::string_view client_address) {
  const std::optional<http::AddressBytes> bytes = http::ParseAddress(client_address);
  if (!bytes) return "";
  constexpr http::AddressBytes kV4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool v4 = std::equal(kV4.begin(), kV4.begin() + 12, bytes->begin());
  const char* const begin = reinterpret_cast<const char*>(bytes->data());
  return v4 ? std::string(begin + 12, 4) : std::string(begin, 8);
}

std::string_view FieldValue(std::string_view message, std::span<const uint32_t> field) {
  std::string_view value = message;
  for (const uint32_t number : field) {
    std::string_view found;
    for (WireReader reader(value); reader.Next();) {
      if (reader.field().number == number) found = reader.field().bytes;
    }
    value = found;
  }
  return value;
}

uint64_t CountElements(std::string_view message, const contract::LimitList& list) {
  const std::span<const uint32_t> field = list.field;
  const bool packable = contract::WireTypeOf(list.type) != WireType::kBytes;
  uint64_t count = 0;
  for (WireReader reader(FieldValue(message, field.first(field.size() - 1))); reader.Next();) {
    if (reader.field().number != field.back()) continue;
    const bool packed = packable && reader.field().type == WireType::kBytes;
    count += packed ? CountPacked(list.type, reader.field().bytes) : 1;
  }
  return count;
}

std::string LimitKey(const Exchange& exchange, const Limit& limit) {
  const Identity* const caller = exchange.call.identity.get();
  switch (limit.key) {
    case Limit::Key::kAddress:
      return AddressKey(exchange.client_address);
    case Limit::Key::kCaller:
      return CallerKey(exchange);
    case Limit::Key::kClaim:
      return ClaimKey(exchange, limit.of);
    case Limit::Key::kApiKey:
      return caller && !caller->api_key.empty() ? Cat('&', caller->api_key) : CallerKey(exchange);
    case Limit::Key::kHeader:
      return std::string(exchange.request.headers.Find(limit.of).value_or(""));
    case Limit::Key::kField:
      return std::string(FieldValue(exchange.message, limit.field));
    case Limit::Key::kRoute:
      break;
  }
  return "";
}

size_t LimitRule(const Exchange& exchange, const Limit& limit) {
  if (limit.tiers.empty() || !exchange.call.identity) return limit.rule;
  const JsonValue* const claim = exchange.call.identity->Claim(limit.tier_claim);
  if (!claim) return limit.rule;
  const auto tier = std::find_if(limit.tiers.begin(), limit.tiers.end(),
                                 [&](const Limit::Tier& each) { return Says(*claim, each.value); });
  return tier == limit.tiers.end() ? limit.rule : tier->rule;
}

uint32_t LimitCost(const Exchange& exchange, const Limit& limit) {
  uint64_t cost = limit.cost;
  for (const contract::LimitList& list : limit.lists) {
    // No message has so many elements that this could overflow.
    cost += CountElements(exchange.message, list) * limit.per_element;
  }
  cost = std::max<uint64_t>(cost, std::max(limit.per_element, 1u));
  return static_cast<uint32_t>(std::min<uint64_t>(cost, std::numeric_limits<uint32_t>::max()));
}

}  // namespace frontdesk::policy
