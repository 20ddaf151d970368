#include "gateway/contract/date.h"

namespace frontdesk::contract {
namespace {

// "0000-00-00T00:00:00Z": a digit stands for a digit.
bool HasShape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return false;
  }
  return true;
}

int Number(std::string_view digits) {
  int number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

}  // namespace

std::optional<std::chrono::sys_seconds> ParseDate(std::string_view text) {
  constexpr std::string_view kDay = "0000-00-00";
  const bool moment = HasShape(text, "0000-00-00T00:00:00Z");
  if (!moment && !HasShape(text, kDay)) return std::nullopt;
  const std::chrono::year_month_day day{
      std::chrono::year(Number(text.substr(0, 4))),
      std::chrono::month(static_cast<unsigned>(Number(text.substr(5, 2)))),
      std::chrono::day(static_cast<unsigned>(Number(text.substr(8, 2))))};
  if (!day.ok() || day.year() < std::chrono::year(1970)) return std::nullopt;
  std::chrono::sys_seconds time = std::chrono::sys_days(day);
  if (!moment) return time;
  const int hours = Number(text.substr(11, 2));
  const int minutes = Number(text.substr(14, 2));
  const int seconds = Number(text.substr(17, 2));
  if (hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
  return time + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         std::chrono::seconds(seconds);
}

}  // namespace frontdesk::contract
