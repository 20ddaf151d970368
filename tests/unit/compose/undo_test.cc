#include "gateway/compose/undo.h"

#include <algorithm>
#include <optional>

#include "gateway/upstream/channels.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/idempotency_key.h"
#include "tests/support/run_on_loop.h"
#include "tests/unit/compose/undo_run.h"
#include "tests/unit/upstream/fake_transport.h"

namespace frontdesk::compose {
namespace {

TEST_F(UndoTest, NothingIsUndoneWhenAllSucceeds) {
  EXPECT_TRUE(Fail().ok());
  EXPECT_EQ(Calls(), "MakeB MakeA MakeC");
  EXPECT_EQ(compensation, nullptr);
  EXPECT_TRUE(scope.Reserve().has_value());  // the room was given back
}

TEST_F(UndoTest, WhatWasDoneIsUndoneTheLastFirst) {
  answers["MakeC"] = {Declined()};
  const absl::Status failure = Fail();
  EXPECT_EQ(ReasonOf(failure), "DECLINED");
  EXPECT_EQ(Info(failure), "undone=a,b;");
  EXPECT_EQ(Calls(), "MakeB MakeA MakeC DropA DropB");
  EXPECT_EQ(Request(3), "id: \"id-MakeA\"");
  EXPECT_EQ(Request(4), "id: \"r\"");
  EXPECT_FALSE(compensation->failed());
}

TEST_F(UndoTest, WhatNeverHappenedIsNotUndone) {
  answers["MakeA"] = {Declined()};
  EXPECT_EQ(Info(Fail()), "undone=b;");
  EXPECT_EQ(Calls(), "MakeB MakeA DropB");
  run.caller.Forget();
  answers["MakeA"] = {Never()};
  EXPECT_EQ(Info(Fail()), "undone=b;");
}

TEST_F(UndoTest, EachCallHasAKeyOfItsOwnAndItsUndoAnother) {
  answers["MakeC"] = {Declined()};
  EXPECT_FALSE(Fail().ok());
  std::vector<std::string> keys;
  for (const auto& seen : run.caller.seen()) keys.push_back(seen.key);
  EXPECT_THAT(keys,
              ElementsAre(upstream::DeriveKey("scope", "b"), upstream::DeriveKey("scope", "a"),
                          upstream::DeriveKey("scope", "c"), upstream::DeriveKey("scope", "undo a"),
                          upstream::DeriveKey("scope", "undo b")));
}

TEST_F(UndoTest, AnUnknownOutcomeIsLearntUnderTheSameKeyAndUndone) {
  for (const absl::Status& unknown :
       {Lost(), absl::DeadlineExceededError(""), absl::UnknownError(""), absl::InternalError("")}) {
    run.caller.Forget();
    answers["MakeA"] = {unknown};
    EXPECT_EQ(Info(Fail()), "undone=a,b;") << unknown;
    EXPECT_EQ(Calls(), "MakeB MakeA MakeA DropA DropB");
    EXPECT_EQ(run.caller.seen()[2].key, run.caller.seen()[1].key);
    EXPECT_EQ(run.caller.seen()[2].request, run.caller.seen()[1].request);
    EXPECT_EQ(Request(3), "id: \"id-MakeA\"");
  }
}

TEST_F(UndoTest, WhatTurnsOutNotToHaveHappenedNeedsNoUndo) {
  answers["MakeA"] = {Lost(), Declined()};
  EXPECT_EQ(Info(Fail()), "undone=a,b;");
  EXPECT_EQ(Calls(), "MakeB MakeA MakeA DropB");
  // An undo that does not need the reply is made at once, and may find nothing.
  run.caller.Forget();
  answers["MakeB"] = {Lost()};
  answers["DropB"] = {absl::NotFoundError("")};
  EXPECT_EQ(Info(Fail()), "undone=b;");
  EXPECT_EQ(Calls(), "MakeB DropB");
  // What surely was done must be there.
  run.caller.Forget();
  answers["MakeC"] = {Declined()};
  answers["DropB"] = {absl::NotFoundError("")};
  EXPECT_EQ(Info(Fail()), "undone=a;not_undone=b;");
}

TEST_F(UndoTest, WithoutAKeyNothingIsAskedTwice) {
  run.context.key_scope = "";
  answers["MakeA"] = {Lost()};
  EXPECT_EQ(Info(Fail()), "undone=b;unknown=a;");
  EXPECT_EQ(Calls(), "MakeB MakeA DropB");
  EXPECT_EQ(run.caller.seen()[0].key, "");
}

TEST_F(UndoTest, AnUndoIsTriedAFewTimesAndTheOthersGoOn) {
  answers["MakeC"] = {Declined()};
  answers["DropA"] = {Lost(), absl::AbortedError("")};
  EXPECT_EQ(Info(Fail()), "undone=a,b;");
  EXPECT_EQ(Calls(), "MakeB MakeA MakeC DropA DropA DropA DropB");
  EXPECT_EQ(run.caller.seen()[4].key, run.caller.seen()[3].key);

  run.caller.Forget();
  answers["MakeC"] = {Declined()};
  answers["DropA"] = {Lost(), Never(), Lost()};
  EXPECT_EQ(Info(Fail()), "undone=b;not_undone=a;");
  EXPECT_EQ(Calls(), "MakeB MakeA MakeC DropA DropA DropA DropB");
  EXPECT_TRUE(compensation->failed());

  run.caller.Forget();
  answers["MakeC"] = {Declined()};
  answers["DropA"] = {absl::PermissionDeniedError("")};  // there is no hope
  EXPECT_EQ(Info(Fail()), "undone=b;not_undone=a;");
  EXPECT_EQ(Calls(), "MakeB MakeA MakeC DropA DropB");
}

TEST_F(UndoTest, TriesHaveTheirOwnTimeAndTheRequestsMetadata) {
  run.context.deadline = run.loop.Now() + 1s;
  run.context.metadata = {{"x-user-id", "me"}};
  answers["MakeC"] = {Declined()};
  EXPECT_FALSE(Fail().ok());
  const auto& undo = run.caller.seen()[3];
  EXPECT_EQ(undo.method, "DropA");
  EXPECT_EQ(undo.timeout, 300ms);
  EXPECT_EQ(undo.deadline, TimePoint::max());
  EXPECT_EQ(undo.metadata, run.context.metadata);
}

TEST_F(UndoTest, AReplyThatCannotBeReadIsAskedForAgainAndThenTold) {
  run.caller.Reply("MakeA", [](std::string_view) { return std::string("\x0a\x05id", 4); });
  EXPECT_EQ(Info(Fail()), "undone=b;not_undone=a;");
}

TEST_F(UndoTest, WhatCannotBeLearntIsUnknown) {
  answers["MakeA"] = {Lost(), Lost(), Never(), Lost()};
  EXPECT_EQ(Info(Fail()), "undone=b;unknown=a;");
  EXPECT_EQ(Calls(), "MakeB MakeA MakeA MakeA MakeA DropB");
  EXPECT_TRUE(compensation->failed());
}

TEST_F(UndoTest, WithoutRoomForUndosNothingIsBegun) {
  std::vector<Scope::Place> places;
  while (std::optional<Scope::Place> place = scope.Reserve()) places.push_back(*std::move(place));
  const absl::Status failure = Fail();
  EXPECT_EQ(ReasonOf(failure), "OVERLOADED");
  EXPECT_TRUE(WasNeverSent(failure));
  EXPECT_EQ(Calls(), "");
}

TEST_F(UndoTest, WithoutAHostUndosEndBeforeTheAnswer) {
  run.options.undo_host = nullptr;
  answers["MakeC"] = {Declined()};
  EXPECT_EQ(Info(Fail()), "undone=a,b;");
  EXPECT_EQ(scope.running(), 0u);
}

constexpr char kEach[] = R"(
  step { id: "all" each: "request.ids" as: "one" call: "test.Back/MakeA" max_parallel: 1
         bind { to: "id" from: "one" }
         undo { call: "test.Back/DropA" bind { to: "id" from: "one" } bind { to: "more" from: "all.id" }
                bind { to: "nested.a" from: "request.more" } bind { to: "nested.b" from: "all.id" } } }
  step { id: "c" call: "test.Back/MakeC" bind { to: "ids" from: "all.id" } }
  out { to: "all" from: "all" } out { to: "c" from: "c" })";

class EachUndoTest : public UndoTest {
 protected:
  EachUndoTest() : UndoTest(kEach) {}
};

TEST_F(EachUndoTest, EveryElementThatWasDoneIsUndone) {
  answers["MakeC"] = {Declined()};
  EXPECT_EQ(Info(Fail("ids: 'x' ids: 'x' ids: 'y' more: 'm'")), "undone=all[2],all[0];");
  EXPECT_EQ(Calls(), "MakeA MakeA MakeC DropA DropA");
  EXPECT_EQ(Request(3), "id: \"y\" more: \"id-MakeA\" nested { a: \"m\" b: \"id-MakeA\" }");
  EXPECT_EQ(run.caller.seen()[1].key, upstream::DeriveKey("scope", "all[2]"));
  EXPECT_EQ(run.caller.seen()[3].key, upstream::DeriveKey("scope", "undo all[2]"));
}

TEST_F(EachUndoTest, AnElementThatFailsEndsTheStepAndTheOthersAreUndone) {
  answers["MakeA"] = {absl::OkStatus(), Declined()};
  EXPECT_EQ(Info(Fail("ids: 'x' ids: 'y' ids: 'z'")), "undone=all[0];");
  EXPECT_EQ(Calls(), "MakeA MakeA DropA");
}

constexpr char kOmitted[] = R"(
  step { id: "a" call: "test.Back/MakeA" on_error: OMIT
         undo { call: "test.Back/DropA" bind { to: "id" from: "a.id" } } }
  step { id: "b" call: "test.Back/MakeB" undo { call: "test.Back/DropB" bind { to: "id" from: "b.id" } } }
  out { to: "a" from: "a" } out { to: "b" from: "b" })";

