// Buckets in this process, for all of its workers.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "gateway/limit/key.h"
#include "gateway/limit/key_table.h"
#include "gateway/limit/store.h"

namespace frontdesk::limit {

// Bounded, whatever comes: a bucket is 32 bytes of memory that was set aside at the start, and one
// that is full again needs none. When more keys are being counted than have room:
//
//   1. a newcomer takes the place of a bucket that is full again;
//   2. else that of the one which has spent the least share of its burst, so that somebody who
//      wants his own to be forgotten has to bring strangers that spend as much;
//   3. a bucket that is used up is never forgotten: where there are only such, newcomers share one
//      bucket per rule and stripe (a 64th of the table) until one of them is full again.
//
// Any thread; never waits.
class MemoryStore final : public Store {
 public:
  explicit MemoryStore(size_t bytes, const KeyHasher& hasher = KeyHasher::Random())
      : hasher_(hasher), table_(bytes) {}

  // Where there is more than one rule, what was taken is given back when a later one refuses; until
  // then, a moment, others may find it taken.
  Decision TakeAll(std::span<const Ask> asks, TimePoint now);
  std::optional<Decision> TakeNow(std::span<const Ask> asks, TimePoint now) override {
    return TakeAll(asks, now);
  }
  Task<Decision> Take(std::span<const Ask> asks) override;

  size_t bytes() const { return table_.bytes(); }
  size_t capacity() const { return table_.capacity(); }
  // Buckets that were forgotten before they were full again.
  uint64_t evicted() const { return evicted_.load(std::memory_order_relaxed); }
  // Times that a newcomer was counted with others.
  uint64_t shared() const { return shared_.load(std::memory_order_relaxed); }

 private:
  struct Kept {
    KeyHash key;
    int64_t full_at = 0;  // nanoseconds of the clock
    float burst = 0;      // all of it, in nanoseconds
    float last = 0;       // all but one

    Bucket bucket() const { return Bucket(TimePoint(Duration(full_at))); }
    void Keep(const Bucket& bucket, const BucketRule& rule);
    bool Idle(TimePoint now) const { return full_at <= now.time_since_epoch().count(); }
    double Worth(TimePoint now) const;
  };
  static_assert(sizeof(Kept) == 32);
  // Buckets of newcomers, by rule.
  using Strangers = std::vector<std::pair<uint32_t, Bucket>>;

  enum class Wish { kTake, kPeek, kGiveBack };
  BucketVerdict Do(const Ask& ask, Wish wish, TimePoint now);
  Bucket& Stranger(size_t stripe, uint32_t rule);

  const KeyHasher hasher_;
  KeyTable<Kept> table_;
  std::array<Strangers, KeyTable<Kept>::kStripes> strangers_;  // each under the lock of its stripe
  std::atomic<uint64_t> evicted_{0};
  std::atomic<uint64_t> shared_{0};
};

}  // namespace frontdesk::limit
