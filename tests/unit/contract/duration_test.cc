#include <gtest/gtest.h>

#include <limits>

#include "gateway/contract/contract.h"

namespace frontdesk::contract {
namespace {

TEST(ParseDuration, Reads) {
  struct Row {
    const char* text;
    int64_t nanoseconds;
  };
  const Row rows[] = {
      {"1ns", 1},
      {"1us", 1'000},
      {"250ms", 250'000'000},
      {"2s", 2'000'000'000},
      {"1m30s", 90'000'000'000},
      {"1h", 3'600'000'000'000},
      {"1h1m1s1ms1us1ns", 3'661'001'001'001},
      {"1.5s", 1'500'000'000},
      {"0.25ms", 250'000},
      {"1m0.5s", 60'500'000'000},
      {"0.000000001s", 1},
      {"0m1s", 1'000'000'000},
      {"007s", 7'000'000'000},
      {"9223372036854775807ns", INT64_MAX},
  };
  for (const Row& row : rows) {
    const auto duration = ParseDuration(row.text);
    ASSERT_TRUE(duration.has_value()) << row.text;
    EXPECT_EQ(duration->count(), row.nanoseconds) << row.text;
  }
}

TEST(ParseDuration, Refuses) {
  for (const char* text : {"",
                           "0",
                           "0s",
                           "5",
                           "s",
                           "ms",
                           "1",
                           "-1s",
                           "+1s",
                           " 1s",
                           "1s ",
                           "1 s",
                           "1S",
                           "1sec",
                           "1d",
                           "1s1m",
                           "1s1s",
                           "30s1m",
                           "1.s",
                           ".5s",
                           "1..5s",
                           "1,5s",
                           "1.5m1s",
                           "0.5ns",
                           "1e3s",
                           "0x1s",
                           "1.0000000001s",
                           "NaN",
                           "1ms2s",
                           "0.0001us",
                           "99999999999999999999s",
                           "9223372036854775808ns",
                           "2562048h",
                           "1\xC2\xB5s"}) {
    EXPECT_FALSE(ParseDuration(text).has_value()) << text;
  }
}

TEST(DurationText, IsReadAsTheSameTime) {
  const struct {
    int64_t nanoseconds;
    const char* text;
  } rows[] = {
      {0, "0s"},
      {1, "1ns"},
      {250'000'000, "250ms"},
      {1'500'000'000, "1s500ms"},
      {90'000'000'000, "1m30s"},
      {3'600'000'000'000, "1h"},
      {std::numeric_limits<int64_t>::max(), "2562047h47m16s854ms775us807ns"},
  };
  for (const auto& row : rows) {
    const std::chrono::nanoseconds time(row.nanoseconds);
    EXPECT_EQ(DurationText(time), row.text);
    if (row.nanoseconds > 0) {
      EXPECT_EQ(ParseDuration(row.text), time);
    }
  }
}

}  // namespace
}  // namespace frontdesk::contract
