#include "gateway/policy/shed.h"

#include <string_view>

#include "gateway/base/failure.h"

namespace frontdesk::policy {
namespace {

absl::Status Overloaded(std::string_view what) {
  return Failure(absl::StatusCode::kUnavailable, "OVERLOADED", what, Origin::kGateway)
      .NeverSent()
      .Header("Retry-After", "1");
}

bool TooLateFor(Priority priority, Lateness::Level level) {
  switch (priority) {
    case Priority::kCritical:
      return false;
    case Priority::kNormal:
      return level == Lateness::Level::kVeryLate;
    case Priority::kSheddable:
      return level != Lateness::Level::kNone;
  }
  return false;
}

}  // namespace

size_t InFlight::MostFor(Priority priority) const {
  switch (priority) {
    case Priority::kCritical:
      return most_;
    case Priority::kNormal:
      return most_ - most_ / 20;
    case Priority::kSheddable:
      return most_ - most_ / 10;
  }
  return most_;
}

bool InFlight::Take(Priority priority, Place& place) {
  if (most_ == std::numeric_limits<size_t>::max()) return true;
  const size_t most = MostFor(priority);
  size_t count = count_.load(std::memory_order_relaxed);
  while (count < most) {
    if (count_.compare_exchange_weak(count, count + 1, std::memory_order_relaxed)) {
      place = Place(*this);
      return true;
    }
  }
  return false;
}

absl::StatusOr<InFlight::Place> Shed(Priority priority, TimePoint now, const ShedHost& host) {
  if (TooLateFor(priority, host.lateness.level(now))) {
    host.metrics.OnShed(observe::ShedReason::kQueueAge);
    return Overloaded("there is more to do than can be done in time");
  }
  InFlight::Place place;
  if (!host.in_flight.Take(priority, place)) {
    host.metrics.OnShed(observe::ShedReason::kMaxInFlight);
    return Overloaded("too many requests are in flight");
  }
  return place;
}

}  // namespace frontdesk::policy
