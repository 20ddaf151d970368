// Which failures are tried again, when, and how often.
#include <thread>

#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/pushback.h"
#include "tests/unit/upstream/chain.h"

namespace frontdesk::upstream {
namespace {

using contract::Idempotency;
using ::testing::ElementsAre;

class Retry : public Chain {
 protected:
  // Answers every attempt with the next of `failures`, and those after them with a reply. The
  // number of attempts that there were.
  int Attempts(Idempotency level, const std::vector<absl::Status>& failures) {
    Pending& pending = Start(level);
    int attempts = 0;
    while (!pending.result) {
      RunUntil([&] { return pending.result.has_value() || !Live().empty(); });
      if (Live().empty()) break;
      FakeTransport::Call& call = *Live()[0];
      EXPECT_EQ(call.previous_attempts, static_cast<uint32_t>(attempts));
      EXPECT_EQ(call.sent, std::vector<std::string>{"request"});
      if (static_cast<size_t>(attempts) < failures.size()) {
        call.Fail(failures[static_cast<size_t>(attempts)]);
      } else {
        call.Answer("reply");
      }
      ++attempts;
      Turn();
    }
    last_ = pending.result->status();
    EXPECT_EQ(pending.context.calls, 1u);
    EXPECT_EQ(pending.context.retries, static_cast<uint32_t>(attempts - 1));
    return attempts;
  }

  // A chain that has not seen anything.
  void Renew() {
    channels_.reset();
    clusters_.reset();
    transports_.clear();
  }

