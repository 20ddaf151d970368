// When the steps of a composition run, and how long it may take.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "gateway/contract/plan.h"

namespace frontdesk::codegen::docs {

// A step begins when all steps it needs have ended. It may take its own timeout, or all that is
// left of the whole if it has none.
struct Schedule {
  std::vector<size_t> stage;  // by step: how many steps at least run before it, one after another
  std::vector<size_t> critical;       // the chain that may take longest, in order
  std::chrono::nanoseconds chain{0};  // its timeouts together
  bool open = false;                  // one of them has no timeout of its own
  // Of the whole: the least of the chain, the composition's deadline and the request's timeout.
  std::chrono::nanoseconds worst{0};
};

// The chain that may take longest has the most steps without a timeout of their own, then the
// longest timeouts, then the most steps; of equal ones the first.
Schedule ScheduleOf(const contract::Plan& plan, std::chrono::nanoseconds request_timeout);

// "1.5s", "800ms"
std::string DurationText(std::chrono::nanoseconds duration);

}  // namespace frontdesk::codegen::docs
