#include "gateway/base/loop.h"

#include <time.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/impl/src.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace frontdesk {
namespace {

constexpr int kEventsPerTurn = 64;
// So long without doing anything.
constexpr std::chrono::milliseconds kStall{250};
constexpr std::chrono::milliseconds kLookEvery{100};
constexpr std::chrono::milliseconds kLeastLate{8};
constexpr int kTurnsAfterStall = 100;
// An idle loop wakes this often anyway, so that Now() is never far behind.
constexpr std::chrono::seconds kIdle{1};

thread_local Loop* current_loop = nullptr;

// Of this thread.
Duration ProcessorTime() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

class Entered {
 public:
  explicit Entered(Loop* loop) : previous_(std::exchange(current_loop, loop)) {}
  ~Entered() { current_loop = previous_; }

 private:
  Loop* const previous_;
};

}  // namespace

Flushable::~Flushable() {
  if (!queued_on_) return;
  std::vector<Flushable*>& queue = queued_on_->flushing_;
  std::replace(queue.begin(), queue.end(), this, static_cast<Flushable*>(nullptr));
}

Loop::Loop() : now_(Clock::now()), wheel_(now_), io_(1), work_(boost::asio::make_work_guard(io_)) {
  late_at_.fill(TimePoint::min());
}

Loop::~Loop() = default;

Loop* Loop::Current() { return current_loop; }

void Loop::Post(std::function<void()> work) { boost::asio::post(io_, std::move(work)); }

void Loop::Stop() {
  stopped_.store(true, std::memory_order_release);
  Post([] {});
}

void Loop::FlushSoon(Flushable& flushable) {
  if (flushable.queued_on_) return;
  flushable.queued_on_ = this;
  flushing_.push_back(&flushable);
}

void Loop::Settle() {
  while (!deferred_.empty() || !flushing_.empty()) {
    // By index: a coroutine may defer others, a flush may queue others.
    for (size_t i = 0; i < deferred_.size(); ++i) deferred_[i].resume();
    deferred_.clear();
    for (size_t i = 0; i < flushing_.size(); ++i) {
      Flushable* flushable = flushing_[i];
      if (!flushable) continue;
      flushable->queued_on_ = nullptr;
      flushing_[i] = nullptr;
      flushable->Flush();
    }
    flushing_.clear();
  }
}

void Loop::Refresh() const {
  now_ = Clock::now();
  now_stale_ = false;
}

void Loop::Turn() {
  // What the thread did before its first turn is no work of this loop.
  if (looked_at_ == TimePoint()) {
    looked_at_ = now_;
    used_then_ = ProcessorTime();
  }
  const TimePoint wake = std::min(wheel_.NextWake(), now_ + kIdle);
  turn_before_ = now_;
  waited_ = false;
  now_stale_ = true;
  size_t ran = io_.poll_one();
  if (ran == 0 && idler_) {
    std::exchange(idler_, nullptr)->OnIdle();
  } else if (ran == 0) {
    waited_ = true;
    ran = io_.run_one_until(wake);
  }
  if (ran > 0) {
    int more = 0;
    while (more < kEventsPerTurn && io_.poll_one() > 0) ++more;
    if (more == kEventsPerTurn) WatchBacklog();
  }
  Settle();
  const TimePoint expected = waited_ ? wake : turn_before_;
  NoticeLate(Now() - expected);
  NoticeStall(expected);
  wheel_.Advance(Now());
  Settle();
}

void Loop::NoticeLate(Duration late) {
  Duration bound = kLeastLate;
  for (TimePoint& at : late_at_) {
    if (late < bound) return;
    at = now_;
    bound *= 2;
  }
}

bool Loop::LateSince(TimePoint time, Duration late) const {
  Duration bound = kLeastLate;
  size_t i = 0;
  while (bound < late && i + 1 < late_at_.size()) {
    bound *= 2;
    ++i;
  }
  return late_at_[i] >= time;
}

// What is ready waits its turn; how long, a handler that stands behind it finds out.
void Loop::WatchBacklog() {
  if (std::exchange(watching_backlog_, true)) return;
  boost::asio::post(io_, [this, since = Now()] {
    watching_backlog_ = false;
    NoticeLate(Now() - since);
  });
}

void Loop::NoticeStall(TimePoint expected) {
  const Duration late = Now() - expected;
  if (late < kStall && now_ - looked_at_ < kLookEvery) return;
  const Duration used = ProcessorTime();
  const Duration worked = used - std::exchange(used_then_, used);
  looked_at_ = now_;
  // Who merely has much to do uses the processor meanwhile.
  if (late - worked < kStall) return;
  stalled_at_ = now_;
  // Answers that came meanwhile were in time: they are read before deadlines are looked at.
  for (int turn = 0; turn < kTurnsAfterStall && io_.poll_one() > 0; ++turn) {
    for (int i = 1; i < kEventsPerTurn && io_.poll_one() > 0; ++i) {
    }
    Settle();
  }
}

void Loop::Run() {
  Entered entered(this);
  while (!stopped_.load(std::memory_order_acquire)) Turn();
  stopped_.store(false, std::memory_order_relaxed);
}

void Loop::RunUntil(const std::function<bool()>& done) {
  Entered entered(this);
  while (!done()) Turn();
}

}  // namespace frontdesk
