// Days and moments that a contract names.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace frontdesk::contract {

// "2026-11-01", which is its first moment, or "2026-11-01T06:00:00Z" (RFC 3339, UTC alone); years
// 1970 to 9999. Nothing if it is neither.
std::optional<std::chrono::sys_seconds> ParseDate(std::string_view text);

}  // namespace frontdesk::contract
