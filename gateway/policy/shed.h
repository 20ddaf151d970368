// Refusing at the door what can't be done in time: the cheapest answer there is, so that the others
// are still worth waiting for.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/base/mechanism/lateness.h"
#include "gateway/base/mechanism/priority.h"
#include "gateway/observe/metrics.h"

namespace frontdesk::policy {

struct OverloadSettings {
  size_t max_in_flight = std::numeric_limits<size_t>::max();
  Duration max_queue_age = std::chrono::milliseconds(50);
};

// Requests in flight in this process. Any thread. Without a limit nothing is counted.
class InFlight {
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
  // the last twentieth only for critical ones.
  bool Take(Priority priority, Place& place);
  size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  size_t MostFor(Priority priority) const;

  const size_t most_;
  std::atomic<size_t> count_{0};
};

// Decides for one worker, on its loop.
class Shedder {
 public:
  // `lateness` is that of the loop.
  Shedder(const Lateness& lateness, InFlight& in_flight, observe::MetricsShard& metrics)
      : lateness_(lateness), in_flight_(in_flight), metrics_(metrics) {}

  // The request's place among those in flight, or the refusal.
  absl::StatusOr<InFlight::Place> Admit(Priority priority, TimePoint now);

 private:
  bool TooLateFor(Priority priority, TimePoint now);

  const Lateness& lateness_;
  InFlight& in_flight_;
  observe::MetricsShard& metrics_;
  bool spared_ = true;  // the last normal request that came very late
};

}  // namespace frontdesk::policy
