// Making one protected call: the door through which plain routes, compositions and generated
// clients reach back ends. Behind it stand call.cc's concerns and a transport.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/contract/method_name.h"
#include "gateway/upstream/call_context.h"
#include "gateway/upstream/call_policy.h"

namespace frontdesk::upstream {

struct UnaryReply {
  std::string message;
  Metadata headers;
  Metadata trailers;
};

struct CallOptions {
  // Longest time of this call; the context's deadline holds as well. Where it or max_reply_bytes
  // is the usual one, what the method's contract says holds.
  Duration timeout = Duration::max();
  // What that is the rest of, where several calls share it; zero where it is all.
  Duration whole{};
  size_t max_reply_bytes = contract::kUsualReplyBytes;
  // Sent as `idempotency-key`, so that a back end does not do twice what it is asked twice; none if
  // empty. Outlives the task.
  std::string_view idempotency_key = {};
  // Instead of the method's own; outlives the task. Null: the method's own.
  const CallPolicy* policy = nullptr;
  // The same as the contract says it of this call in particular, as for a composition's step: holds
  // where neither `policy` nor UpstreamSettings::methods says anything.
  const CallPolicy* declared = nullptr;
};

// Where nobody has said otherwise: `options` with what the contract says of calls of `method`.
inline CallOptions WithDeclared(CallOptions options, const contract::MethodName& method) {
  if (!method.declared) return options;
  if (options.timeout == Duration::max()) options.timeout = method.declared->timeout;
  if (options.max_reply_bytes == contract::kUsualReplyBytes) {
    options.max_reply_bytes = method.declared->max_reply_bytes;
  }
  return options;
}

class Caller {
 public:
  virtual ~Caller() = default;
  // Everything outlives the task: a call may be made more than once.
  // A unary answer is exactly one message with status OK; anything else is a failure (see
  // transport.h), DEADLINE_EXCEEDED at the deadline, CANCELLED when context.cancel happens.
  virtual Task<absl::StatusOr<UnaryReply>> Unary(CallContext& context,
                                                 const contract::MethodName& method,
                                                 std::string_view request,
                                                 const CallOptions& options) = 0;
};

}  // namespace frontdesk::upstream
