// The numbers behind the metrics: written by one thread without locks, read by any.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace frontdesk::observe {

// A count with a single writer: a load and a store, no locked instruction.
class Cell {
 public:
  // Wraps around: a cell that goes down as well, by a negative n, is read as int64_t.
  void Add(uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Upper bounds of the duration buckets in nanoseconds: OpenTelemetry's advice from 5 ms upwards,
// finer below, where a gateway spends its time.
inline constexpr std::array<uint64_t, 19> kBucketBounds = {
    100'000,       250'000,       500'000,       1'000'000,     2'500'000,
    5'000'000,     10'000'000,    25'000'000,    50'000'000,    75'000'000,
    100'000'000,   250'000'000,   500'000'000,   750'000'000,   1'000'000'000,
    2'500'000'000, 5'000'000'000, 7'500'000'000, 10'000'000'000};

// Durations with a single writer.
class alignas(64) HistogramCells {
 public:
  // A negative duration counts as zero.
  void Observe(std::chrono::nanoseconds duration) {
    const uint64_t nanos = duration.count() < 0 ? 0 : static_cast<uint64_t>(duration.count());
    size_t bucket = 0;
    while (bucket < kBucketBounds.size() && nanos > kBucketBounds[bucket]) ++bucket;
    buckets_[bucket].Add(1);
    sum_.Add(nanos);
  }
  uint64_t bucket(size_t i) const { return buckets_[i].Get(); }
  uint64_t sum_nanos() const { return sum_.Get(); }

 private:
  std::array<Cell, kBucketBounds.size() + 1> buckets_;
  Cell sum_;
};

// Values by a small integer id, made by the writer at first use, visible to readers at once. Ids
// may keep growing while both sides work, so that a reload can add series.
template <class Value>
class CellTable {
 public:
  static constexpr size_t kChunk = 64;
  static constexpr size_t kCapacity = kChunk * 256;

  CellTable() = default;
  CellTable(const CellTable&) = delete;
  CellTable& operator=(const CellTable&) = delete;
  ~CellTable() {
    for (auto& slot : chunks_) {
      Chunk* chunk = slot.load(std::memory_order_relaxed);
      if (chunk == nullptr) continue;
      for (auto& value : *chunk) delete value.load(std::memory_order_relaxed);
      delete chunk;
    }
  }

  // Writer only. `id` < kCapacity.
  Value& Get(size_t id) {
    Chunk& chunk = Make(chunks_[id / kChunk]);
    return Make(chunk[id % kChunk]);
  }
  // Any thread; null while nothing was written under this id.
  const Value* Find(size_t id) const {
    const Chunk* chunk = chunks_[id / kChunk].load(std::memory_order_acquire);
    return chunk ? (*chunk)[id % kChunk].load(std::memory_order_acquire) : nullptr;
  }

 private:
  using Chunk = std::array<std::atomic<Value*>, kChunk>;

  template <class T>
  static T& Make(std::atomic<T*>& slot) {
    T* made = slot.load(std::memory_order_relaxed);
    if (made == nullptr) {
      made = std::make_unique<T>().release();
      slot.store(made, std::memory_order_release);
    }
    return *made;
  }

  std::array<std::atomic<Chunk*>, kCapacity / kChunk> chunks_{};
};

}  // namespace frontdesk::observe
