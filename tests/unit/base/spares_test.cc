#include "gateway/base/spares.h"

#include <gtest/gtest.h>

#include <string>

namespace frontdesk {
namespace {

TEST(Spares, TheLastOneFirstAndNoMoreThanSoMany) {
  Spares<std::string> spares(2);
  EXPECT_EQ(spares.Take(), "");
  spares.Give("a");
  spares.Give("b");
  spares.Give("c");
  EXPECT_EQ(spares.size(), 2u);
  EXPECT_EQ(spares.Take(), "b");
  EXPECT_EQ(spares.Take(), "a");
  EXPECT_EQ(spares.Take(), "");
}

TEST(Spares, WhatNobodyNeedsGoes) {
  Spares<std::string> spares(9);
  for (const char* one : {"a", "b", "c", "d"}) spares.Give(one);
  // They came just now.
  spares.DropUnused();
  EXPECT_EQ(spares.size(), 4u);
  // One at a time is enough for what there is to do.
  for (int i = 0; i < 5; ++i) spares.Give(spares.Take());
  spares.DropUnused();
  EXPECT_EQ(spares.size(), 1u);
  EXPECT_EQ(spares.Take(), "d");
  spares.Give("d");
  spares.DropUnused();
  EXPECT_EQ(spares.size(), 1u);
  spares.DropUnused();
  EXPECT_EQ(spares.size(), 0u);
}

}  // namespace
}  // namespace frontdesk
