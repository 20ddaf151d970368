// Something small about each of very many keys, in memory that was set aside once.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <type_traits>

#include "gateway/base/clock.h"
#include "gateway/base/mutex.h"
#include "gateway/limit/key.h"

namespace frontdesk::limit {

// A set-associative table: a key has kWays places, chosen by its hash, and its Entry is in one of
// them. Nothing is allocated later; the system gives the memory when it is first written to.
//
// An Entry is plain data, all zero when new, with
//   KeyHash key;
//   bool Idle(TimePoint now) const;    it need not be kept any more; true of one that is all zero
//   double Worth(TimePoint now) const; who is forgotten first when none is idle: the least one.
//                                      Never one of 1 or more.
// Any thread: places lie under one of kStripes short locks.
template <class Entry, size_t kWays = 8>
class KeyTable {
  static_assert(std::is_trivially_copyable_v<Entry> && std::is_trivially_destructible_v<Entry>);

 public:
  static constexpr size_t kStripes = 64;

  // No more than `bytes`, though at least one set per stripe.
  explicit KeyTable(size_t bytes)
      : sets_count_(std::max(bytes / sizeof(Set), kStripes)), sets_(Map(sets_count_)) {}
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;
  ~KeyTable() { ::munmap(sets_, sets_count_ * sizeof(Set)); }

  enum class Found { kOld, kNew, kEvicted, kNone };
  // What `use(Entry*, Found, stripe)` returns. kNew and kEvicted: the entry holds the key and
  // nothing else; with kEvicted another one, which was not idle, was forgotten for it. kNone: there
  // is no place, and no entry. With `only_old` nothing is made.
  template <class Use>
  auto With(const KeyHash& key, TimePoint now, bool only_old, const Use& use) {
    // Multiplied instead of divided: the high half says the set.
    const size_t index = static_cast<size_t>((static_cast<double>(key.high >> 11) * 0x1p-53) *
                                             static_cast<double>(sets_count_));
    const size_t stripe = index % kStripes;
    const MutexLock lock(locks_[stripe].mutex);
    const auto [entry, found] = Find(sets_[index], key, now, only_old);
    return use(entry, found, stripe);
  }

  size_t capacity() const { return sets_count_ * kWays; }
  size_t bytes() const { return sets_count_ * sizeof(Set); }

 private:
  using Set = std::array<Entry, kWays>;
  struct alignas(64) Lock {
    Mutex mutex;
  };
  struct Place {
    Entry* entry;
    Found found;
  };

  static Set* Map(size_t count) {
    void* const memory = ::mmap(nullptr, count * sizeof(Set), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return static_cast<Set*>(memory);
  }

  static Place Find(Set& set, const KeyHash& key, TimePoint now, bool only_old) {
    for (Entry& entry : set) {
      if (entry.key == key) return {&entry, Found::kOld};
    }
    if (only_old) return {nullptr, Found::kNone};
    for (Entry& entry : set) {
      if (entry.Idle(now)) return Renew(entry, key, Found::kNew);
    }
    Entry* least = nullptr;
    double worth = 1;
    for (Entry& entry : set) {
      const double its = entry.Worth(now);
      if (its >= worth) continue;
      worth = its;
      least = &entry;
    }
    if (!least) return {nullptr, Found::kNone};
    return Renew(*least, key, Found::kEvicted);
  }

  static Place Renew(Entry& entry, const KeyHash& key, Found found) {
    entry = Entry{};
    entry.key = key;
    return {&entry, found};
  }

  const size_t sets_count_;
  Set* const sets_;
  std::array<Lock, kStripes> locks_;
};

}  // namespace frontdesk::limit
