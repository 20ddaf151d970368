#include "gateway/policy/idempotency_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/base/text.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk::policy {
namespace {

using namespace std::chrono_literals;
using testing_support::RunOnLoop;
using Ending = IdempotencyStore::Ending;
using Verdict = IdempotencyStore::Begun::Verdict;

IdempotentRequest Request(std::string_view key, std::string_view message = "m", Duration ttl = 1h) {
  return {Sha256({key}), Sha256({message}), ttl};
}

std::shared_ptr<const Reply> Answer(std::string_view message) {
  Reply reply;
  reply.message = message;
  return std::make_shared<const Reply>(std::move(reply));
}

class StoreTest : public ::testing::Test {
 protected:
  explicit StoreTest(MemoryIdempotencyStore::Limits limits = {4, 1 << 20}) : store(limits) {}

  // "run 0", "answered text", "in flight", "other request" or "full".
  std::string Begin(const IdempotentRequest& request) {
    const IdempotencyStore::Begun begun = RunOnLoop(loop, store.Begin(request, now));
    switch (begun.verdict) {
      case Verdict::kRun:
        return Cat("run ", begun.round);
      case Verdict::kAnswered:
        return "answered " + begun.answer->message;
      case Verdict::kInFlight:
        return "in flight";
      case Verdict::kOtherRequest:
        return "other request";
      case Verdict::kFull:
        return "full";
    }
    return "";
  }
  void Finish(const IdempotentRequest& request, Ending ending, std::string_view answer = "a") {
    RunOnLoop(loop, store.Finish(request, ending, Answer(answer), now));
  }

