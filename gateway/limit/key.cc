#include "gateway/limit/key.h"

#include <bit>
#include <cstring>

#include "gateway/base/seed.h"

namespace frontdesk::limit {
namespace {

struct State {
  uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void Absorb(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
  uint64_t Squeeze() {
    for (int i = 0; i < 4; ++i) Round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

// Little-endian, as every machine this runs on.
uint64_t Load(const char* from, size_t bytes) {
  uint64_t word = 0;
  std::memcpy(&word, from, bytes);
  return word;
}

}  // namespace

KeyHasher KeyHasher::Random() { return KeyHasher(SecretSeed(), SecretSeed()); }

KeyHash KeyHasher::Of(uint64_t rule, std::string_view key) const {
  State state{k0_ ^ 0x736f6d6570736575, k1_ ^ 0x646f72616e646f6d ^ 0xee, k0_ ^ 0x6c7967656e657261,
              k1_ ^ 0x7465646279746573};
  state.Absorb(rule);
  size_t at = 0;
  for (; key.size() - at >= 8; at += 8) state.Absorb(Load(key.data() + at, 8));
  const uint64_t length = key.size() + sizeof rule;
  state.Absorb(length << 56 | Load(key.data() + at, key.size() - at));
  state.v2 ^= 0xee;
  const uint64_t low = state.Squeeze();
  state.v1 ^= 0xdd;
  return {.high = state.Squeeze(), .low = low};
}

}  // namespace frontdesk::limit
