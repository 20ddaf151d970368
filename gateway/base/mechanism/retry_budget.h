// How many retries and hedges a channel may add to its calls.
#pragma once

#include <chrono>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/sliding_counts.h"

namespace frontdesk {

struct RetryBudgetSettings {
  double percent = 20;        // of the calls in the window
  double min_per_second = 3;  // the floor, for channels with few calls
  Duration window = std::chrono::seconds(10);
};

// A share of the calls of a sliding window, as in Finagle's and Linkerd's retry budgets; the
// purpose is that of gRPC's retry throttling (gRFC A6), which counts failures instead: a channel
// whose calls all fail offers its back end at most (100 + percent) % of them.
//
// The floor is not given at once: a tenth of the window gives at most half of the window's floor,
// so at start-up, and after a silence, a burst of failures gets 15 retries of the 30 that the
// default floor allows in ten seconds. What the share allows may be taken at once, for a failed end
// point is felt by all calls that are on it. Not thread-safe.
class RetryBudget {
 public:
  explicit RetryBudget(const RetryBudgetSettings& settings = {});

  // A first attempt is made.
  void OnCall(TimePoint now) { counts_.Add({1, 0}, now); }
  // Takes room for one more attempt, if there is some.
  bool Take(TimePoint now);
  // How many attempts could be taken now; there is room for one while this is over 0.
  double left(TimePoint now) const;

 private:
  double percent_;
  double floor_;             // per window
  double slot_floor_;        // per slot
  SlidingCounts<2> counts_;  // calls, taken
};

}  // namespace frontdesk
