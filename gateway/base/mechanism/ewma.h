// How fast an end point answers, and what that means for choosing between two.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "gateway/base/clock.h"

namespace frontdesk {

// The peak-sensitive moving average of Finagle's and Linkerd's balancers: up at once, down with the
// half-life. Silence lets it sink as well, so that an end point that was slow is tried again; after
// four half-lives of it nothing is known any more. What failed fast must not be recorded as fast.
// Not thread-safe.
class PeakEwma {
 public:
  explicit PeakEwma(Duration half_life = std::chrono::seconds(10));

  void Record(Duration took, TimePoint now);
  // 0 when unknown.
  double nanos(TimePoint now) const;

 private:
  double Remaining(TimePoint now) const;  // share of the old value

  double per_half_life_;  // 1 / nanoseconds
  double nanos_ = 0;
  TimePoint at_;
};

// For how long calls have been under way without an answer to any of them. The average knows of an
// end point that hangs only when the first of its calls is given up, and thinks better and better
// of it until then. Not thread-safe.
class Silence {
 public:
  void OnCall(TimePoint now) {
    if (calls_++ == 0) since_ = now;
  }
  void OnAnswer(TimePoint now) { since_ = now; }
  void OnEnd() { --calls_; }

  size_t calls() const { return calls_; }
  Duration length(TimePoint now) const {
    return calls_ == 0 ? Duration::zero() : std::max(Duration::zero(), now - since_);
  }

 private:
  size_t calls_ = 0;
  TimePoint since_{};
};

// What the next call would meet: latency times the calls it shares the end point with, by weight;
// lower is better. An end point whose latency is unknown (0) is chosen before all others while it
// has no call, and after that, until the first answer, as if it took a second: tried, not flooded.
// Infinite for a weight of 0.
double LoadCost(double latency_nanos, size_t in_flight, double weight);

// Envoy's slow start: the share of its weight that an end point gets `since` it was added or came
// back, growing evenly from `least`; 1 when the window is over or 0.
double SlowStartFactor(Duration since, Duration window, double least = 0.1);

}  // namespace frontdesk
