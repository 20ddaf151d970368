#include "gateway/identity/token_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/hash/hash.h"
#include "gateway/base/text.h"

namespace frontdesk::identity {

TokenCache::TokenCache(const Limits& limits, uint64_t seed)
    : seed_(seed),
      per_shard_{std::max<size_t>(1, limits.entries / kShards), limits.bytes / kShards} {}

void TokenCache::Shard::Erase(std::list<Entry>::iterator entry) {
  bytes -= entry->bytes;
  by_hash.erase(entry->hash);
  entries.erase(entry);
}

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
    shard.Erase(entry);
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
  const size_t bytes = sizeof(Entry) + 64 + token.size() + identity->MemoryUsed();
  Shard& shard = ShardOf(hash);
  const MutexLock lock(shard.mutex);
  if (const auto old = shard.by_hash.find(hash); old != shard.by_hash.end()) {
    shard.Erase(old->second);
  }
  if (bytes > per_shard_.bytes) return;
  while (!shard.entries.empty() &&
         (shard.entries.size() >= per_shard_.entries || shard.bytes + bytes > per_shard_.bytes)) {
    shard.Erase(std::prev(shard.entries.end()));
  }
  shard.entries.push_front({hash, epoch, expires, bytes, std::string(token), std::move(identity)});
  shard.by_hash[hash] = shard.entries.begin();
  shard.bytes += bytes;
}

size_t TokenCache::size() const {
  size_t size = 0;
  for (const Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    size += shard.entries.size();
  }
  return size;
}

size_t TokenCache::bytes() const {
  size_t bytes = 0;
  for (const Shard& shard : shards_) {
    const MutexLock lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

}  // namespace frontdesk::identity
