#include "gateway/base/loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "gateway/base/failure.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Recorder final : public Timer {
 public:
  Recorder(std::vector<int>* out, int name) : out_(out), name_(name) {}

 private:
  void OnTimer() override { out_->push_back(name_); }
  std::vector<int>* out_;
  int name_;
};

constexpr TimePoint kStart = TimePoint(seconds(1000));

TEST(TimerWheel, FiresInTimeNeverEarly) {
  TimerWheel wheel(kStart);
  std::vector<int> fired;
  Recorder a(&fired, 1), b(&fired, 2), c(&fired, 3), past(&fired, 0);
  EXPECT_EQ(wheel.NextWake(), TimePoint::max());
  wheel.Arm(a, kStart + milliseconds(5));
  wheel.Arm(b, kStart + milliseconds(5) + std::chrono::microseconds(1));
  wheel.Arm(c, kStart + seconds(20));  // several rounds away
  wheel.Arm(past, kStart - seconds(1));
  wheel.Advance(kStart);
  EXPECT_TRUE(fired.empty());
  EXPECT_EQ(wheel.NextWake(), kStart + milliseconds(1));
  wheel.Advance(kStart + milliseconds(1));
  EXPECT_EQ(fired, (std::vector<int>{0}));
  wheel.Advance(kStart + milliseconds(4));
  EXPECT_EQ(fired.size(), 1u);
  wheel.Advance(kStart + milliseconds(5));
  EXPECT_EQ(fired, (std::vector<int>{0, 1}));
  wheel.Advance(kStart + milliseconds(6));
  EXPECT_EQ(fired, (std::vector<int>{0, 1, 2}));
  EXPECT_LE(wheel.NextWake(), kStart + seconds(20));
  wheel.Advance(kStart + seconds(19));
  EXPECT_EQ(fired.size(), 3u);
  wheel.Advance(kStart + seconds(20));
  EXPECT_EQ(fired, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(wheel.NextWake(), TimePoint::max());
}

TEST(TimerWheel, DisarmsAndRearms) {
  TimerWheel wheel(kStart);
  std::vector<int> fired;
  Recorder a(&fired, 1);
  wheel.Arm(a, kStart + milliseconds(5));
  wheel.Arm(a, kStart + milliseconds(9));
  wheel.Advance(kStart + milliseconds(8));
  EXPECT_TRUE(fired.empty());
  EXPECT_TRUE(a.armed());
  a.Disarm();
  EXPECT_FALSE(a.armed());
  wheel.Advance(kStart + seconds(1));
  EXPECT_TRUE(fired.empty());
  {
    Recorder gone(&fired, 2);
    wheel.Arm(gone, kStart + seconds(2));
  }
  wheel.Advance(kStart + seconds(3));
  EXPECT_TRUE(fired.empty());
}

class Again final : public Timer {
 public:
  Again(TimerWheel* wheel, TimePoint* now) : wheel_(wheel), now_(now) {}
  int count = 0;

 private:
  void OnTimer() override {
    ++count;
    wheel_->Arm(*this, *now_);
  }
  TimerWheel* wheel_;
  TimePoint* now_;
};

TEST(TimerWheel, ATimerThatArmsItselfForNowFiresOncePerAdvance) {
  TimerWheel wheel(kStart);
  TimePoint now = kStart;
  Again again(&wheel, &now);
  wheel.Arm(again, kStart);
  for (int i = 1; i <= 3; ++i) {
    now += milliseconds(1);
    wheel.Advance(now);
    EXPECT_EQ(again.count, i);
  }
}

class Due final : public Timer {
 public:
  TimePoint when;
  TimePoint fired_at = TimePoint::min();
  const TimePoint* now = nullptr;

 private:
  void OnTimer() override { fired_at = *now; }
};

TEST(TimerWheel, RandomTimesFireAtTheFirstAdvanceThatReachesThem) {
  std::mt19937 random(7);
  TimerWheel wheel(kStart);
  TimePoint now = kStart;
  std::vector<std::unique_ptr<Due>> timers;
  for (int i = 0; i < 2000; ++i) {
    auto due = std::make_unique<Due>();
    due->now = &now;
    due->when = kStart + milliseconds(random() % 30000);
    wheel.Arm(*due, due->when);
    timers.push_back(std::move(due));
  }
  TimePoint previous = now;
  while (wheel.NextWake() != TimePoint::max()) {
    now = wheel.NextWake() + milliseconds(random() % 50);
    wheel.Advance(now);
    for (auto& due : timers) {
      const bool should = due->when <= now;
      const bool has = due->fired_at != TimePoint::min();
      // A time of exactly the start is rounded up to the first tick.
      ASSERT_EQ(has, should) << (due->when - kStart).count();
      if (has && due->when > previous && due->when != kStart) {
        ASSERT_EQ(due->fired_at, now);
      }
    }
    previous = now;
  }
}

TEST(Loop, PostsFromOtherThreadsRunOnTheLoop) {
  Loop loop;
  int count = 0;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      loop.Post([&] {
        EXPECT_EQ(Loop::Current(), &loop);
        if (++count == 1000) loop.Stop();
      });
    }
  });
  loop.Run();
  other.join();
  EXPECT_EQ(count, 1000);
  EXPECT_EQ(Loop::Current(), nullptr);
}

