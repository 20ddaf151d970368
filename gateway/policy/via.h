// Which gateways a request has come through (RFC 9110 section 7.6.3).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/exchange.h"

namespace frontdesk::policy {

// Tells back ends by the metadata `via` what the client's Via says, and this gateway's own name. A
// request that has been here already goes round in circles: 508 LOOP_DETECTED.
absl::Status PassVia(Exchange& exchange, const std::string& name);

// Whether a Via says that the message was received by `name`, which is in lower case.
bool HasBeenAt(std::string_view via, std::string_view name);

// What stands in Via for a message that this gateway received so: "1.1 name".
std::string ViaText(std::string_view version, std::string_view name);

}  // namespace frontdesk::policy
