// What failures say.
#include "gateway/upstream/verdict.h"

#include <gtest/gtest.h>

#include <chrono>

namespace frontdesk::upstream {
namespace {

using std::chrono::milliseconds;

TEST(MayHaveActed, OnlyAClearNoMeansNo) {
  const Failure lost(absl::StatusCode::kUnavailable, "UPSTREAM_RESET", "", Origin::kUpstream);
  const struct {
    absl::Status failure;
    bool may;
    bool may_once_marked;
  } rows[] = {
      {lost, true, true},
      {Failure(lost).NeverSent(), false, false},
      {absl::CancelledError(""), true, true},
      {absl::DeadlineExceededError(""), true, true},
      {absl::UnavailableError(""), true, true},
      {absl::InternalError(""), true, true},
      {absl::DataLossError(""), true, true},
      {absl::AbortedError(""), false, true},
      {absl::AlreadyExistsError(""), false, true},
      {absl::PermissionDeniedError(""), false, true},
      {absl::ResourceExhaustedError(""), false, true},
      {absl::UnauthenticatedError(""), false, true},
      {absl::UnimplementedError(""), false, true},
      {absl::InvalidArgumentError(""), false, false},
      {absl::NotFoundError(""), false, false},
      {absl::FailedPreconditionError(""), false, false},
      {absl::OutOfRangeError(""), false, false},
      // The answer was there, but too large.
      {Failure(absl::StatusCode::kResourceExhausted, "UPSTREAM_MESSAGE_TOO_LARGE", "",
               Origin::kUpstream),
       true, true},
  };
  for (const auto& row : rows) {
    absl::Status failure = row.failure;
    EXPECT_EQ(MayHaveActed(failure), row.may) << failure;
    MarkActed(failure);
    EXPECT_EQ(MayHaveActed(failure), row.may_once_marked) << failure;
  }
}

TEST(Judge, WhatWasHeldSaysNothingByBeingLate) {
  const struct {
    absl::Status failure;
    Verdict sent, held;
  } rows[] = {
      {absl::DeadlineExceededError(""), Verdict::kBad, Verdict::kNothing},
      {absl::CancelledError(""), Verdict::kNothing, Verdict::kNothing},
      {absl::UnavailableError(""), Verdict::kBad, Verdict::kBad},
      {absl::NotFoundError(""), Verdict::kGood, Verdict::kGood},
  };
  for (const auto& row : rows) {
    absl::Status failure = row.failure;
    EXPECT_EQ(Judge(failure, false), row.sent) << failure;
    const bool may_have_acted = MayHaveActed(failure);
    MarkHeld(failure);
    EXPECT_EQ(Judge(failure, false), row.held) << failure;
    EXPECT_EQ(JudgeEndpoint(failure, false), row.held) << failure;
    EXPECT_EQ(MayHaveActed(failure), may_have_acted) << failure;
  }
}

TEST(Losses, OneThingThatHappensCountsOnce) {
  constexpr TimePoint kStart{std::chrono::seconds(1000)};
  absl::Status lost = absl::UnavailableError("");
  MarkLost(lost);
  Losses losses;
  EXPECT_EQ(losses.Filter(Verdict::kGood, absl::OkStatus(), kStart), Verdict::kGood);
  EXPECT_EQ(losses.Filter(Verdict::kBad, lost, kStart), Verdict::kBad);
  EXPECT_EQ(losses.Filter(Verdict::kBad, lost, kStart + milliseconds(9)), Verdict::kNothing);
  EXPECT_EQ(losses.Filter(Verdict::kBad, absl::UnavailableError(""), kStart), Verdict::kBad)
      << "that was another thing";
  EXPECT_EQ(losses.Filter(Verdict::kBad, lost, kStart + milliseconds(11)), Verdict::kBad);
}

}  // namespace
}  // namespace frontdesk::upstream
