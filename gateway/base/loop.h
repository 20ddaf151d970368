// The event loop of a worker. Everything of a request lives and ends on one loop.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <coroutine>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "gateway/base/cancel.h"
#include "gateway/base/clock.h"
#include "gateway/base/timer_wheel.h"

namespace frontdesk {

class Loop;

// Something that gathers output and writes it once per turn of the loop.
class Flushable {
 public:
  Flushable() = default;
  Flushable(const Flushable&) = delete;
  Flushable& operator=(const Flushable&) = delete;
  virtual ~Flushable();

 private:
  friend class Loop;
  virtual void Flush() = 0;

  Loop* queued_on_ = nullptr;
};

// Something that waits until there is nothing more urgent.
class Idler {
 public:
  virtual ~Idler() = default;

 private:
  friend class Loop;
  virtual void OnIdle() = 0;
};

// A resource: lives where it was made. Run() and everything else but Post() and Stop() belong to
// the thread that runs it.
//
// A turn: one event (waiting for it if need be), at most 64 more that are ready, deferred
// coroutines, one flush of each Flushable that asked for it, then the timer wheel.
class Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Until Stop(). Afterwards Run() may be called again.
  void Run();
  // Runs turns until `done()`; for tests and for a bounded shutdown.
  void RunUntil(const std::function<bool()>& done);

  // Any thread.
  void Post(std::function<void()> work);
  void Stop();

  // The time of this turn, read once after waiting. Cheap.
  TimePoint Now() const {
    if (now_stale_) Refresh();
    return now_;
  }
  // How long what is handled in this turn may have been ready, because the turn before went on;
  // zero when the loop had to wait for it.
  Duration lag() const { return waited_ ? Duration::zero() : Now() - turn_before_; }
  // Whether the loop, the process or the machine stood still for a moment since `time`: what ran
  // out of time then did not have it.
  bool StalledSince(TimePoint time) const { return stalled_at_ >= time; }
  // Whether what was ready had to wait for at least that long since `time`, because the loop was
  // busy or the process got no processor. Lateness below 8 ms is not seen.
  bool LateSince(TimePoint time, Duration late) const;
  void Arm(Timer& timer, TimePoint when) { wheel_.Arm(timer, when); }
  // Resumes later in this turn, outside the caller's stack.
  void Defer(std::coroutine_handle<> coroutine) { deferred_.push_back(coroutine); }
  // Flush() is called once at the end of this turn, however often it is asked for.
  void FlushSoon(Flushable& flushable);

  // OnIdle() is called once, when nothing is ready; null takes the wish back.
  void WhenIdle(Idler* idler) { idler_ = idler; }

  boost::asio::io_context& io() { return io_; }
  // The loop whose Run() or RunUntil() this thread is in, or null.
  static Loop* Current();

  // Suspends until `when`, or until `cancel` happens, whose reason is then returned.
  class Sleep;
  Sleep SleepUntil(TimePoint when, Cancellation* cancel = nullptr);

 private:
  friend class Flushable;
  void Turn();
  void NoticeStall(TimePoint expected);
  void NoticeLate(Duration late);
  void WatchBacklog();
  void Refresh() const;
  void Settle();  // deferred coroutines and flushes, until there are none

  std::atomic<bool> stopped_{false};
  mutable TimePoint now_;
  // Asio waits and runs the first handler in one call: whoever asks first after that looks.
  mutable bool now_stale_ = false;
  TimePoint turn_before_;  // when the one before this began
  bool waited_ = true;     // this turn began with a wait
  TimePoint stalled_at_ = TimePoint::min();
  // When it was last late by 8 ms, 16 ms and so on.
  std::array<TimePoint, 7> late_at_;
  bool watching_backlog_ = false;
  // Of this thread's processor time, now and then.
  TimePoint looked_at_;
  Duration used_then_{};
  Idler* idler_ = nullptr;
  TimerWheel wheel_;
  std::vector<std::coroutine_handle<>> deferred_;
  std::vector<Flushable*> flushing_;
  // Last, so destroyed first: handlers that never ran own connections, whose timers and flushes
  // unlink themselves from the above.
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
};

class Loop::Sleep final : private Timer, private CancelListener {
 public:
  Sleep(Loop& loop, TimePoint when, Cancellation* cancel)
      : loop_(loop), when_(when), cancel_(cancel) {}

  bool await_ready() const { return cancel_ != nullptr && cancel_->cancelled(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    loop_.Arm(*this, when_);
    if (cancel_) Listen(*cancel_);
  }
  absl::Status await_resume() const { return cancel_ ? cancel_->reason() : absl::OkStatus(); }

 private:
  void OnTimer() override {
    Unlisten();
    loop_.Defer(waiter_);
  }
  void OnCancel(const absl::Status&) override {
    Disarm();
    loop_.Defer(waiter_);
  }

  Loop& loop_;
  const TimePoint when_;
  Cancellation* const cancel_;
  std::coroutine_handle<> waiter_;
};

inline Loop::Sleep Loop::SleepUntil(TimePoint when, Cancellation* cancel) {
  return Sleep(*this, when, cancel);
}

}  // namespace frontdesk
