// What a back end has seen, for tests and people to read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/mutex.h"

namespace frontdesk::mock {

// Figures of one back end since the last reset.
struct Tally {
  uint64_t calls = 0;  // started
  uint64_t in_flight = 0;
  uint64_t peak_in_flight = 0;
  uint64_t cancelled = 0;                   // the caller gave up or its deadline passed
  uint64_t failed = 0;                      // answered with a code other than OK
  std::map<std::string, uint64_t> methods;  // calls by path, unknown ones too
};

// A call as it arrived.
struct Arrival {
  std::string path;
  std::vector<std::pair<std::string, std::string>> metadata;
  int64_t timeout_ms = -1;  // time left then; -1 for no deadline
};

// Thread-safe.
class Counters {
 public:
  void Begin(Arrival arrival) {
    MutexLock lock(mutex_);
    ++tally_.calls;
    // A client that makes up paths must not make the table grow.
    if (tally_.methods.size() < kMethods || tally_.methods.count(arrival.path) > 0) {
      ++tally_.methods[arrival.path];
    }
    tally_.peak_in_flight = std::max(tally_.peak_in_flight, ++tally_.in_flight);
    if (arrivals_.size() == kArrivals) arrivals_.pop_front();
    arrivals_.push_back(std::move(arrival));
  }
  void Cancelled() {
    MutexLock lock(mutex_);
    ++tally_.cancelled;
  }
  void Failed() {
    MutexLock lock(mutex_);
    ++tally_.failed;
  }
  void End() {
    MutexLock lock(mutex_);
    --tally_.in_flight;
  }
  Tally Read() const {
    MutexLock lock(mutex_);
    return tally_;
  }
  // The last calls, oldest first.
  std::vector<Arrival> Arrivals() const {
    MutexLock lock(mutex_);
    return {arrivals_.begin(), arrivals_.end()};
  }
  // Calls that are in flight stay counted as such.
  void Reset() {
    MutexLock lock(mutex_);
    const uint64_t in_flight = tally_.in_flight;
    tally_ = Tally();
    tally_.in_flight = tally_.peak_in_flight = in_flight;
    arrivals_.clear();
  }

 private:
  static constexpr size_t kArrivals = 32;
  static constexpr size_t kMethods = 64;

  mutable Mutex mutex_;
  Tally tally_ ABSL_GUARDED_BY(mutex_);
  std::deque<Arrival> arrivals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace frontdesk::mock
