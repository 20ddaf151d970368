// Something that happens once, and coroutines that wait for it with a time limit of their own.
#pragma once

#include <coroutine>
#include <utility>

#include "gateway/base/cancel.h"
#include "gateway/base/clock.h"
#include "gateway/base/loop.h"

namespace frontdesk {

// One loop only. Outlives everybody who waits for it.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool happened() const { return set_.cancelled(); }
  // Wakes all that wait, later in this turn of the loop.
  void Set() { set_.Cancel(absl::CancelledError("it happened")); }

  // Suspends until it happens, `when` comes, or `cancel` (which may be null) is cancelled.
  class Wait;
  Wait Until(Loop& loop, TimePoint when, Cancellation* cancel);

 private:
  Cancellation set_;
};

class Event::Wait final : private Timer {
 public:
  Wait(Event& event, Loop& loop, TimePoint when, Cancellation* cancel)
      : event_(event), loop_(loop), when_(when), cancel_(cancel), on_set_(this), on_cancel_(this) {}

  bool await_ready() const {
    return event_.happened() || when_ <= loop_.Now() || (cancel_ && cancel_->cancelled());
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    on_set_.Listen(event_.set_);
    if (cancel_) on_cancel_.Listen(*cancel_);
    if (when_ != TimePoint::max()) loop_.Arm(*this, when_);
  }
  void await_resume() const {}

 private:
  class Listener final : public CancelListener {
   public:
    explicit Listener(Wait* wait) : wait_(wait) {}

   private:
    void OnCancel(const absl::Status&) override { wait_->Wake(); }
    Wait* const wait_;
  };

  void OnTimer() override { Wake(); }
  void Wake() {
    if (!waiter_) return;
    Disarm();
    on_set_.Unlisten();
    on_cancel_.Unlisten();
    loop_.Defer(std::exchange(waiter_, nullptr));
  }

  Event& event_;
  Loop& loop_;
  const TimePoint when_;
  Cancellation* const cancel_;
  Listener on_set_;
  Listener on_cancel_;
  std::coroutine_handle<> waiter_;
};

inline Event::Wait Event::Until(Loop& loop, TimePoint when, Cancellation* cancel) {
  return Wait(*this, loop, when, cancel);
}

}  // namespace frontdesk
