// A queue of whole records from one thread to another, without locks and without waiting.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace frontdesk::observe {

// One thread pushes, one other takes.
class ByteRing {
 public:
  // At least `bytes`, rounded up to a power of two.
  explicit ByteRing(size_t bytes)
      : size_(std::bit_ceil(std::max<size_t>(bytes, 64))), data_(new char[size_]) {}
  ByteRing(const ByteRing&) = delete;
  ByteRing& operator=(const ByteRing&) = delete;

  // Writer: all of `record`, or false and nothing of it when there is no room.
  bool Push(std::string_view record) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (record.size() > size_ - (head - seen_tail_)) {
      seen_tail_ = tail_.load(std::memory_order_acquire);
      if (record.size() > size_ - (head - seen_tail_)) return false;
    }
    const size_t at = head & (size_ - 1);
    const size_t first = std::min(record.size(), size_ - at);
    std::memcpy(data_.get() + at, record.data(), first);
    std::memcpy(data_.get(), record.data() + first, record.size() - first);
    // Sequentially consistent, so that a reader about to sleep and a writer that looks whether to
    // wake it can't both miss each other.
    head_.store(head + record.size(), std::memory_order_seq_cst);
    return true;
  }

  // Reader: moves all records that are there to the end of `out`; false when there are none.
  bool TakeAll(std::string& out) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    const size_t filled = head_.load(std::memory_order_seq_cst) - tail;
    if (filled == 0) return false;
    const size_t at = tail & (size_ - 1);
    const size_t first = std::min(filled, size_ - at);
    out.append(data_.get() + at, first);
    out.append(data_.get(), filled - first);
    tail_.store(tail + filled, std::memory_order_release);
    return true;
  }
  // Reader.
  bool empty() const {
    return head_.load(std::memory_order_seq_cst) == tail_.load(std::memory_order_relaxed);
  }

 private:
  const size_t size_;
  const std::unique_ptr<char[]> data_;
  // Positions only grow; they lie in the buffer modulo its size. A cache line for each side.
  alignas(64) std::atomic<size_t> head_{0};
  size_t seen_tail_ = 0;  // the writer's last look at tail_
  alignas(64) std::atomic<size_t> tail_{0};
};

}  // namespace frontdesk::observe
