// Who is refused first when not all can be served.
#pragma once

#include <cstddef>
#include <cstdint>

namespace frontdesk {

// In the order in which they are served.
enum class Priority : uint8_t { kCritical, kNormal, kSheddable };
inline constexpr size_t kPriorities = 3;

}  // namespace frontdesk
