#include "gateway/policy/request_id.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace frontdesk::policy {
namespace {

// Of a byte, the lower half first.
constexpr std::array<std::array<char, 2>, 256> kHexPairs = [] {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = {kHex[i & 15], kHex[i >> 4]};
  return pairs;
}();

}  // namespace

bool IsUsableRequestId(std::string_view id) {
  constexpr size_t kLongest = 128;
  if (id.empty() || id.size() > kLongest) return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return alphanumeric || std::string_view("-_.:+/=").find(c) != std::string_view::npos;
  });
}

std::string RequestIds::Choose(std::string_view offered) {
  if (IsUsableRequestId(offered)) return std::string(offered);
  std::string id(32, '0');
  for (size_t half = 0; half < 2; ++half) {
    uint64_t bits = random_();
    for (size_t i = 0; i < 16; i += 2, bits >>= 8) {
      std::memcpy(&id[half * 16 + i], kHexPairs[bits & 255].data(), 2);
    }
  }
  return id;
}

}  // namespace frontdesk::policy
