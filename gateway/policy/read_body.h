// Reading a request's body whole, for methods whose message is unary.
#pragma once

#include "gateway/exchange.h"
#include "gateway/policy/shed.h"

namespace frontdesk::policy {

// Fills exchange.body_text. Fails with 415 for a coded body, before anything is read, with 413
// above the route's limit, without reading further, with 503 where too much is held of all bodies
// together or this one comes too slowly for that, with 504 when the client's own deadline comes
// first, and as BodySource fails.
Task<absl::Status> ReadBody(Exchange& exchange, Shedder& shedder, Priority priority);

}  // namespace frontdesk::policy
