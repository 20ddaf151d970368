// The shared store with a real Redis: at work, slow, down, restarted, full, locked.
#include "gateway/limit/redis_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/limit/redis_script.h"
#include "tests/support/redis_server.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk::limit {
namespace {

using namespace std::chrono_literals;
using testing_support::RedisServer;
using testing_support::RunOnLoop;
using Outcome = Decision::Outcome;

Rule Of(uint32_t id, uint64_t requests, Duration per, uint64_t burst) {
  return {id, Cat("rule-", id), BucketRule(requests, per, burst)};
}

SharedSettings Settings() {
  SharedSettings settings;
  settings.name = "redis.test";
  settings.bytes = 2 << 20;
  // A machine that is busy with other tests must not look like a slow Redis.
  settings.redis.timeout = 5s;
  settings.redis.silence = 20s;
  return settings;
}

// Of one that will not answer, which is waited for. It is the timeout that ends calls, and, as
// ever, no connection that is given up.
SharedSettings ForTrouble() {
  SharedSettings settings = Settings();
  settings.redis.timeout = 300ms;
  settings.instances = 4;
  return settings;
}

// As part of a turn, at the end of which is written what was to be sent.
Decision Decide(Loop& loop, Task<Decision> task) {
  loop.Post([] {});
  return RunOnLoop(loop, std::move(task));
}

// A gateway's process with one worker, which runs on the test's thread.
struct Gateway {
  Gateway(uint16_t port, const SharedSettings& settings) : shared(settings) {
    std::signal(SIGPIPE, SIG_IGN);
    shared.targets().Set({{"127.0.0.1", port}});
    store.emplace(loop, shared, [] { return 0.5; });
  }
  explicit Gateway(const RedisServer& redis) : Gateway(redis.port(), Settings()) {}

