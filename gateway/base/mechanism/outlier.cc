#include "gateway/base/mechanism/outlier.h"

#include <algorithm>
#include <cmath>

namespace frontdesk {

bool Outlier::Record(bool ok, TimePoint now, const OutlierSettings& settings) {
  ++sample_.calls;
  if (ejections_ != 0) [[unlikely]]
    Heal(now, settings);
  if (ok) {
    ++sample_.ok;
    failures_.Clear();
    return false;
  }
  // What still fails of the calls that it had when it was ejected is no news when it comes back.
  if (ejected(now)) return false;
  failures_.Record(ok, now);
  return settings.on && settings.consecutive_failures != 0 &&
         failures_.length() >= settings.consecutive_failures;
}

void Outlier::Eject(TimePoint now, const OutlierSettings& settings) {
  if (ejected(now)) return;
  Heal(now, settings);
  failures_.Clear();
  const Duration longest = std::max(settings.base_ejection_time, settings.max_ejection_time);
  const double grown =
      static_cast<double>(settings.base_ejection_time.count()) * (1.0 + ejections_);
  const double most = static_cast<double>(longest.count());
  const Duration time = grown < most ? Duration(static_cast<Duration::rep>(grown)) : longest;
  // Counted no further than the time grows, or healing would take as long as failing did.
  if (ejections_ == 0 || grown <= most) ++ejections_;
  until_ = now + time;
  healthy_since_ = until_;
}

void Outlier::Heal(TimePoint now, const OutlierSettings& settings) {
  if (ejections_ == 0 || settings.interval <= Duration::zero()) return;
  if (now < healthy_since_ + settings.interval) return;
  const auto intervals = (now - healthy_since_) / settings.interval;
  ejections_ -= static_cast<uint32_t>(std::min<Duration::rep>(intervals, ejections_));
  healthy_since_ += settings.interval * intervals;
}

Outlier::Sample Outlier::TakeSample() {
  const Sample taken = sample_;
  sample_ = {};
  return taken;
}

bool MayEject(size_t already_ejected, size_t all, const OutlierSettings& settings) {
  if (!settings.on || all < 2 || already_ejected >= all) return false;
  if (already_ejected == 0) return true;
  return static_cast<double>(already_ejected + 1) * 100 <=
         settings.max_ejection_percent * static_cast<double>(all);
}

bool InPanic(size_t healthy, size_t all, const OutlierSettings& settings) {
  return static_cast<double>(healthy) * 100 < settings.panic_threshold * static_cast<double>(all);
}

std::vector<size_t> LowSuccessRates(std::span<const Outlier::Sample> samples,
                                    const OutlierSettings& settings) {
  if (!settings.on || settings.success_rate_stdev_factor == 0) return {};
  const uint64_t volume = std::max(settings.success_rate_request_volume, 1u);
  const auto rate = [](const Outlier::Sample& sample) {
    return static_cast<double>(sample.ok) / static_cast<double>(sample.calls);
  };
  double hosts = 0;
  double sum = 0;
  for (const Outlier::Sample& sample : samples) {
    if (sample.calls < volume) continue;
    ++hosts;
    sum += rate(sample);
  }
  if (hosts == 0 || hosts < settings.success_rate_minimum_hosts) return {};
  const double mean = sum / hosts;
  double squares = 0;
  for (const Outlier::Sample& sample : samples) {
    if (sample.calls >= volume) squares += (rate(sample) - mean) * (rate(sample) - mean);
  }
  // Equal shares differ from their own mean by its rounding.
  constexpr double kRounding = 1e-9;
  const double least =
      mean - settings.success_rate_stdev_factor * std::sqrt(squares / hosts) - kRounding;
  std::vector<size_t> low;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].calls >= volume && rate(samples[i]) < least) low.push_back(i);
  }
  return low;
}

}  // namespace frontdesk
