// Where Redis is.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/mutex.h"

namespace frontdesk::limit {

// Addresses of one Redis, numeric: names are looked up by whoever sets them. Any thread.
class RedisTargets {
 public:
  struct Target {
    std::string host;
    uint16_t port = 0;
  };

  void Set(std::vector<Target> targets) {
    const MutexLock lock(mutex_);
    targets_ = std::move(targets);
  }
  // Tried in turn.
  std::vector<Target> Get() const {
    const MutexLock lock(mutex_);
    return targets_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<Target> targets_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace frontdesk::limit
