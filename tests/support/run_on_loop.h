// Drives a coroutine to its end on a loop, on the calling thread.
#pragma once

#include <optional>
#include <utility>

#include "gateway/base/loop.h"
#include "gateway/base/task.h"

namespace frontdesk::testing_support {

namespace internal {

template <class T>
frontdesk::internal::Detached Finish(Task<T> task, std::optional<T>* result) {
  result->emplace(co_await std::move(task));
}

inline frontdesk::internal::Detached Finish(Task<void> task, bool* done) {
  co_await std::move(task);
  *done = true;
}

}  // namespace internal

template <class T>
T RunOnLoop(Loop& loop, Task<T> task) {
  std::optional<T> result;
  internal::Finish(std::move(task), &result);
  loop.RunUntil([&] { return result.has_value(); });
  return std::move(*result);
}

inline void RunOnLoop(Loop& loop, Task<void> task) {
  bool done = false;
  internal::Finish(std::move(task), &done);
  loop.RunUntil([&] { return done; });
}

}  // namespace frontdesk::testing_support
