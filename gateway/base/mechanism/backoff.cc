#include "gateway/base/mechanism/backoff.h"

#include <algorithm>
#include <cmath>

namespace frontdesk {

Duration Grown(const Backoff& backoff, uint32_t retry) {
  if (backoff.initial <= Duration::zero() || backoff.max <= Duration::zero()) {
    return Duration::zero();
  }
  // Compared as doubles: the power may be infinite.
  const double exponent = retry > 1 ? static_cast<double>(retry) - 1 : 0;
  const double grown = static_cast<double>(backoff.initial.count()) *
                       std::pow(std::max(backoff.multiplier, 0.0), exponent);
  const bool below = grown < static_cast<double>(backoff.max.count());
  return below ? Duration(static_cast<Duration::rep>(grown)) : backoff.max;
}

Duration FullJitter(const Backoff& backoff, uint32_t retry, double random) {
  // The largest double below 1, so that even Duration::max(), which rounds up to 2^63, fits again.
  const double share = std::clamp(random, 0.0, std::nextafter(1.0, 0.0));
  const auto ceiling = static_cast<double>(Grown(backoff, retry).count());
  return Duration(static_cast<Duration::rep>(ceiling * share));
}

}  // namespace frontdesk
