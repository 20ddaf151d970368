// Quantiles of the latencies that were observed lately; the delay of a hedge.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "gateway/base/clock.h"

namespace frontdesk {

// Latencies in logarithmic buckets, sixteen to a power of two, as HdrHistogram has them: a quantile
// is at most 1/32 off between 1 us and 137 s, and beyond these it is one of them. Two halves take
// turns, so what is known is between half a window and a window old. 3.5 KB, always. Not
// thread-safe.
class LatencyWindow {
 public:
  // A quantile is known from `minimum` latencies on.
  explicit LatencyWindow(Duration window = std::chrono::seconds(30), uint64_t minimum = 50);

  void Record(Duration took, TimePoint now);
  // The latency that a share of `q` in [0, 1] does not exceed; nothing if too few are known.
  std::optional<Duration> Quantile(double q, TimePoint now) const;

 private:
  static constexpr int kLowest = 10;  // 2^10 ns
  static constexpr int kOctaves = 27;
  static constexpr size_t kPerOctave = 16;
  static constexpr size_t kBuckets = kOctaves * kPerOctave;
  struct Half {
    uint64_t count = 0;
    std::array<uint32_t, kOctaves> octaves{};  // sums of sixteen, so that a look-up is short
    std::array<uint32_t, kBuckets> buckets{};
  };

  static size_t BucketOf(Duration took);
  static Duration MiddleOf(size_t bucket);

  Duration half_;
  uint64_t minimum_;
  TimePoint half_end_ = TimePoint::min();
  size_t current_ = 0;
  std::array<Half, 2> halves_{};
};

}  // namespace frontdesk
