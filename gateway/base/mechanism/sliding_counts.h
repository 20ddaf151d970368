// Counts of the last so many seconds.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "gateway/base/clock.h"

namespace frontdesk {

// Counts of `kKinds` kinds over a sliding window of ten slots: the current one, not yet over, and
// the nine before it, so a count is forgotten when it is between nine and ten tenths of the window
// old. A time before the current slot (callers read their clocks before they take turns) belongs to
// the current slot. Not thread-safe.
template <size_t kKinds>
class SlidingCounts {
 public:
  using Counts = std::array<uint64_t, kKinds>;
  static constexpr size_t kSlots = 10;

  explicit SlidingCounts(Duration window)
      : width_(std::max(window / Duration::rep{kSlots}, Duration(1))) {}

  void Add(const Counts& more, TimePoint now) {
    if (now >= slot_end_) [[unlikely]]
      Advance(now);
    for (size_t kind = 0; kind < kKinds; ++kind) {
      slots_[current_][kind] += more[kind];
      sum_[kind] += more[kind];
    }
  }

  // Of the window that ends at `now`.
  Counts Sum(TimePoint now) const {
    Counts sum = sum_;
    const size_t over = SlotsOver(now);
    for (size_t i = 1; i <= over; ++i) Subtract(slots_[(current_ + i) % kSlots], sum);
    return sum;
  }

  // Of the slot that `now` is in.
  Counts Current(TimePoint now) const { return now < slot_end_ ? slots_[current_] : Counts{}; }

  void Clear() {
    slots_ = {};
    sum_ = {};
  }

 private:
  static void Subtract(const Counts& less, Counts& from) {
    for (size_t kind = 0; kind < kKinds; ++kind) from[kind] -= less[kind];
  }

  // How many slots have come to their end by `now`; the oldest as many are out of the window.
  size_t SlotsOver(TimePoint now) const {
    if (now < slot_end_) return 0;
    if (slot_end_ == TimePoint::min()) return kSlots;  // nothing was ever added
    const auto over = (now - slot_end_) / width_;
    return over < Duration::rep{kSlots} ? static_cast<size_t>(over) + 1 : kSlots;
  }

  void Advance(TimePoint now) {
    const size_t over = SlotsOver(now);
    for (size_t i = 0; i < over; ++i) {
      current_ = (current_ + 1) % kSlots;
      Subtract(slots_[current_], sum_);
      slots_[current_] = {};
    }
    // After a long silence the slots begin anew at `now`.
    const TimePoint from = over < kSlots ? slot_end_ + width_ * Duration::rep(over - 1) : now;
    slot_end_ = from < TimePoint::max() - width_ ? from + width_ : TimePoint::max();
  }

  Duration width_;
  TimePoint slot_end_ = TimePoint::min();
  size_t current_ = 0;
  std::array<Counts, kSlots> slots_{};
  Counts sum_{};
};

}  // namespace frontdesk
