// Which failures are tried again, when, and how often.
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
