// Room for so many at once in this process, shared by workers: the door of a bulkhead and of an
// upstream's limit of calls in flight.
#pragma once

#include <array>
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "gateway/base/cancel.h"
#include "gateway/base/clock.h"
#include "gateway/base/loop.h"
#include "gateway/base/mechanism/priority.h"
#include "gateway/base/mechanism/queue_age.h"
#include "gateway/base/mutex.h"

namespace frontdesk {

// Who finds no room waits in order of priority, then of arrival, no longer than QueueAge allows.
// While there is room it costs an atomic exchange and no lock. Outlives who waits.
class Admission {
 public:
  static constexpr size_t kUnlimited = std::numeric_limits<uint32_t>::max();

  enum class Outcome : uint8_t {
    kEntered,    // Leave() must follow
    kFull,       // too many wait; or somebody of higher priority has taken the place in the queue
    kTooOld,     // waited as long as QueueAge allows
    kCancelled,  // `cancel` happened
    kDeadline,   // the deadline passed
  };

  // What is above kUnlimited is no limit either. Without `max_pending` nobody waits.
  Admission(size_t max_in_flight, size_t max_pending, const QueueAgeSettings& queue_age = {});
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  ~Admission();

  // True when there was room, which others do not wait for: Leave() must follow. Any thread.
  bool TryEnter();
  // To be awaited on `loop`, on its thread: an Outcome. `cancel` may be null.
  class Wait;
  Wait Enter(Loop& loop, Priority priority, TimePoint deadline, Cancellation* cancel);
  // Whether Enter() would find neither room nor a place to wait now. Takes nothing. Any thread.
  bool WouldRefuse(Priority priority);
  // Gives the room to who ranks first among those that wait, and wakes it on its own loop. Any
  // thread.
  void Leave();

  // Takes effect at once; who is inside above a lower limit stays. Any thread.
  void SetLimit(size_t max_in_flight);

  // Any thread; as of a moment ago.
  size_t limit() const { return limit_.load(std::memory_order_relaxed); }
  size_t in_flight() const { return InFlight(state_.load(std::memory_order_relaxed)); }
  size_t pending() const { return state_.load(std::memory_order_relaxed) >> 32; }

  class Room;

 private:
  // First come, first served.
  struct Queue {
    Wait* first = nullptr;
    Wait* last = nullptr;
  };

  // Both numbers are one word, so that nobody begins to wait while another leaves unseen. While
  // anybody waits the word changes only under the lock; while nobody does, it changes without.
  static uint32_t InFlight(uint64_t state) { return static_cast<uint32_t>(state); }
  static constexpr uint64_t kOnePending = uint64_t{1} << 32;

  // False: the outcome is there already.
  bool Join(Wait& wait);
  // True: it still waited and does no more. False: somebody else has decided.
  bool Quit(Wait& wait, Outcome outcome);
  // When it has waited too long, by what is known at `now`.
  TimePoint LatestFor(const Wait& wait, TimePoint now);
  // The one that a newcomer of that priority may push out; null for none.
  Wait* LeastBelow(Priority newcomer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Displace(Priority newcomer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GrantFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unlink(Wait& wait) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Decide(Wait& wait, Outcome outcome) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::atomic<uint64_t> state_{0};
  std::atomic<uint32_t> limit_;
  const size_t max_pending_;
  Mutex mutex_;
  QueueAge age_ ABSL_GUARDED_BY(mutex_);
  std::array<Queue, kPriorities> queues_ ABSL_GUARDED_BY(mutex_);
};

// Lives in the frame of who waits, which stays suspended until it is woken.
class Admission::Wait final : private Timer, private CancelListener {
 public:
  Wait(Admission& admission, Loop& loop, Priority priority, TimePoint deadline,
       Cancellation* cancel)
      : admission_(admission),
        loop_(loop),
        priority_(priority),
        deadline_(deadline),
        cancel_(cancel) {}

  bool await_ready();
  bool await_suspend(std::coroutine_handle<> waiter);
  Outcome await_resume() const { return outcome_; }

 private:
  friend class Admission;
  void OnTimer() override;
  void OnCancel(const absl::Status& reason) override;
  void ArmFor(TimePoint latest);
  void Wake();  // on its loop

  Admission& admission_;
  Loop& loop_;
  const Priority priority_;
  const TimePoint deadline_;
  Cancellation* const cancel_;
  std::coroutine_handle<> waiter_;
  TimePoint arrived_;
  // Under the admission's lock until waiting_ is false.
  bool waiting_ = false;
  Outcome outcome_ = Outcome::kEntered;
  Wait* previous_ = nullptr;
  Wait* next_ = nullptr;
};

inline Admission::Wait Admission::Enter(Loop& loop, Priority priority, TimePoint deadline,
                                        Cancellation* cancel) {
  return Wait(*this, loop, priority, deadline, cancel);
}

// Leaves when it is destroyed.
class Admission::Room {
 public:
  Room() = default;
  // Of one that has entered.
  explicit Room(Admission& admission) : admission_(&admission) {}
  Room(Room&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)) {}
  Room& operator=(Room&& other) noexcept {
    std::swap(admission_, other.admission_);
    return *this;
  }
  ~Room() {
    if (admission_) admission_->Leave();
  }

 private:
  Admission* admission_ = nullptr;
};

}  // namespace frontdesk
