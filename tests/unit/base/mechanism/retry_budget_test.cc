#include "gateway/base/mechanism/retry_budget.h"

#include <gtest/gtest.h>

#include <chrono>

namespace frontdesk {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart = TimePoint(1000s);

int TakeAll(RetryBudget& budget, TimePoint now) {
  int taken = 0;
  while (taken < 1'000'000 && budget.Take(now)) ++taken;
  return taken;
}

TEST(RetryBudget, WhatMayBeTakenAtOnce) {
  struct Row {
    const char* what;
    RetryBudgetSettings settings;
    int calls;
    int want;
  };
  const Row rows[] = {
      {"share", {20, 0, 10s}, 1000, 200},
      {"a share comes out exact", {20, 0, 10s}, 15, 3},
      {"a share begun counts as one", {20, 0, 10s}, 6, 2},
      {"share of nothing", {20, 0, 10s}, 0, 0},
      {"share above the floor", {20, 3, 10s}, 1000, 200},
      {"floor at start-up: half of the window's", {20, 3, 10s}, 0, 15},
      {"floor of a channel with few calls", {20, 3, 10s}, 10, 15},
      {"floor alone", {0, 3, 10s}, 100000, 15},
      {"floor below one in a window", {0, 0.01, 10s}, 0, 1},
      {"off", {0, 0, 10s}, 100000, 0},
      {"below nothing", {-20, -3, 10s}, 1000, 0},
      {"a whole share", {100, 0, 10s}, 50, 50},
      {"no window", {20, 3, 0s}, 1000, 200},
  };
  for (const Row& row : rows) {
    RetryBudget budget(row.settings);
    for (int i = 0; i < row.calls; ++i) budget.OnCall(kStart);
    EXPECT_EQ(TakeAll(budget, kStart), row.want) << row.what;
    EXPECT_EQ(budget.left(kStart), 0) << row.what;
    EXPECT_FALSE(budget.Take(kStart)) << row.what;
  }
}

TEST(RetryBudget, CallsAndAttemptsLeaveTheWindow) {
  RetryBudget budget({20, 0, 10s});
  for (int i = 0; i < 100; ++i) budget.OnCall(kStart);
  EXPECT_EQ(budget.left(kStart + 9s), 20);
  EXPECT_EQ(TakeAll(budget, kStart + 5s), 20);
  EXPECT_EQ(budget.left(kStart + 10s), 0);  // the calls are gone
  for (int i = 0; i < 200; ++i) budget.OnCall(kStart + 10s);
  EXPECT_EQ(budget.left(kStart + 14s), 20);  // 40, of which 20 are taken
  EXPECT_EQ(budget.left(kStart + 15s), 40);
}

TEST(RetryBudget, TheFloorIsSpreadOverTheWindow) {
  RetryBudget budget({0, 3, 10s});
  EXPECT_EQ(TakeAll(budget, kStart), 15);
  EXPECT_EQ(TakeAll(budget, kStart + 999ms), 0);
  EXPECT_EQ(TakeAll(budget, kStart + 1s), 15);
  for (int second = 2; second < 10; ++second) {
    EXPECT_EQ(TakeAll(budget, kStart + second * 1s), 0) << second;
  }
  EXPECT_EQ(TakeAll(budget, kStart + 10s), 15);
}

// All calls fail and each wants two more attempts: what is offered stays below 1.2 x the calls.
TEST(RetryBudget, BoundsARetryStorm) {
  RetryBudget budget({20, 3, 10s});
  int taken = 0;
  constexpr int kCalls = 40'000;
  for (int i = 0; i < kCalls; ++i) {
    const TimePoint now = kStart + i * 2500us;  // 400 a second
    budget.OnCall(now);
    for (int retry = 0; retry < 2; ++retry) taken += budget.Take(now);
  }
  EXPECT_LE(taken, kCalls * 20 / 100 + 15);
  EXPECT_GE(taken, kCalls * 19 / 100);
}

}  // namespace
}  // namespace frontdesk
