#include "gateway/base/mechanism/queue_age.h"

#include <gtest/gtest.h>

namespace frontdesk {
namespace {

using std::chrono::milliseconds;

TEST(QueueAge, ABurstMayWaitAQueueThatStandsMayNot) {
  const TimePoint start{std::chrono::hours(1)};
  QueueAge age({milliseconds(4), milliseconds(100)});
  const struct {
    int joined_ms;  // -1: nobody joins
    bool was_empty;
    int now_ms;
    int limit_ms;
  } rows[] = {
      {0, true, 0, 100},         {50, false, 99, 100},    {99, false, 100, 4},
      {150, false, 150, 4},      {-1, false, 10000, 4},    // nobody came, nobody left
      {10000, true, 10000, 100},                           // it was empty
      {10050, true, 10110, 100},                           // and once more
      {-1, false, 10150, 4},     {-1, false, 10140, 100},  // a clock that was read earlier
  };
  for (const auto& row : rows) {
    if (row.joined_ms >= 0) age.OnJoin(row.was_empty, start + milliseconds(row.joined_ms));
    EXPECT_EQ(age.Limit(start + milliseconds(row.now_ms)), milliseconds(row.limit_ms))
        << row.now_ms;
  }
}

TEST(QueueAge, TheCriticalMayWaitLonger) {
  const TimePoint start{std::chrono::hours(1)};
  QueueAge age({.max_age = milliseconds(4), .interval = milliseconds(100), .critical = 10});
  age.OnJoin(true, start);
  EXPECT_EQ(age.Limit(start, Priority::kCritical), milliseconds(1000));
  EXPECT_EQ(age.Limit(start, Priority::kSheddable), milliseconds(100));
  EXPECT_EQ(age.Limit(start + milliseconds(100), Priority::kCritical), milliseconds(40));
  EXPECT_EQ(age.Limit(start + milliseconds(100), Priority::kNormal), milliseconds(4));
}

TEST(QueueAge, ALongAgeIsNotCutByTheInterval) {
  const TimePoint start{std::chrono::hours(1)};
  QueueAge age({milliseconds(500), milliseconds(100)});
  age.OnJoin(true, start);
  EXPECT_EQ(age.Limit(start), milliseconds(500));
  EXPECT_EQ(age.Limit(start + milliseconds(200)), milliseconds(500));
}

}  // namespace
}  // namespace frontdesk
