// The answer of a call for callers without coroutines.
#pragma once

#include <future>
#include <utility>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/base/loop.h"

namespace frontdesk::client {

// FAILED_PRECONDITION, reason BLOCKS_LOOP.
absl::Status BlocksLoop();

// Like std::future, but it can't be waited for where that would stop the world: on a loop.
template <class T>
class Future {
 public:
  explicit Future(std::future<absl::StatusOr<T>> future) : future_(std::move(future)) {}

  // Waits for the answer and takes it; once. On the thread of a loop, which makes the answer and so
  // would wait for itself, FAILED_PRECONDITION at once: use the coroutine there.
  absl::StatusOr<T> get() {
    if (Loop::Current() != nullptr) return BlocksLoop();
    return future_.get();
  }
  // Any thread; never waits.
  bool ready() const {
    return future_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  // False when the time was over first, and at once on the thread of a loop. Duration::max(), or
  // anything near it, is for ever.
  bool wait_for(Duration patience) const {
    if (Loop::Current() != nullptr) return ready();
    // A point in time that far off is none that a clock has.
    if (patience > Duration::max() / 2) {
      future_.wait();
      return true;
    }
    return future_.wait_for(patience) == std::future_status::ready;
  }

 private:
  std::future<absl::StatusOr<T>> future_;
};

}  // namespace frontdesk::client
