#include "gateway/policy/idempotency_store.h"

#include <utility>

#include "gateway/base/failure.h"

namespace frontdesk::policy {
namespace {

// Of the table itself, by entry.
constexpr size_t kEntryBytes = 256;
// No single answer may push all others out.
constexpr size_t kLargestShare = 8;
// Entries that every request looks at to forget what has expired.
constexpr int kSweep = 4;

size_t BytesOf(const Reply& reply) {
  size_t bytes = sizeof reply + reply.message.size() + reply.status.message().size() +
                 DetailsOf(reply.status).size();
  for (const auto& [name, value] : reply.metadata) bytes += 64 + name.size() + value.size();
  for (const compose::Missing& missing : reply.incomplete) {
    bytes += sizeof missing + missing.part.size() + missing.reason.size();
  }
  return bytes;
}

}  // namespace

Task<IdempotencyStore::Begun> MemoryIdempotencyStore::Begin(IdempotentRequest request,
                                                            TimePoint now) {
  co_return BeginNow(request, now);
}

Task<void> MemoryIdempotencyStore::Finish(IdempotentRequest request, Ending ending,
                                          std::shared_ptr<const Reply> answer, TimePoint now) {
  FinishNow(request, ending, std::move(answer), now);
  co_return;
}

IdempotencyStore::Begun MemoryIdempotencyStore::BeginNow(const IdempotentRequest& request,
                                                         TimePoint now) {
  using Verdict = Begun::Verdict;
  MutexLock lock(mutex_);
  ForgetExpired(now);
  auto found = entries_.find(request.scope);
  if (found != entries_.end() && !found->second.in_flight && found->second.expires <= now) {
    Forget(found);
    found = entries_.end();
  }
  if (found != entries_.end()) {
    Entry& entry = found->second;
    if (entry.fingerprint != request.fingerprint) return {Verdict::kOtherRequest, 0, nullptr};
    if (entry.in_flight) return {Verdict::kInFlight, 0, nullptr};
    if (entry.answer) return {Verdict::kAnswered, 0, entry.answer};
    entry.in_flight = true;
    finished_.erase(entry.place);
    return {Verdict::kRun, entry.round, nullptr};
  }
  if (entries_.size() >= limits_.entries) {
    if (finished_.empty()) return {Verdict::kFull, 0, nullptr};
    Forget(entries_.find(finished_.front()));
  }
  Entry entry;
  entry.fingerprint = request.fingerprint;
  entry.bytes = kEntryBytes;
  bytes_ += entry.bytes;
  entries_.emplace(request.scope, std::move(entry));
  return {Verdict::kRun, 0, nullptr};
}

void MemoryIdempotencyStore::FinishNow(const IdempotentRequest& request, Ending ending,
                                       std::shared_ptr<const Reply> answer, TimePoint now) {
  MutexLock lock(mutex_);
  const auto found = entries_.find(request.scope);
  if (found == entries_.end() || !found->second.in_flight) return;
  Entry& entry = found->second;
  entry.in_flight = false;
  if (ending == Ending::kUndone) ++entry.round;
  if (ending == Ending::kAnswered && answer) {
    const size_t bytes = BytesOf(*answer);
    // Back ends know the keys of an answer that is too large: they give it again.
    if (bytes <= limits_.bytes / kLargestShare) {
      entry.answer = std::move(answer);
      entry.bytes += bytes;
      bytes_ += bytes;
    }
  }
  entry.expires = now + request.ttl;
  entry.place = finished_.insert(finished_.end(), request.scope);
  while (bytes_ > limits_.bytes && !finished_.empty()) Forget(entries_.find(finished_.front()));
}

// Times to live differ, so this finds not all; what it leaves is found when it is asked for.
void MemoryIdempotencyStore::ForgetExpired(TimePoint now) {
  for (int i = 0; i < kSweep && !finished_.empty(); ++i) {
    const auto oldest = entries_.find(finished_.front());
    if (oldest->second.expires > now) return;
    Forget(oldest);
  }
}

void MemoryIdempotencyStore::Forget(Entries::iterator entry) {
  bytes_ -= entry->second.bytes;
  finished_.erase(entry->second.place);
  entries_.erase(entry);
}

size_t MemoryIdempotencyStore::entries() const {
  MutexLock lock(mutex_);
  return entries_.size();
}

size_t MemoryIdempotencyStore::bytes() const {
  MutexLock lock(mutex_);
  return bytes_;
}

}  // namespace frontdesk::policy
