// How many connections each worker has. Shared by all workers; every member may be called anywhere.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace frontdesk::http {

class ConnectionShare {
 public:
  // `most` connections in the whole process.
  ConnectionShare(size_t workers, uint32_t most);

  void Opened(size_t worker) { counts_[worker].value.fetch_add(1, std::memory_order_relaxed); }
  void Closed(size_t worker) { counts_[worker].value.fetch_sub(1, std::memory_order_relaxed); }

  uint32_t count(size_t worker) const {
    return counts_[worker].value.load(std::memory_order_relaxed);
  }
  uint32_t total() const;
  bool full() const { return total() >= most_; }
  size_t workers() const { return workers_; }

  // Who takes a connection that `worker` has just accepted: itself, or the one that has the fewest
  // when it has more than 1.25 times the mean. How late they are is not asked: that passes within
  // moments, a connection stays, and whoever was idle once would have them all.
  size_t Choose(size_t worker) const;

 private:
  // A line of its own each: they are written by different cores.
  struct alignas(64) Count {
    std::atomic<uint32_t> value{0};
  };

  const size_t workers_;
  const uint32_t most_;
  const std::unique_ptr<Count[]> counts_;
};

}  // namespace frontdesk::http
