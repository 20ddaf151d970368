// Calls that their transport held to their end: that says nothing about whom they were for.
#include "gateway/upstream/verdict.h"
#include "tests/unit/upstream/hedge_rig.h"

namespace frontdesk::upstream {
namespace {

using contract::Idempotency;

// What this process was late for does not count either: a busy machine needs more of them.
constexpr int kPatience = 100;

class Held : public Hedge {
 protected:
  // That its end points are blamed for.
  uint64_t Failures() {
    uint64_t failures = 0;
    for (const PublishedEndpoint& one : *cluster().endpoints()) {
      failures += one.state->breaker.Look().seen(loop_.Now()).failures;
    }
    return failures;
  }
  uint64_t FailuresOfMethod() {
    return cluster().Method(Named({})).breaker.Look().seen(loop_.Now()).failures;
  }
};

TEST_F(Held, RunningOutOfTimeBlamesNobody) {
  policy().hedge.on = false;
  policy().retry.max_attempts = 1;
  for (const bool held : {true, false}) {
    SCOPED_TRACE(held ? "held" : "sent");
    Renew();
    for (int i = 0; i < (held ? 10 : kPatience) && FailuresOfMethod() == 0; ++i) {
      deadline_ = loop_.Now() + milliseconds(1);
      Pending& pending = Start();
      for (FakeTransport::Call* call : Live()) call->held = held;
      const absl::Status status = ResultOf(pending).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
      EXPECT_TRUE(MayHaveActed(status)) << "it may have been on its way";
    }
    EXPECT_EQ(Failures() > 0, !held);
    EXPECT_EQ(FailuresOfMethod() > 0, !held);
  }
}

TEST_F(Held, BeingOvertakenBlamesNobody) {
  policy().hedge.delay = milliseconds(60);
  policy().retry.per_attempt_timeout = milliseconds(100);
  for (const bool held : {true, false}) {
    SCOPED_TRACE(held ? "held" : "sent");
    Renew();
    for (int i = 0; i < (held ? 3 : kPatience) && Failures() == 0; ++i) {
      Pending& pending = Start(Idempotency::kNoSideEffects);
      NextLive().held = held;
      RunUntilLive(2);
      Live()[Live()[0]->previous_attempts == 1 ? 0 : 1]->Answer("winner");
      ASSERT_TRUE(ResultOf(pending).ok());
    }
    EXPECT_EQ(Failures() > 0, !held);
  }
}

// Nor does it tell how many calls the back end can do with.
TEST_F(Held, TheAdaptiveLimitStaysAsItIs) {
  policy().hedge.on = policy().breaker.on = settings_.breaker.on = settings_.outlier.on = false;
  policy().retry.max_attempts = 1;
  settings_.adaptive.on = true;
  settings_.adaptive.gradient.window = milliseconds(1);
  for (const bool held : {true, false}) {
    SCOPED_TRACE(held ? "held" : "sent");
    Renew();
    const size_t before = cluster().room().limit();
    for (int i = 0; i < (held ? 20 : kPatience) && cluster().room().limit() == before; ++i) {
      deadline_ = loop_.Now() + milliseconds(1);
      Pending& pending = Start();
      for (FakeTransport::Call* call : Live()) call->held = held;
      EXPECT_FALSE(ResultOf(pending).ok());
    }
    EXPECT_EQ(cluster().room().limit() == before, held);
  }
}

}  // namespace
}  // namespace frontdesk::upstream
