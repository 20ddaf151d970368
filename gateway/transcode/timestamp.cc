#include "gateway/transcode/timestamp.h"

#include <array>
#include <charconv>
#include <cstring>

namespace frontdesk::transcode {
namespace {

constexpr int64_t kDay = 86400;
constexpr int64_t kMinTimestamp = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kMaxTimestamp = 253402300799;  // 9999-12-31T23:59:59Z
constexpr int64_t kMaxDuration = 315576000000;
constexpr int32_t kSecond = 1000000000;

bool IsLeap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

struct Date {
  int64_t year;
  int month;
  int day;
};

// The calendar is counted in years that begin in March, so that the leap day is the last of its
// year; 719468 days lie between 0000-03-01 and 1970-01-01. Only for years 0 to 9999.
int64_t DaysSinceEpoch(const Date& date) {
  const int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const int64_t month = (date.month + 9) % 12;
  return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + date.day - 1 -
         719468;
}

Date DateOf(int64_t days) {
  constexpr uint32_t kEra = 146097;  // days of 400 years
  const auto shifted = static_cast<uint32_t>(days + 719468);
  const uint32_t era = shifted / kEra;
  const uint32_t in_era = shifted % kEra;
  const uint32_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  const uint32_t in_year = in_era - (365 * year + year / 4 - year / 100);
  const uint32_t march_month = (5 * in_year + 2) / 153;
  const auto month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  const auto day = static_cast<int>(in_year - (153 * march_month + 2) / 5 + 1);
  return {int64_t{era} * 400 + year + (month <= 2 ? 1 : 0), month, day};
}

// "00" to "99".
constexpr std::array<char, 200> kPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

char* WritePair(char* p, uint32_t value) {
  std::memcpy(p, &kPairs[size_t{2} * value], 2);
  return p + 2;
}

char* WriteDigits(char* p, uint32_t value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) p[i] = static_cast<char>('0' + value % 10);
  return p + width;
}

char* WriteFraction(char* p, uint32_t nanos) {
  if (nanos == 0) return p;
  *p++ = '.';
  if (nanos % 1000000 == 0) return WriteDigits(p, nanos / 1000000, 3);
  if (nanos % 1000 == 0) return WriteDigits(p, nanos / 1000, 6);
  return WriteDigits(p, nanos, 9);
}

// Takes pieces off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool Digits(size_t width, int& value) {
    if (text_.size() < width) return false;
    value = 0;
    for (size_t i = 0; i < width; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return false;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(width);
    return true;
  }
  bool Char(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // ".5" to ".123456789", or nothing at all.
  bool Fraction(int32_t& nanos) {
    nanos = 0;
    if (!Char('.')) return true;
    int32_t unit = kSecond;
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
      if (unit == 1) return false;
      unit /= 10;
      nanos += (text_.front() - '0') * unit;
      text_.remove_prefix(1);
    }
    return unit != kSecond;
  }
  // "Z" or "+hh:mm", in seconds.
  bool Offset(int64_t& seconds) {
    seconds = 0;
    if (Char('Z')) return true;
    const bool west = Char('-');
    int hours = 0;
    int minutes = 0;
    if ((!west && !Char('+')) || !Digits(2, hours) || !Char(':') || !Digits(2, minutes) ||
        hours > 23 || minutes > 59) {
      return false;
    }
    seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
  }
  bool CivilDate(Date& date) {
    int year = 0;
    if (!Digits(4, year) || !Char('-') || !Digits(2, date.month) || !Char('-') ||
        !Digits(2, date.day)) {
      return false;
    }
    date.year = year;
    return date.month >= 1 && date.month <= 12 && date.day >= 1 &&
           date.day <= DaysInMonth(date.year, date.month);
  }
  bool Clock(int64_t& seconds) {
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!Digits(2, hour) || !Char(':') || !Digits(2, minute) || !Char(':') || !Digits(2, second)) {
      return false;
    }
    seconds = hour * 3600 + minute * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 59;
  }
  std::string_view rest() const { return text_; }
  void Drop(size_t count) { text_.remove_prefix(count); }

 private:
  std::string_view text_;
};

}  // namespace

bool IsValidTimestamp(const SecondsNanos& time) {
  return time.seconds >= kMinTimestamp && time.seconds <= kMaxTimestamp && time.nanos >= 0 &&
         time.nanos < kSecond;
}

bool IsValidDuration(const SecondsNanos& time) {
  return time.seconds >= -kMaxDuration && time.seconds <= kMaxDuration && time.nanos > -kSecond &&
         time.nanos < kSecond && !(time.seconds > 0 && time.nanos < 0) &&
         !(time.seconds < 0 && time.nanos > 0);
}

char* WriteTimestamp(char* p, const SecondsNanos& time) {
  const int64_t since_year_1 = time.seconds - kMinTimestamp;  // not negative, so / rounds down
  const int64_t days = since_year_1 / kDay + kMinTimestamp / kDay;
  const auto clock = static_cast<uint32_t>(since_year_1 % kDay);
  const Date date = DateOf(days);
  const auto year = static_cast<uint32_t>(date.year);
  p = WritePair(WritePair(p, year / 100), year % 100);
  *p++ = '-';
  p = WritePair(p, static_cast<uint32_t>(date.month));
  *p++ = '-';
  p = WritePair(p, static_cast<uint32_t>(date.day));
  *p++ = 'T';
  p = WritePair(p, clock / 3600);
  *p++ = ':';
  p = WritePair(p, clock / 60 % 60);
  *p++ = ':';
  p = WritePair(p, clock % 60);
  p = WriteFraction(p, static_cast<uint32_t>(time.nanos));
  *p++ = 'Z';
  return p;
}

char* WriteDuration(char* p, const SecondsNanos& time) {
  const bool negative = time.seconds < 0 || time.nanos < 0;
  if (negative) *p++ = '-';
  p = std::to_chars(p, p + 20, negative ? -time.seconds : time.seconds).ptr;
  p = WriteFraction(p, static_cast<uint32_t>(negative ? -time.nanos : time.nanos));
  *p++ = 's';
  return p;
}

bool ParseTimestamp(std::string_view text, SecondsNanos& time) {
  Scanner scanner(text);
  Date date{};
  int64_t clock = 0;
  int64_t offset = 0;
  if (!scanner.CivilDate(date) || !scanner.Char('T') || !scanner.Clock(clock) ||
      !scanner.Fraction(time.nanos) || !scanner.Offset(offset) || !scanner.rest().empty()) {
    return false;
  }
  time.seconds = DaysSinceEpoch(date) * kDay + clock - offset;
  return IsValidTimestamp(time);
}

bool ParseDuration(std::string_view text, SecondsNanos& time) {
  Scanner scanner(text);
  const bool negative = scanner.Char('-');
  const std::string_view rest = scanner.rest();
  if (rest.empty() || rest.front() < '0' || rest.front() > '9') return false;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), time.seconds);
  if (error != std::errc()) return false;
  scanner.Drop(static_cast<size_t>(end - rest.data()));
  if (!scanner.Fraction(time.nanos) || !scanner.Char('s') || !scanner.rest().empty()) return false;
  if (negative) {
    time.seconds = -time.seconds;
    time.nanos = -time.nanos;
  }
  return IsValidDuration(time);
}

}  // namespace frontdesk::transcode
