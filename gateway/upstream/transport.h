// One rpc over some connection. The two transports (h2_transport, grpc_transport) stand behind
// this; everything that protects a call stands in front of it, in call.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/upstream/call_context.h"

namespace frontdesk::upstream {

inline constexpr std::string_view kIdempotencyKey = "idempotency-key";
inline constexpr std::string_view kPreviousAttempts = "grpc-previous-rpc-attempts";

// How a call is to be made. Views are only read during Start().
struct CallSpec {
  std::string_view path;                  // "/package.Service/Method"
  const Metadata* metadata = nullptr;     // may be null
  std::string_view idempotency_key;       // sent under that name unless it is empty
  TimePoint deadline = TimePoint::max();  // what is left goes out as grpc-timeout
  size_t max_reply_bytes = 4 << 20;       // of one message; above it the call fails
  uint32_t previous_attempts = 0;         // grpc-previous-rpc-attempts, sent unless it is 0 (kH2)

  // Whether an entry of `metadata` goes out: beside a key of the call's own no other does.
  bool Sends(std::string_view name) const {
    return idempotency_key.empty() || name != kIdempotencyKey;
  }
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
  // reason (UPSTREAM_UNREACHABLE, UPSTREAM_RESET, UPSTREAM_REFUSED, UPSTREAM_PROTOCOL,
  // UPSTREAM_MESSAGE_TOO_LARGE, UPSTREAM_OVERLOADED) and carries NeverSent() where no back end can
  // have acted on it. When to try again, should the back end have said so, is PushbackOf()
  // (pushback.h); what ended with its connection is WasLost() (verdict.h).
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
  // Whether the transport still keeps it, as far as is known, because the back end has no stream
  // for it. How it ends then says nothing about the back end.
  virtual bool IsHeld() const { return false; }
};

// The connections of one worker to one end point. One loop only. Does not choose, does not queue
// and starts no call twice: the channel does.
class Transport {
 public:
  enum class Readiness {
    kIdle,        // has no connection and tries to have none
    kConnecting,  // has no room, but a connection is being made
    kReady,       // Start() finds room at once
    kFull,        // every stream is taken, and no connection is being made
    kFailing,     // the last attempt to connect failed, and no later one has succeeded
    kClosed,      // no new calls after Drain()
  };

  // Told what its calls may have waited for. May be told from inside nghttp2's callbacks: must
  // neither destroy the transport there nor start calls. Outlives the transport.
  class Owner {
   public:
    // readiness(), room or connections() may have changed.
    virtual void OnReadiness(Transport& transport) = 0;
    // The same, and an attempt to connect failed that leaves it kFailing: last_failure() says why.
    // Told by who connects by himself; of others readiness() tells as much.
    virtual void OnConnectFailed(Transport& transport) { OnReadiness(transport); }

   protected:
    ~Owner() = default;
  };

  virtual ~Transport() = default;
  // Without room the call fails soon with NeverSent(). Nothing else need be told before the first
  // message. Outlives its calls.
  virtual std::unique_ptr<OutgoingCall> Start(const CallSpec& spec, CallEvents& events) = 0;
  virtual Readiness readiness() const = 0;
  // Wants a connection: opens one if there is none and the last failed attempt is long enough ago
  // (otherwise when it is); with every connection busy, another one while fewer than `connections`
  // are open.
  virtual void Connect() = 0;
  // Why the last connection was lost or not made; carries NeverSent().
  virtual const absl::Status& last_failure() const = 0;
  // Calls that have neither ended nor been dropped.
  virtual size_t in_flight() const = 0;
  // Open ones, those that only finish their calls included.
  virtual size_t connections() const = 0;
  // No new calls; connections close when their last call has ended.
  virtual void Drain() = 0;
};

}  // namespace frontdesk::upstream
