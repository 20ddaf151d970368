// Rate limits: what the places of the chain where they are looked at have in common.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <prometheus/collectable.h>

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
  // Of `memory` and `shared`, which may be null, is told how they do. `every_address`: index of the
  // rule for whatever comes from an address, which is counted in `memory`. All of it outlives this.
  explicit Limits(const std::vector<limit::Rule>& rules, limit::MemoryStore* memory = nullptr,
                  const limit::SharedLimits* shared = nullptr,
                  std::optional<size_t> every_address = std::nullopt);
  ~Limits() override;

  const limit::Rule& rule(size_t index) const { return rules_[index]; }
  // Null where there is none.
  const limit::Rule* every_address() const { return every_address_; }
  limit::MemoryStore& memory() const { return *memory_; }
  void OnLimited(const limit::Rule& rule) {
    limited_[rule.id].fetch_add(1, std::memory_order_relaxed);
  }
  void OnUnavailable() { unavailable_.fetch_add(1, std::memory_order_relaxed); }

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::vector<limit::Rule>& rules_;  // by id
  limit::MemoryStore* const memory_;
  const limit::SharedLimits* const shared_;
  const limit::Rule* const every_address_;
  const std::unique_ptr<std::atomic<uint64_t>[]> limited_;
  std::atomic<uint64_t> unavailable_{0};
};

// What a worker has for it; null where no route has limits.
struct LimitHost {
  limit::Store* store = nullptr;
  Limits* limits = nullptr;
};

// Takes what the request costs by `limits`, all of it or nothing: OK, or the 429 of a request that
// comes too soon, or the 503 of one that can't be counted. Notes in the exchange what is left.
Task<absl::Status> TakeLimits(Exchange& exchange, std::span<const route::Route::Limit> limits,
                              const LimitHost& host);

// Takes one of what may come from an address, whatever it is: as above, and at once.
absl::Status TakeOfAddress(std::string_view client_address, TimePoint now, const LimitHost& host,
                           limit::Decision& noted);

// RateLimit-Limit, -Remaining, -Reset and -Policy of the limit that has the least left; none where
// no limit was looked at.
void AddLimitHeaders(const limit::Decision& decision, http::ResponseHead& head);

}  // namespace frontdesk::policy
