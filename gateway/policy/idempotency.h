// Idempotency-Key: the same request, sent twice, is carried out once.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/base/scope.h"
#include "gateway/exchange.h"
#include "gateway/observe/metrics.h"
#include "gateway/policy/idempotency_store.h"
#include "gateway/reply.h"

namespace frontdesk::policy {

class Terminal;

// What it needs of the worker and the process; outlives every request.
struct IdempotencyHost {
  IdempotencyStore& store;
  Scope& scope;
  observe::MetricsShard& metrics;
  std::shared_ptr<const void> alive;  // what routes live in
};

// The key of the header, which may be quoted (RFC 8941) or bare: 1 to 255 visible ASCII characters.
// Nothing when there is no such header; INVALID_ARGUMENT when it is no key, or more than one.
absl::StatusOr<std::optional<std::string>> ReadIdempotencyKey(const http::Headers& headers);

// Whether asking again would give the same failure, so that it is kept as an answer is: the back
// end has looked at the request and said no. All others (it could not be reached, was overloaded,
// did not say in time) are not kept: the next request with the key tries again.
bool IsFinal(const absl::Status& failure);

// Dispatches the decoded exchange of a route whose policy is on. With a key:
//
//   key seen before, same request   the first answer, also when its client never got it
//   key seen before, other request  422 IDEMPOTENCY_KEY_REUSED
//   still under way                 409 IDEMPOTENCY_KEY_IN_FLIGHT, Retry-After
//   new                             goes on to its end, even when the client leaves
//
// A key belongs to its caller and method. While a failed composition is being undone its key counts
// as under way. When all is undone the next request with the key starts anew, unless the failure is
// final; when something could not be undone the failure is kept, for starting anew could do it
// twice.
Task<Reply> DispatchOnce(Exchange& exchange, const IdempotencyHost& host, Terminal& terminal);

}  // namespace frontdesk::policy
