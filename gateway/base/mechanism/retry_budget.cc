#include "gateway/base/mechanism/retry_budget.h"

#include <algorithm>

namespace frontdesk {

RetryBudget::RetryBudget(const RetryBudgetSettings& settings)
    : percent_(settings.percent),
      floor_(settings.min_per_second * std::chrono::duration<double>(settings.window).count()),
      slot_floor_(floor_ / 2),
      counts_(settings.window) {}

bool RetryBudget::Take(TimePoint now) {
  if (left(now) <= 0) return false;
  counts_.Add({0, 1}, now);
  return true;
}

double RetryBudget::left(TimePoint now) const {
  const auto [calls, taken] = counts_.Sum(now);
  const auto [slot_calls, slot_taken] = counts_.Current(now);
  // Multiplied first: a whole percentage of a whole number of calls comes out exact.
  const double by_share = percent_ * static_cast<double>(calls) / 100 - static_cast<double>(taken);
  const double by_floor =
      std::min(floor_ - static_cast<double>(taken), slot_floor_ - static_cast<double>(slot_taken));
  return std::max({by_share, by_floor, 0.0});
}

}  // namespace frontdesk
