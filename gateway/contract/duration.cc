// Durations as people write them, such as "250ms" and "1m30s", and as text again.
#include <array>
#include <limits>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"

namespace frontdesk::contract {
namespace {

struct Unit {
  std::string_view name;
  uint64_t nanoseconds;
};

// From the longest, the order in which they may follow each other.
constexpr std::array<Unit, 6> kUnits = {{{"h", 3'600'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"s", 1'000'000'000},
                                         {"ms", 1'000'000},
                                         {"us", 1'000},
                                         {"ns", 1}}};
constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits in front of `text`; false when there are none or too many to count.
bool TakeDigits(std::string_view& text, uint64_t& value, size_t& count) {
  value = 0;
  count = 0;
  while (count < text.size() && IsDigit(text[count])) {
    const uint64_t digit = static_cast<uint64_t>(text[count] - '0');
    if (value > (kMax - digit) / 10) return false;
    value = value * 10 + digit;
    ++count;
  }
  text.remove_prefix(count);
  return count > 0;
}

// The unit in front of `text`, at or after `from`, or kUnits.size().
size_t TakeUnit(std::string_view& text, size_t from) {
  size_t length = 0;
  while (length < text.size() && text[length] >= 'a' && text[length] <= 'z') ++length;
  for (size_t i = from; i < kUnits.size(); ++i) {
    if (kUnits[i].name != text.substr(0, length)) continue;
    text.remove_prefix(length);
    return i;
  }
  return kUnits.size();
}

}  // namespace

std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  uint64_t total = 0;
  for (size_t from = 0; !text.empty();) {
    uint64_t whole = 0, fraction = 0;
    size_t digits = 0;
    if (!TakeDigits(text, whole, digits)) return std::nullopt;
    digits = 0;
    if (!text.empty() && text[0] == '.') {
      text.remove_prefix(1);
      if (!TakeDigits(text, fraction, digits) || digits > 9) return std::nullopt;
    }
    const size_t index = TakeUnit(text, from);
    if (index == kUnits.size()) return std::nullopt;
    from = index + 1;
    const uint64_t unit = kUnits[index].nanoseconds;
    uint64_t scale = 1;
    for (size_t i = 0; i < digits; ++i) scale *= 10;
    // A fraction must come out in whole nanoseconds, and only the last part may have one.
    const auto part = static_cast<unsigned __int128>(fraction) * unit;
    if (part % scale != 0 || (digits > 0 && !text.empty())) return std::nullopt;
    const auto sum = static_cast<unsigned __int128>(whole) * unit + part / scale + total;
    if (sum > kMax) return std::nullopt;
    total = static_cast<uint64_t>(sum);
  }
  if (total == 0) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<int64_t>(total));
}

std::string DurationText(std::chrono::nanoseconds time) {
  auto left = static_cast<uint64_t>(time.count());
  std::string text;
  for (const Unit& unit : kUnits) {
    if (left < unit.nanoseconds) continue;
    text += Cat(left / unit.nanoseconds, unit.name);
    left %= unit.nanoseconds;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace frontdesk::contract
