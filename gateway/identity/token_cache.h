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

// Bounded in entries, each no longer than a token may be; the least recently used one makes room.
// An entry is found by a seeded hash and compared as a whole. One for all workers, in parts with a
// short lock each.
class TokenCache {
 public:
  TokenCache(size_t entries, uint64_t seed);

  // Who it is, if this very text was verified in this epoch and still holds; else null. An epoch is
  // a state of the keys: when one is withdrawn, what it had signed must not outlive it here.
  IdentityPointer Find(std::string_view token, uint64_t epoch, UnixTime now);
  // Holds until the identity's end, or `until` where that is earlier.
  void Insert(std::string_view token, uint64_t epoch, IdentityPointer identity, UnixTime until);

  size_t size() const;

 private:
  static constexpr size_t kShards = 16;

  struct Entry {
    uint64_t hash;
    uint64_t epoch;
    int64_t expires;
    std::string token;
    IdentityPointer identity;
  };
  struct Shard {
    mutable Mutex mutex;
    std::list<Entry> entries ABSL_GUARDED_BY(mutex);  // the most recently used one first
    absl::flat_hash_map<uint64_t, std::list<Entry>::iterator> by_hash ABSL_GUARDED_BY(mutex);
  };

  uint64_t HashOf(std::string_view token) const;
  Shard& ShardOf(uint64_t hash) { return shards_[hash % kShards]; }

  const uint64_t seed_;
  const size_t entries_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace frontdesk::identity
