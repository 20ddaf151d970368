#include "gateway/base/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace frontdesk {

void Timer::Disarm() {
  if (!next_) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

TimerWheel::Anchor::Anchor() { previous_ = next_ = this; }

bool TimerWheel::Anchor::empty() const { return next_ == this; }

TimerWheel::TimerWheel(TimePoint start) : start_(start) {}

int64_t TimerWheel::TickOf(TimePoint when) const {
  return std::chrono::ceil<std::chrono::milliseconds>(when - start_).count();
}

void TimerWheel::Link(Timer& timer, Anchor& slot) {
  Timer& head = slot;
  timer.next_ = &head;
  timer.previous_ = head.previous_;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
}

void TimerWheel::Arm(Timer& timer, TimePoint when) {
  timer.Disarm();
  timer.tick_ = std::max(TickOf(when), done_ + 1);
  const size_t slot = static_cast<size_t>(timer.tick_) % kSlots;
  Link(timer, slots_[slot]);
  occupied_[slot / 64] |= uint64_t{1} << (slot % 64);
}

void TimerWheel::FireSlot(size_t slot, int64_t tick) {
  if (!(occupied_[slot / 64] & (uint64_t{1} << (slot % 64)))) return;
  // What is due moves to a list of its own first: a timer that is armed by another one for this
  // very slot belongs to the next round.
  Anchor due;
  Timer& head = slots_[slot];
  for (Timer* timer = head.next_; timer != &head;) {
    Timer* next = timer->next_;
    if (timer->tick_ <= tick) {
      timer->Disarm();
      Link(*timer, due);
    }
    timer = next;
  }
  Timer& first = due;
  while (!due.empty()) {
    Timer* timer = first.next_;
    timer->Disarm();
    timer->OnTimer();
  }
}

void TimerWheel::Advance(TimePoint now) {
  const int64_t target = std::chrono::floor<std::chrono::milliseconds>(now - start_).count();
  if (target <= done_) return;
  const int64_t from = done_;
  // Before firing: what is armed meanwhile comes after `now`.
  done_ = target;
  const int64_t last = std::min<int64_t>(target, from + static_cast<int64_t>(kSlots));
  for (int64_t tick = from + 1; tick <= last; ++tick) {
    const size_t slot = static_cast<size_t>(tick) % kSlots;
    if (slot % 64 == 0 && occupied_[slot / 64] == 0 && last - tick >= 64) {
      tick += 63;
      continue;
    }
    FireSlot(slot, target);
  }
}

TimePoint TimerWheel::NextWake() const {
  for (size_t distance = 1; distance <= kSlots;) {
    const size_t slot = static_cast<size_t>(done_ + static_cast<int64_t>(distance)) % kSlots;
    const uint64_t word = occupied_[slot / 64] >> (slot % 64);
    if (word == 0) {
      distance += 64 - slot % 64;
      continue;
    }
    const size_t skip = static_cast<size_t>(std::countr_zero(word));
    const size_t found = slot + skip;
    if (!slots_[found].empty()) {
      return start_ + kTick * (done_ + static_cast<int64_t>(distance + skip));
    }
    occupied_[found / 64] &= ~(uint64_t{1} << (found % 64));
  }
  return TimePoint::max();
}

}  // namespace frontdesk
