// How a Redis does, as all workers of a process have seen it.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "gateway/base/clock.h"
#include "gateway/base/mutex.h"
#include "gateway/base/shared_breaker.h"

namespace frontdesk::limit {

// One breaker, so that three requests of the process wait for a Redis that is slow or full, not
// three of each worker. Connections are the workers' own: one that has lost its own can't ask,
// while the others go on. What changes for all of them is said in the log once. Any thread.
class RedisHealth {
 public:
  // `slow`: a call that took so long has failed. `name` of the Redis and `otherwise`, what becomes
  // of requests without it, are for the log.
  RedisHealth(Duration slow, std::string name, std::string otherwise);

  // Of each worker in turn: its connection can be used, or no longer can, and why.
  void OnConnected();
  void OnLost(const std::string& why);
  // A worker could not connect, again.
  void OnUnreachable(const std::string& why);
  // A worker that ends.
  void Leave(bool connected);

  // Nobody is kept from asking.
  bool good() const { return breaker_.closed(); }
  Breaker::Ticket Admit(TimePoint now) { return breaker_.Admit(now); }
  void Release(Breaker::Ticket ticket) { breaker_.Release(std::move(ticket)); }
  void Record(Breaker::Ticket ticket, bool ok, const std::string& why, Duration took,
              TimePoint now);
  // Until somebody may try again.
  Duration until_probe(TimePoint now) const { return breaker_.Look().until_probe(now); }

  // Workers whose calls are answered.
  size_t answering() const { return good() ? connected_.load(std::memory_order_relaxed) : 0; }

 private:
  void Tell(const std::string& why);

  SharedBreaker breaker_;
  const std::string name_;
  const std::string otherwise_;
  std::atomic<size_t> connected_{0};
  Mutex told_mutex_;
  bool told_ ABSL_GUARDED_BY(told_mutex_) = false;
  bool told_up_ ABSL_GUARDED_BY(told_mutex_) = false;
};

}  // namespace frontdesk::limit