class OmittedUndoTest : public UndoTest {
 protected:
  OmittedUndoTest() : UndoTest(kOmitted) {}
};

// An answer that says it is not there must stay true.
TEST_F(OmittedUndoTest, WhatIsLeftOutButMayHaveHappenedIsUndone) {
  answers["MakeA"] = {Lost()};
  EXPECT_TRUE(Fail().ok());
  WaitForUndos();
  EXPECT_EQ(Calls(), "MakeA MakeB MakeA DropA");
  run.caller.Forget();
  answers["MakeA"] = {Declined()};
  EXPECT_TRUE(Fail().ok());
  EXPECT_EQ(Calls(), "MakeA MakeB");
}

constexpr char kOneStep[] = R"(
  step { id: "a" call: "test.Back/Make" bind { to: "id" from: "request.id" }
         undo { call: "test.Back/Drop" bind { to: "id" from: "request.id" } } }
  out { to: "a" from: "a" })";

// Behind the whole chain of a call.
class UndoBehindRetries : public ::testing::Test {
 protected:
  // Attempts at the step fail with these, in turn, and then with the last of them. How the
  // composition failed.
  absl::Status Fail(const std::vector<absl::Status>& failures) {
    upstream::UpstreamSettings settings;
    settings.name = "back";
    settings.services = {"test.Back"};
    settings.endpoints = {"127.0.0.1:1"};
    settings.methods["/test.Back/Make"].retry.codes.Add(absl::StatusCode::kResourceExhausted);
    upstream::Clusters clusters({settings}, run_.loop.Now());
    upstream::FakeTransport* transport = nullptr;
    upstream::Channels channels(
        run_.loop, clusters, [] { return 0.0; }, nullptr,
        [&](Loop&, const upstream::UpstreamSettings&, const upstream::EndpointTarget& target,
            const upstream::Random&, upstream::Transport::Owner& owner) {
          auto made = std::make_unique<upstream::FakeTransport>(target.authority, owner);
          transport = made.get();
          return made;
        });
    const std::string request = run_.dynamic().Wire("test.Key", "id: 'x'");
    std::optional<absl::StatusOr<Composed>> result;
    testing_support::internal::Finish(
        compose::Run(run_.context, run_.plan(), channels, request, run_.options), &result);
    called_.clear();
    while (true) {
      run_.Turn();
      run_.loop.RunUntil([&] { return result || (transport && !transport->live.empty()); });
      if (result) return result->status();
      upstream::FakeTransport::Call& call = *transport->live[0];
      called_.push_back(call.path);
      if (call.path == "/test.Back/Drop") {
        call.Answer("");
      } else {
        call.Fail(failures[std::min(called_.size(), failures.size()) - 1]);
      }
    }
  }

