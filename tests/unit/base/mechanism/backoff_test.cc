#include "gateway/base/mechanism/backoff.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

namespace frontdesk {
namespace {

using namespace std::chrono_literals;

const double kAlmostOne = std::nextafter(1.0, 0.0);
constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr uint32_t kManyRetries = std::numeric_limits<uint32_t>::max();

TEST(Grown, ByItsMultiplierUpToItsMax) {
  struct Row {
    const char* what;
    Backoff backoff;
    uint32_t retry;
    Duration want;
  };
  const Row rows[] = {
      {"first", {100ms, 10s, 2}, 1, 100ms},
      {"third", {100ms, 10s, 2}, 3, 400ms},
      {"the last below max", {100ms, 10s, 2}, 7, 6400ms},
      {"at most max", {100ms, 10s, 2}, 8, 10s},
      {"exactly max", {100ms, 400ms, 2}, 3, 400ms},
      {"by halves", {100ms, 10s, 1.5}, 3, 225ms},
      {"no growth", {100ms, 10s, 1}, kManyRetries, 100ms},
      {"shrinks", {100ms, 10s, 0.5}, 2, 50ms},
      {"retries count from 1", {100ms, 10s, 2}, 0, 100ms},
      {"initial above max", {1s, 300ms, 2}, 1, 300ms},
      {"2^(2^32)", {100ms, 10s, 2}, kManyRetries, 10s},
      {"the longest of all", {1ms, Duration::max(), 2}, kManyRetries, Duration::max()},
      {"from the longest on", {Duration::max(), Duration::max(), 2}, 1, Duration::max()},
      {"infinite multiplier", {100ms, 10s, kInfinite}, 2, 10s},
      {"negative multiplier", {100ms, 10s, -2}, 2, 0ms},
      {"no initial", {0ms, 10s, kInfinite}, 2, 0ms},
      {"negative initial", {-5ms, 10s, 2}, 1, 0ms},
      {"no max", {100ms, 0ms, 2}, 1, 0ms},
      {"negative max", {100ms, -1ms, 2}, 1, 0ms},
  };
  for (const Row& row : rows) EXPECT_EQ(Grown(row.backoff, row.retry), row.want) << row.what;
}

TEST(FullJitter, GrowsToItsCeilingAndSpreadsEvenlyBelowIt) {
  struct Row {
    const char* what;
    Backoff backoff;
    uint32_t retry;
    double random;
    Duration want;
  };
  const Row rows[] = {
      {"first", {100ms, 10s, 2}, 1, 0.5, 50ms},
      {"second", {100ms, 10s, 2}, 2, 0.5, 100ms},
      {"third", {100ms, 10s, 2}, 3, 0.25, 100ms},
      {"nothing drawn", {100ms, 10s, 2}, 3, 0, 0ms},
      {"at most max", {100ms, 300ms, 2}, 3, 0.5, 150ms},
      {"initial above max", {1s, 300ms, 2}, 1, 0.5, 150ms},
      {"no growth", {100ms, 10s, 1}, 50, 0.5, 50ms},
      {"growth by halves", {100ms, 10s, 1.5}, 2, 0.5, 75ms},
      {"retries count from 1", {100ms, 10s, 2}, 0, 0.5, 50ms},
      {"2^(2^32)", {100ms, 300ms, 2}, kManyRetries, 0.5, 150ms},
      {"infinite multiplier", {100ms, 300ms, kInfinite}, 2, 0.5, 150ms},
      {"negative multiplier", {100ms, 300ms, -2}, 2, 0.5, 0ms},
      {"no initial", {0ms, 300ms, kInfinite}, 2, 0.5, 0ms},
      {"negative initial", {-5ms, 300ms, 2}, 1, 0.5, 0ms},
      {"no max", {100ms, 0ms, 2}, 1, 0.5, 0ms},
      {"negative max", {100ms, -1ms, 2}, 1, 0.5, 0ms},
      {"random below 0", {100ms, 10s, 2}, 1, -1, 0ms},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(FullJitter(row.backoff, row.retry, row.random), row.want) << row.what;
  }
}

TEST(FullJitter, StaysBelowItsCeiling) {
  for (const double random : {kAlmostOne, 1.0, 7.0, kInfinite}) {
    EXPECT_LT(FullJitter({100ms, 10s, 2}, 1, random), 100ms) << random;
    EXPECT_GE(FullJitter({100ms, 10s, 2}, 1, random), 99999us) << random;
    const Duration longest =
        FullJitter({Duration::max(), Duration::max(), 2}, kManyRetries, random);
    EXPECT_LT(longest, Duration::max()) << random;
    EXPECT_GT(longest, Duration::max() - 1h) << random;
  }
}

}  // namespace
}  // namespace frontdesk
