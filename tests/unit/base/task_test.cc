#include "gateway/base/task.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/base/scope.h"
#include "gateway/base/together.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk {
namespace {

using std::chrono::milliseconds;
using testing_support::RunOnLoop;

Task<int> Number(int n) { co_return n; }

Task<int> Later(Loop& loop, int n, milliseconds delay) {
  (void)co_await loop.SleepUntil(loop.Now() + delay);
  co_return n;
}

Task<int> Sum(Loop& loop, int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await Number(i % 2);
  sum += co_await Later(loop, 1, milliseconds(1));
  co_return sum;
}

TEST(Task, AwaitsFinishedAndSuspendedChildren) {
  Loop loop;
  EXPECT_EQ(RunOnLoop(loop, Sum(loop, 1000)), 501);
}

TEST(Task, AMillionSynchronousAwaitsDoNotGrowTheStack) {
  Loop loop;
  EXPECT_EQ(RunOnLoop(loop, Sum(loop, 1000000)), 500001);
}

Task<int> Throws(Loop& loop, bool late) {
  if (late) (void)co_await loop.SleepUntil(loop.Now());
  throw std::runtime_error("no");
}

Task<std::string> Catches(Loop& loop, bool late) {
  try {
    co_await Throws(loop, late);
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing";
}

TEST(Task, RethrowsToTheAwaiter) {
  Loop loop;
  EXPECT_EQ(RunOnLoop(loop, Catches(loop, false)), "no");
  EXPECT_EQ(RunOnLoop(loop, Catches(loop, true)), "no");
}

// Every shape of argument and result that our coroutines use must be destroyed exactly once.
struct Counted {
  explicit Counted(int* alive_in) : alive(alive_in), text(64, 'x') { ++*alive; }
  Counted(const Counted& other) : alive(other.alive), text(other.text) { ++*alive; }
  Counted(Counted&& other) noexcept : alive(other.alive), text(std::move(other.text)) { ++*alive; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*alive; }
  int* alive;
  std::string text;
};

Task<Counted> Pass(Loop& loop, Counted value, bool late) {
  if (late) (void)co_await loop.SleepUntil(loop.Now());
  co_return value;
}

Task<size_t> Shapes(Loop& loop, int* alive, bool late) {
  size_t total = 0;
  Counted named(alive);
  total += (co_await Pass(loop, Counted(alive), late)).text.size();
  total += (co_await Pass(loop, named, late)).text.size();
  const Counted kept = co_await Pass(loop, std::move(named), late);
  total += kept.text.size();
  if (Counted inner = co_await Pass(loop, kept, late); inner.text.size() == 64) ++total;
  total += late ? (co_await Pass(loop, kept, true)).text.size() : kept.text.size();
  for (int i = 0; i < 3; ++i) total += (co_await Pass(loop, kept, late)).text.size();
  try {
    total += (co_await Pass(loop, kept, late)).text.size();
  } catch (...) {
  }
  co_return total;
}

TEST(Task, ShapesDestroyWhatTheyMakeOnce) {
  for (bool late : {false, true}) {
    Loop loop;
    int alive = 0;
    EXPECT_EQ(RunOnLoop(loop, Shapes(loop, &alive, late)), 64u * 8 + 1);
    EXPECT_EQ(alive, 0);
  }
}

TEST(Task, DroppedUnstartedFreesItsArguments) {
  Loop loop;
  int alive = 0;
  { Task<Counted> task = Pass(loop, Counted(&alive), true); }
  EXPECT_EQ(alive, 0);
}

Task<std::vector<int>> Several(Loop& loop) {
  std::vector<Task<int>> tasks;
  tasks.push_back(Later(loop, 1, milliseconds(3)));
  tasks.push_back(Number(2));
  tasks.push_back(Later(loop, 3, milliseconds(1)));
  co_return co_await Together(std::move(tasks));
}

TEST(Together, KeepsTheOrderOfTheTasks) {
  Loop loop;
  EXPECT_EQ(RunOnLoop(loop, Several(loop)), (std::vector<int>{1, 2, 3}));
}

TEST(Together, NothingIsDoneAtOnce) {
  Loop loop;
  EXPECT_TRUE(RunOnLoop(loop, Together(std::vector<Task<int>>())).empty());
}

// Throws what it has to say, if anything.
Task<int> EndsLater(Loop& loop, const char* says, milliseconds delay, int* ended) {
  if (delay > milliseconds(0)) (void)co_await loop.SleepUntil(loop.Now() + delay);
  ++*ended;
  if (*says != '\0') throw std::runtime_error(says);
  co_return 1;
}

Task<void> WithoutResult(Task<int> task) { (void)co_await std::move(task); }

// What comes of tasks that end after 2, 1 and 0 ms, and how many had ended when it did.
Task<std::string> OfThree(Loop& loop, std::vector<const char*> say, bool results) {
  int ended = 0;
  std::vector<Task<int>> tasks;
  std::vector<Task<void>> bare;
  for (size_t i = 0; i < say.size(); ++i) {
    const milliseconds delay(say.size() - 1 - i);
    tasks.push_back(EndsLater(loop, say[i], delay, &ended));
  }
  for (Task<int>& task : tasks) {
    if (!results) bare.push_back(WithoutResult(std::move(task)));
  }
  std::string what = "nothing";
  try {
    if (results) {
      (void)co_await Together(std::move(tasks));
    } else {
      co_await Together(std::move(bare));
    }
  } catch (const std::runtime_error& error) {
    what = error.what();
  }
  co_return what + " of " + std::to_string(ended);
}

TEST(Together, RethrowsTheFirstExceptionWhenAllHaveEnded) {
  const struct {
    std::vector<const char*> say;
    const char* comes;
  } rows[] = {
      {{"", "", ""}, "nothing of 3"},
      {{"", "", "at once"}, "at once of 3"},
      {{"last", "", ""}, "last of 3"},
      {{"last", "second", ""}, "second of 3"},
      {{"last", "second", "at once"}, "at once of 3"},
  };
  for (const auto& row : rows) {
    for (const bool results : {true, false}) {
      Loop loop;
      EXPECT_EQ(RunOnLoop(loop, OfThree(loop, row.say, results)), row.comes) << results;
    }
  }
}

Task<void> Tick(Loop& loop, int* done) {
  (void)co_await loop.SleepUntil(loop.Now() + milliseconds(1));
  ++*done;
}

TEST(Scope, CountsRunsAndRefuses) {
  Loop loop;
  Scope scope(2);
  int done = 0;
  EXPECT_TRUE(scope.Spawn(Tick(loop, &done)));
  EXPECT_TRUE(scope.Spawn(Tick(loop, &done)));
  EXPECT_FALSE(scope.Spawn(Tick(loop, &done)));
  EXPECT_EQ(scope.running(), 2u);
  loop.RunUntil([&] { return scope.running() == 0; });
  EXPECT_EQ(done, 2);
}

}  // namespace
}  // namespace frontdesk
