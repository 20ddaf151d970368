// One coarse timer wheel per loop: arming and disarming are a few pointer writes.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "gateway/base/clock.h"

namespace frontdesk {

// A point in time that calls OnTimer() once. Disarms itself when destroyed. One loop only.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Disarm(); }

  bool armed() const { return next_ != nullptr; }
  void Disarm();

 private:
  friend class TimerWheel;
  virtual void OnTimer() = 0;

  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  int64_t tick_ = 0;
};

// A timer that calls a member function.
template <class Owner, void (Owner::*Member)()>
class MemberTimer final : public Timer {
 public:
  explicit MemberTimer(Owner& owner) : owner_(owner) {}

 private:
  void OnTimer() override { (owner_.*Member)(); }
  Owner& owner_;
};

// Ticks of 1 ms, hashed into slots; a timer further away than one round stays in its slot until its
// tick has come. Never fires early; fires late by at most a tick and the loop's own lateness.
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{1};

  explicit TimerWheel(TimePoint start);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // (Re)arms; a time that has passed fires at the next Advance().
  void Arm(Timer& timer, TimePoint when);
  // Fires what is due at `now`. A timer may arm and disarm others, itself included.
  void Advance(TimePoint now);
  // When Advance() should be called next, or TimePoint::max() if nothing is armed. May be earlier
  // than the next timer, never later.
  TimePoint NextWake() const;

 private:
  static constexpr size_t kSlots = 4096;
  class Anchor final : public Timer {
   public:
    Anchor();
    bool empty() const;

   private:
    void OnTimer() override {}
  };

  int64_t TickOf(TimePoint when) const;  // rounded up
  void Link(Timer& timer, Anchor& slot);
  void FireSlot(size_t slot, int64_t tick);

  const TimePoint start_;
  int64_t done_ = 0;  // every tick up to this one has fired
  std::array<Anchor, kSlots> slots_;
  // A bit per slot that may hold a timer; cleared lazily when the slot is found empty.
  mutable std::array<uint64_t, kSlots / 64> occupied_{};
};

}  // namespace frontdesk
