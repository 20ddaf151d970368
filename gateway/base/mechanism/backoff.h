// How long to wait before another attempt.
#pragma once

#include <chrono>
#include <cstdint>

#include "gateway/base/clock.h"

namespace frontdesk {

// The words of a gRPC service config's retryPolicy (gRFC A6): initialBackoff, maxBackoff,
// backoffMultiplier.
struct Backoff {
  Duration initial = std::chrono::milliseconds(25);
  Duration max = std::chrono::milliseconds(250);
  double multiplier = 2;
};

// min(max, initial * multiplier^(retry - 1)); `retry` counts from 1. Neither overflows nor is
// negative, whatever the arguments.
Duration Grown(const Backoff& backoff, uint32_t retry);

// Full jitter: uniform in [0, Grown()), or 0 where that is. `random` is in [0, 1); what is not is
// taken for the nearer end.
Duration FullJitter(const Backoff& backoff, uint32_t retry, double random);

}  // namespace frontdesk
