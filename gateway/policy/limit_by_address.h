// How often requests come from one address.
#pragma once

#include <string>
#include <string_view>

#include "gateway/policy/limit.h"

namespace frontdesk::policy {

// Who shares a bucket: an IPv4 address, the first 64 bits of an IPv6 address, which are what one
// customer has; and whatever is no address together.
std::string AddressKey(std::string_view client_address);

// Takes from the limits of the exchange's route that are by address.
Task<absl::Status> LimitByAddress(Exchange& exchange, const LimitHost& host);

}  // namespace frontdesk::policy
