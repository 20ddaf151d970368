#include "gateway/base/mechanism/gradient_limit.h"

#include <algorithm>
#include <cmath>

namespace frontdesk {
namespace {

constexpr uint64_t kEnoughCalls = 10;    // for a mean
constexpr Duration::rep kSpacing = 10;   // windows between two measurements, at least
constexpr Duration::rep kPatience = 10;  // windows until a measurement is given up
constexpr Duration kMeasureEvery = std::chrono::seconds(30);
constexpr double kLongestDrain = 10e9;
constexpr double kMuch = 1.1;      // a limit that has moved by this makes the base doubtful
constexpr double kDoubtful = 0.1;  // so is one that this share differs from the last
constexpr double kLeast = 0.5;     // of the limit is what a window leaves at least
constexpr double kBaseDown = 0.2;
constexpr double kBaseUp = 0.05;

}  // namespace

GradientLimit::GradientLimit(const GradientSettings& settings) : settings_(settings) {
  settings_.min = std::max(settings_.min, 1u);
  settings_.max = std::max(settings_.max, settings_.min);
  settings_.window = std::max(settings_.window, Duration(std::chrono::milliseconds(1)));
  settings_.tolerance = std::max(settings_.tolerance, 1.0);
  limit_ = std::clamp(settings_.initial, settings_.min, settings_.max);
}

uint32_t GradientLimit::limit() const {
  const auto whole = static_cast<uint32_t>(limit_);
  return measuring_ ? std::max(settings_.min, whole / 2) : whole;
}

void GradientLimit::Record(Duration took, size_t in_flight, bool dropped, TimePoint now) {
  if (window_end_ == TimePoint::min()) {
    BeginWindow(now);
    base_at_ = now;
  }
  if (dropped) {
    ++window_.dropped;
  } else {
    window_.Add(took);
    window_.most_in_flight = std::max(window_.most_in_flight, in_flight);
    if (measuring_) Measure(took, now);
  }
  if (measuring_) {
    if (now >= give_up_at_) EndMeasuring(now);
  } else if (now >= window_end_ && window_.calls + window_.dropped >= kEnoughCalls) {
    EndWindow(now);
  }
}

void GradientLimit::EndWindow(TimePoint now) {
  if (window_.calls * 2 >= kEnoughCalls) {
    const bool half_used = static_cast<double>(window_.most_in_flight) * 2 <= limit_;
    LearnBase(window_.mean(), half_used);
    if (half_used) base_at_ = now;
    Adapt(window_.mean(), half_used);
    if (WantsMeasuring(now)) BeginMeasuring(window_.mean(), now);
  }
  const auto dropped = static_cast<double>(window_.dropped);
  const double share = dropped / (dropped + static_cast<double>(window_.calls));
  Set(limit_ * (1 - share * kLeast));
  BeginWindow(now);
}

void GradientLimit::BeginWindow(TimePoint now) {
  window_ = {};
  window_end_ = now + settings_.window;
}

void GradientLimit::Set(double limit) {
  limit_ = std::clamp<double>(limit, settings_.min, settings_.max);
}

// Down soon, whatever the load; up slowly, and only if few calls cannot be the reason.
void GradientLimit::LearnBase(double latency, bool uncongested) {
  if (base_ == 0) {
    base_ = latency;
  } else if (latency < base_) {
    base_ += (latency - base_) * kBaseDown;
  } else if (uncongested) {
    base_ += (latency - base_) * kBaseUp;
  }
}

void GradientLimit::Adapt(double latency, bool half_used) {
  const double gradient = std::clamp(settings_.tolerance * base_ / latency, kLeast, 1.0);
  double wanted = limit_ * gradient + std::sqrt(limit_);
  if (half_used) wanted = std::min(wanted, limit_);
  Set(limit_ + (wanted - limit_) * settings_.smoothing);
}

bool GradientLimit::WantsMeasuring(TimePoint now) const {
  const Duration since = now - base_at_;
  if (since >= kMeasureEvery) return true;
  const bool moved = limit_ >= limit_at_base_ * kMuch || limit_ <= limit_at_base_ / kMuch;
  return moved && since >= settings_.window * kSpacing;
}

void GradientLimit::BeginMeasuring(double latency, TimePoint now) {
  // First those that began under the whole limit have to leave.
  const Duration drain(static_cast<Duration::rep>(std::min(latency, kLongestDrain)));
  measuring_ = true;
  measured_ = {};
  measured_from_ = now + drain;
  give_up_at_ = now + settings_.window * kPatience + drain * 10;
}

void GradientLimit::Measure(Duration took, TimePoint now) {
  if (now - took < measured_from_) return;
  measured_.Add(took);
  if (measured_.calls < kEnoughCalls || now < measured_from_ + settings_.window) return;
  // One that has moved moves on: even half of the limit may have been congestion, and a limit that
  // follows the base shows more of it.
  const bool doubtful = std::abs(measured_.mean() - base_) > base_ * kDoubtful;
  base_ = measured_.mean();
  limit_at_base_ = doubtful ? 0 : limit_;
  EndMeasuring(now);
}

void GradientLimit::EndMeasuring(TimePoint now) {
  measuring_ = false;
  base_at_ = now;
  BeginWindow(now);
}

}  // namespace frontdesk
