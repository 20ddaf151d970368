// Which end point of several to leave out for a while.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/failure_row.h"

namespace frontdesk {

// The words of Envoy's outlier detection, which gRFC A50 shares; panic_threshold is a word of
// Envoy's load balancing.
struct OutlierSettings {
  bool on = true;
  uint32_t consecutive_failures = 5;  // 0: off
  Duration interval = std::chrono::seconds(10);
  Duration base_ejection_time = std::chrono::seconds(30);
  Duration max_ejection_time = std::chrono::seconds(300);
  double max_ejection_percent = 50;
  double panic_threshold = 50;  // percent healthy; below it ejections are ignored
  double success_rate_stdev_factor = 1.9;  // 0: off
  uint32_t success_rate_minimum_hosts = 5;
  uint32_t success_rate_request_volume = 100;
};

// What is known of one end point. Not thread-safe.
class Outlier {
 public:
  struct Sample {
    uint64_t calls = 0, ok = 0;
  };

  // True: it has failed so often in a row that the caller may Eject() it. Says so again with every
  // further failure while the caller may not.
  bool Record(bool ok, TimePoint now, const OutlierSettings& settings);
  // For base_ejection_time times the ejections in a row, at most max_ejection_time. Every interval
  // that ends without an ejection takes one off the row. Nothing happens to one that is ejected.
  void Eject(TimePoint now, const OutlierSettings& settings);

  bool ejected(TimePoint now) const { return now < until_; }
  // The end of the last ejection; TimePoint::min() if there was none.
  TimePoint until() const { return until_; }
  // In a row, as of the last Record() or Eject().
  uint32_t ejections() const { return ejections_; }
  // The calls since the last time, once per interval.
  Sample TakeSample();

 private:
  void Heal(TimePoint now, const OutlierSettings& settings);

  FailureRow failures_;
  uint32_t ejections_ = 0;
  TimePoint until_ = TimePoint::min();
  TimePoint healthy_since_ = TimePoint::min();  // what was healed is taken off
  Sample sample_;
};

// Whether one more of `all` may be ejected: one of two or more always may be, the only one never.
bool MayEject(size_t already_ejected, size_t all, const OutlierSettings& settings);
// So few are healthy that calls go to all, ejected or not.
bool InPanic(size_t healthy, size_t all, const OutlierSettings& settings);
// Indices of the samples whose share of successes is below mean - factor * standard deviation, of
// those with enough calls, if these are enough.
std::vector<size_t> LowSuccessRates(std::span<const Outlier::Sample> samples,
                                    const OutlierSettings& settings);

}  // namespace frontdesk
