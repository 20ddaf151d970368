#include "gateway/policy/request_id.h"

#include <algorithm>

namespace frontdesk::policy {

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
    for (size_t i = 0; i < 16; ++i, bits >>= 4) id[half * 16 + i] = "0123456789abcdef"[bits & 15];
  }
  return id;
}

}  // namespace frontdesk::policy
