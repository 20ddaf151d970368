// The time of day, for what people and other programs wrote down; everything that is timed here
// goes by base/clock.h.
#pragma once

#include <chrono>
#include <functional>

namespace frontdesk::policy {

using WallTime = std::chrono::system_clock::time_point;
using WallClock = std::function<WallTime()>;

}  // namespace frontdesk::policy
