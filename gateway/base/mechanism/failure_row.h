// How many failures came one after another.
#pragma once

#include <cstdint>

#include "gateway/base/clock.h"

namespace frontdesk {

// What ends at the same time (that of one turn of a loop) has no order: a failure is shorter than
// an answer and overtakes those that were sent with it, so that a few failures among hundreds of
// calls would seem to be in a row. Together they count once. Not thread-safe.
class FailureRow {
 public:
  void Record(bool ok, TimePoint now) {
    if (ok) return Clear();
    if (length_ == 0 || now != last_) ++length_;
    last_ = now;
  }
  void Clear() { length_ = 0; }
  uint32_t length() const { return length_; }

 private:
  uint32_t length_ = 0;
  TimePoint last_ = TimePoint::min();  // that failed
};

}  // namespace frontdesk
