// When keys are fetched again: a plain value, time and chance as arguments.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/backoff.h"

namespace frontdesk::identity {

struct RefreshSettings {
  // After a fetch that succeeded.
  Duration interval = std::chrono::minutes(5);
  // Between two fetches because of tokens that name unknown keys, as anybody can make up such
  // tokens; those for other reasons don't count.
  Duration cool_down = std::chrono::seconds(30);
  // After a fetch that failed: between half and all of what this grows to with each in a row.
  Backoff backoff{std::chrono::seconds(1), std::chrono::minutes(1), 2};
};

// Not thread-safe.
class RefreshSchedule {
 public:
  // The first fetch is due at once.
  explicit RefreshSchedule(const RefreshSettings& settings) : settings_(settings) {}

  TimePoint next() const { return next_; }
  uint32_t failures() const { return failures_; }

  // A fetch begins. When it ends one of the next two is called, with the time of its begin.
  void OnBegin(TimePoint now) {
    if (std::exchange(for_unknown_, false)) last_for_unknown_ = now;
    next_ = TimePoint::max();
  }
  void OnSuccess(TimePoint now) {
    failures_ = 0;
    Plan(now + settings_.interval);
  }
  // `random` in [0, 1).
  void OnFailure(TimePoint now, double random) {
    const Duration whole = Grown(settings_.backoff, ++failures_);
    Plan(now + whole / 2 + std::chrono::duration_cast<Duration>(whole / 2 * random));
  }
  // A token names a key that is not there: a fetch is due at once, or as soon as the last one for
  // such a reason is long enough ago. One under way won't do: it may have read what was there
  // before. True if the next one is earlier because of that.
  bool OnUnknownKey(TimePoint now) {
    const TimePoint due = std::max(now, last_for_unknown_ + settings_.cool_down);
    if (next_ <= due) return false;
    next_ = due;
    for_unknown_ = true;
    return true;
  }

 private:
  // Not later than what an unknown key has asked for meanwhile.
  void Plan(TimePoint regular) {
    if (next_ < regular) return;
    next_ = regular;
    for_unknown_ = false;
  }

  RefreshSettings settings_;
  TimePoint next_ = TimePoint::min();
  bool for_unknown_ = false;  // the next fetch is for the sake of an unknown key
  TimePoint last_for_unknown_ = TimePoint::min();  // when the last such one began
  uint32_t failures_ = 0;
};

}  // namespace frontdesk::identity