  Composition run_{
      "message Key { string id = 1; } message Answer { Key a = 1; } service Back {"
      " rpc Make(Key) returns (Key) { option idempotency_level = IDEMPOTENT; }"
      " rpc Drop(Key) returns (Key); }",
      "Key", "Answer", kOneStep};
  std::vector<std::string> called_;
};

TEST_F(UndoBehindRetries, WhatOneAttemptMayHaveDoneIsUndone) {
  const absl::Status failure = Fail({Lost(), Never()});
  EXPECT_EQ(called_.size(), 6u);
  EXPECT_EQ(called_.back(), "/test.Back/Drop");
  EXPECT_EQ(ReasonOf(failure), "UPSTREAM_RESET");
  EXPECT_EQ(Info(failure), "undone=a;");
}

TEST_F(UndoBehindRetries, WhatTheLastAttemptSaysIsOfItAlone) {
  const struct {
    absl::StatusCode code;  // of that attempt
    bool undone;            // when the first one was lost
  } rows[] = {
      {absl::StatusCode::kAborted, true},
      {absl::StatusCode::kResourceExhausted, true},
      {absl::StatusCode::kUnauthenticated, true},
      {absl::StatusCode::kAlreadyExists, true},
      {absl::StatusCode::kPermissionDenied, true},
      {absl::StatusCode::kUnimplemented, true},
      // But who looks at the request and says no has not done it before.
      {absl::StatusCode::kInvalidArgument, false},
      {absl::StatusCode::kNotFound, false},
      {absl::StatusCode::kFailedPrecondition, false},
      {absl::StatusCode::kOutOfRange, false},
  };
  for (const auto& row : rows) {
    const absl::Status last = upstream::BackendStatus(static_cast<int>(row.code), "", "");
    const absl::Status failure = Fail({Lost(), last});
    EXPECT_EQ(failure.code(), row.code);
    EXPECT_EQ(Info(failure), row.undone ? "undone=a;" : "") << failure;
    EXPECT_EQ(Info(Fail({Never(), last})), "") << last;
    EXPECT_EQ(Info(Fail({last, Never()})), "") << last;
  }
}

}  // namespace
}  // namespace frontdesk::compose