  absl::Status last_;
};

absl::Status Unavailable() { return BackendStatus(14, "down", ""); }
absl::Status Refused() { return Unreachable("refused"); }
absl::Status NeverProcessed() {
  return Failure(absl::StatusCode::kUnavailable, "UPSTREAM_RESET", "refused", Origin::kUpstream)
      .NeverSent();
}

TEST_F(Retry, OnlyWhatIsSafeIsTriedAgain) {
  const Idempotency kNone = Idempotency::kUnknown;
  const Idempotency kTwice = Idempotency::kIdempotent;
  const Idempotency kRead = Idempotency::kNoSideEffects;
  const struct {
    const char* name;
    Idempotency level;
    std::vector<absl::Status> failures;
    int attempts;
    absl::StatusCode code;
  } rows[] = {
      {"a read succeeds the second time", kRead, {Unavailable()}, 2, absl::StatusCode::kOk},
      {"so does what may be done twice", kTwice, {Unavailable()}, 2, absl::StatusCode::kOk},
      {"a write is made once", kNone, {Unavailable()}, 1, absl::StatusCode::kUnavailable},
      {"three attempts, no more",
       kRead,
       {Unavailable(), Unavailable(), Unavailable()},
       3,
       absl::StatusCode::kUnavailable},
      {"another code is an answer",
       kRead,
       {BackendStatus(5, "", "")},
       1,
       absl::StatusCode::kNotFound},
      {"INTERNAL is not tried again by default",
       kRead,
       {BackendStatus(13, "", "")},
       1,
       absl::StatusCode::kInternal},
      {"a write that nobody processed is tried again",
       kNone,
       {NeverProcessed()},
       2,
       absl::StatusCode::kOk},
      {"... and again, after a while, within the budget",
       kNone,
       {NeverProcessed(), Refused()},
       3,
       absl::StatusCode::kOk},
      {"... but not for ever",
       kNone,
       {NeverProcessed(), NeverProcessed(), NeverProcessed(), NeverProcessed(), NeverProcessed()},
       5,
       absl::StatusCode::kUnavailable},
      {"a write that was processed the second time is not",
       kNone,
       {NeverProcessed(), Unavailable()},
       2,
       absl::StatusCode::kUnavailable},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    counts_.retries.clear();
    EXPECT_EQ(Attempts(row.level, row.failures), row.attempts);
    EXPECT_EQ(counts_.retries[RetryEvent::kRetry], row.attempts - 1);
    EXPECT_EQ(last_.code(), row.code) << last_;
  }
}

// Who undoes what was done, and the method's breaker, go by the outcome.
TEST_F(Retry, WhatMayHaveBeenDoneIsNotForgotten) {
  const absl::Status never = NeverProcessed();
  const struct {
    const char* name;
    std::vector<absl::Status> failures;
    const char* reason;
    bool never_sent;
  } rows[] = {
      {"the first was sent", {Unavailable(), never, never, never, never}, "UNAVAILABLE", false},
      {"the second was", {never, Unavailable(), Refused(), never, never}, "UNAVAILABLE", false},
      {"none was", {never, never, never, never, never}, "UPSTREAM_RESET", true},
      {"none was, the last for another reason",
       {never, never, never, never, Refused()},
       "UPSTREAM_UNREACHABLE",
       true},
  };
  for (const bool hedged : {false, true}) {
    policy().hedge.on = hedged;
    policy().hedge.delay = seconds(10);
    for (const auto& row : rows) {
      SCOPED_TRACE(Cat(row.name, hedged ? ", hedged" : ""));
      Renew();
      EXPECT_EQ(Attempts(Idempotency::kNoSideEffects, row.failures), 5);
      EXPECT_EQ(ReasonOf(last_), row.reason);
      EXPECT_EQ(WasNeverSent(last_), row.never_sent);
      const Breaker breaker = cluster().Method(Named({})).breaker.Look();
      EXPECT_EQ(breaker.seen(loop_.Now()).failures, row.never_sent ? 0u : 1u);
    }
  }
}

// The end of the last attempt does not show it.
TEST_F(Retry, WhatAnAttemptBeforeMayHaveDoneIsTold) {
  const absl::Status exhausted = BackendStatus(8, "", "");
  const struct {
    const char* name;
    Idempotency level;
    std::vector<absl::Status> failures;
    bool may_have_acted;
  } rows[] = {
      {"before a no", Idempotency::kIdempotent, {Unavailable(), exhausted}, true},
      {"before two", Idempotency::kIdempotent, {Unavailable(), exhausted, exhausted}, true},
      {"a read does nothing", Idempotency::kNoSideEffects, {Unavailable(), exhausted}, false},
      {"nobody has", Idempotency::kIdempotent, {exhausted}, false},
      {"nobody at all", Idempotency::kIdempotent, {NeverProcessed(), exhausted}, false},
  };
  policy().retry.codes = {absl::StatusCode::kUnavailable, absl::StatusCode::kResourceExhausted};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Renew();
    policy().retry.max_attempts = static_cast<uint32_t>(row.failures.size());
    EXPECT_EQ(Attempts(row.level, row.failures), static_cast<int>(row.failures.size()));
    EXPECT_EQ(last_.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(MayHaveActed(last_), row.may_have_acted);
  }
}

TEST_F(Retry, TheMethodsOwnCodesAndNumberCount) {
  policy().retry.max_attempts = 5;
  policy().retry.codes = {absl::StatusCode::kInternal, absl::StatusCode::kAborted};
  const absl::Status internal = BackendStatus(13, "", "");
  const absl::Status aborted = BackendStatus(10, "", "");
  EXPECT_EQ(Attempts(Idempotency::kIdempotent, {internal, aborted, internal, aborted, internal}),
            5);
  EXPECT_EQ(Attempts(Idempotency::kIdempotent, {Unavailable()}), 1);
}

TEST_F(Retry, OneAttemptMeansNone) {
  policy().retry.max_attempts = 1;
  EXPECT_EQ(Attempts(Idempotency::kNoSideEffects, {Unavailable()}), 1);
}

TEST_F(Retry, AStepsOwnPolicyCountsInstead) {
  CallPolicy once;
  once.retry.max_attempts = 1;
  CallOptions options;
  options.policy = &once;
  Pending& pending = Start(Idempotency::kNoSideEffects, options);
  Live()[0]->Fail(Unavailable());
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(Retry, TheBudgetIsSpent) {
  settings_.retry_budget = {.percent = 20, .min_per_second = 0};
  settings_.breaker.on = false;
  settings_.outlier.on = false;
  policy().breaker.on = false;
  int attempts = 0;
  for (int i = 0; i < 100; ++i) {
    attempts +=
        Attempts(Idempotency::kNoSideEffects, {Unavailable(), Unavailable(), Unavailable()});
  }
  EXPECT_LE(attempts, 120);
  EXPECT_GE(attempts, 115);
  EXPECT_GE(counts_.retries[RetryEvent::kNoBudget], 80);
  EXPECT_EQ(counts_.retries[RetryEvent::kRetry], attempts - 100);
}

TEST_F(Retry, NeverPastTheDeadline) {
  policy().retry.backoff = {seconds(10), seconds(10), 1};
  random_ = [] { return 0.9; };
  deadline_ = loop_.Now() + seconds(5);
  EXPECT_EQ(Attempts(Idempotency::kNoSideEffects, {Unavailable()}), 1);
  EXPECT_EQ(last_.code(), absl::StatusCode::kUnavailable) << "the failure, not the deadline";
}

TEST_F(Retry, WaitsAsLongAsTheBackEndAsks) {
  absl::Status busy = Unavailable();
  SetPushback(busy, "20");
  const TimePoint before = loop_.Now();
  EXPECT_EQ(Attempts(Idempotency::kNoSideEffects, {busy}), 2);
  EXPECT_GE(loop_.Now() - before, milliseconds(20));
  SetPushback(busy, "-1");
  EXPECT_EQ(Attempts(Idempotency::kNoSideEffects, {busy}), 1) << "it asks not to be called again";
  SetPushback(busy, "100000");
  EXPECT_EQ(Attempts(Idempotency::kNoSideEffects, {busy}), 1) << "later than the deadline";
}

TEST_F(Retry, AnAttemptHasItsOwnTime) {
  policy().retry.per_attempt_timeout = milliseconds(5);
  Pending& pending = Start(Idempotency::kNoSideEffects);
  FakeTransport& transport = *transports_.begin()->second;
  EXPECT_LE(transport.live[0]->deadline, loop_.Now() + milliseconds(5));
  RunUntil([&] { return transport.started == 2; });
  NextLive().Answer("second");
  ASSERT_TRUE(ResultOf(pending).ok());
  EXPECT_EQ(ResultOf(pending)->message, "second");

  Pending& write = Start();
  EXPECT_EQ(ResultOf(write).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(transport.started, 3) << "it may have been done";
}

// Servers that keep the deadline may be a moment earlier than our timer: then they only say what it
// was about to say.
TEST_F(Retry, ABackEndMayKeepTheDeadlineItself) {
  constexpr absl::StatusCode kCancelled = absl::StatusCode::kCancelled;
  constexpr absl::StatusCode kTooLate = absl::StatusCode::kDeadlineExceeded;
  const absl::Status reset = Reset(kCancelled, "the back end reset the stream with CANCEL");
  const absl::Status cancelled = BackendStatus(1, "", "");
  const absl::Status too_late = BackendStatus(4, "", "");
  absl::Status not_again = too_late;
  SetPushback(not_again, "-1");
  const struct {
    const char* name;
    absl::Status status;
    milliseconds left;  // of the attempt
    absl::StatusCode code;
    bool timed_out;
  } rows[] = {
      {"resets the stream", reset, milliseconds(1), kTooLate, true},
      {"says CANCELLED", cancelled, milliseconds(1), kTooLate, true},
      {"says DEADLINE_EXCEEDED", too_late, milliseconds(1), kTooLate, true},
      {"is as early as it can be", too_late, milliseconds(2), kTooLate, true},
      {"is too early for that", too_late, milliseconds(3), kTooLate, false},
      {"resets the stream long before", reset, milliseconds(1000), kCancelled, false},
      {"says CANCELLED long before", cancelled, milliseconds(1000), kCancelled, false},
      {"has a deadline of its own", too_late, milliseconds(1000), kTooLate, false},
      {"does not want to be asked again", not_again, milliseconds(1), kTooLate, false},
      {"fails", BackendStatus(13, "", ""), milliseconds(1), absl::StatusCode::kInternal, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Renew();
    policy().retry.per_attempt_timeout = row.left;
    EXPECT_EQ(Attempts(Idempotency::kUnknown, {row.status}), 1);
    EXPECT_EQ(last_.code(), row.code) << last_;
    EXPECT_EQ(OriginOf(last_), row.timed_out ? Origin::kGateway : Origin::kUpstream);
    EXPECT_EQ(Attempts(Idempotency::kNoSideEffects, {row.status}), row.timed_out ? 2 : 1);
  }
  // There is nothing left for another one.
  Renew();
  policy().retry.per_attempt_timeout = Duration::max();
  counts_ = {};
  deadline_ = loop_.Now() + milliseconds(1);
  EXPECT_EQ(Attempts(Idempotency::kNoSideEffects, {reset}), 1);
  EXPECT_EQ(last_.code(), kTooLate) << last_;
  EXPECT_EQ(counts_.retries[RetryEvent::kRetry], 0);
}

// Found in one turn of the loop: a failure, and that the time is over.
TEST_F(Retry, NoneIsCountedThatCannotBeMade) {
  deadline_ = loop_.Now() + milliseconds(5);
  Pending& pending = Start(Idempotency::kNoSideEffects);
  std::this_thread::sleep_for(milliseconds(10));
  Live()[0]->Fail(NeverProcessed());
  EXPECT_EQ(ResultOf(pending).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(counts_.retries[RetryEvent::kRetry], 0);
  EXPECT_EQ(pending.context.retries, 0u);
}

TEST_F(Retry, GoesToAnotherEndPoint) {
  settings_.endpoints = {"127.0.0.1:1", "127.0.0.1:2"};
  for (int i = 0; i < 10; ++i) {
    Pending& pending = Start(Idempotency::kNoSideEffects);
    const std::string first = NextLive().transport.address;
    NextLive().Fail(NeverProcessed());
    Turn();
    EXPECT_NE(NextLive().transport.address, first);
    NextLive().Answer("reply");
    EXPECT_TRUE(ResultOf(pending).ok());
  }
}

TEST_F(Retry, ACancelledCallIsNotMadeAgain) {
  policy().retry.backoff = {seconds(1), seconds(1), 1};
  random_ = [] { return 0.9; };
  Pending& pending = Start(Idempotency::kNoSideEffects);
  Live()[0]->Fail(Unavailable());
  Turn();
  EXPECT_FALSE(pending.result.has_value()) << "it waits for its second attempt";
  pending.cancel.Cancel(absl::CancelledError("the client left"));
  EXPECT_EQ(ResultOf(pending).status(), absl::CancelledError("the client left"));
  EXPECT_EQ(transports_.begin()->second->started, 1);
}

}  // namespace
}  // namespace frontdesk::upstream
