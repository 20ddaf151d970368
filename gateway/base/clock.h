// Time. Nothing below main reads a clock on its own except through Loop::Now() or an argument.
#pragma once

#include <chrono>

namespace frontdesk {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = Clock::duration;

}  // namespace frontdesk
