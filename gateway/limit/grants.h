// What this process has taken of shared buckets in advance, and what it knows to be used up: most
// requests for a hot key are decided by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gateway/limit/key_table.h"
#include "gateway/limit/redis_script.h"
#include "gateway/limit/store.h"

namespace frontdesk::limit {

// How much is taken in advance: what the rate brings in kAhead, at most an eighth of the burst, and
// only as much as was used lately; what is not used in kKept is lost. What is used up is asked for
// again only when an eighth of the burst, or what kPause brings, has come back, though after no
// more than kForgotten: somebody may have emptied the shared store.
inline constexpr std::chrono::milliseconds kAhead{20};
inline constexpr std::chrono::milliseconds kKept{100};
inline constexpr std::chrono::milliseconds kPause{5};
inline constexpr std::chrono::seconds kForgotten{1};

// Bounded like MemoryStore; a key that has no room here is asked for in Redis each time. Any
// thread; never waits.
class Grants {
 public:
  explicit Grants(size_t bytes) : table_(bytes) {}

  enum class Answer { kTaken, kUsedUp, kUnknown };
  struct Taking {
    Answer answer = Answer::kUnknown;
    BucketVerdict verdict;  // unless kUnknown
  };
  // Of what is at hand.
  Taking Take(const KeyHash& key, const Ask& ask, TimePoint now);
  void GiveBack(const KeyHash& key, uint32_t cost, TimePoint now);

  // How much to ask for on behalf of `ask`; `waiting`: what others wait for, besides.
  uint64_t Want(const KeyHash& key, const Ask& ask, uint64_t waiting, TimePoint now);
  // What came of it: the cost of the ask itself is not added.
  void OnReply(const KeyHash& key, const Ask& ask, const ScriptVerdict& verdict, TimePoint now);

  size_t bytes() const { return table_.bytes(); }

 private:
  struct Kept {
    KeyHash key;
    int64_t kept_until = 0;    // nanoseconds of the clock: what is at hand is good until then
    int64_t denied_until = 0;  // costs from denied_cost on
    int64_t full_at = 0;       // of the shared bucket
    int64_t replied_at = 0;
    uint32_t at_hand = 0;
    uint32_t denied_cost = 0;
    uint32_t batch = 0;      // what to take at a time
    uint32_t passes_in = 0;  // milliseconds from replied_at: when denied_cost will be there

    bool Idle(TimePoint now) const;
    double Worth(TimePoint now) const;
  };

  KeyTable<Kept> table_;
};

}  // namespace frontdesk::limit
