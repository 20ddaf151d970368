// How calls of one method are protected, as plain values: made of what stands next to the rpc
// (to_call_policy.h), and of what the YAML file says over that; in programs and tests also by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/base/mechanism/backoff.h"
#include "gateway/base/mechanism/breaker.h"
#include "gateway/base/mechanism/priority.h"

namespace frontdesk::contract {

// A set of gRPC status codes.
class CodeSet {
 public:
  constexpr CodeSet() = default;
  constexpr CodeSet(std::initializer_list<absl::StatusCode> codes) {
    for (const absl::StatusCode code : codes) Add(code);
  }
  constexpr void Add(absl::StatusCode code) { bits_ |= Bit(code); }
  constexpr bool Has(absl::StatusCode code) const { return (bits_ & Bit(code)) != 0; }
  bool operator==(const CodeSet&) const = default;

 private:
  static constexpr uint32_t Bit(absl::StatusCode code) {
    const int number = static_cast<int>(code);
    return number < 0 || number > 16 ? 0 : uint32_t{1} << number;
  }
  uint32_t bits_ = 0;
};

struct RetryPolicy {
  uint32_t max_attempts = 3;  // the first one counted; 1: no retries
  Backoff backoff;
  CodeSet codes{absl::StatusCode::kUnavailable};
  Duration per_attempt_timeout = Duration::max();
};

struct HedgePolicy {
  bool on = false;
  Duration delay = Duration::max();
  double percentile = 0;  // of the observed latency, instead of `delay`; 0: `delay`
  uint32_t max_attempts = 2;
};

// Of a method's calls as a whole. Failures in a row do not open it unless that is asked for: where
// calls are many, a moment's trouble at one end point is five of them, and its own breaker sees to
// that.
inline BreakerSettings MethodBreaker() { return {.consecutive_failures = 0}; }

struct CallPolicy {
  RetryPolicy retry;
  HedgePolicy hedge;
  // That of each end point is in UpstreamSettings.
  BreakerSettings breaker = MethodBreaker();
  Priority priority = Priority::kNormal;
};

// Of one answer, unless something else is said.
inline constexpr size_t kUsualReplyBytes = 4 << 20;

// What a contract says of a method for programs that call it without a gateway: generated code
// brings it along.
struct DeclaredPolicy {
  CallPolicy calls;
  // Of a call that says nothing about its own. max(): nothing is declared.
  Duration timeout = Duration::max();
  size_t max_reply_bytes = kUsualReplyBytes;
};

}  // namespace frontdesk::contract
