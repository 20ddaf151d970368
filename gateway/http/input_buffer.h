// Bytes of one connection that came in and are not dealt with yet. An idle connection holds no
// block at all; while a request is in flight the block of its head does not move.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "gateway/base/spares.h"

namespace frontdesk::http {

// Spare blocks of the usual size, one pool per loop.
class BlockPool {
 public:
  static constexpr size_t kBlock = 4096;

  std::unique_ptr<char[]> Take();
  void Give(std::unique_ptr<char[]> block) { spare_.Give(std::move(block)); }
  void DropUnused() { spare_.DropUnused(); }

 private:
  static constexpr size_t kMostSpare = 256;
  Spares<std::unique_ptr<char[]>> spare_{kMostSpare};
};

class InputBuffer {
 public:
  explicit InputBuffer(BlockPool& pool) : pool_(pool) {}
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;
  ~InputBuffer();

  char* data() { return block_.memory.get() + begin_; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  void Consume(size_t bytes) { begin_ += bytes; }

  // Room behind the data, without moving anything.
  char* tail() { return block_.memory.get() + end_; }
  size_t room() const { return block_.size - end_; }
  void Filled(size_t bytes) { end_ += bytes; }
  // Makes room for at least `bytes` more by moving unpinned data; data() changes.
  void Reserve(size_t bytes);

  // What was consumed so far stays where it is until Unpin().
  void Pin() { pinned_ = begin_; }
  void Unpin();
  // Gives the block back if there is nothing in it. Not while pinned.
  void Shrink();
  // Exchanges a large block for a smaller one when little is in it; data() changes. Not while
  // pinned.
  void Trim();
  // Memory of the data, used or not.
  size_t capacity() const { return block_.size; }

 private:
  struct Block {
    std::unique_ptr<char[]> memory;
    size_t size = 0;
  };
  Block Make(size_t size);
  // The data into a block of at least that size.
  void Move(size_t size);
  void Return(Block block);

  BlockPool& pool_;
  Block block_;
  Block held_;  // the block of the pinned bytes, when the data has left it
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t pinned_ = 0;  // bytes at the front of block_ that may not move
};

}  // namespace frontdesk::http
