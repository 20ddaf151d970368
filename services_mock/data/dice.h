// Numbers that look random and are the same in every run.
#pragma once

#include <cstdint>
#include <iterator>
#include <string_view>

namespace frontdesk::mock {

// A sequence of its own for every (kind, n), by SplitMix64.
class Dice {
 public:
  Dice(std::string_view kind, int n) : state_(static_cast<uint64_t>(n) * 0x9e3779b97f4a7c15) {
    for (const char c : kind) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // From `low` to `high`, both included.
  int Between(int low, int high) {
    return low + static_cast<int>(Next() % static_cast<uint64_t>(high - low + 1));
  }
  bool Chance(int percent) { return Between(1, 100) <= percent; }
  template <class List>
  const auto& Of(const List& list) {
    return list[Next() % std::size(list)];
  }

 private:
  uint64_t state_;
};

}  // namespace frontdesk::mock
