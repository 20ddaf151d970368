// The request as the client sent it becomes the message that back ends get.
#pragma once

#include "gateway/contract/message_table.h"
#include "gateway/exchange.h"

namespace frontdesk::policy {

// Fills exchange.message from path, query and body, in canonical form. `types` resolves Any.
absl::Status Decode(Exchange& exchange, const contract::MessageTables& types, int json_depth);

}  // namespace frontdesk::policy
