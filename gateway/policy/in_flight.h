// How many requests this process works on.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/priority.h"

namespace frontdesk::policy {

struct OverloadSettings {
  size_t max_in_flight = std::numeric_limits<size_t>::max();
  Duration max_queue_age = std::chrono::milliseconds(50);
};

// Requests in flight in this process, and how many they are for Prometheus. Any thread. Without a
// limit nothing is counted, nor told.
class InFlight final : public prometheus::Collectable {
 public:
  explicit InFlight(const OverloadSettings& settings) : most_(settings.max_in_flight) {}

  // A request that is being answered; gives its place back when it is destroyed.
  class Place {
   public:
    Place() = default;
    explicit Place(InFlight& of) : of_(&of) {}
    Place(Place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(of_, other.of_);
      return *this;
    }
    ~Place() {
      if (of_) of_->count_.fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    InFlight* of_ = nullptr;
  };

  // False: no place for this priority. The last tenth of the places is not for sheddable requests,
  // the last twentieth only for critical ones; of fewer than 20, or 10, that is none.
  bool Take(Priority priority, Place& place);
  // Whether Take() would find one. Takes nothing.
  bool HasPlace(Priority priority) const { return count() < MostFor(priority); }
  std::vector<prometheus::MetricFamily> Collect() const override;
  size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  size_t MostFor(Priority priority) const;

  const size_t most_;
  std::atomic<size_t> count_{0};
};

}  // namespace frontdesk::policy
