#include "gateway/base/mechanism/ewma.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace frontdesk {
namespace {

constexpr double kUnknownNanos = 1e9;
constexpr double kForgotten = 1.0 / 16;  // four half-lives

}  // namespace

PeakEwma::PeakEwma(Duration half_life)
    : per_half_life_(1 / static_cast<double>(std::max(half_life, Duration(1)).count())) {}

void PeakEwma::Record(Duration took, TimePoint now) {
  // At least a nanosecond: 0 would say that nothing is known.
  const double sample = static_cast<double>(std::max(took, Duration(1)).count());
  const double remaining = Remaining(now);
  if (sample >= nanos_ || remaining <= kForgotten) {
    nanos_ = sample;
  } else {
    nanos_ = sample + (nanos_ - sample) * remaining;
  }
  at_ = std::max(at_, now);
}

double PeakEwma::nanos(TimePoint now) const {
  if (nanos_ == 0) return 0;
  const double remaining = Remaining(now);
  return remaining > kForgotten ? nanos_ * remaining : 0;
}

double PeakEwma::Remaining(TimePoint now) const {
  if (now <= at_) return 1;
  return std::exp2(-static_cast<double>((now - at_).count()) * per_half_life_);
}

double LoadCost(double latency_nanos, size_t in_flight, double weight) {
  if (!(weight > 0)) return std::numeric_limits<double>::infinity();
  if (!(latency_nanos > 0)) {
    if (in_flight == 0) return 0;
    latency_nanos = kUnknownNanos;
  }
  return latency_nanos * (static_cast<double>(in_flight) + 1) / weight;
}

double SlowStartFactor(Duration since, Duration window, double least) {
  if (window <= Duration::zero() || since >= window) return 1;
  const double share = static_cast<double>(since.count()) / static_cast<double>(window.count());
  return std::max(share, std::clamp(least, 0.0, 1.0));
}

}  // namespace frontdesk
