#include "gateway/limit/memory_store.h"

#include <algorithm>

namespace frontdesk::limit {

void MemoryStore::Kept::Keep(const Bucket& bucket, const BucketRule& rule) {
  full_at = bucket.full_at().time_since_epoch().count();
  burst = static_cast<float>(rule.burst_time().count());
  last = burst - static_cast<float>(rule.unit_nanos());
}

double MemoryStore::Kept::Worth(TimePoint now) const {
  const auto missing = static_cast<float>(full_at - now.time_since_epoch().count());
  return missing > last ? 1 : std::min(0.999, static_cast<double>(missing / burst));
}

Bucket& MemoryStore::Stranger(size_t stripe, uint32_t rule) {
  Strangers& all = strangers_[stripe];
  const auto at = std::find_if(all.begin(), all.end(),
                               [rule](const auto& entry) { return entry.first == rule; });
  return at != all.end() ? at->second : all.emplace_back(rule, Bucket()).second;
}

BucketVerdict MemoryStore::Do(const Ask& ask, Wish wish, TimePoint now) {
  using Found = decltype(table_)::Found;
  const BucketRule& rule = ask.rule->bucket;
  const auto use = [&](Kept* kept, Found found, size_t stripe) {
    if (found == Found::kEvicted) evicted_.fetch_add(1, std::memory_order_relaxed);
    if (found == Found::kNone && wish == Wish::kTake) {
      shared_.fetch_add(1, std::memory_order_relaxed);
    }
    // Nothing is known of it, so it is full.
    if (!kept && wish == Wish::kPeek) return Bucket().Peek(rule, ask.cost, now);
    Bucket own = kept ? kept->bucket() : Bucket();
    Bucket& bucket = kept ? own : Stranger(stripe, ask.rule->id);
    BucketVerdict verdict;
    switch (wish) {
      case Wish::kPeek:
        return bucket.Peek(rule, ask.cost, now);
      case Wish::kGiveBack:
        bucket.GiveBack(rule, ask.cost);
        break;
      case Wish::kTake:
        verdict = bucket.Take(rule, ask.cost, now);
        break;
    }
    if (kept) kept->Keep(bucket, rule);
    return verdict;
  };
  return table_.With(hasher_.Of(ask.rule->id, ask.key), now, wish != Wish::kTake, use);
}

Decision MemoryStore::TakeAll(std::span<const Ask> asks, TimePoint now) {
  Decision decision;
  size_t taken = 0;
  while (taken < asks.size()) {
    const BucketVerdict verdict = Do(asks[taken], Wish::kTake, now);
    AddTo(decision, *asks[taken].rule, verdict);
    if (!verdict.taken) break;
    ++taken;
  }
  if (taken == asks.size()) return decision;
  for (size_t i = 0; i < taken; ++i) Do(asks[i], Wish::kGiveBack, now);
  // Whoever waits as long as is said finds all of them passable.
  for (size_t i = taken + 1; i < asks.size(); ++i) {
    const BucketVerdict verdict = Do(asks[i], Wish::kPeek, now);
    if (!verdict.taken) AddTo(decision, *asks[i].rule, verdict);
  }
  return decision;
}

Task<Decision> MemoryStore::Take(std::span<const Ask> asks) {
  co_return TakeAll(asks, Clock::now());
}

}  // namespace frontdesk::limit
