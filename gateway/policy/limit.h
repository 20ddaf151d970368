// Rate limits: what the places of the chain where they are looked at have in common.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "gateway/base/task.h"
#include "gateway/exchange.h"
#include "gateway/http/message.h"
#include "gateway/limit/store.h"

namespace frontdesk::limit {
class MemoryStore;
class SharedLimits;
}  // namespace frontdesk::limit

namespace frontdesk::policy {

// The limits of this process, and what became of requests. Any thread.
class Limits final : public prometheus::Collectable {
 public:
  // Of `memory` and `shared`, which may be null, is told how they do. All of it outlives this.
  explicit Limits(const std::vector<limit::Rule>& rules, const limit::MemoryStore* memory = nullptr,
                  const limit::SharedLimits* shared = nullptr);
  ~Limits() override;

  const limit::Rule& rule(size_t index) const { return rules_[index]; }
  void OnLimited(const limit::Rule& rule) {
    limited_[rule.id].fetch_add(1, std::memory_order_relaxed);
  }
  void OnUnavailable() { unavailable_.fetch_add(1, std::memory_order_relaxed); }

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::vector<limit::Rule>& rules_;  // by id
  const limit::MemoryStore* const memory_;
  const limit::SharedLimits* const shared_;
  const std::unique_ptr<std::atomic<uint64_t>[]> limited_;
  std::atomic<uint64_t> unavailable_{0};
};

// What a worker has for it; null where no route has limits.
struct LimitHost {
  limit::Store* store = nullptr;
  Limits* limits = nullptr;
};

// What a request takes at one place of the chain: all of it, or nothing.
class LimitAsks {
 public:
  LimitAsks() = default;
  LimitAsks(const LimitAsks&) = delete;
  LimitAsks& operator=(const LimitAsks&) = delete;

  void Add(const route::Route::Limit& limit, std::string key) {
    wanted_.emplace_back(&limit, std::move(key));
  }
  // OK, or the 429 of a request that comes too soon, or the 503 of one that can't be counted. Notes
  // in the exchange what is left.
  Task<absl::Status> Take(Exchange& exchange, const LimitHost& host);

 private:
  absl::InlinedVector<std::pair<const route::Route::Limit*, std::string>, 4> wanted_;
};

// RateLimit-Limit, -Remaining, -Reset and -Policy of the limit that has the least left; none where
// no limit was looked at.
void AddLimitHeaders(const limit::Decision& decision, http::ResponseHead& head);

}  // namespace frontdesk::policy