  Decision Take(std::span<const Ask> asks) {
    if (const auto now = store->TakeNow(asks, loop.Now())) return *now;
    return Decide(loop, store->Take(asks));
  }
  Outcome Take(const Rule& rule, std::string_view key, uint32_t cost = 1) {
    const Ask ask{&rule, key, cost};
    return Take({&ask, 1}).outcome;
  }
  int TakeUntilLimited(const Rule& rule, std::string_view key, uint32_t cost = 1) {
    int taken = 0;
    while (taken < 100'000 && Take(rule, key, cost) == Outcome::kAllowed) ++taken;
    return taken;
  }
  // Until its connection answers, or no longer does.
  void Await(bool answers) {
    const TimePoint limit = Clock::now() + 20s;
    loop.RunUntil([&] { return (shared.answering() > 0) == answers || Clock::now() > limit; });
    EXPECT_EQ(shared.answering() > 0, answers);
  }
  void RunFor(Duration time) {
    const TimePoint limit = Clock::now() + time;
    EXPECT_TRUE(RunOnLoop(loop, Sleep(limit)).ok());
  }
  Task<absl::Status> Sleep(TimePoint until) {
    absl::Status status = co_await loop.SleepUntil(until);
    co_return status;
  }

  Loop loop;
  SharedLimits shared;
  std::optional<RedisStore> store;
};

TEST(RedisStore, GatewaysShareABucket) {
  const RedisServer redis;
  Gateway one(redis), other(redis);
  const Rule rule = Of(1, 1, 1h, 10), second = Of(2, 1, 1h, 10);
  EXPECT_EQ(one.Take(rule, "a"), Outcome::kAllowed) << "before it is connected one waits for it";
  EXPECT_EQ(one.Take(rule, "a", 5), Outcome::kAllowed);
  EXPECT_EQ(other.Take(rule, "a", 5), Outcome::kLimited);
  EXPECT_EQ(other.TakeUntilLimited(rule, "a"), 4);
  EXPECT_EQ(one.Take(rule, "a"), Outcome::kLimited);
  EXPECT_EQ(one.TakeUntilLimited(rule, "b"), 10);
  EXPECT_EQ(other.TakeUntilLimited(second, "a"), 10);
  EXPECT_EQ(one.Take(rule, "c", 11), Outcome::kLimited);
}

TEST(RedisStore, SeveralRulesAllOrNothing) {
  const RedisServer redis;
  Gateway one(redis), other(redis);
  const Rule wide = Of(1, 1, 1h, 20), narrow = Of(2, 1, 1min, 3);
  const Ask both[] = {{&wide, "a", 1}, {&narrow, "a", 1}};
  for (int i = 0; i < 3; ++i) {
    const Decision decision = one.Take(both);
    EXPECT_EQ(decision.outcome, Outcome::kAllowed);
    EXPECT_EQ(decision.rule, &narrow);
    EXPECT_EQ(decision.remaining, 2u - static_cast<unsigned>(i));
    EXPECT_GT(decision.reset, 50s);
    EXPECT_LE(decision.reset, 180s);
  }
  for (Gateway* gateway : {&one, &other}) {
    const Decision decision = gateway->Take(both);
    EXPECT_EQ(decision.outcome, Outcome::kLimited);
    EXPECT_EQ(decision.rule, &narrow);
    EXPECT_GT(decision.retry_after, Duration::zero());
  }
  EXPECT_EQ(other.TakeUntilLimited(wide, "a") + one.TakeUntilLimited(wide, "a"), 17);
}

TEST(RedisStore, WhatCanNeverPassIsNotAskedFor) {
  RedisServer redis;
  SharedSettings settings = Settings();
  settings.open = false;
  Gateway gateway(redis.port(), settings);
  gateway.Await(true);
  const Rule wide = Of(1, 1, 1h, 20), narrow = Of(2, 1, 1min, 3);
  const auto expect_never = [&](uint32_t cost) {
    const Ask asks[] = {{&narrow, "a", 1}, {&wide, "a", cost}};
    for (const Decision& decision :
         {gateway.Take(asks), Decide(gateway.loop, gateway.store->Take(asks))}) {
      EXPECT_EQ(decision.outcome, Outcome::kLimited) << cost;
      EXPECT_EQ(decision.rule, &wide) << cost;
      EXPECT_EQ(decision.retry_after, Duration::max()) << cost;
    }
  };
  expect_never(21);
  expect_never(4'000'000'000);
  EXPECT_EQ(gateway.shared.calls(), 0u);
  EXPECT_EQ(gateway.TakeUntilLimited(narrow, "a"), 3) << "nothing was taken";
  EXPECT_EQ(gateway.TakeUntilLimited(wide, "a"), 20);
  expect_never(21);  // though by the other one, which is used up now, it would pass in a minute
  redis.Kill();
  gateway.Await(false);
  EXPECT_EQ(gateway.Take(wide, "a"), Outcome::kUnavailable);
  expect_never(21);
}

// Times that are no whole microseconds do not add up to more than the burst.
TEST(RedisStore, AWholeBurstPassesAtOnce) {
  const RedisServer redis;
  Gateway gateway(redis);
  gateway.Await(true);
  uint32_t id = 0;
  for (const uint32_t requests : {7u, 3'000u, 999'983u}) {
    for (const uint32_t burst : {1'000u, 100'000u}) {
      EXPECT_EQ(gateway.Take(Of(++id, requests, 1s, burst), "a", burst), Outcome::kAllowed)
          << requests << ' ' << burst;
    }
  }
}

// What is refused is not taken, however the numbers round: `now` is so large that both differ by
// what is between two doubles, a sixtieth of a microsecond.
TEST(RedisScript, TakesWhatItLetsPass) {
  const RedisServer redis;
  const struct {
    const char* unit;
    const char* burst;
    const char* begins;  // how many replies, whether it passes, what is taken
  } rows[] = {
      {"1000.000", "1000.000", "*5\r\n:1\r\n:1\r\n"},
      {"1000.090", "1000.000", "*5\r\n:1\r\n:1\r\n"},
      {"1000.110", "1000.008", "*5\r\n:0\r\n:0\r\n"},
      {"1000.200", "1000.000", "*5\r\n:0\r\n:0\r\n"},
  };
  for (const auto& row : rows) {
    const std::string reply =
        redis.Command({"EVAL", std::string(ScriptText()), "1", Cat(row.unit, '/', row.burst), "1",
                       "1", row.unit, row.burst});
    EXPECT_EQ(reply.substr(0, 12), row.begins) << row.unit << " of " << row.burst;
  }
}

TEST(RedisStore, AHotKeyDoesNotCostACallEach) {
  const RedisServer redis;
  Gateway gateway(redis);
  gateway.Await(true);
  const Rule rule = Of(1, 100'000, 1s, 100'000), low = Of(2, 10, 1s, 10);
  int allowed = 0;
  for (int i = 0; i < 20'000; ++i) allowed += gateway.Take(rule, "hot") == Outcome::kAllowed;
  EXPECT_EQ(allowed, 20'000);
  EXPECT_LT(gateway.shared.calls(), 400u);
  const uint64_t before = gateway.shared.calls();
  // What is refused is not asked for each time either.
  const TimePoint begun = Clock::now();
  for (int i = 0; i < 20'000; ++i) gateway.Take(low, "hot");
  const auto tenths = static_cast<uint64_t>((Clock::now() - begun) / 12500us);
  EXPECT_LT(gateway.shared.calls() - before, 40 + 2 * tenths);
}

internal::Detached TakeOne(Gateway* gateway, const Ask* ask, int* allowed, int* ended) {
  const Decision decision = co_await gateway->store->Take(std::span<const Ask>(ask, 1));
  *allowed += decision.outcome == Outcome::kAllowed;
  ++*ended;
}

TEST(RedisStore, ManyAtOnceWaitForTheSameCall) {
  const RedisServer redis;
  Gateway gateway(redis);
  gateway.Await(true);
  const Rule rule = Of(1, 1, 1h, 50);
  const Ask ask{&rule, "a", 1};
  int allowed = 0, ended = 0;
  gateway.loop.Post([] {});
  for (int i = 0; i < 1000; ++i) TakeOne(&gateway, &ask, &allowed, &ended);
  gateway.loop.RunUntil([&] { return ended == 1000; });
  EXPECT_EQ(allowed, 50);
  EXPECT_LE(gateway.shared.calls(), 10u);
  EXPECT_EQ(gateway.shared.failures(), 0u);
}

TEST(RedisStore, WorkersOfAProcessShareWhatItHasInHand) {
  const RedisServer redis;
  for (const int workers : {1, 4}) {
    SharedLimits shared(Settings());
    shared.targets().Set({{"127.0.0.1", redis.port()}});
    const Rule rule = Of(static_cast<uint32_t>(workers), 1, 1h, 3000);
    std::atomic<int> allowed{0};
    std::vector<std::thread> threads;
    for (int worker = 0; worker < workers; ++worker) {
      threads.emplace_back([&] {
        Loop loop;
        RedisStore store(loop, shared, [] { return 0.5; });
        const Ask ask{&rule, "a", 1};
        for (int i = 0; i < 6000 / workers; ++i) {
          std::optional<Decision> decision = store.TakeNow({&ask, 1}, loop.Now());
          if (!decision) decision = Decide(loop, store.Take({&ask, 1}));
          allowed += decision->outcome == Outcome::kAllowed;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(shared.failures(), 0u);
    EXPECT_EQ(shared.answering(), 0u) << "the workers are gone";
    // What was in hand when its time was over is lost.
    EXPECT_LE(allowed, 3000 + 1);
    EXPECT_GE(allowed, 2700);
  }
}

// What every trouble has in common: at most three requests wait for it, and then none; what is
// answered is what was declared; and once it is over, limits are shared again.
struct Trouble {
  const char* name;
  std::function<void(RedisServer&)> begin;
  std::function<void(RedisServer&)> end;
};

std::vector<Trouble> Troubles() {
  const auto command = [](std::vector<std::string> words) {
    return [words = std::move(words)](const RedisServer& redis) {
      EXPECT_EQ(redis.Command(words), "+OK\r\n");
    };
  };
  return {
      {"down, and restarted with nothing in it", [](RedisServer& redis) { redis.Kill(); },
       [](RedisServer& redis) { redis.Start(); }},
      {"frozen", [](RedisServer& redis) { redis.Freeze(); },
       [](RedisServer& redis) { redis.Thaw(); }},
      {"slow by seconds", command({"CLIENT", "PAUSE", "2500", "ALL"}), [](RedisServer&) {}},
      {"full", command({"CONFIG", "SET", "maxmemory", "1"}),
       command({"CONFIG", "SET", "maxmemory", "0"})},
  };
}

void ExpectTheDeclared(Gateway& gateway, const Rule& rule, bool open) {
  constexpr int kAsked = 200;
  const TimePoint begun = Clock::now();
  if (!open) {
    for (int i = 0; i < kAsked; ++i) EXPECT_EQ(gateway.Take(rule, "b"), Outcome::kUnavailable);
  } else {
    int allowed = 0;
    for (int i = 0; i < kAsked; ++i) allowed += gateway.Take(rule, "b") == Outcome::kAllowed;
    EXPECT_EQ(allowed, 25) << "a quarter";
    const Ask ask{&rule, "b", 1};
    EXPECT_EQ(gateway.Take({&ask, 1}).rule, &rule);
  }
  EXPECT_LT(Clock::now() - begun, kAsked * 10ms)
      << "nobody waits for who is known to be in trouble";
}

// Takes, each time of a key about which nothing is known here, until Redis is asked no more.
void ExpectFeltByThree(Loop& loop, const SharedLimits& shared,
                       const std::function<void(std::string_view)>& take) {
  const uint64_t failures = shared.failures();
  uint64_t stalled = 0;  // calls that are not held against Redis
  for (int i = 0; i < 20 && shared.answering() > 0; ++i) {
    const TimePoint begun = loop.Now();
    take(Cat("key-", i));
    stalled += loop.StalledSince(begun);
  }
  EXPECT_EQ(shared.answering(), 0u);
  EXPECT_LE(shared.failures() - failures, 3 + stalled);
}

TEST(RedisStore, TroubleIsFeltByThreeAndThenByNobody) {
  for (const Trouble& trouble : Troubles()) {
    for (const bool open : {true, false}) {
      SCOPED_TRACE(Cat(trouble.name, open ? ", open" : ", closed"));
      RedisServer redis({"--maxmemory-policy", "noeviction"});
      SharedSettings settings = ForTrouble();
      settings.open = open;
      Gateway gateway(redis.port(), settings);
      const Rule rule = Of(1, 100, 1h, 100);
      gateway.Await(true);
      EXPECT_EQ(gateway.Take(rule, "a"), Outcome::kAllowed);
      trouble.begin(redis);
      ExpectFeltByThree(gateway.loop, gateway.shared, [&](std::string_view key) {
        const TimePoint begun = Clock::now();
        EXPECT_EQ(gateway.Take(rule, key), open ? Outcome::kAllowed : Outcome::kUnavailable);
        EXPECT_LT(Clock::now() - begun, 2s) << "the timeout is 300 ms";
      });
      ExpectTheDeclared(gateway, rule, open);
      trouble.end(redis);
      gateway.Await(true);
      EXPECT_EQ(gateway.TakeUntilLimited(rule, "c", 20), 5);
    }
  }
}

TEST(RedisStore, ASmallShare) {
  RedisServer redis;
  redis.Kill();
  SharedSettings settings = Settings();
  settings.instances = 10'000;
  Gateway gateway(redis.port(), settings);
  gateway.Await(false);
  const Rule rule = Of(1, 100, 1h, 100), tiny = Of(2, 1, 744h, 2);
  EXPECT_EQ(gateway.Take(rule, "c", 60), Outcome::kAllowed) << "what the whole would allow";
  EXPECT_EQ(gateway.TakeUntilLimited(rule, "b"), 1) << "at least one";
  EXPECT_EQ(gateway.TakeUntilLimited(tiny, "b"), 1);
  const Ask ask{&tiny, "b", 1};
  const Duration wait = gateway.Take({&ask, 1}).retry_after;
  EXPECT_GT(wait, std::chrono::hours(24 * 365 * 29)) << "and not in the past";
}

// One breaker and one share are enough for a process; a connection is each worker's own.
TEST(RedisStore, WorkersInTroubleTogetherAndAlone) {
  RedisServer redis;
  SharedLimits shared(ForTrouble());
  shared.targets().Set({{"127.0.0.1", redis.port()}});
  Loop loop;  // one thread may turn the loops of both
  RedisStore one(loop, shared, [] { return 0.5; }), other(loop, shared, [] { return 0.5; });
  const Rule rule = Of(1, 100, 1h, 100);
  const auto until = [&](size_t answering) {
    const TimePoint limit = Clock::now() + 20s;
    loop.RunUntil([&] { return shared.answering() == answering || Clock::now() > limit; });
    EXPECT_EQ(shared.answering(), answering);
  };
  const auto take = [&](RedisStore& store, std::string_view key) {
    const Ask ask{&rule, key, 1};
    if (const auto now = store.TakeNow({&ask, 1}, loop.Now())) return now->outcome;
    return Decide(loop, store.Take({&ask, 1})).outcome;
  };
  until(2);
  // Three failures of one worker spare the other one its own.
  redis.Freeze();
  ExpectFeltByThree(loop, shared,
                    [&](std::string_view key) { EXPECT_EQ(take(one, key), Outcome::kAllowed); });
  const uint64_t calls = shared.calls();
  int allowed = 0;
  for (int i = 0; i < 100; ++i) allowed += take(i % 2 ? one : other, "a") == Outcome::kAllowed;
  EXPECT_EQ(allowed, 25) << "both together have one share";
  EXPECT_EQ(shared.calls(), calls);
  redis.Thaw();
  until(2);
  // One that has lost its connection lives by the share; the other goes on.
  const std::string clients = redis.Command({"CLIENT", "LIST", "TYPE", "normal"});
  const size_t id = clients.find("id=");
  ASSERT_NE(id, std::string::npos) << clients;
  const std::string first = clients.substr(id + 3, clients.find(' ', id) - id - 3);
  EXPECT_EQ(redis.Command({"CLIENT", "KILL", "ID", first}), ":1\r\n");
  until(1);
  allowed = 0;
  for (int i = 0; i < 300; ++i) allowed += take(i % 2 ? one : other, "b") == Outcome::kAllowed;
  EXPECT_LE(allowed, 100 + 25) << "the limit, and one share";
  EXPECT_GE(allowed, 100 - 8);
  until(2);
}

TEST(RedisStore, NeverThere) {
  RedisServer redis;
  redis.Kill();
  Gateway gateway(redis.port(), Settings());
  const Rule rule = Of(1, 1, 1h, 3);
  EXPECT_EQ(gateway.TakeUntilLimited(rule, "a"), 3);
  gateway.Await(false);
  gateway.shared.targets().Set({});
  gateway.RunFor(200ms);
  EXPECT_EQ(gateway.TakeUntilLimited(rule, "b"), 3) << "nor is its address known";
  redis.Start();
  gateway.shared.targets().Set({{"127.0.0.1", 1}, {"127.0.0.1", redis.port()}});
  gateway.Await(true);
}

TEST(RedisStore, ForgottenScriptsAreSentAgain) {
  const RedisServer redis;
  Gateway gateway(redis);
  const Rule rule = Of(1, 1, 1h, 100);
  EXPECT_EQ(gateway.Take(rule, "a"), Outcome::kAllowed);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(redis.Command({"SCRIPT", "FLUSH"}), "+OK\r\n");
    EXPECT_EQ(gateway.Take(rule, Cat("b-", i)), Outcome::kAllowed);
    EXPECT_EQ(gateway.Take(rule, Cat("c-", i)), Outcome::kAllowed);
  }
  EXPECT_EQ(gateway.shared.failures(), 0u);
}

TEST(RedisStore, Passwords) {
  const RedisServer redis({"--requirepass", "open sesame"});
  const struct {
    const char* password;
    uint32_t database;
    bool answers;
  } rows[] = {{"open sesame", 0, true},
              {"open sesame", 3, true},
              {"open sesame", 99, false},
              {"wrong", 0, false},
              {"", 0, false}};
  for (const auto& row : rows) {
    SharedSettings settings = Settings();
    settings.redis.password = row.password;
    settings.redis.database = row.database;
    Gateway gateway(redis.port(), settings);
    const Rule rule = Of(1, 1, 1h, 3);
    EXPECT_EQ(gateway.TakeUntilLimited(rule, Cat(row.password, row.database)), 3);
    if (row.answers) gateway.Await(true);
    EXPECT_EQ(gateway.shared.answering() > 0, row.answers) << row.password;
    EXPECT_EQ(gateway.shared.own().evicted(), 0u);
  }
  EXPECT_NE(redis.Command({"GET", "x"}).find("NOAUTH"), std::string::npos);
}

TEST(RedisStore, ForeignValuesAndOtherRules) {
  const RedisServer redis;
  Gateway one(redis), other(redis);
  const Rule by_hour = Of(1, 10, 1h, 10);
  Rule by_second = Of(1, 10, 1s, 10);
  EXPECT_EQ(one.TakeUntilLimited(by_hour, "a"), 10);
  EXPECT_EQ(other.Take(by_second, "a"), Outcome::kLimited);
  other.RunFor(1200ms);
  EXPECT_EQ(other.Take(by_second, "a"), Outcome::kAllowed) << "a shorter rule counts at once";
  // Whatever stands in a key, it is a number or nothing.
  const std::string keys = redis.Command({"KEYS", "frontdesk:rule-1:*"});
  const std::string key =
      keys.substr(keys.find("frontdesk"), keys.rfind("\r\n") - keys.find("frontdesk"));
  EXPECT_EQ(redis.Command({"SET", key, "not a number"}), "+OK\r\n");
  other.RunFor(1200ms);
  EXPECT_EQ(other.Take(by_second, "a"), Outcome::kAllowed);
  EXPECT_EQ(redis.Command({"DEL", key}), ":1\r\n");
  EXPECT_EQ(redis.Command({"LPUSH", key, "a list"}), ":1\r\n");
  other.RunFor(1200ms);
  EXPECT_EQ(other.Take(by_second, "a"), Outcome::kAllowed) << "by itself: this is a failure";
}

}  // namespace
}  // namespace frontdesk::limit
