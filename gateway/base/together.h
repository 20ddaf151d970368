// Waiting for several tasks that run at once on one loop.
#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "gateway/base/task.h"

namespace frontdesk {

// Counts down to zero and then resumes the one coroutine that awaits it. One loop only.
class Latch {
 public:
  explicit Latch(size_t count) : count_(count) {}
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  void Add(size_t more) { count_ += more; }
  void CountDown() {
    if (--count_ == 0 && waiter_) std::exchange(waiter_, nullptr).resume();
  }

  bool await_ready() const noexcept { return count_ == 0; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
  void await_resume() const noexcept {}

 private:
  size_t count_;
  std::coroutine_handle<> waiter_;
};

namespace internal {

// `error`: the first exception of all tasks.
template <class T>
Detached RunInto(Task<T> task, std::optional<T>* result, std::exception_ptr* error, Latch* latch) {
  try {
    result->emplace(co_await std::move(task));
  } catch (...) {
    if (!*error) *error = std::current_exception();
  }
  latch->CountDown();
}

inline Detached RunInto(Task<void> task, std::exception_ptr* error, Latch* latch) {
  try {
    co_await std::move(task);
  } catch (...) {
    if (!*error) *error = std::current_exception();
  }
  latch->CountDown();
}

}  // namespace internal

// Runs all tasks at once and returns their results in the order of the tasks. When all have ended,
// rethrows the first exception of any.
template <class T>
Task<std::vector<T>> Together(std::vector<Task<T>> tasks) {
  std::vector<std::optional<T>> results(tasks.size());
  std::exception_ptr error;
  Latch latch(tasks.size());
  for (size_t i = 0; i < tasks.size(); ++i) {
    internal::RunInto(std::move(tasks[i]), &results[i], &error, &latch);
  }
  co_await latch;
  if (error) std::rethrow_exception(error);
  std::vector<T> values;
  values.reserve(results.size());
  for (std::optional<T>& result : results) values.push_back(std::move(*result));
  co_return values;
}

inline Task<void> Together(std::vector<Task<void>> tasks) {
  std::exception_ptr error;
  Latch latch(tasks.size());
  for (Task<void>& task : tasks) internal::RunInto(std::move(task), &error, &latch);
  co_await latch;
  if (error) std::rethrow_exception(error);
}

}  // namespace frontdesk
