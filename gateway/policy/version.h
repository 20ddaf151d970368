// Versions of an API that are on their way out: what clients are told with every answer, and the
// answer once they are gone.
#pragma once

#include "absl/status/status.h"
#include "gateway/exchange.h"
#include "gateway/http/message.h"
#include "gateway/policy/wall_clock.h"

namespace frontdesk::policy {

// Fails with 410 METHOD_RETIRED, and where to go, when the route's version is retired at `now`. The
// route has one.
absl::Status RefuseRetired(const Exchange& exchange, WallTime now);

// Deprecation (RFC 9745), Sunset (RFC 8594) and Link of the route's version, which it has; not for
// OPTIONS, which is about the address and not about one of its methods.
void AddVersionHeaders(const Exchange& exchange, http::ResponseHead& head);

}  // namespace frontdesk::policy
