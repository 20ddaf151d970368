// How long a client is willing to wait, and how long anybody is.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/exchange.h"
#include "gateway/http/message.h"

namespace frontdesk::policy {

// From X-Request-Timeout ("0.25" and "2s" are seconds, "250ms" milliseconds) and grpc-timeout (up
// to 8 digits and one of H M S m u n), the shorter of both; nothing without either. What is neither
// is refused with 400. Never negative, and may be zero.
absl::StatusOr<std::optional<Duration>> ReadClientTimeout(const http::Headers& headers);

// Sets exchange.call.deadline to what the client wishes, counted from the request's arrival, or to
// none. Fails with 400 for a wish that can't be read, 504 for one that has passed.
absl::Status TakeClientDeadline(Exchange& exchange);

// The route's own time counts from now on: how fast a client sends says nothing about what is
// behind us; what bounds the body is the least rate of its listener. A client's wish can only
// shorten it. 504 when that has passed.
absl::Status TakeRouteDeadline(Exchange& exchange);

}  // namespace frontdesk::policy
