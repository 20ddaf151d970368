// Work that outlives the request that started it: bounded, counted, awaited at drain.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

#include "gateway/base/cancel.h"
#include "gateway/base/task.h"

namespace frontdesk {

// One per worker, on its loop; outlives its tasks. A task never refers to a request.
class Scope {
 public:
  // Room for one task. Whoever may have to start one later takes its place before the work begins
  // that makes it necessary, so that it can't be refused then. Given back when it is not used.
  class Place {
   public:
    Place(Place&& other) noexcept : scope_(std::exchange(other.scope_, nullptr)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(scope_, other.scope_);
      return *this;
    }
    ~Place() {
      if (scope_) --scope_->taken_;
    }

   private:
    friend class Scope;
    explicit Place(Scope& scope) : scope_(&scope) { ++scope.taken_; }

    Scope* scope_;
  };

  // `total`, if there is one, also counts the running tasks; several scopes may share it.
  explicit Scope(size_t limit, std::atomic<size_t>* total = nullptr)
      : limit_(limit), total_(total) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Starts the task at once; false, and the task is dropped unstarted, when the scope is full or
  // stopped.
  bool Spawn(Task<void> task);
  // Nothing when the scope is full or stopped.
  std::optional<Place> Reserve();
  // Starts the task at once, also when the scope was stopped meanwhile: it learns so from stop().
  void Start(Place place, Task<void> task) { Run(std::move(place), std::move(task)); }

  // No new tasks; those that run are asked to end.
  void Stop(absl::Status reason) { stop_.Cancel(std::move(reason)); }
  // What every task listens to: happens when the scope is stopped.
  Cancellation& stop() { return stop_; }

  size_t running() const { return running_; }

 private:
  internal::Detached Run(Place place, Task<void> task);

  const size_t limit_;
  std::atomic<size_t>* const total_;
  Cancellation stop_;
  size_t taken_ = 0;  // places, those of running tasks included
  size_t running_ = 0;
};

inline internal::Detached Scope::Run([[maybe_unused]] Place place, Task<void> task) {
  ++running_;
  if (total_) ++*total_;
  co_await std::move(task);
  --running_;
  if (total_) --*total_;
}

inline std::optional<Scope::Place> Scope::Reserve() {
  if (taken_ >= limit_ || stop_.cancelled()) return std::nullopt;
  return Place(*this);
}

inline bool Scope::Spawn(Task<void> task) {
  std::optional<Place> place = Reserve();
  if (!place) return false;
  Start(*std::move(place), std::move(task));
  return true;
}

}  // namespace frontdesk
