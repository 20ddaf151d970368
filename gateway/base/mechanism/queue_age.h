// How long one may wait in a queue.
#pragma once

#include <chrono>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/priority.h"

namespace frontdesk {

struct QueueAgeSettings {
  Duration max_age = std::chrono::milliseconds(3);
  // A queue that has not been empty for so long is no burst: it stands. Before that, this is the
  // longest wait.
  Duration interval = std::chrono::milliseconds(3);
  // Who is critical may wait so many times as long. They go first anyway; but where calls that
  // began together end together, room comes in bursts, and whoever may not wait for the next one
  // has as little of it as everybody else.
  int critical = 1;
};

// The controlled delay of CoDel, as "Fail at Scale" (B. Maurer, ACM Queue 2015) uses it for
// requests: a burst may wait for a while, but a queue that never empties only makes everybody late,
// so there the wait is short, and who can't be served in time is told so at once. Not thread-safe.
class QueueAge {
 public:
  explicit QueueAge(const QueueAgeSettings& settings = {}) : settings_(settings) {}

  // Somebody joins the queue.
  void OnJoin(bool was_empty, TimePoint now) {
    if (was_empty) since_ = now;
  }
  // How long one of that priority may wait in a queue in which somebody waits.
  Duration Limit(TimePoint now, Priority priority = Priority::kNormal) const {
    const Duration longest =
        settings_.interval > settings_.max_age ? settings_.interval : settings_.max_age;
    const Duration limit = now - since_ >= settings_.interval ? settings_.max_age : longest;
    return priority == Priority::kCritical ? limit * settings_.critical : limit;
  }

 private:
  QueueAgeSettings settings_;
  TimePoint since_{};  // somebody has waited at any time since then
};

}  // namespace frontdesk
