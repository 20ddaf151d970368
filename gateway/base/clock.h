// The clock of deadlines and waits. On a loop it is read as Loop::Now(), and what decides by time
// takes it as an argument; threads without a loop read it themselves.
#pragma once

#include <chrono>

namespace frontdesk {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

}  // namespace frontdesk
