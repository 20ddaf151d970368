#include "gateway/base/admission.h"

#include <algorithm>
#include <cassert>

namespace frontdesk {
namespace {

uint32_t Clamp(size_t limit) {
  return static_cast<uint32_t>(std::min(limit, Admission::kUnlimited));
}

}  // namespace

Admission::Admission(size_t max_in_flight, size_t max_pending, const QueueAgeSettings& queue_age)
    : limit_(Clamp(max_in_flight)), max_pending_(Clamp(max_pending)), age_(queue_age) {}

Admission::~Admission() { assert(pending() == 0); }

bool Admission::TryEnter() {
  uint64_t state = state_.load(std::memory_order_relaxed);
  const uint32_t limit = limit_.load(std::memory_order_relaxed);
  // Whoever waits does so because there is no room: who finds some overtakes nobody.
  while (state < limit) {
    if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire,
                                     std::memory_order_relaxed)) {
      return true;
    }
  }
  return false;
}

void Admission::Leave() {
  uint64_t state = state_.load(std::memory_order_relaxed);
  while (state < kOnePending) {
    if (state_.compare_exchange_weak(state, state - 1, std::memory_order_release,
                                     std::memory_order_relaxed)) {
      return;
    }
  }
  const MutexLock lock(mutex_);
  // The queue may have emptied meanwhile, so this may race with those that need no lock.
  state = state_.fetch_sub(1, std::memory_order_acq_rel) - 1;
  if (state >= kOnePending && InFlight(state) < limit()) GrantFirst();
}

void Admission::SetLimit(size_t max_in_flight) {
  const MutexLock lock(mutex_);
  limit_.store(Clamp(max_in_flight), std::memory_order_relaxed);
  while (pending() > 0 && in_flight() < limit()) GrantFirst();
}

void Admission::GrantFirst() {
  for (Queue& queue : queues_) {
    if (!queue.first) continue;
    Wait& wait = *queue.first;
    Unlink(wait);
    // In one step: nobody without the lock may see the room while it is promised.
    state_.fetch_sub(kOnePending - 1, std::memory_order_acq_rel);
    Decide(wait, Outcome::kEntered);
    return;
  }
}

bool Admission::Join(Wait& wait) {
  const MutexLock lock(mutex_);
  uint64_t state = state_.load(std::memory_order_relaxed);
  bool stands = false;  // somebody waits until now, if only to be displaced
  while (true) {
    if (state < limit()) {
      if (!state_.compare_exchange_weak(state, state + 1, std::memory_order_acquire)) continue;
      wait.outcome_ = Outcome::kEntered;
      return false;
    }
    if ((state >> 32) >= max_pending_) {
      if (!Displace(wait.priority_)) {
        wait.outcome_ = Outcome::kFull;
        return false;
      }
      stands = true;
      state = state_.load(std::memory_order_relaxed);
    }
    if (state_.compare_exchange_weak(state, state + kOnePending, std::memory_order_relaxed)) break;
  }
  age_.OnJoin(state < kOnePending && !stands, wait.arrived_);
  Queue& queue = queues_[static_cast<size_t>(wait.priority_)];
  wait.waiting_ = true;
  wait.previous_ = queue.last;
  (queue.last ? queue.last->next_ : queue.first) = &wait;
  queue.last = &wait;
  return true;
}

// The one that came last of the lowest priority has lost the least.
Admission::Wait* Admission::LeastBelow(Priority newcomer) {
  for (size_t lowest = kPriorities - 1; lowest > static_cast<size_t>(newcomer); --lowest) {
    if (queues_[lowest].last) return queues_[lowest].last;
  }
  return nullptr;
}

bool Admission::Displace(Priority newcomer) {
  Wait* const last = LeastBelow(newcomer);
  if (!last) return false;
  Unlink(*last);
  state_.fetch_sub(kOnePending, std::memory_order_relaxed);
  Decide(*last, Outcome::kFull);
  return true;
}

bool Admission::WouldRefuse(Priority priority) {
  const auto full = [this] {
    const uint64_t state = state_.load(std::memory_order_relaxed);
    return state >= limit() && (state >> 32) >= max_pending_;
  };
  if (!full()) return false;
  const MutexLock lock(mutex_);
  return full() && !LeastBelow(priority);
}

bool Admission::Quit(Wait& wait, Outcome outcome) {
  const MutexLock lock(mutex_);
  if (!wait.waiting_) return false;
  Unlink(wait);
  state_.fetch_sub(kOnePending, std::memory_order_relaxed);
  wait.outcome_ = outcome;
  return true;
}

TimePoint Admission::LatestFor(const Wait& wait, TimePoint now) {
  const MutexLock lock(mutex_);
  return wait.arrived_ + age_.Limit(now, wait.priority_);
}

void Admission::Unlink(Wait& wait) {
  Queue& queue = queues_[static_cast<size_t>(wait.priority_)];
  (wait.previous_ ? wait.previous_->next_ : queue.first) = wait.next_;
  (wait.next_ ? wait.next_->previous_ : queue.last) = wait.previous_;
  wait.previous_ = wait.next_ = nullptr;
  wait.waiting_ = false;
}

void Admission::Decide(Wait& wait, Outcome outcome) {
  wait.outcome_ = outcome;
  // Also when this is its loop: it may be about to arm its timer, and nobody is resumed under a
  // lock.
  wait.loop_.Post([&wait] { wait.Wake(); });
}

bool Admission::Wait::await_ready() {
  arrived_ = loop_.Now();
  if (cancel_ && cancel_->cancelled()) {
    outcome_ = Outcome::kCancelled;
  } else if (deadline_ <= arrived_) {
    outcome_ = Outcome::kDeadline;
  } else if (!admission_.TryEnter()) {
    return false;
  }
  return true;
}

bool Admission::Wait::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  if (!admission_.Join(*this)) return false;
  // From here on it may be decided by others, but it is woken only when this has returned.
  ArmFor(admission_.LatestFor(*this, arrived_));
  if (cancel_) Listen(*cancel_);
  return true;
}

// Timers are late by up to a tick: rather told a little early than kept waiting for too long.
void Admission::Wait::ArmFor(TimePoint latest) {
  loop_.Arm(*this, std::min(latest - TimerWheel::kTick, deadline_));
}

void Admission::Wait::OnTimer() {
  const TimePoint now = loop_.Now();
  const TimePoint latest = admission_.LatestFor(*this, now);
  if (now + TimerWheel::kTick < latest && now < deadline_) {
    ArmFor(latest);  // the queue was empty for a moment
  } else if (admission_.Quit(*this, now < deadline_ ? Outcome::kTooOld : Outcome::kDeadline)) {
    Wake();
  }
}

void Admission::Wait::OnCancel(const absl::Status&) {
  if (admission_.Quit(*this, Outcome::kCancelled)) Wake();
}

void Admission::Wait::Wake() {
  Disarm();
  Unlisten();
  loop_.Defer(waiter_);
}

}  // namespace frontdesk
