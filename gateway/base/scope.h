// Work that outlives the request that started it: bounded, counted, awaited at drain.
#pragma once

#include <cstddef>
#include <string_view>

#include "gateway/base/task.h"

namespace frontdesk {

// One per worker, on its loop. A task never refers to a request.
class Scope {
 public:
  explicit Scope(size_t limit) : limit_(limit) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Starts the task at once; false, and the task is dropped unstarted, when the scope is full.
  bool Spawn(std::string_view name, Task<void> task);
  size_t running() const { return running_; }
  size_t refused() const { return refused_; }

 private:
  internal::Detached Run(Task<void> task);

  const size_t limit_;
  size_t running_ = 0;
  size_t refused_ = 0;
};

inline internal::Detached Scope::Run(Task<void> task) {
  co_await std::move(task);
  --running_;
}

inline bool Scope::Spawn(std::string_view, Task<void> task) {
  if (running_ >= limit_) {
    ++refused_;
    return false;
  }
  ++running_;
  Run(std::move(task));
  return true;
}

}  // namespace frontdesk