class CountFlushes final : public Flushable {
 public:
  int flushed = 0;

 private:
  void Flush() override { ++flushed; }
};

TEST(Loop, FlushesOncePerTurn) {
  Loop loop;
  CountFlushes one;
  auto gone = std::make_unique<CountFlushes>();
  loop.Post([&] {
    for (int i = 0; i < 5; ++i) loop.FlushSoon(one);
    loop.FlushSoon(*gone);
    gone.reset();
    loop.Stop();
  });
  loop.Run();
  EXPECT_EQ(one.flushed, 1);
}

Task<absl::Status> SleepLong(Loop& loop, Cancellation& cancel) {
  co_return co_await loop.SleepUntil(loop.Now() + std::chrono::hours(1), &cancel);
}

TEST(Loop, CancelEndsASleepWithItsReason) {
  Loop loop;
  Cancellation parent;
  Cancellation child(parent);
  loop.Post([&] { parent.Cancel(absl::CancelledError("client left")); });
  EXPECT_EQ(testing_support::RunOnLoop(loop, SleepLong(loop, child)),
            absl::CancelledError("client left"));
  // What has happened already does not sleep at all.
  EXPECT_EQ(testing_support::RunOnLoop(loop, SleepLong(loop, child)),
            absl::CancelledError("client left"));
}

TEST(Cancellation, ListenersMayUnlistenEachOther) {
  struct Listener final : CancelListener {
    Listener* other = nullptr;
    int told = 0;
    void OnCancel(const absl::Status&) override {
      ++told;
      if (other) other->Unlisten();
    }
  };
  Cancellation cancel;
  Listener a, b;
  a.other = &b;
  b.other = &a;
  a.Listen(cancel);
  b.Listen(cancel);
  cancel.Cancel(absl::CancelledError("x"));
  cancel.Cancel(absl::CancelledError("y"));
  EXPECT_EQ(a.told + b.told, 1);
  EXPECT_EQ(cancel.reason().message(), "x");
}

TEST(Failure, CarriesWhatHttpAndTheLogNeed) {
  Failure failure(absl::StatusCode::kInvalidArgument, "JSON_SYNTAX", "bad");
  failure.Http(400).Field("a.b", "too long").Field("c", "missing").NeverSent();
  failure.Header("Allow", "GET").Header("Retry-After", "1").Details("xyz");
  const absl::Status status = failure;
  EXPECT_EQ(status.message(), "bad");
  EXPECT_EQ(ReasonOf(status), "JSON_SYNTAX");
  EXPECT_EQ(OriginOf(status), Origin::kClient);
  EXPECT_EQ(HttpOverrideOf(status), 400);
  EXPECT_TRUE(WasNeverSent(status));
  EXPECT_EQ(HeadersOf(status), "Allow: GET\r\nRetry-After: 1\r\n");
  EXPECT_EQ(DetailsOf(status), "xyz");
  EXPECT_EQ(FieldViolationsOf(status), std::string("\x0a\x0f\x0a\x03"
                                                   "a.b\x12\x08too long\x0a\x0c\x0a\x01"
                                                   "c\x12\x07missing"));
}

TEST(Failure, APlainStatusHasSensibleAnswers) {
  const absl::Status status = absl::NotFoundError("gone");
  EXPECT_EQ(ReasonOf(status), "NOT_FOUND");
  EXPECT_EQ(OriginOf(status), Origin::kGateway);
  EXPECT_EQ(HttpOverrideOf(status), 0);
  EXPECT_FALSE(WasNeverSent(status));
  EXPECT_EQ(HeadersOf(status), "");
}

TEST(Loop, KnowsHowLongWhatIsReadyHasWaited) {
  Loop loop;
  std::vector<Duration> lags;
  const auto note = [&] { lags.push_back(loop.lag()); };
  // More than a turn has events for, each with its time.
  constexpr size_t kEvents = 200;
  for (size_t i = 0; i < kEvents; ++i) {
    loop.Post([&] {
      note();
      const TimePoint end = Clock::now() + std::chrono::microseconds(20);
      while (Clock::now() < end) {
      }
    });
  }
  loop.RunUntil([&] { return lags.size() == kEvents; });
  EXPECT_GE(lags.back(), std::chrono::microseconds(64 * 20));
  // Waited for, however long: not late.
  class Late final : public Timer {
   public:
    explicit Late(Loop& loop) : loop_(loop) {}
    std::optional<Duration> lag;

   private:
    void OnTimer() override { lag = loop_.lag(); }
    Loop& loop_;
  };
  Late timer(loop);
  loop.Arm(timer, Clock::now() + milliseconds(3));
  loop.RunUntil([&] { return timer.lag.has_value(); });
  EXPECT_EQ(timer.lag, Duration::zero());
}

