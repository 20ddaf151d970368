// Buckets that several gateways share, in a Redis.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/base/event.h"
#include "gateway/limit/grants.h"
#include "gateway/limit/memory_store.h"
#include "gateway/limit/redis_connection.h"
#include "gateway/limit/redis_health.h"
#include "gateway/limit/redis_targets.h"
#include "gateway/limit/shared_settings.h"
#include "gateway/limit/store.h"

namespace frontdesk::limit {

// What is one for all workers of a process. Any thread; outlives them.
class SharedLimits {
 public:
  explicit SharedLimits(const SharedSettings& settings)
      : settings_(settings),
        health_(settings.redis.timeout, settings.name,
                settings.open ? "this process limits by itself" : "limited requests are refused"),
        hasher_(KeyHasher::Random()),
        grants_(settings.bytes / 2),
        own_(settings.bytes - settings.bytes / 2, hasher_) {}

  RedisTargets& targets() { return targets_; }
  // Of this process alone.
  MemoryStore& own() { return own_; }
  const MemoryStore& own() const { return own_; }
  // Workers whose connection answers, and what all of them have done.
  size_t answering() const { return health_.answering(); }
  uint64_t calls() const { return calls_.load(std::memory_order_relaxed); }
  uint64_t failures() const { return failures_.load(std::memory_order_relaxed); }

 private:
  friend class RedisStore;

  const SharedSettings settings_;
  RedisHealth health_;
  const KeyHasher hasher_;
  RedisTargets targets_;
  Grants grants_;
  MemoryStore own_;
  std::atomic<uint64_t> calls_{0};
  std::atomic<uint64_t> failures_{0};
};

// A worker's, on its loop. What can be decided by what the process has in hand is; all rules of a
// request that can't are asked for in one call, and requests that want the same wait for the same
// call. No request waits longer than the timeout, none at all while Redis is known not to answer.
class RedisStore final : public Store {
 public:
  // `random` in [0, 1).
  RedisStore(Loop& loop, SharedLimits& shared, std::function<double()> random);

  std::optional<Decision> TakeNow(std::span<const Ask> asks, TimePoint now) override;
  Task<Decision> Take(std::span<const Ask> asks) override;

 private:
  // One request's asks on their way.
  struct Taking;
  // A call that others wait for.
  struct Underway {
    Event done;
    uint64_t waiting = 0;  // sum of their costs
  };

  // Takes what is at hand; what is missing stays to be asked for.
  std::optional<Decision> TakeAtHand(Taking& taking, TimePoint now);
  void GiveBack(Taking& taking, TimePoint now);
  Decision WithoutRedis(std::span<const Ask> asks, TimePoint now);
  Task<std::optional<Decision>> AskRedis(Taking& taking, uint64_t waiting);

  Loop& loop_;
  SharedLimits& shared_;
  absl::flat_hash_map<uint64_t, std::shared_ptr<Underway>> underway_;  // by what is missing
  RedisConnection connection_;
};

}  // namespace frontdesk::limit
