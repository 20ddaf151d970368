// When keys are fetched again: a plain value, time and chance as arguments.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "gateway/base/clock.h"

namespace frontdesk::identity {

struct RefreshSettings {
  // After a fetch that succeeded.
  Duration interval = std::chrono::minutes(5);
  // At most one fetch in this time because of tokens that name unknown keys: anybody can make up
  // such tokens.
  Duration cool_down = std::chrono::seconds(30);
  // After one that failed: a time between half of it and all of it, twice as long with each failure
  // in a row.
  Duration initial_backoff = std::chrono::seconds(1);
  Duration max_backoff = std::chrono::minutes(1);
};

// Not thread-safe.
class RefreshSchedule {
 public:
  // The first fetch is due at once.
  explicit RefreshSchedule(const RefreshSettings& settings) : settings_(settings) {}

  TimePoint next() const { return next_; }
  uint32_t failures() const { return failures_; }

  void OnSuccess(TimePoint now) {
    failures_ = 0;
    last_ = now;
    next_ = now + settings_.interval;
  }
  // `random` in [0, 1).
  void OnFailure(TimePoint now, double random) {
    ++failures_;
    last_ = now;
    const Duration whole = std::min(
        settings_.max_backoff, settings_.initial_backoff * (1 << std::min(failures_ - 1, 16u)));
    next_ = now + whole / 2 + std::chrono::duration_cast<Duration>(whole / 2 * random);
  }
  // A token names a key that is not there. True if a fetch is due now because of that.
  bool OnUnknownKey(TimePoint now) {
    if (now < last_ + settings_.cool_down || next_ <= now) return false;
    next_ = now;
    return true;
  }

 private:
  RefreshSettings settings_;
  TimePoint next_ = TimePoint::min();
  TimePoint last_ = TimePoint::min() + std::chrono::hours(1);
  uint32_t failures_ = 0;
};

}  // namespace frontdesk::identity
