#include "gateway/base/mechanism/lateness.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace frontdesk {
namespace {

using Level = Lateness::Level;
using std::chrono::milliseconds;

TEST(Lateness, TakesALatenessThatStays) {
  // Looks as {at, age} in milliseconds, with a limit of 50; the levels after each.
  struct Look {
    int at, age;
  };
  const struct {
    const char* name;
    std::vector<Look> looks;
    std::string levels;  // '.' none, 'l' late, 'v' very late
  } rows[] = {
      {"in time", {{0, 0}, {10, 50}, {100, 50}, {200, 49}}, "...."},
      {"one long standstill", {{0, 0}, {5000, 5000}, {5003, 3}, {5006, 3}}, "...."},
      {"one after the other", {{0, 90}, {10, 1}, {100, 90}, {110, 1}, {200, 90}}, "....."},
      {"stays late", {{0, 60}, {20, 70}, {49, 80}, {50, 60}, {60, 51}, {70, 50}}, "...ll."},
      {"late, then very late",
       {{0, 60}, {50, 101}, {99, 120}, {100, 130}, {110, 100}, {120, 110}},
       ".llvll"},
      {"at once very late", {{0, 300}, {50, 300}, {60, 60}, {70, 300}}, ".vll"},
      {"again from the start",
       {{0, 60}, {50, 60}, {60, 0}, {70, 60}, {119, 60}, {120, 60}},
       ".l...l"},
  };
  const TimePoint start{std::chrono::hours(1)};
  for (const auto& row : rows) {
    Lateness lateness(milliseconds(50));
    std::string levels;
    for (const Look& look : row.looks) {
      const TimePoint now = start + milliseconds(look.at);
      lateness.Observe(milliseconds(look.age), now);
      levels += ".lv"[static_cast<size_t>(lateness.level(now))];
    }
    EXPECT_EQ(levels, row.levels) << row.name;
  }
}

TEST(Lateness, IsForgottenWhenNobodyLooks) {
  const TimePoint start{std::chrono::hours(1)};
  Lateness lateness(milliseconds(50));
  EXPECT_EQ(lateness.level(start), Level::kNone);
  lateness.Observe(milliseconds(200), start);
  lateness.Observe(milliseconds(200), start + milliseconds(50));
  EXPECT_EQ(lateness.level(start + milliseconds(450)), Level::kVeryLate);
  EXPECT_EQ(lateness.level(start + milliseconds(451)), Level::kNone);
}

}  // namespace
}  // namespace frontdesk