TEST(Loop, KnowsHowLateItWas) {
  Loop loop;
  const TimePoint before = loop.Now();
  bool done = false;
  // One turn is too short for all of them, so that those behind wait for several.
  for (int i = 0; i < 400; ++i) {
    loop.Post([] { std::this_thread::sleep_for(std::chrono::microseconds(200)); });
  }
  loop.Post([&] { done = true; });
  loop.RunUntil([&] { return done; });
  EXPECT_TRUE(loop.LateSince(before, milliseconds(1)));
  EXPECT_TRUE(loop.LateSince(before, milliseconds(32)));
  EXPECT_FALSE(loop.LateSince(loop.Now() + milliseconds(1), milliseconds(1)));

  const TimePoint later = Clock::now() + milliseconds(1);
  std::this_thread::sleep_until(later);
  done = false;
  loop.Post([] { std::this_thread::sleep_for(milliseconds(70)); });
  loop.Post([&] { loop.Post([&] { done = true; }); });
  loop.RunUntil([&] { return done; });
  EXPECT_TRUE(loop.LateSince(later, milliseconds(64)));
}

TEST(Loop, KnowsWhenItStoodStillFromWhenItWasBusy) {
  const auto after = [](const std::function<void()>& what) {
    Loop loop;
    bool done = false;
    const TimePoint before = loop.Now();
    loop.Post([&] {
      what();
      loop.Post([&] { done = true; });
    });
    loop.RunUntil([&] { return done; });
    return loop.StalledSince(before);
  };
  const milliseconds kLong(400);
  // What this thread has done before is no work of the loops to come.
  const std::clock_t began = std::clock();
  while (std::clock() - began < CLOCKS_PER_SEC * 4 / 10) {
  }
  EXPECT_FALSE(after([] {}));
  EXPECT_TRUE(after([&] { std::this_thread::sleep_for(kLong); })) << "as a stopped process";
  // A busy machine may take the processor away meanwhile, which is standing still indeed.
  bool kept = false;
  for (int attempt = 0; attempt < 50 && !kept; ++attempt) {
    const bool stalled = after([&] {
      const TimePoint start = Clock::now();
      const std::clock_t used = std::clock();
      while (Clock::now() - start < kLong) {
      }
      kept = std::clock() - used > CLOCKS_PER_SEC * 3 / 10 &&
             Clock::now() - start < kLong + milliseconds(100);
    });
    if (kept) {
      EXPECT_FALSE(stalled) << "there was much to do";
    }
  }
}

TEST(Loop, AnswersThatCameWhileItStoodStillAreInTime) {
  Loop loop;
  std::vector<int> order;
  Recorder deadline(&order, 1);
  loop.Arm(deadline, loop.Now() + milliseconds(100));
  loop.Post([&] {
    std::this_thread::sleep_for(milliseconds(800));
    // More than one turn takes, as they lie in sockets.
    for (int i = 0; i < 200; ++i) loop.Post([&] { order.push_back(0); });
  });
  loop.RunUntil([&] { return order.size() == 201; });
  EXPECT_EQ(order.back(), 1);
}

TEST(Loop, TellsAnIdlerWhenNothingElseIsReady) {
  class Idle final : public Idler {
   public:
    explicit Idle(std::vector<int>* out) : out_(out) {}

   private:
    void OnIdle() override { out_->push_back(0); }
    std::vector<int>* out_;
  };
  Loop loop;
  std::vector<int> order;
  Idle idle(&order);
  loop.WhenIdle(&idle);
  for (int i = 1; i <= 100; ++i) loop.Post([&order, i] { order.push_back(i); });
  loop.RunUntil([&] { return order.size() == 101; });
  EXPECT_EQ(order.back(), 0);
  // Once for each wish, and not when it was taken back.
  loop.WhenIdle(&idle);
  loop.WhenIdle(nullptr);
  std::vector<int> fired;
  Recorder timer(&fired, 1);
  loop.Arm(timer, Clock::now() + milliseconds(2));
  loop.RunUntil([&] { return !fired.empty(); });
  EXPECT_EQ(order.size(), 101u);
}

// A handler that never ran may own something that waits for a flush or a timer.
TEST(Loop, EndsBeforeWhatItsHandlersOwn) {
  class Queued final : public Flushable {
   public:
    explicit Queued(Loop& loop) { loop.FlushSoon(*this); }

   private:
    void Flush() override {}
  };
  auto loop = std::make_unique<Loop>();
  auto queued = std::make_shared<Queued>(*loop);
  std::vector<int> fired;
  auto timer = std::make_shared<Recorder>(&fired, 1);
  loop->Arm(*timer, Clock::now() + seconds(60));
  loop->Post([queued = std::move(queued), timer = std::move(timer)] {});
  loop.reset();  // AddressSanitizer judges
  EXPECT_TRUE(fired.empty());
}

}  // namespace
}  // namespace frontdesk
