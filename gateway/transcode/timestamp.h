// google.protobuf.Timestamp and Duration as text: RFC 3339 and "1.5s".
#pragma once

#include <cstdint>
#include <string_view>

namespace frontdesk::transcode {

// Seconds and nanoseconds as the two messages hold them.
struct SecondsNanos {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

inline constexpr size_t kMaxTimeText = 40;

// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z; nanos 0 to 999,999,999.
bool IsValidTimestamp(const SecondsNanos& time);
// Up to +-315,576,000,000 s (10,000 years), both parts with the same sign.
bool IsValidDuration(const SecondsNanos& time);

// Writes a valid value with 0, 3, 6 or 9 digits of a second, without quotes; `p` has room for
// kMaxTimeText. Returns the end.
char* WriteTimestamp(char* p, const SecondsNanos& time);
char* WriteDuration(char* p, const SecondsNanos& time);

// RFC 3339 with any offset, upper case, calendar checked, no leap seconds. False when malformed or
// out of range.
bool ParseTimestamp(std::string_view text, SecondsNanos& time);
bool ParseDuration(std::string_view text, SecondsNanos& time);

}  // namespace frontdesk::transcode
