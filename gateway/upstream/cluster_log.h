// The lines that the program's log has about upstreams: one for each change, on whichever worker it
// was noticed, so that a storm of failures is no storm of lines.
#pragma once

#include <cstddef>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/breaker.h"

namespace frontdesk::upstream {

// A breaker whose state has changed. A probe that failed is no news: it was open before.
void LogBreaker(std::string_view of, const Breaker& breaker, TimePoint now);
void LogEjected(std::string_view upstream, std::string_view address, Duration time,
                std::string_view why);
void LogBack(std::string_view upstream, std::string_view address);
// An attempt to connect to it failed, the first since one has succeeded.
void LogUnreachable(std::string_view upstream, std::string_view address, std::string_view why);
// One has succeeded; `after` the first failure.
void LogConnected(std::string_view upstream, std::string_view address, Duration after);
// Of so many end points only kMostEndpoints are used.
void LogTooMany(std::string_view upstream, size_t found);
// Calls go to all end points from now on, or to usable ones again.
void LogPanic(bool panic, std::string_view upstream, size_t usable, size_t all);

}  // namespace frontdesk::upstream
