// SHA-256 of several parts that can't be taken for each other.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace frontdesk {

using Sha256Digest = std::array<uint8_t, 32>;

// Each part counts with its length: {"a", "bc"} is not {"ab", "c"}.
Sha256Digest Sha256(std::initializer_list<std::string_view> parts);

// The first `bytes` of it, in lower-case hexadecimal digits.
std::string ToHex(const Sha256Digest& digest, size_t bytes = 32);

inline std::string_view View(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace frontdesk
