// What outlives a request: places in a scope, events, and the hash that keys are made of.
#include <gtest/gtest.h>

#include <memory>

#include "gateway/base/event.h"
#include "gateway/base/scope.h"
#include "gateway/base/sha256.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk {
namespace {

using std::chrono::milliseconds;
using testing_support::RunOnLoop;

Task<void> WaitFor(Event& event, Loop& loop, TimePoint when, Cancellation* cancel, int* woken) {
  co_await event.Until(loop, when, cancel);
  ++*woken;
}

// Lets the loop do what is due.
void Turn(Loop& loop) {
  bool turned = false;
  loop.Post([&] { turned = true; });
  loop.RunUntil([&] { return turned; });
}

TEST(Event, WakesAllThatWaitOnce) {
  Loop loop;
  Event event;
  Scope scope(10);
  int woken = 0;
  for (int i = 0; i < 3; ++i) {
    scope.Spawn(WaitFor(event, loop, TimePoint::max(), nullptr, &woken));
  }
  Turn(loop);
  EXPECT_EQ(woken, 0);
  event.Set();
  EXPECT_EQ(woken, 0);  // never inline
  Turn(loop);
  EXPECT_EQ(woken, 3);
  event.Set();
  Turn(loop);
  EXPECT_EQ(woken, 3);
  RunOnLoop(loop, WaitFor(event, loop, TimePoint::max(), nullptr, &woken));  // does not wait
  EXPECT_EQ(woken, 4);
}

TEST(Event, WaitsNoLongerThanAskedFor) {
  Loop loop;
  Event event;
  int woken = 0;
  const TimePoint when = loop.Now() + milliseconds(20);
  RunOnLoop(loop, WaitFor(event, loop, when, nullptr, &woken));
  EXPECT_GE(loop.Now(), when);
  EXPECT_FALSE(event.happened());
  RunOnLoop(loop, WaitFor(event, loop, when, nullptr, &woken));  // it has passed
  EXPECT_EQ(woken, 2);
}

TEST(Event, ACancellationEndsTheWaitOfOne) {
  Loop loop;
  Event event;
  Scope scope(10);
  Cancellation cancel;
  int cancelled = 0;
  int others = 0;
  scope.Spawn(WaitFor(event, loop, TimePoint::max(), &cancel, &cancelled));
  scope.Spawn(WaitFor(event, loop, TimePoint::max(), nullptr, &others));
  cancel.Cancel(absl::CancelledError("left"));
  Turn(loop);
  EXPECT_EQ(cancelled, 1);
  EXPECT_EQ(others, 0);
  RunOnLoop(loop, WaitFor(event, loop, TimePoint::max(), &cancel, &cancelled));
  EXPECT_EQ(cancelled, 2);
  event.Set();
  Turn(loop);
  EXPECT_EQ(others, 1);
}

TEST(Scope, APlaceIsRoomThatNobodyElseTakes) {
  Loop loop;
  std::atomic<size_t> total{0};
  Scope scope(2, &total);
  Event event;
  int woken = 0;
  const auto wait = [&] { return WaitFor(event, loop, TimePoint::max(), nullptr, &woken); };
  std::optional<Scope::Place> place = scope.Reserve();
  ASSERT_TRUE(place);
  EXPECT_TRUE(scope.Spawn(wait()));
  EXPECT_FALSE(scope.Spawn(wait()));
  EXPECT_FALSE(scope.Reserve());
  EXPECT_EQ(total, 1u);  // a place is no task
  scope.Start(*std::move(place), wait());
  EXPECT_EQ(total, 2u);
  event.Set();
  Turn(loop);
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(total, 0u);
  EXPECT_EQ(scope.running(), 0u);
  // Given back, used or not.
  { std::optional<Scope::Place> unused = scope.Reserve(); }
  std::optional<Scope::Place> one = scope.Reserve();
  std::optional<Scope::Place> two = scope.Reserve();
  EXPECT_TRUE(one && two);
  one = std::nullopt;
  EXPECT_TRUE(scope.Reserve());
}

TEST(Scope, StoppedItTakesNothingNewAndAsksTheOthersToEnd) {
  Loop loop;
  Scope scope(10);
  Event never;
  int woken = 0;
  const auto wait = [&] { return WaitFor(never, loop, TimePoint::max(), &scope.stop(), &woken); };
  std::optional<Scope::Place> place = scope.Reserve();
  scope.Spawn(wait());
  scope.Stop(absl::UnavailableError("stopping"));
  Turn(loop);
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(scope.Spawn(wait()));
  EXPECT_FALSE(scope.Reserve());
  scope.Start(*std::move(place), wait());  // it had room, and sees at once that it must end
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(scope.running(), 0u);
}

TEST(Sha256, CountsLengths) {
  // Of the eight bytes that say 3, and "abc": a fixed value, so that keys survive an update.
  EXPECT_EQ(ToHex(Sha256({"abc"})),
            "ce91dc5eec0139adf091900d225971d6ad246a845bad791b5693a9d0d55dd391");
  EXPECT_EQ(ToHex(Sha256({"abc"}), 4).size(), 8u);
  EXPECT_NE(Sha256({"ab", "c"}), Sha256({"a", "bc"}));
  EXPECT_NE(Sha256({"abc"}), Sha256({"abc", ""}));
  EXPECT_NE(Sha256({}), Sha256({""}));
}

}  // namespace
}  // namespace frontdesk
