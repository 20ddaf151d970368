#include "gateway/base/mechanism/backoff.h"

#include <algorithm>
#include <cmath>

namespace frontdesk {

Duration FullJitter(const Backoff& backoff, uint32_t retry, double random) {
  if (backoff.initial <= Duration::zero() || backoff.max <= Duration::zero()) {
    return Duration::zero();
  }
  // Compared as doubles: the power may be infinite, which min() makes `max`.
  const double exponent = retry > 1 ? static_cast<double>(retry) - 1 : 0;
  const double grown = static_cast<double>(backoff.initial.count()) *
                       std::pow(std::max(backoff.multiplier, 0.0), exponent);
  const double ceiling = std::min(static_cast<double>(backoff.max.count()), grown);
  // The largest double below 1, so that even Duration::max(), which rounds up to 2^63, fits again.
  const double share = std::clamp(random, 0.0, std::nextafter(1.0, 0.0));
  return Duration(static_cast<Duration::rep>(ceiling * share));
}

}  // namespace frontdesk
