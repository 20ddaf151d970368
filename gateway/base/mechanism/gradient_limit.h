// How many calls an end point can take at a time, learnt from their latency.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "gateway/base/clock.h"

namespace frontdesk {

struct GradientSettings {
  uint32_t initial = 32, min = 4, max = 1000;
  double tolerance = 1.5;  // latency may be so many times that of an uncongested back end
  double smoothing = 0.2;  // share of the way to a new limit taken per window
  Duration window = std::chrono::milliseconds(100);
};

// The gradient limits of Netflix's concurrency-limits, limit * base / latency + sqrt(limit) once
// per window, with a base that is measured as Envoy's adaptive concurrency does it: now and then
// the limit is halved until calls that began under the half have shown what they take. A long-term
// average in its place would rise with the queue that an overload builds, and the limit with both.
//
// It is looked for again after 30 s, or once the limit has grown or shrunk by half; a window that
// used no more than half of the limit says the same for nothing. A limit that is not used does not
// grow. Not thread-safe.
class GradientLimit {
 public:
  explicit GradientLimit(const GradientSettings& settings = {});

  // The end of a call: what it took, how many were in flight when it began or ended, and whether it
  // was lost to overload (refused by the back end, deadline passed); what a lost call took says
  // nothing, but a window whose calls are all lost halves the limit. Calls that failed for other
  // reasons are not recorded.
  void Record(Duration took, size_t in_flight, bool dropped, TimePoint now);
  // How many calls may be in flight now.
  uint32_t limit() const;

 private:
  struct Window {
    uint64_t calls = 0, dropped = 0;
    double nanos = 0;  // of all calls
    size_t most_in_flight = 0;
    void Add(Duration took) {
      ++calls;
      nanos += static_cast<double>(took > Duration(1) ? took.count() : 1);
    }
    double mean() const { return nanos / static_cast<double>(calls); }
  };

  void EndWindow(TimePoint now);
  void LearnBase(double latency, bool uncongested);
  void Adapt(double latency, bool half_used);
  void BeginWindow(TimePoint now);
  void Set(double limit);
  bool WantsMeasuring(TimePoint now) const;
  void BeginMeasuring(double latency, TimePoint now);
  void Measure(Duration took, TimePoint now);
  void EndMeasuring(TimePoint now);

  GradientSettings settings_;
  double limit_;
  double base_ = 0;  // nanoseconds a call takes without congestion; 0: unknown
  Window window_;
  TimePoint window_end_ = TimePoint::min();  // nothing was recorded
  double limit_at_base_ = 0;                 // when the base was measured last; 0: never
  TimePoint base_at_;                        // when that was, or when it was last tried
  bool measuring_ = false;
  TimePoint measured_from_, give_up_at_;
  Window measured_;
};

}  // namespace frontdesk
