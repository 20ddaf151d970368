// Room for the bytes that a process holds of what clients send.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace frontdesk {

// Any thread; outlives all that is held of it.
class ByteRoom {
 public:
  explicit ByteRoom(size_t most) : most_(most) {}
  ByteRoom(const ByteRoom&) = delete;
  ByteRoom& operator=(const ByteRoom&) = delete;

  // What somebody has of it; gives it back when it is destroyed. Of one thread at a time.
  class Held {
   public:
    Held() = default;
    Held(Held&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), held_(std::exchange(other.held_, 0)) {}
    Held& operator=(Held&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(held_, other.held_);
      return *this;
    }
    ~Held() { Keep(0); }

    size_t held() const { return held_; }
    // Gives back what is more than that.
    void Keep(size_t most) {
      if (held_ <= most) return;
      of_->taken_.fetch_sub(held_ - most, std::memory_order_relaxed);
      held_ = most;
    }

   private:
    friend class ByteRoom;
    ByteRoom* of_ = nullptr;
    size_t held_ = 0;
  };

  // False, and nothing is taken, if of all of it more than `most` would be taken then.
  bool Take(size_t more, size_t most, Held& held) {
    if (taken_.fetch_add(more, std::memory_order_relaxed) + more > most) {
      taken_.fetch_sub(more, std::memory_order_relaxed);
      return false;
    }
    held.of_ = this;
    held.held_ += more;
    return true;
  }
  size_t taken() const { return taken_.load(std::memory_order_relaxed); }
  size_t most() const { return most_; }

 private:
  const size_t most_;
  std::atomic<size_t> taken_{0};
};

}  // namespace frontdesk
