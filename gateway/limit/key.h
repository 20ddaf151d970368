// Whose bucket it is, as a number that nobody outside can foresee.
#pragma once

#include <cstdint>
#include <string_view>

namespace frontdesk::limit {

struct KeyHash {
  uint64_t high = 0, low = 0;
  bool operator==(const KeyHash&) const = default;
};

// SipHash-2-4 with 128 bits of output. Who doesn't know the seed can't find keys that collide.
class KeyHasher {
 public:
  KeyHasher(uint64_t seed_low, uint64_t seed_high) : k0_(seed_low), k1_(seed_high) {}
  // Seeded by the system.
  static KeyHasher Random();

  // Of the key of that rule: the rule's number in eight bytes, then the key.
  KeyHash Of(uint64_t rule, std::string_view key) const;

 private:
  uint64_t k0_, k1_;
};

}  // namespace frontdesk::limit
