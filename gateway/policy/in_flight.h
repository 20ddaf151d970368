// How many requests this process works on.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>

#include "gateway/base/byte_room.h"
#include "gateway/base/clock.h"
#include "gateway/base/mechanism/priority.h"

namespace frontdesk::policy {

struct OverloadSettings {
  size_t max_in_flight = std::numeric_limits<size_t>::max();
  size_t max_body_bytes = 256 << 20;
  Duration max_queue_age = std::chrono::milliseconds(50);
};

// Requests in flight in this process and the bytes of their bodies, and how many they are for
// Prometheus. Any thread. Without a limit requests are not counted, nor told.
class InFlight final : public prometheus::Collectable {
 public:
  explicit InFlight(const OverloadSettings& settings)
      : most_(settings.max_in_flight),
        bytes_(settings.max_body_bytes),
        heads_(std::max(settings.max_body_bytes / 2, kLeastOfHeads)) {}

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

  // What is held of a request's body.
  using Bytes = ByteRoom::Held;

  // False: no place for this priority. The last tenth of the places is not for sheddable requests,
  // the last twentieth only for critical ones; of fewer than 20, or 10, that is none.
  bool Take(Priority priority, Place& place);
  // Whether Take() would find one. Takes nothing.
  bool HasPlace(Priority priority) const { return count() < MostFor(priority, most_); }
  // False: no room for so many more, of which the last parts are kept as those of places are.
  bool TakeBytes(Priority priority, size_t more, Bytes& bytes) {
    return bytes_.Take(more, MostFor(priority, bytes_.most()), bytes);
  }
  // Whether TakeBytes() would find it. Takes nothing.
  bool HasBytes(Priority priority, size_t more) const {
    return bytes_.taken() + more <= MostFor(priority, bytes_.most());
  }
  bool half_full() const { return bytes_.taken() > bytes_.most() / 2; }
  // For what is held of large heads, which make no body be refused.
  ByteRoom& heads() { return heads_; }
  std::vector<prometheus::MetricFamily> Collect() const override;
  size_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  // Room for some heads of the usual limit, however little there is for bodies.
  static constexpr size_t kLeastOfHeads = 512 << 10;

  static size_t MostFor(Priority priority, size_t most);

  const size_t most_;
  std::atomic<size_t> count_{0};
  ByteRoom bytes_;
  ByteRoom heads_;
};

}  // namespace frontdesk::policy
