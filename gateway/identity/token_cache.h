// Credentials that were verified a moment ago: the same text again needs no signature checked.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "gateway/base/mutex.h"
#include "gateway/identity/claims.h"
#include "gateway/identity/identity.h"

namespace frontdesk::identity {

// Bounded in entries and in bytes; the least recently used ones make room.
// An entry is found by a seeded hash and compared as a whole. One for all workers, in parts with a
// short lock each.
class TokenCache {
 public:
  struct Limits {
    size_t entries = 100'000;
    size_t bytes = 64 << 20;  // about: tokens, and what was read of them
  };

  // `seed` is secret.
  TokenCache(const Limits& limits, uint64_t seed);

  // Who it is, if this very text was verified in this epoch and still holds; else null. An epoch is
  // a state of the keys: when one is withdrawn, what it had signed must not outlive it here.
  IdentityPointer Find(std::string_view token, uint64_t epoch, UnixTime now);
  // Holds until the identity's end, or `until` where that is earlier.
  void Insert(std::string_view token, uint64_t epoch, IdentityPointer identity, UnixTime until);

  size_t size() const;
  size_t bytes() const;

 private:
  static constexpr size_t kShards = 16;

  struct Entry {
    uint64_t hash;
    uint64_t epoch;
    int64_t expires;
    size_t bytes;
    std::string token;
    IdentityPointer identity;
  };
  struct Shard {
    mutable Mutex mutex;
    std::list<Entry> entries ABSL_GUARDED_BY(mutex);  // the most recently used one first
    absl::flat_hash_map<uint64_t, std::list<Entry>::iterator> by_hash ABSL_GUARDED_BY(mutex);
    size_t bytes ABSL_GUARDED_BY(mutex) = 0;

    void Erase(std::list<Entry>::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  };

  uint64_t HashOf(std::string_view token) const;
  Shard& ShardOf(uint64_t hash) { return shards_[hash % kShards]; }

  const uint64_t seed_;
  const Limits per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace frontdesk::identity
