// What became of requests that carry an idempotency key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "gateway/base/clock.h"
#include "gateway/base/mutex.h"
#include "gateway/base/sha256.h"
#include "gateway/base/task.h"
#include "gateway/reply.h"

namespace frontdesk::policy {

// Which request it is.
struct IdempotentRequest {
  Sha256Digest scope{};        // of caller, method and key
  Sha256Digest fingerprint{};  // of the canonical request message
  Duration ttl = std::chrono::hours(24);
};

// Shared by all workers, or by all gateways: one request of a scope is carried out at a time.
class IdempotencyStore {
 public:
  struct Begun {
    enum class Verdict {
      kRun,           // the key is the caller's until Finish()
      kAnswered,      // `answer` was given before
      kInFlight,      // somebody else carries it out
      kOtherRequest,  // the key stands for another request
      kFull,          // no room, and nothing that could be forgotten
    };
    Verdict verdict = Verdict::kRun;
    uint32_t round = 0;  // kRun: how often it was carried out and taken back before
    std::shared_ptr<const Reply> answer;
  };
  enum class Ending {
    kAnswered,  // the answer is final: it is given again
    kAgain,     // nothing is decided: the next request carries on, with the same keys towards back
                // ends
    kUndone,    // what was done is taken back: the next request begins anew, with new keys
  };

  virtual ~IdempotencyStore() = default;
  virtual Task<Begun> Begin(IdempotentRequest request, TimePoint now) = 0;
  // After kRun, exactly once.
  virtual Task<void> Finish(IdempotentRequest request, Ending ending,
                            std::shared_ptr<const Reply> answer, TimePoint now) = 0;
};

// In this process. Bounded: when it is full, what was finished longest ago is forgotten early; what
// is in flight never is.
class MemoryIdempotencyStore final : public IdempotencyStore {
 public:
  struct Limits {
    size_t entries = 100'000;
    size_t bytes = 64 << 20;
  };

  explicit MemoryIdempotencyStore(const Limits& limits) : limits_(limits) {}

  Task<Begun> Begin(IdempotentRequest request, TimePoint now) override;
  Task<void> Finish(IdempotentRequest request, Ending ending, std::shared_ptr<const Reply> answer,
                    TimePoint now) override;

  size_t entries() const;
  size_t bytes() const;

 private:
  struct Entry {
    Sha256Digest fingerprint{};
    bool in_flight = true;
    uint32_t round = 0;
    std::shared_ptr<const Reply> answer;  // null while in flight, and when nothing is decided
    size_t bytes = 0;
    TimePoint expires;
    std::list<Sha256Digest>::iterator place;  // in finished_, unless in flight
  };
  using Entries = absl::flat_hash_map<Sha256Digest, Entry>;

  Begun BeginNow(const IdempotentRequest& request, TimePoint now);
  void FinishNow(const IdempotentRequest& request, Ending ending,
                 std::shared_ptr<const Reply> answer, TimePoint now);
  void ForgetExpired(TimePoint now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget(Entries::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Limits limits_;
  mutable Mutex mutex_;
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  std::list<Sha256Digest> finished_ ABSL_GUARDED_BY(mutex_);  // longest ago first
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace frontdesk::policy
