#include "gateway/identity/token_cache.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/hash/hash.h"
#include "gateway/base/text.h"

namespace frontdesk::identity {

TokenCache::TokenCache(size_t entries, uint64_t seed)
    : seed_(seed), entries_per_shard_(std::max<size_t>(1, entries / kShards)) {}

uint64_t TokenCache::HashOf(std::string_view token) const {
  return absl::HashOf(seed_, Absl(token));
}

IdentityPointer TokenCache::Find(std::string_view token, uint64_t epoch, UnixTime now) {
  const uint64_t hash = HashOf(token);
  Shard& shard = ShardOf(hash);
  const MutexLock lock(shard.mutex);
  const auto found = shard.by_hash.find(hash);
  if (found == shard.by_hash.end() || found->second->token != token) return nullptr;
  const auto entry = found->second;
  if (entry->epoch != epoch || now.time_since_epoch().count() >= entry->expires) {
    shard.by_hash.erase(found);
    shard.entries.erase(entry);
    return nullptr;
  }
  shard.entries.splice(shard.entries.begin(), shard.entries, entry);
  return entry->identity;
}

void TokenCache::Insert(std::string_view token, uint64_t epoch, IdentityPointer identity,
                        UnixTime until) {
  const uint64_t hash = HashOf(token);
  int64_t expires = until.time_since_epoch().count();
  if (identity->expires) expires = std::min(expires, *identity->expires);
  Shard& shard = ShardOf(hash);
  const MutexLock lock(shard.mutex);
  if (const auto old = shard.by_hash.find(hash); old != shard.by_hash.end()) {
    shard.entries.erase(old->second);
    shard.by_hash.erase(old);
  }
  if (shard.entries.size() >= entries_per_shard_) {
    shard.by_hash.erase(shard.entries.back().hash);
    shard.entries.pop_back();
  }
  shard.entries.push_front({hash, epoch, expires, std::string(token), std::move(identity)});
  shard.by_hash[hash] = shard.entries.begin();
}

size_t TokenCache::size() const {
  size_t size = 0;
  for (const Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    size += shard.entries.size();
  }
  return size;
}

}  // namespace frontdesk::identity
