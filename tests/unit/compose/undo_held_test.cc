// Undos when something does not wait for them: the client, the deadline, the worker.
#include "tests/unit/compose/undo_run.h"

namespace frontdesk::compose {
namespace {

// Held calls, to see what happens between them.
class HeldUndoTest : public UndoTest {
 protected:
  HeldUndoTest() {
    run.caller.Hold("MakeA");
    run.caller.Hold("MakeC");
    run.caller.Hold("DropA");
    thing = run.dynamic().Wire("test.Thing", "id: 't'");
    request = run.dynamic().Wire("test.Key", "id: 'r'");
  }
  std::string thing, request;
};

TEST_F(HeldUndoTest, ACallThatCanBeUndoneIsNotCancelledHalfWay) {
  run.caller.Hold("MakeB");
  run.Start(request);
  EXPECT_EQ(run.caller.Held(), "MakeB MakeA");
  run.caller.Release("MakeB", absl::Status(Declined()));
  run.Turn();
  EXPECT_FALSE(run.done());
  EXPECT_EQ(run.caller.Held(), "MakeA");
  run.caller.Release("MakeA", thing);
  run.Turn();
  EXPECT_EQ(run.caller.Held(), "DropA");
  run.caller.Release("DropA", thing);
  run.Turn();
  EXPECT_EQ(Info(run.TakeResult().status()), "undone=a;");
}

TEST_F(HeldUndoTest, AClientThatLeavesWaitsForNothingAndAllIsUndone) {
  run.Start(request);
  run.caller.Release("MakeA", thing);
  EXPECT_EQ(run.caller.Held(), "MakeC");
  run.cancel.Cancel(absl::CancelledError("client left"));
  run.Turn();
  ASSERT_TRUE(run.done());
  EXPECT_EQ(run.TakeResult().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(run.caller.Held(), "DropA");  // the last that was done
  EXPECT_EQ(scope.running(), 1u);
  run.caller.Release("DropA", thing);
  run.Turn();
  EXPECT_EQ(Calls(), "MakeB MakeA MakeC DropA DropB");
  EXPECT_EQ(scope.running(), 0u);
}

TEST_F(HeldUndoTest, AfterAClientHasLeftNothingIsBegun) {
  run.Start(request);
  run.cancel.Cancel(absl::CancelledError("client left"));
  run.Turn();
  EXPECT_FALSE(run.done());  // a is not cancelled half-way
  run.caller.Release("MakeA", thing);
  run.Turn();
  EXPECT_TRUE(run.done());
  EXPECT_EQ(run.caller.Held(), "DropA");
  run.caller.Release("DropA", thing);
  run.Turn();
  EXPECT_EQ(Calls(), "MakeB MakeA DropA DropB");
}

TEST_F(HeldUndoTest, TheAnswerDoesNotWaitLongerThanItsDeadline) {
  run.context.deadline = run.loop.Now() + 50ms;
  run.Start(request);
  run.caller.Release("MakeA", thing);
  run.caller.Release("MakeC", absl::Status(Declined()));
  run.loop.RunUntil([&] { return run.done(); });
  EXPECT_GE(run.loop.Now(), run.context.deadline);
  EXPECT_EQ(Info(run.TakeResult().status()), "undo_pending=a,b;");
  EXPECT_FALSE(compensation->finished());
  run.caller.Release("DropA", thing);
  run.Turn();
  ASSERT_TRUE(compensation->finished());
  absl::Status failure = absl::UnavailableError("");
  compensation->Describe(failure);
  EXPECT_EQ(Info(failure), "undone=a,b;");
}

TEST_F(HeldUndoTest, WhenTheWorkerStopsUndosEndAndSayWhatIsLeft) {
  run.Start(request);
  run.caller.Release("MakeA", thing);
  run.caller.Release("MakeC", absl::Status(Declined()));
  run.Turn();
  EXPECT_EQ(run.caller.Held(), "DropA");
  scope.Stop(absl::UnavailableError("stopping"));
  run.Turn();
  run.loop.RunUntil([&] { return run.done(); });
  WaitForUndos();
  EXPECT_TRUE(compensation->failed());
  EXPECT_EQ(Fail().code(), absl::StatusCode::kUnavailable);  // and nothing new is begun
}

}  // namespace
}  // namespace frontdesk::compose
