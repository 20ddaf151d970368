// Where buckets are kept, and what is asked of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/bucket.h"
#include "gateway/base/task.h"

namespace frontdesk::limit {

// One limit; each of its keys has a bucket. Lives as long as requests that ask for it.
struct Rule {
  uint32_t id = 0;   // in this process; rules of one id share their buckets
  std::string name;  // the same in all processes that share the limit
  BucketRule bucket{1, std::chrono::seconds(1), 1};
};

// `cost` of the bucket that `key` has by that rule.
struct Ask {
  const Rule* rule = nullptr;
  std::string_view key;
  uint32_t cost = 1;
};

struct Decision {
  enum class Outcome : uint8_t {
    kAllowed,
    kLimited,      // at least one rule has not enough left
    kUnavailable,  // nobody could be asked, and unlimited is not wanted
  };
  Outcome outcome = Outcome::kAllowed;
  // kAllowed: the rule that has the least left, and how much. kLimited: the one that has to be
  // waited for longest. None for kUnavailable, and when nothing was asked.
  const Rule* rule = nullptr;
  uint64_t remaining = 0;
  Duration reset{};        // until its bucket is full again
  Duration retry_after{};  // kLimited; Duration::max() when it can never be
};

// All of what is asked is taken, or nothing. On the loop that it belongs to, if it has one.
class Store {
 public:
  virtual ~Store() = default;
  // The decision, when it needs no waiting; nothing was taken otherwise.
  virtual std::optional<Decision> TakeNow(std::span<const Ask> asks, TimePoint now) = 0;
  // What `asks` points to is kept until it is decided, which takes a bounded time.
  virtual Task<Decision> Take(std::span<const Ask> asks) = 0;
};

// What a verdict on one rule adds to the decision on all.
void AddTo(Decision& decision, const Rule& rule, const BucketVerdict& verdict);

}  // namespace frontdesk::limit
