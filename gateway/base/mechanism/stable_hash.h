// A hash that is the same in every process, build and version: for choices that must not change
// with them. No defence against who chooses keys.
#pragma once

#include <cstdint>
#include <string_view>

namespace frontdesk {

// FNV-1a, its bits then mixed once more, since those of short keys are not all touched by it.
inline uint64_t StableHash(std::string_view bytes, uint64_t from = 0xcbf29ce484222325) {
  uint64_t hash = from;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

}  // namespace frontdesk
