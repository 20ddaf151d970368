// Of a request and one of its limits: whose bucket, by which rule, and how much of it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateway/exchange.h"
#include "gateway/route/route.h"

namespace frontdesk::policy {

// Who shares a bucket: an IPv4 address, the first 64 bits of an IPv6 address, which are what one
// customer has; and whatever is no address together.
std::string AddressKey(std::string_view client_address);

// The last value of a field, by its numbers from the outermost, as its bytes on the wire; "" where
// it is not there. Of a message in canonical form, so that equal values have equal bytes.
std::string_view FieldValue(std::string_view message, std::span<const uint32_t> field);

// How many elements a list of the message has.
uint64_t CountElements(std::string_view message, const contract::LimitList& list);

// Keys of different kinds are told apart, so that nobody is called like an address, a tenant or a
// key; and two issuers may know different people by one name.
std::string LimitKey(const Exchange& exchange, const route::Route::Limit& limit);

// Index of the rule: that of the caller's tier, else the limit's own.
size_t LimitRule(const Exchange& exchange, const route::Route::Limit& limit);

// At least 1; what does not fit into the type is as much as does, which no bucket holds.
uint32_t LimitCost(const Exchange& exchange, const route::Route::Limit& limit);

}  // namespace frontdesk::policy
