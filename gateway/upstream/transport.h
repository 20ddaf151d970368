// One rpc over some connection. The two transports (h2_transport, grpc_transport) stand behind
// this; everything that protects a call stands in front of it, in call.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/upstream/call_context.h"

namespace frontdesk::upstream {

inline constexpr std::string_view kIdempotencyKey = "idempotency-key";

// How a call is to be made. Views are only read during Start().
struct CallSpec {
  std::string_view path;                  // "/package.Service/Method"
  const Metadata* metadata = nullptr;     // may be null
  std::string_view idempotency_key;       // sent under that name unless it is empty
  TimePoint deadline = TimePoint::max();  // what is left goes out as grpc-timeout
  size_t max_reply_bytes = 4 << 20;       // of one message; above it the call fails
};

// Told what becomes of a call, on its loop, never from inside Start(), Send() or Cancel().
class CallEvents {
 public:
  virtual ~CallEvents() = default;
  // Response headers; not called for a trailers-only answer. "grpc-*" and pseudo-headers are left
  // out.
  virtual void OnHeaders(Metadata headers) = 0;
  // One message, without its 5-byte prefix.
  virtual void OnMessage(std::string message) = 0;
  // Exactly once, last. A status the back end gave has Origin::kUpstream, with its
  // grpc-status-details-bin as Details(); what the transport made of a broken answer says so in its
  // reason (UPSTREAM_UNREACHABLE, UPSTREAM_RESET, UPSTREAM_PROTOCOL, UPSTREAM_MESSAGE_TOO_LARGE,
  // UPSTREAM_OVERLOADED) and carries NeverSent() where no back end can have acted on it.
  virtual void OnDone(absl::Status status, Metadata trailers) = 0;
};

// A call in flight. Destroying it before OnDone() cancels it silently: no event comes afterwards.
class OutgoingCall {
 public:
  virtual ~OutgoingCall() = default;
  // Queues a message; `last` half-closes. Copied before this returns.
  virtual void Send(std::string_view message, bool last) = 0;
  // RST_STREAM(CANCEL) or the like; OnDone(CANCELLED) follows unless the call ended before.
  virtual void Cancel() = 0;
};

// The connections of one worker to one upstream. One loop only.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual std::unique_ptr<OutgoingCall> Start(const CallSpec& spec, CallEvents& events) = 0;
  // Calls that have neither ended nor been dropped.
  virtual size_t in_flight() const = 0;
  // No new calls; connections close when their last call has ended.
  virtual void Drain() = 0;
};

}  // namespace frontdesk::upstream
