// Whether a loop can do what comes.
#pragma once

#include <chrono>
#include <cstdint>

#include "gateway/base/clock.h"

namespace frontdesk {

// Fed with the age of what is served next, by looking often. Late is who has been late at every
// look for as long as the limit itself: a single late look comes of a machine that stood still for
// a moment, and says nothing about how much there is to do. Not thread-safe.
class Lateness {
 public:
  enum class Level : uint8_t {
    kNone,
    kLate,      // by more than `limit`
    kVeryLate,  // by more than twice that
  };

  explicit Lateness(Duration limit) : limit_(limit) {}

  Duration limit() const { return limit_; }

  // What is served now has waited for `age`.
  void Observe(Duration age, TimePoint now) {
    seen_ = now;
    Follow(age > limit_, now, late_since_);
    Follow(age > 2 * limit_, now, very_late_since_);
  }
  Level level(TimePoint now) const {
    // Nobody has looked for long, because nothing came.
    if (late_since_ == kNever || now - seen_ > kForget * limit_) return Level::kNone;
    if (very_late_since_ != kNever && seen_ - very_late_since_ >= limit_) return Level::kVeryLate;
    return seen_ - late_since_ >= limit_ ? Level::kLate : Level::kNone;
  }

 private:
  static constexpr TimePoint kNever = TimePoint::max();
  static constexpr int kForget = 8;

  static void Follow(bool late, TimePoint now, TimePoint& since) {
    if (!late) {
      since = kNever;
    } else if (since == kNever) {
      since = now;
    }
  }

  const Duration limit_;
  TimePoint seen_ = TimePoint::min();
  TimePoint late_since_ = kNever;
  TimePoint very_late_since_ = kNever;
};

}  // namespace frontdesk
