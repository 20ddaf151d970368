// Numbers between JSON text and machine types, exact in both directions.
#pragma once

#include <cstdint>
#include <string_view>

namespace frontdesk::transcode {

inline constexpr size_t kMaxNumberText = 40;

// The shortest text that reads back as the same value, laid out as protobuf does ("1e+21",
// "1e-07"). `value` is finite; `p` has room for kMaxNumberText. Returns the end.
char* WriteDouble(char* p, double value);
char* WriteFloat(char* p, float value);

// True for exactly the number grammar of RFC 8259: no sign but '-', no leading zeros, no spaces.
bool IsJsonNumber(std::string_view text);

// The integer that a JSON number stands for, never by way of a double: "1e5" and "10.0" are
// integers, "0.5" is none. `text` fits IsJsonNumber().
struct Integer {
  bool negative = false;
  uint64_t magnitude = 0;
};
bool ParseInteger(std::string_view text, Integer& integer);

// The nearest value. False when it is out of range; what is too small becomes zero. `text` fits
// IsJsonNumber().
bool ParseDouble(std::string_view text, double& value);
bool ParseFloat(std::string_view text, float& value);

}  // namespace frontdesk::transcode
