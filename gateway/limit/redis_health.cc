#include "gateway/limit/redis_health.h"

#include <chrono>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/observe/log.h"

namespace frontdesk::limit {
namespace {

constexpr uint32_t kFailuresInARow = 3;

BreakerSettings ToBreaker(Duration slow) {
  return {.consecutive_failures = kFailuresInARow,
          .slow_call = slow,
          .slow_percent = 0,
          .open_time = std::chrono::milliseconds(500),
          .max_open_time = std::chrono::seconds(5),
          .probes = 1};
}

}  // namespace

RedisHealth::RedisHealth(Duration slow, std::string name, std::string otherwise)
    : breaker_(ToBreaker(slow)), name_(std::move(name)), otherwise_(std::move(otherwise)) {}

void RedisHealth::OnConnected() {
  connected_.fetch_add(1, std::memory_order_relaxed);
  Tell("");
}

void RedisHealth::OnLost(const std::string& why) {
  connected_.fetch_sub(1, std::memory_order_relaxed);
  Tell(why);
}

void RedisHealth::OnUnreachable(const std::string& why) { Tell(why); }

void RedisHealth::Leave(bool connected) {
  if (connected) connected_.fetch_sub(1, std::memory_order_relaxed);
}

void RedisHealth::Record(Breaker::Ticket ticket, bool ok, const std::string& why, Duration took,
                         TimePoint now) {
  if (breaker_.Record(std::move(ticket), ok, took, now)) Tell(why.empty() ? "is too slow" : why);
}

void RedisHealth::Tell(const std::string& why) {
  const MutexLock lock(told_mutex_);
  const bool up = answering() > 0;
  if (told_ && up == told_up_) return;
  told_ = true;
  told_up_ = up;
  if (up) {
    observe::LogInfo(Cat("rate limits are shared through Redis at ", name_));
  } else {
    observe::LogWarn(Cat("Redis at ", name_, " does not do its work: ", why, "; ", otherwise_));
  }
}

}  // namespace frontdesk::limit
