// A breaker that several workers use.
#pragma once

#include <atomic>
#include <optional>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/breaker.h"
#include "gateway/base/mutex.h"

namespace frontdesk {

// Any thread. Closed, it costs one relaxed load.
class SharedBreaker {
 public:
  explicit SharedBreaker(const BreakerSettings& settings) : breaker_(settings), on_(settings.on) {}

  Breaker::Ticket Admit(TimePoint now);
  bool closed() const { return closed_.load(std::memory_order_relaxed); }
  // Whether Admit() would admit; takes nothing.
  bool MayAdmit(TimePoint now) const;
  // What it has become, when its state changed. Every ticket comes back, by this or by Release().
  std::optional<Breaker> Record(Breaker::Ticket ticket, bool ok, Duration took, TimePoint now);
  void Release(Breaker::Ticket ticket);
  // A copy, to be looked at.
  Breaker Look() const;

 private:
  mutable Mutex mutex_;
  Breaker breaker_ ABSL_GUARDED_BY(mutex_);
  const bool on_;
  std::atomic<bool> closed_{true};
};

}  // namespace frontdesk