  Loop loop;
  MemoryIdempotencyStore store;
  TimePoint now{};
};

TEST_F(StoreTest, OneOfAKeyRunsAndItsAnswerIsGivenAgain) {
  EXPECT_EQ(Begin(Request("k")), "run 0");
  EXPECT_EQ(Begin(Request("k")), "in flight");
  EXPECT_EQ(Begin(Request("k", "other")), "other request");
  Finish(Request("k"), Ending::kAnswered, "order-1");
  EXPECT_EQ(Begin(Request("k")), "answered order-1");
  EXPECT_EQ(Begin(Request("k", "other")), "other request");
  EXPECT_EQ(Begin(Request("l", "other")), "run 0");
}

TEST_F(StoreTest, WhatIsNotDecidedIsCarriedOnAndWhatIsUndoneBeginsAnew) {
  EXPECT_EQ(Begin(Request("k")), "run 0");
  Finish(Request("k"), Ending::kAgain);
  EXPECT_EQ(Begin(Request("k", "other")), "other request");
  EXPECT_EQ(Begin(Request("k")), "run 0");
  Finish(Request("k"), Ending::kUndone);
  EXPECT_EQ(Begin(Request("k")), "run 1");
  EXPECT_EQ(Begin(Request("k")), "in flight");
  Finish(Request("k"), Ending::kUndone);
  EXPECT_EQ(Begin(Request("k")), "run 2");
  Finish(Request("k"), Ending::kAnswered, "at last");
  EXPECT_EQ(Begin(Request("k")), "answered at last");
}

TEST_F(StoreTest, AnAnswerIsKeptForItsTimeFromItsEnd) {
  EXPECT_EQ(Begin(Request("k")), "run 0");
  now += 2h;  // in flight for ever so long
  EXPECT_EQ(Begin(Request("k")), "in flight");
  Finish(Request("k"), Ending::kAnswered);
  now += 1h - 1ns;
  EXPECT_EQ(Begin(Request("k")), "answered a");
  now += 1ns;
  EXPECT_EQ(Begin(Request("k", "other")), "run 0");
}

TEST_F(StoreTest, TimesToLiveDiffer) {
  EXPECT_EQ(Begin(Request("long", "m", 10h)), "run 0");
  Finish(Request("long", "m", 10h), Ending::kAnswered);
  EXPECT_EQ(Begin(Request("short", "m", 1s)), "run 0");
  Finish(Request("short", "m", 1s), Ending::kAnswered);
  now += 2s;
  EXPECT_EQ(Begin(Request("short")), "run 0");  // behind one that lives longer
  EXPECT_EQ(Begin(Request("long")), "answered a");
}

TEST_F(StoreTest, WhatHasExpiredIsForgottenWithoutBeingAskedFor) {
  for (const char* key : {"1", "2", "3", "4"}) {
    EXPECT_EQ(Begin(Request(key)), "run 0");
    Finish(Request(key), Ending::kAnswered);
  }
  EXPECT_EQ(store.entries(), 4u);
  now += 2h;
  EXPECT_EQ(Begin(Request("5")), "run 0");
  EXPECT_EQ(store.entries(), 1u);
}

TEST_F(StoreTest, WhenItIsFullTheOldestIsForgottenAndNeverWhatIsInFlight) {
  for (const char* key : {"1", "2", "3", "4"}) EXPECT_EQ(Begin(Request(key)), "run 0");
  EXPECT_EQ(Begin(Request("5")), "full");
  Finish(Request("3"), Ending::kAnswered);
  Finish(Request("1"), Ending::kAnswered);
  EXPECT_EQ(Begin(Request("5")), "run 0");  // instead of 3
  EXPECT_EQ(Begin(Request("1")), "answered a");
  EXPECT_EQ(Begin(Request("3")), "run 0");  // instead of 1
  EXPECT_EQ(Begin(Request("1")), "full");
  EXPECT_EQ(Begin(Request("2")), "in flight");
  EXPECT_EQ(store.entries(), 4u);
}

class SmallStoreTest : public StoreTest {
 protected:
  SmallStoreTest() : StoreTest({1000, 80'000}) {}
};

TEST_F(SmallStoreTest, BytesAreBoundedToo) {
  const std::string large(5'000, 'x');
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Begin(Request(Cat(i))), "run 0");
    Finish(Request(Cat(i)), Ending::kAnswered, large);
    EXPECT_LE(store.bytes(), 80'000u);
  }
  EXPECT_GT(store.entries(), 10u);
  EXPECT_EQ(Begin(Request("99")), "answered " + large);
  EXPECT_EQ(Begin(Request("0")), "run 0");
}

TEST_F(SmallStoreTest, AnAnswerThatIsTooLargeIsNotKeptAndPushesNothingOut) {
  EXPECT_EQ(Begin(Request("small")), "run 0");
  Finish(Request("small"), Ending::kAnswered, "s");
  EXPECT_EQ(Begin(Request("huge")), "run 0");
  Finish(Request("huge"), Ending::kAnswered, std::string(20'000, 'x'));
  EXPECT_EQ(Begin(Request("small")), "answered s");
  EXPECT_EQ(Begin(Request("huge", "other")), "other request");
  EXPECT_EQ(Begin(Request("huge")), "run 0");
}

TEST(Store, FourWorkersRunEveryKeyOnce) {
  MemoryIdempotencyStore store({100'000, 64 << 20});
  constexpr int kKeys = 2000;
  std::vector<std::atomic<int>> runs(kKeys);
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&] {
      Loop loop;
      for (int i = 0; i < kKeys; ++i) {
        const IdempotentRequest request = Request(Cat(i));
        IdempotencyStore::Begun begun;
        do {
          begun = RunOnLoop(loop, store.Begin(request, TimePoint()));
        } while (begun.verdict == Verdict::kInFlight);
        if (begun.verdict == Verdict::kAnswered) {
          EXPECT_EQ(begun.answer->message, Cat("answer ", i));
          continue;
        }
        ASSERT_EQ(begun.verdict, Verdict::kRun);
        ++runs[static_cast<size_t>(i)];
        const auto answer = Answer(Cat("answer ", i));
        RunOnLoop(loop, store.Finish(request, Ending::kAnswered, answer, TimePoint()));
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const auto& count : runs) EXPECT_EQ(count, 1);
  EXPECT_EQ(store.entries(), static_cast<size_t>(kKeys));
}

}  // namespace
}  // namespace frontdesk::policy
