#include "gateway/base/admission.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/task.h"

namespace frontdesk {
namespace {

using Outcome = Admission::Outcome;
using std::chrono::milliseconds;

constexpr QueueAgeSettings kPatient = {std::chrono::minutes(1), std::chrono::minutes(1)};

// Writes down what became of it: its name and, unless it entered, why not.
internal::Detached Visit(Admission* admission, Loop* loop, Priority priority, char name,
                         std::string* story, TimePoint deadline = TimePoint::max(),
                         Cancellation* cancel = nullptr) {
  const Outcome outcome = co_await admission->Enter(*loop, priority, deadline, cancel);
  constexpr std::string_view kWhy[] = {"", " full", " old", " cancelled", " late"};
  story->append(1, name).append(kWhy[static_cast<size_t>(outcome)]).append(";");
}

// What is due now, and nothing that has to be waited for.
void Turn(Loop& loop) {
  bool turned = false;
  loop.Post([&turned] { turned = true; });
  loop.RunUntil([&] { return turned; });
}

internal::Detached Ticks(Loop* loop, TimePoint end) {
  while (loop->Now() < end) {
    const absl::Status slept = co_await loop->SleepUntil(loop->Now() + milliseconds(1));
    EXPECT_TRUE(slept.ok());
  }
}

TEST(Admission, CountsWithoutAnybodyWaiting) {
  Admission admission(2, 0);
  EXPECT_TRUE(admission.TryEnter());
  EXPECT_TRUE(admission.TryEnter());
  EXPECT_FALSE(admission.TryEnter());
  EXPECT_EQ(admission.in_flight(), 2u);
  admission.Leave();
  EXPECT_TRUE(admission.TryEnter());
  admission.SetLimit(1);
  admission.Leave();
  EXPECT_FALSE(admission.TryEnter());  // one is inside, and that is all there may be
  admission.Leave();
  EXPECT_TRUE(admission.TryEnter());
  {
    const Admission::Room room(admission);
    Admission::Room none;
  }
  EXPECT_EQ(admission.in_flight(), 0u);

  Admission closed(0, 0);
  EXPECT_FALSE(closed.TryEnter());
  Admission open(~size_t{0}, 0);
  EXPECT_EQ(open.limit(), Admission::kUnlimited);
  EXPECT_TRUE(open.TryEnter());
}

TEST(Admission, WhoWaitsEntersByPriorityThenByArrival) {
  // A queue of five behind one that is inside; who comes as the rows say, then all leave in turn.
  // Lower case is sheddable, digits are normal, upper case is critical.
  const struct {
    std::string_view come;
    std::string_view story;
  } rows[] = {
      {"", ""},
      {"abc", "a;b;c;"},
      {"a1A", "A;1;a;"},
      {"1a2b", "1;2;a;b;"},
      {"abcdef", "f full;a;b;c;d;e;"},  // the queue is full
      {"abcde1", "e full;1;a;b;c;d;"},  // the last of the lowest makes room
      {"abc1dA2B", "d full;c full;b full;A;B;1;2;a;"},
      {"12345a6A", "a full;6 full;5 full;A;1;2;3;4;"},
      {"ABCDE1aF", "1 full;a full;F full;A;B;C;D;E;"},
  };
  for (const auto& row : rows) {
    Loop loop;
    Admission admission(1, 5, kPatient);
    std::string story;
    ASSERT_TRUE(admission.TryEnter());
    for (const char name : row.come) {
      const Priority priority = name >= 'a'   ? Priority::kSheddable
                                : name >= 'A' ? Priority::kCritical
                                              : Priority::kNormal;
      const bool refused = admission.WouldRefuse(priority);
      const std::string before = story;
      Visit(&admission, &loop, priority, name, &story);
      EXPECT_EQ(refused, story == before + name + " full;") << row.come << ' ' << name;
      Turn(loop);
    }
    while (admission.in_flight() > 0) {
      EXPECT_EQ(admission.in_flight(), 1u);
      EXPECT_TRUE(admission.pending() == 0 || !admission.TryEnter()) << "overtakes who waits";
      admission.Leave();
      Turn(loop);
    }
    EXPECT_EQ(story, row.story) << row.come;
    EXPECT_EQ(admission.pending(), 0u);
  }
}

TEST(Admission, NobodyWaitsForNothing) {
  Loop loop;
  Admission admission(1, 1, kPatient);
  Cancellation gone, leaves;
  gone.Cancel(absl::CancelledError("gone"));
  std::string story;
  ASSERT_TRUE(admission.TryEnter());
  Visit(&admission, &loop, Priority::kCritical, 'g', &story, TimePoint::max(), &gone);
  Visit(&admission, &loop, Priority::kCritical, 'l', &story, loop.Now() - milliseconds(1));
  EXPECT_EQ(story, "g cancelled;l late;");
  EXPECT_EQ(admission.pending(), 0u);

  // A place in the queue is free again as soon as somebody has left it.
  story.clear();
  Visit(&admission, &loop, Priority::kNormal, 'a', &story, TimePoint::max(), &leaves);
  EXPECT_EQ(admission.pending(), 1u);
  leaves.Cancel(absl::CancelledError("left"));
  EXPECT_EQ(admission.pending(), 0u);
  EXPECT_EQ(story, "");  // never inline
  Turn(loop);
  Visit(&admission, &loop, Priority::kNormal, 'b', &story, Clock::now() + milliseconds(3));
  loop.RunUntil([&] { return admission.pending() == 0; });
  EXPECT_EQ(story, "a cancelled;b late;");
  EXPECT_EQ(admission.in_flight(), 1u);
  // With room nobody is asked how patient he is.
  admission.Leave();
  Visit(&admission, &loop, Priority::kSheddable, 'c', &story);
  EXPECT_EQ(story, "a cancelled;b late;c;");
  admission.Leave();
}

TEST(Admission, CancelledWhenItHasEnteredItIsInside) {
  Loop loop;
  Admission admission(1, 1, kPatient);
  Cancellation cancel;
  std::string story;
  ASSERT_TRUE(admission.TryEnter());
  Visit(&admission, &loop, Priority::kNormal, 'a', &story, TimePoint::max(), &cancel);
  admission.Leave();
  cancel.Cancel(absl::CancelledError("left"));
  Turn(loop);
  EXPECT_EQ(story, "a;");
  EXPECT_EQ(admission.in_flight(), 1u);
}

TEST(Admission, AQueueThatDoesNotMoveLetsNobodyGrowOld) {
  Loop loop;
  Admission admission(1, 100, {milliseconds(2), milliseconds(20)});
  std::string story;
  ASSERT_TRUE(admission.TryEnter());
  const TimePoint start = loop.Now();  // not later than it arrives
  Visit(&admission, &loop, Priority::kCritical, 'a', &story);
  loop.RunUntil([&] { return !story.empty(); });
  EXPECT_EQ(story, "a old;");
  EXPECT_GE(Clock::now() - start, milliseconds(20) - TimerWheel::kTick);
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(admission.pending(), 0u);
  EXPECT_EQ(admission.in_flight(), 1u);
}

TEST(Admission, TheCriticalWaitForRoomThatComesInBursts) {
  Loop loop;
  Admission admission(1, 100,
                      {.max_age = milliseconds(2), .interval = milliseconds(2), .critical = 10000});
  std::string story;
  ASSERT_TRUE(admission.TryEnter());
  Visit(&admission, &loop, Priority::kNormal, 'n', &story);
  Visit(&admission, &loop, Priority::kCritical, 'c', &story);
  loop.RunUntil([&] { return story.ends_with("n old;"); });
  admission.Leave();
  loop.RunUntil([&] { return story.ends_with("c;"); });
  EXPECT_EQ(story, "n old;c;");
  admission.Leave();
}

// Whether the last one of three, each of which pushes out the one before, does not wait for a whole
// interval.
bool OnePushesOutTheOther() {
  Loop loop;
  constexpr milliseconds kInterval(1500);
  Admission admission(1, 1, {milliseconds(1), kInterval});
  std::string story;
  EXPECT_TRUE(admission.TryEnter());
  const TimePoint start = Clock::now();
  const auto at = [&](int ms) {
    loop.RunUntil([&] { return Clock::now() >= start + milliseconds(ms); });
  };
  // So that turns go on although nothing happens.
  Ticks(&loop, start + milliseconds(1600));
  Visit(&admission, &loop, Priority::kSheddable, 'a', &story);
  at(1000);
  Visit(&admission, &loop, Priority::kNormal, 'b', &story);
  at(1550);
  const TimePoint came = Clock::now();
  Visit(&admission, &loop, Priority::kCritical, 'c', &story);
  loop.RunUntil([&] { return story.ends_with("c old;"); });
  const Duration took = Clock::now() - came;
  at(1600);
  return took < kInterval - milliseconds(100) && story == "a full;b full;c old;";
}

TEST(Admission, AQueueInWhichOnePushesOutTheOtherStandsAllTheSame) {
  // On a busy machine one try says nothing.
  bool stands = false;
  for (int tries = 0; tries < 5 && !stands; ++tries) stands = OnePushesOutTheOther();
  EXPECT_TRUE(stands);
}

TEST(Admission, AHigherLimitWakesWhoFits) {
  Loop loop;
  Admission admission(0, 9, kPatient);
  std::string story;
  for (const char name : {'a', 'b', 'c', 'd'}) {
    Visit(&admission, &loop, Priority::kNormal, name, &story);
  }
  admission.SetLimit(2);
  Turn(loop);
  EXPECT_EQ(story, "a;b;");
  admission.SetLimit(1);
  admission.Leave();  // one inside, which is all the room there is
  Turn(loop);
  EXPECT_EQ(story, "a;b;");
  EXPECT_FALSE(admission.TryEnter());
  admission.Leave();
  Turn(loop);
  EXPECT_EQ(story, "a;b;c;");
  admission.SetLimit(Admission::kUnlimited);
  Turn(loop);
  EXPECT_EQ(story, "a;b;c;d;");
  EXPECT_EQ(admission.in_flight(), 2u);
}

// Many visitors on several loops that enter, stay for some turns, leave, lose patience.
struct House {
  explicit House(size_t limit, size_t pending, const QueueAgeSettings& age)
      : admission(limit, pending, age) {}
  Admission admission;
  std::atomic<int> inside{0};
  std::atomic<int> most_inside{0};
  std::atomic<int> outcomes[5]{};
};

internal::Detached Lodge(House* house, Loop* loop, uint32_t seed, int* left) {
  std::minstd_rand random(seed);
  const auto priority = static_cast<Priority>(random() % kPriorities);
  const TimePoint deadline =
      random() % 4 == 0 ? loop->Now() + milliseconds(random() % 3) : TimePoint::max();
  Cancellation cancel;
  if (random() % 16 == 0) cancel.Cancel(absl::CancelledError("gone"));
  const Outcome outcome = co_await house->admission.Enter(*loop, priority, deadline, &cancel);
  ++house->outcomes[static_cast<size_t>(outcome)];
  if (outcome == Outcome::kEntered) {
    const int now = ++house->inside;
    int most = house->most_inside;
    while (now > most && !house->most_inside.compare_exchange_weak(most, now)) {
    }
    if (random() % 2 == 0) {
      const absl::Status slept = co_await loop->SleepUntil(loop->Now() + milliseconds(1));
      EXPECT_TRUE(slept.ok());
    }
    --house->inside;
    house->admission.Leave();
  }
  --*left;
}

void Guests(House* house, Loop* loop, uint32_t seed) {
  constexpr int kRounds = 30, kAtOnce = 40;
  for (int round = 0; round < kRounds; ++round) {
    int left = kAtOnce;
    for (int i = 0; i < kAtOnce; ++i) {
      Lodge(house, loop, seed + static_cast<uint32_t>(round * kAtOnce + i), &left);
    }
    loop->RunUntil([&] { return left == 0; });
  }
}

TEST(Admission, HoldsForManyLoopsAtOnce) {
  const QueueAgeSettings hasty{milliseconds(1), milliseconds(2)};
  const struct {
    int threads;
    size_t limit, pending;
    QueueAgeSettings age;
    bool adapts;
  } rows[] = {
      {1, 3, 1000, kPatient, false}, {4, 3, 1000, kPatient, false}, {4, 1, 8, kPatient, false},
      {4, 8, 0, kPatient, false},    {4, 2, 100, hasty, false},     {4, 5, 16, hasty, true},
  };
  for (const auto& row : rows) {
    House house(row.limit, row.pending, row.age);
    // Posted to by all threads, so they outlive these.
    std::vector<Loop> loops(static_cast<size_t>(row.threads));
    std::vector<std::thread> threads;
    for (size_t i = 0; i < loops.size(); ++i) {
      threads.emplace_back(Guests, &house, &loops[i], static_cast<uint32_t>(i * 1'000'000 + 1));
    }
    if (row.adapts) {
      for (size_t i = 0; i < 20'000; ++i) house.admission.SetLimit(1 + i % row.limit);
      house.admission.SetLimit(row.limit);
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(house.admission.in_flight(), 0u);
    EXPECT_EQ(house.admission.pending(), 0u);
    EXPECT_EQ(house.inside, 0);
    EXPECT_LE(house.most_inside, static_cast<int>(row.limit));
    int all = 0;
    for (const auto& count : house.outcomes) all += count;
    EXPECT_EQ(all, row.threads * 1200);
    EXPECT_GT(house.outcomes[static_cast<size_t>(Outcome::kEntered)], 0);
    EXPECT_GT(house.outcomes[static_cast<size_t>(Outcome::kCancelled)], 0);
    if (row.pending == 0) {
      EXPECT_GT(house.outcomes[static_cast<size_t>(Outcome::kFull)], 0);
    }
  }
}

}  // namespace
}  // namespace frontdesk
