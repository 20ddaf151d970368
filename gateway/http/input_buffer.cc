#include "gateway/http/input_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace frontdesk::http {

std::unique_ptr<char[]> BlockPool::Take() {
  std::unique_ptr<char[]> block = spare_.Take();
  return block ? std::move(block) : std::unique_ptr<char[]>(new char[kBlock]);
}

InputBuffer::~InputBuffer() {
  Return(std::move(held_));
  Return(std::move(block_));
}

InputBuffer::Block InputBuffer::Make(size_t size) {
  if (size <= BlockPool::kBlock) return {pool_.Take(), BlockPool::kBlock};
  return {std::unique_ptr<char[]>(new char[size]), size};
}

void InputBuffer::Return(Block block) {
  if (block.size == BlockPool::kBlock) pool_.Give(std::move(block.memory));
}

void InputBuffer::Reserve(size_t bytes) {
  if (begin_ == end_ && begin_ != pinned_) begin_ = end_ = pinned_;
  if (room() >= bytes) return;
  const size_t kept = size();
  if (block_.size - pinned_ >= kept + bytes && block_.size != 0) {
    std::memmove(block_.memory.get() + pinned_, data(), kept);
    begin_ = pinned_;
    end_ = pinned_ + kept;
    return;
  }
  // Doubling keeps the copying of a slowly growing head linear.
  Move(std::max(kept + bytes, std::min(kept * 2, kept + (size_t{64} << 10))));
}

void InputBuffer::Move(size_t size) {
  const size_t kept = end_ - begin_;
  Block other = Make(size);
  if (kept > 0) std::memcpy(other.memory.get(), data(), kept);
  if (pinned_ > 0) {
    held_ = std::move(block_);
    pinned_ = 0;
  } else {
    Return(std::move(block_));
  }
  block_ = std::move(other);
  begin_ = 0;
  end_ = kept;
}

void InputBuffer::Unpin() {
  pinned_ = 0;
  Return(std::exchange(held_, Block()));
}

void InputBuffer::Shrink() {
  if (begin_ != end_) return;
  begin_ = end_ = 0;
  Return(std::exchange(block_, Block()));
}

void InputBuffer::Trim() {
  if (block_.size <= 2 * BlockPool::kBlock || block_.size <= 4 * size()) return;
  if (empty()) return Shrink();
  Move(2 * size());
}

}  // namespace frontdesk::http
