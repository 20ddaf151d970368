#include "gateway/upstream/cluster_log.h"

#include "gateway/base/text.h"
#include "gateway/observe/log.h"
#include "gateway/upstream/cluster_view.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::upstream {

void LogBreaker(std::string_view of, const Breaker& breaker, TimePoint now) {
  if (breaker.why() == Breaker::Trip::kNone) {
    return observe::LogInfo(Cat("breaker of ", of, " closed again"));
  }
  if (breaker.probe_failed()) return;
  observe::LogWarn(Cat("breaker of ", of, " opened: ", WhyOpen(breaker, now), "; next probe in ",
                       TimeText(breaker.until_probe(now))));
}

void LogEjected(std::string_view upstream, std::string_view address, Duration time,
                std::string_view why) {
  observe::LogWarn(Cat(upstream, ": ", address, " ejected for ", TimeText(time), ": ", why));
}

void LogBack(std::string_view upstream, std::string_view address) {
  observe::LogInfo(Cat(upstream, ": ", address, " is back after its ejection"));
}

void LogUnreachable(std::string_view upstream, std::string_view address, std::string_view why) {
  observe::LogWarn(Cat(upstream, ": cannot connect to ", address, ": ", why));
}

void LogConnected(std::string_view upstream, std::string_view address, Duration after) {
  observe::LogInfo(Cat(upstream, ": ", address, " is connected again, after ", TimeText(after)));
}

void LogTooMany(std::string_view upstream, size_t found) {
  observe::LogWarn(
      Cat(upstream, ": ", found, " end points were found; only ", kMostEndpoints, " are used"));
}

void LogPanic(bool panic, std::string_view upstream, size_t usable, size_t all) {
  const std::string counts = Cat(upstream, ": ", usable, " of ", all, " end points usable: ");
  if (panic) return observe::LogWarn(Cat(counts, "too few, calls go to all of them"));
  observe::LogInfo(Cat(counts, "calls go to these alone again"));
}

}  // namespace frontdesk::upstream
