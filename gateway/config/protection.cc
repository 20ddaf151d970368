#include "gateway/config/protection.h"

#include <algorithm>
#include <string>

#include "gateway/contract/to_call_policy.h"

namespace frontdesk::config {
policy::OverloadSettings ToOverload(const v1::Config::Overload& from, uint64_t body_bytes) {
  policy::OverloadSettings overload;
  overload.max_body_bytes = std::max<size_t>(overload.max_body_bytes, 4 * body_bytes);
  if (from.has_max_body_bytes()) overload.max_body_bytes = from.max_body_bytes();
  if (from.has_max_in_flight()) overload.max_in_flight = from.max_in_flight();
  overload.max_queue_age = contract::ToDuration(from.max_queue_age(), overload.max_queue_age);
  return overload;
}

std::vector<policy::BulkheadSettings> ToBulkheads(const v1::Config& config) {
  std::vector<policy::BulkheadSettings> bulkheads;
  for (const auto& [name, from] : config.bulkheads()) {
    bulkheads.push_back({name, from.max_in_flight(), from.max_pending()});
  }
  std::sort(bulkheads.begin(), bulkheads.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return bulkheads;
}

void Protect(const v1::Policy& policy, route::Route& route) {
  route.priority = contract::ToPriority(policy.priority());
  const v1::Policy::Fault& from = policy.fault();
  route::Route::Fault& fault = route.fault;
  fault.delay = contract::ToDuration(from.delay(), fault.delay);
  if (from.has_delay_percent()) fault.delay_percent = from.delay_percent();
  fault.abort = static_cast<absl::StatusCode>(from.abort());
  if (from.has_abort_percent()) fault.abort_percent = from.abort_percent();
  fault.on = fault.delay > Duration::zero() || fault.abort != absl::StatusCode::kOk;
}

}  // namespace frontdesk::config
