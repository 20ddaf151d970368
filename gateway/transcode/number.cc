#include "gateway/transcode/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace frontdesk::transcode {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// What printf's %g does with the shortest digits: `low` and `high` are the precisions at which
// protobuf prints, and decide from which exponent on the scientific form is used.
template <class Real>
char* WriteReal(char* p, Real value, int low, int high) {
  char text[kMaxNumberText];
  char* const end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  const char* from = text;
  if (*from == '-') *p++ = *from++;
  const char* const mark = std::find(from, static_cast<const char*>(end), 'e');
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  const int digits = mark - from == 1 ? 1 : static_cast<int>(mark - from) - 1;
  if (exponent < -4 || exponent >= (digits <= low ? low : high)) {
    std::memcpy(p, from, static_cast<size_t>(end - from));
    return p + (end - from);
  }
  const auto digit = [&](int i) { return i >= digits ? '0' : from[i == 0 ? 0 : i + 1]; };
  if (exponent < 0) {
    *p++ = '0';
    *p++ = '.';
    p = std::fill_n(p, -exponent - 1, '0');
  }
  for (int i = 0; i <= std::max(exponent, digits - 1); ++i) {
    if (i > 0 && i == exponent + 1) *p++ = '.';
    *p++ = digit(i);
  }
  return p;
}

// Digits of a JSON number, taken apart: the value is digits x 10^exponent.
struct Decimal {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;
};

Decimal TakeApart(std::string_view text) {
  Decimal decimal;
  if (text.front() == '-') {
    decimal.negative = true;
    text.remove_prefix(1);
  }
  const size_t mark = text.find_first_of("eE");
  std::string_view mantissa = text.substr(0, mark);
  if (mark != std::string_view::npos) {
    text.remove_prefix(mark + 1);
    const bool down = text.front() == '-';
    if (down || text.front() == '+') text.remove_prefix(1);
    // Far beyond any digits that fit into a request, so that it can't overflow.
    int64_t exponent = int64_t{1} << 40;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (error != std::errc() || exponent > int64_t{1} << 40) exponent = int64_t{1} << 40;
    decimal.exponent = down ? -exponent : exponent;
  }
  const size_t point = mantissa.find('.');
  decimal.whole = mantissa.substr(0, point);
  if (point != std::string_view::npos) decimal.fraction = mantissa.substr(point + 1);
  return decimal;
}

bool AddDigit(uint64_t& magnitude, char digit) {
  const auto value = static_cast<uint64_t>(digit - '0');
  if (magnitude > (UINT64_MAX - value) / 10) return false;
  magnitude = magnitude * 10 + value;
  return true;
}

// from_chars() says "out of range" for too large and too small alike.
bool IsTiny(std::string_view text) {
  const Decimal decimal = TakeApart(text);
  const size_t first = decimal.whole.find_first_not_of('0');
  if (first != std::string_view::npos) {
    return decimal.exponent + static_cast<int64_t>(decimal.whole.size() - first) < 0;
  }
  const size_t leading = decimal.fraction.find_first_not_of('0');
  return leading == std::string_view::npos || decimal.exponent < static_cast<int64_t>(leading);
}

template <class Real>
bool ParseReal(std::string_view text, Real& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc()) return std::isfinite(value);
  if (!IsTiny(text)) return false;
  value = text.front() == '-' ? -Real{0} : Real{0};
  return true;
}

}  // namespace

char* WriteDouble(char* p, double value) {
  if (value > -1e15 && value < 1e15 && value != 0 && value == std::trunc(value)) {
    return std::to_chars(p, p + kMaxNumberText, static_cast<int64_t>(value)).ptr;
  }
  return WriteReal(p, value, 15, 17);
}

char* WriteFloat(char* p, float value) { return WriteReal(p, value, 6, 9); }

bool IsJsonNumber(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  const auto digits = [&] {
    const char* const begin = p;
    while (p < end && IsDigit(*p)) ++p;
    return p != begin;
  };
  if (p < end && *p == '-') ++p;
  if (p < end && *p == '0') {
    ++p;
  } else if (!digits()) {
    return false;
  }
  if (p < end && *p == '.') {
    ++p;
    if (!digits()) return false;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p < end && (*p == '+' || *p == '-')) ++p;
    if (!digits()) return false;
  }
  return p == end;
}

bool ParseInteger(std::string_view text, Integer& integer) {
  // What fits without looking at overflow, and has neither point nor exponent.
  const size_t sign = text.front() == '-' ? 1 : 0;
  if (text.size() < 19) {
    uint64_t magnitude = 0;
    size_t i = sign;
    while (i < text.size() && IsDigit(text[i])) {
      magnitude = magnitude * 10 + static_cast<uint64_t>(text[i++] - '0');
    }
    if (i == text.size()) {
      integer = {sign != 0, magnitude};
      return true;
    }
  }
  const Decimal decimal = TakeApart(text);
  integer = {decimal.negative, 0};
  const auto whole = static_cast<int64_t>(decimal.whole.size());
  const auto all = whole + static_cast<int64_t>(decimal.fraction.size());
  // Digits up to here belong to the integer; what follows must be zeros.
  const int64_t point = whole + decimal.exponent;
  for (int64_t i = 0; i < all; ++i) {
    const char digit = i < whole ? decimal.whole[static_cast<size_t>(i)]
                                 : decimal.fraction[static_cast<size_t>(i - whole)];
    if (i >= point ? digit != '0' : !AddDigit(integer.magnitude, digit)) return false;
  }
  if (integer.magnitude == 0) return true;
  for (int64_t i = all; i < point; ++i) {
    if (!AddDigit(integer.magnitude, '0')) return false;
  }
  return true;
}

bool ParseDouble(std::string_view text, double& value) { return ParseReal(text, value); }
bool ParseFloat(std::string_view text, float& value) { return ParseReal(text, value); }

}  // namespace frontdesk::transcode
