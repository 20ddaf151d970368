// Appends to a std::string through a raw cursor, so that the many small writes of the codec cost a
// compare and a store each.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "gateway/transcode/wire.h"

namespace frontdesk::transcode {

// While it lives the string holds spare room at its end; its size is right again after destruction.
class Buffer {
 public:
  // `expect` is how many bytes will probably come; wrong guesses cost a reallocation.
  Buffer(std::string& out, size_t expect) : out_(out), start_(out.size()) {
    out_.resize(start_ + std::max<size_t>(expect, 64));
    Place(start_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { out_.resize(start_ + size()); }

  // Bytes appended so far.
  size_t size() const { return static_cast<size_t>(cursor_ - out_.data()) - start_; }
  std::string_view From(size_t position) const {
    return {out_.data() + start_ + position, size() - position};
  }
  char* at(size_t position) { return out_.data() + start_ + position; }
  void Truncate(size_t size) { cursor_ = at(size); }
  // Takes `count` bytes out at `position`; what follows moves up.
  void Remove(size_t position, size_t count) {
    std::memmove(at(position), at(position + count), size() - position - count);
    cursor_ -= count;
  }

  // Room for `count` bytes; Advance() says where the writing ended.
  [[gnu::always_inline]] char* Reserve(size_t count) {
    if (static_cast<size_t>(end_ - cursor_) < count) [[unlikely]] {
      Grow(count);
    }
    return cursor_;
  }
  void Advance(char* end) { cursor_ = end; }

  void Char(char c) {
    *Reserve(1) = c;
    ++cursor_;
  }
  void Raw(std::string_view bytes) {
    if (bytes.empty()) return;  // whose data may be null
    std::memcpy(Reserve(bytes.size()), bytes.data(), bytes.size());
    cursor_ += bytes.size();
  }
  void Varint(uint64_t value) { cursor_ = WriteVarint(Reserve(kMaxVarint), value); }
  template <class Number>
  void Fixed(Number value) {
    std::memcpy(Reserve(sizeof value), &value, sizeof value);
    cursor_ += sizeof value;
  }

  // A length prefix whose length is known at the end: one byte is kept free, and what follows moves
  // when the length needs more.
  size_t BeginLength() {
    Char(0);
    return size();
  }
  void EndLength(size_t begin) {
    const size_t length = size() - begin;
    if (length < 0x80) {
      *at(begin - 1) = static_cast<char>(length);
      return;
    }
    const size_t extra = VarintSize(length) - 1;
    Reserve(extra);
    std::memmove(at(begin + extra), at(begin), length);
    WriteVarint(at(begin - 1), length);
    cursor_ += extra;
  }

 private:
  void Place(size_t position) {
    cursor_ = out_.data() + position;
    end_ = out_.data() + out_.size();
  }
  [[gnu::noinline]] void Grow(size_t count) {
    const auto position = static_cast<size_t>(cursor_ - out_.data());
    out_.resize(std::max(out_.size() * 2, position + count));
    Place(position);
  }

  std::string& out_;
  const size_t start_;
  char* cursor_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace frontdesk::transcode
