// Refusing at the door what can't be done in time: the cheapest answer there is, so that the others
// are still worth waiting for.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/base/mechanism/lateness.h"
#include "gateway/base/mechanism/priority.h"
#include "gateway/observe/metrics.h"
#include "gateway/policy/in_flight.h"

namespace frontdesk::policy {

// The 503 of what can't be done now; asking again in a second may help.
absl::Status Overloaded(std::string_view what);

// Decides for one worker, on its loop.
class Shedder {
 public:
  // `lateness` is that of the loop.
  Shedder(const Lateness& lateness, InFlight& in_flight, observe::MetricsShard& metrics)
      : lateness_(lateness), in_flight_(in_flight), metrics_(metrics) {}

  // The refusal of a request that has just come; OK otherwise. Takes nothing.
  absl::Status Peek(Priority priority, TimePoint now);
  // Its place among those in flight, once there is something to work on, or the refusal.
  absl::Status Take(Priority priority, InFlight::Place& place);
  // Room for so many more bytes of its body, or the refusal; whether there is room for so many.
  absl::Status TakeBytes(Priority priority, size_t more, InFlight::Bytes& bytes);
  absl::Status PeekBytes(Priority priority, size_t more);
  // Whether bodies that come slowly must make room for others.
  bool bodies_crowd() const { return in_flight_.half_full(); }
  // The refusal of one that did not.
  absl::Status TooMuch();

 private:
  bool TooLateFor(Priority priority, TimePoint now);
  absl::Status TooMany();

  const Lateness& lateness_;
  InFlight& in_flight_;
  observe::MetricsShard& metrics_;
  bool spared_ = true;  // the last normal request that came very late
};

}  // namespace frontdesk::policy
