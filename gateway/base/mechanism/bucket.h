// How often something may happen.
#pragma once

#include <chrono>
#include <cstdint>

#include "gateway/base/clock.h"

namespace frontdesk {

// `requests` per `per` in the long run, `burst` at once. Rates above a million per second are
// counted as that.
class BucketRule {
 public:
  // What is 0 counts as 1, and a burst of 0 as `requests`.
  BucketRule(uint64_t requests, Duration per, uint64_t burst);

  uint64_t requests() const { return requests_; }
  Duration per() const { return per_; }
  uint64_t burst() const { return burst_; }
  // In which `cost`, which counts up to the burst, comes back; rounded down.
  Duration TimeOf(uint64_t cost) const;
  // In which all of it comes back.
  Duration burst_time() const { return burst_time_; }
  // Nanoseconds in which one comes back, not rounded.
  double unit_nanos() const { return unit_; }
  // What `time` brings back, rounded down; at most the burst.
  uint64_t UnitsIn(Duration time) const;

 private:
  uint64_t requests_;
  Duration per_;
  uint64_t burst_;
  double unit_;
  Duration burst_time_;
};

// What became of one taking, and what is left.
struct BucketVerdict {
  bool taken = false;
  uint64_t remaining = 0;  // could be taken now
  Duration reset{};        // until the bucket is full again
  Duration retry_after{};  // until the same could be taken; zero when it was taken
};

// The generic cell rate algorithm of ATM (ITU-T I.371), as a leaky bucket in one number: when it is
// full again. Not thread-safe.
class Bucket {
 public:
  Bucket() = default;
  // As kept elsewhere.
  explicit Bucket(TimePoint full_at) : full_at_(full_at) {}

  // Takes `cost`, or nothing if there is not so much. A cost above the burst is never there; one of
  // 0 always. A rule other than before counts from now on: nobody waits longer than its burst time
  // and a second. Time may be a little behind that of an earlier call.
  BucketVerdict Take(const BucketRule& rule, uint64_t cost, TimePoint now);
  // As Take() would answer; takes nothing.
  BucketVerdict Peek(const BucketRule& rule, uint64_t cost, TimePoint now) const;
  // Gives back what was taken.
  void GiveBack(const BucketRule& rule, uint64_t cost) { full_at_ -= rule.TimeOf(cost); }

  // A bucket that is full need not be kept.
  TimePoint full_at() const { return full_at_; }

 private:
  TimePoint full_at_;
};

}  // namespace frontdesk
