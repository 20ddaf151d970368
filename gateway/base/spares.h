// Things that are kept for whoever needs such a thing next.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace frontdesk {

// Of one thread. Last in, first out, so that what a busy moment left lies at the bottom.
template <class T>
class Spares {
 public:
  explicit Spares(size_t most) : most_(most) {}

  // An empty T where there is none.
  T Take() {
    if (spare_.empty()) return T();
    T one = std::move(spare_.back());
    spare_.pop_back();
    unused_ = std::min(unused_, spare_.size());
    return one;
  }
  void Give(T one) {
    if (spare_.size() < most_) spare_.push_back(std::move(one));
  }
  // Lets go of those that nobody has needed since it was last called.
  void DropUnused() {
    spare_.erase(spare_.begin(), spare_.begin() + static_cast<std::ptrdiff_t>(unused_));
    spare_.shrink_to_fit();
    unused_ = spare_.size();
  }
  size_t size() const { return spare_.size(); }

 private:
  const size_t most_;
  std::vector<T> spare_;
  size_t unused_ = 0;  // the fewest there have been since then
};

}  // namespace frontdesk
