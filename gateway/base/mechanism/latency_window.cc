#include "gateway/base/mechanism/latency_window.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace frontdesk {

LatencyWindow::LatencyWindow(Duration window, uint64_t minimum)
    : half_(std::max(window / 2, Duration(1))), minimum_(std::max<uint64_t>(minimum, 1)) {}

void LatencyWindow::Record(Duration took, TimePoint now) {
  if (now >= half_end_) {
    const bool next = half_end_ != TimePoint::min() && now - half_end_ < half_;
    if (!next) halves_[current_] = {};
    current_ ^= 1;
    halves_[current_] = {};
    const TimePoint from = next ? half_end_ : now;
    half_end_ = from < TimePoint::max() - half_ ? from + half_ : TimePoint::max();
  }
  Half& half = halves_[current_];
  const size_t bucket = BucketOf(took);
  ++half.count;
  ++half.octaves[bucket / kPerOctave];
  ++half.buckets[bucket];
}

std::optional<Duration> LatencyWindow::Quantile(double q, TimePoint now) const {
  if (half_end_ == TimePoint::min()) return std::nullopt;
  const Half& newer = halves_[current_];
  const Half* older = &halves_[current_ ^ 1];
  if (now >= half_end_) {  // of the two only the newer is left, or none
    if (now - half_end_ >= half_) return std::nullopt;
    older = nullptr;
  }
  const uint64_t count = newer.count + (older != nullptr ? older->count : 0);
  if (count < minimum_) return std::nullopt;
  const double share = q > 0 ? std::min(q, 1.0) : 0;
  const auto rank = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count)));
  uint64_t left = std::clamp<uint64_t>(rank, 1, count);
  size_t octave = 0;
  for (;; ++octave) {
    const uint64_t here = newer.octaves[octave] + (older ? older->octaves[octave] : 0);
    if (left <= here) break;
    left -= here;
  }
  size_t bucket = octave * kPerOctave;
  for (;; ++bucket) {
    const uint64_t here = newer.buckets[bucket] + (older ? older->buckets[bucket] : 0);
    if (left <= here) break;
    left -= here;
  }
  return MiddleOf(bucket);
}

size_t LatencyWindow::BucketOf(Duration took) {
  const int64_t nanos = took.count();
  if (nanos < int64_t{1} << kLowest) return 0;
  const int power = std::bit_width(static_cast<uint64_t>(nanos)) - 1;
  if (power >= kLowest + kOctaves) return kBuckets - 1;
  const auto part = static_cast<size_t>(nanos >> (power - 4)) & (kPerOctave - 1);
  return static_cast<size_t>(power - kLowest) * kPerOctave + part;
}

Duration LatencyWindow::MiddleOf(size_t bucket) {
  const int power = kLowest + static_cast<int>(bucket / kPerOctave);
  const auto sixteenths = static_cast<int64_t>(kPerOctave + bucket % kPerOctave);
  const int64_t low = sixteenths << (power - 4);
  return Duration(low + (int64_t{1} << (power - 5)));
}

}  // namespace frontdesk
