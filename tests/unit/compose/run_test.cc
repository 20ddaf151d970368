#include "gateway/compose/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/composition.h"

namespace frontdesk::compose {
namespace {

using namespace std::chrono_literals;
using ::frontdesk::testing::Composition;
using ::testing::HasSubstr;

constexpr char kMessages[] = R"(
  message Key { string id = 1; optional int32 limit = 2; repeated string tags = 3; }
  message Line { string product_id = 1; int32 count = 2; }
  message Order { string id = 1; string user_id = 2; repeated Line lines = 3; repeated int32 numbers = 4; }
  message User { string id = 1; string name = 2; repeated string aliases = 3; int32 age = 4; }
  message Payment { string order_id = 1; int64 cents = 2; }
  message Wrapped { User user = 1; }
  message Answer {
    Order order = 1; User user = 2; Payment payment = 3; repeated User users = 4;
    string who = 5; repeated string names = 6; repeated int32 ages = 7; int64 cents = 8;
    optional int64 maybe_cents = 9; optional string maybe_name = 10;
  }
  service Back {
    rpc GetOrder(Key) returns (Order);
    rpc GetUser(Key) returns (User);
    rpc GetPayment(Key) returns (Payment);
    rpc GetWrapped(Key) returns (Wrapped);
  }
)";

constexpr char kThree[] = R"(
  step { id: "order" call: "test.Back/GetOrder" bind { to: "id" from: "request.id" } }
  step { id: "user" call: "test.Back/GetUser" bind { to: "id" from: "order.user_id" } }
  step { id: "payment" call: "test.Back/GetPayment" bind { to: "id" from: "request.id" }
         on_error: OMIT timeout: "250ms" }
  out { to: "order" from: "order" } out { to: "user" from: "user" }
  out { to: "payment" from: "payment" } out { to: "who" from: "caller.sub" })";

class Three : public ::testing::Test {
 protected:
  Three() : run(kMessages, "Key", "Answer", kThree) {
    order = run.dynamic().Wire("test.Order", "id: 'o' user_id: 'u'");
    user = run.dynamic().Wire("test.User", "id: 'u' name: 'Ada'");
    payment = run.dynamic().Wire("test.Payment", "order_id: 'o' cents: 5");
  }
  Composition run;
  std::string order, user, payment;
};

// By the index of the step in the plan; those of which nothing is said have their method's.
TEST_F(Three, CallsHaveThePoliciesOfTheirSteps) {
  const upstream::CallPolicy first, third;
  const upstream::CallPolicy* const policies[] = {&first, nullptr, &third};
  run.options.policies = policies;
  EXPECT_EQ(run.Run("id: 'o'"), "running");
  run.caller.Release("GetOrder", order);
  ASSERT_EQ(run.caller.seen().size(), 3u);
  EXPECT_EQ(run.caller.seen()[0].policy, &first);   // order
  EXPECT_EQ(run.caller.seen()[1].policy, &third);   // payment
  EXPECT_EQ(run.caller.seen()[2].policy, nullptr);  // user
  run.caller.Release("GetPayment", payment);
  run.caller.Release("GetUser", user);
}

absl::Status NotFound() {
  return Failure(absl::StatusCode::kNotFound, "NO_SUCH_ORDER", "no such order", Origin::kUpstream);
}

TEST_F(Three, EachStepStartsAsSoonAsWhatItNeedsIsThere) {
  run.context.identity = identity::MakeIdentity("me");
  EXPECT_EQ(run.Run("id: 'o'"), "running");
  EXPECT_EQ(run.caller.Held(), "GetOrder GetPayment");
  run.caller.Release("GetOrder", order);
  EXPECT_EQ(run.caller.Held(), "GetPayment GetUser");  // before the payment is there
  EXPECT_EQ(run.dynamic().Text("test.Key", run.caller.seen()[2].request), "id: \"u\"");
  run.caller.Release("GetPayment", payment);
  EXPECT_FALSE(run.done());
  run.caller.Release("GetUser", user);
  EXPECT_EQ(run.Outcome(),
            "order { id: \"o\" user_id: \"u\" } user { id: \"u\" name: \"Ada\" } "
            "payment { order_id: \"o\" cents: 5 } who: \"me\"");
}

TEST_F(Three, WhatMayFailIsLeftOutAndTold) {
  run.Run("id: 'o'");
  run.caller.Release("GetPayment", absl::DeadlineExceededError("late"));
  run.caller.Release("GetOrder", order);
  run.caller.Release("GetUser", user);
  EXPECT_EQ(run.Outcome(),
            "order { id: \"o\" user_id: \"u\" } user { id: \"u\" name: \"Ada\" } "
            "| payment;DEADLINE_EXCEEDED");
}

TEST_F(Three, WhatMustNotFailEndsTheOthersAndIsTheAnswer) {
  run.Run("id: 'o'");
  run.caller.Release("GetOrder", NotFound());
  EXPECT_FALSE(run.done());  // the payment has not returned yet
  EXPECT_EQ(run.caller.cancelled(), 1u);
  run.Turn();
  EXPECT_EQ(run.Outcome(), "NOT_FOUND NO_SUCH_ORDER");
  EXPECT_EQ(run.caller.seen().size(), 2u);  // the user was never asked for
  EXPECT_FALSE(run.cancel.cancelled());     // only the composition's own calls
}

TEST_F(Three, AClientThatLeavesCancelsEverything) {
  run.Run("id: 'o'");
  run.cancel.Cancel(absl::CancelledError("client left"));
  EXPECT_FALSE(run.done());
  run.Turn();
  EXPECT_EQ(run.Outcome(), "CANCELLED CANCELLED");
  EXPECT_EQ(run.caller.cancelled(), 2u);
}

TEST_F(Three, AClientThatLeavesIsNotAnIncompleteAnswer) {
  run.Run("id: 'o'");
  run.caller.Release("GetOrder", order);
  run.caller.Release("GetUser", user);
  run.cancel.Cancel(absl::CancelledError("client left"));  // only what may fail is under way
  run.Turn();
  EXPECT_EQ(run.Outcome(), "CANCELLED CANCELLED");
}

TEST_F(Three, CallsThatEndAtOnceNeedNoLoop) {
  run.caller.Reply("GetOrder", [&](std::string_view) { return order; });
  run.caller.Reply("GetUser", [&](std::string_view) { return user; });
  run.caller.Reply("GetPayment", [&](std::string_view) { return NotFound(); });
  EXPECT_EQ(run.Run("id: 'o'"),
            "order { id: \"o\" user_id: \"u\" } user { id: \"u\" name: \"Ada\" } "
            "| payment;NO_SUCH_ORDER");
  run.caller.Reply("GetOrder", [&](std::string_view) { return NotFound(); });
  EXPECT_EQ(run.Run("id: 'o'"), "NOT_FOUND NO_SUCH_ORDER");
}

TEST_F(Three, ARequestThatIsNoMessageIsTheClientsFault) {
  run.Start("\x0a\x05id");
  EXPECT_EQ(run.Outcome(), "INVALID_ARGUMENT INVALID_MESSAGE");
  run.Start("\x0a\x02\xff\xff");  // UTF-8
  EXPECT_EQ(run.Outcome(), "INVALID_ARGUMENT INVALID_MESSAGE");
  EXPECT_TRUE(run.caller.seen().empty());
}

TEST_F(Three, AReplyThatIsNoMessageIsAFailedStep) {
  constexpr std::string_view kBroken[] = {
      std::string_view("\x0a\x05id", 4),        // cut off
      std::string_view("\x0a\x02\xc3\x28", 4),  // not UTF-8
      std::string_view("\x0b\x0c", 2),          // a group
      std::string_view("\x02\x00", 2),          // field 0
      std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11),
      std::string_view("\x0f", 1),  // wire type 7
  };
  for (std::string_view broken : kBroken) {
    run.Run("id: 'o'");
    run.caller.Release("GetPayment", std::string(broken));
    run.caller.Release("GetOrder", order);
    run.caller.Release("GetUser", user);
    EXPECT_THAT(run.Outcome(), HasSubstr("| payment;UPSTREAM_PROTOCOL"));
    run.Run("id: 'o'");
    run.caller.Release("GetOrder", std::string(broken));
    run.Turn();
    const auto result = run.TakeResult();
    EXPECT_EQ(ReasonOf(result.status()), "UPSTREAM_PROTOCOL");
    EXPECT_EQ(HttpOverrideOf(result.status()), 502);
    EXPECT_EQ(OriginOf(result.status()), Origin::kUpstream);
  }
}

TEST_F(Three, DeadlinesAreHandedDownLessAReserve) {
  const TimePoint now = run.loop.Now();
  run.context.deadline = now + 100ms;
  run.context.metadata = {{"x-a", "b"}};
  run.Run("id: 'o'");
  EXPECT_EQ(run.caller.seen()[0].deadline, now + 95ms);  // 5 %
  EXPECT_EQ(run.caller.seen()[0].timeout, Duration::max());
  EXPECT_EQ(run.caller.seen()[1].timeout, 250ms);
  EXPECT_EQ(run.caller.seen()[0].metadata, run.context.metadata);
  run.cancel.Cancel(absl::CancelledError(""));
  run.Turn();
}

TEST_F(Three, AReserveIsAtMostTenMilliseconds) {
  const TimePoint now = run.loop.Now();
  run.context.deadline = now + 10s;
  run.Run("id: 'o'");
  EXPECT_EQ(run.caller.seen()[0].deadline, now + 9990ms);
  run.cancel.Cancel(absl::CancelledError(""));
  run.Turn();
}

TEST(Run, ThePlansDeadlineHolds) {
  Composition run(kMessages, "Key", "Answer",
                  R"(deadline: "200ms" step { id: "order" call: "test.Back/GetOrder" }
                     out { to: "order" from: "order" })");
  const TimePoint now = run.loop.Now();
  run.context.deadline = now + 10s;
  run.Run("");
  EXPECT_EQ(run.caller.seen()[0].deadline, now + 190ms);
  run.caller.Release("GetOrder", "");
  EXPECT_EQ(run.Outcome(), "order { }");
  run.context.deadline = now - 1s;  // has passed: the calls say so
  run.Run("");
  EXPECT_LE(run.caller.seen()[1].deadline, now);
  run.caller.Release("GetOrder", absl::DeadlineExceededError(""));
  EXPECT_EQ(run.Outcome(), "DEADLINE_EXCEEDED DEADLINE_EXCEEDED");
}

TEST(Run, WhatAnOmittedStepFeedsIsOmittedToo) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "order" call: "test.Back/GetOrder" on_error: OMIT }
    step { id: "user" call: "test.Back/GetUser" on_error: OMIT
           bind { to: "id" from: "order.user_id" } }
    step { id: "users" call: "test.Back/GetUser" each: "user.aliases" as: "alias" on_error: OMIT
           bind { to: "id" from: "alias" } }
    step { id: "payment" call: "test.Back/GetPayment" }
    out { to: "user" from: "user" } out { to: "users" from: "users" }
    out { to: "payment" from: "payment" } out { to: "order" from: "order" }
    out { to: "maybe_name" from: "user.name" })");
  run.caller.Reply("GetOrder", [](std::string_view) { return absl::UnavailableError(""); });
  run.caller.Reply("GetPayment", [](std::string_view) { return std::string(); });
  EXPECT_EQ(run.Run(""), "payment { } | order;UNAVAILABLE user;DEPENDENCY users;DEPENDENCY");
}

TEST(Run, AFieldWithoutPresenceAlwaysHasAValueIfItsMessageIsThere) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "payment" call: "test.Back/GetPayment" }
    step { id: "wrapped" call: "test.Back/GetWrapped" }
    out { to: "maybe_cents" from: "payment.cents" } out { to: "cents" from: "payment.cents" }
    out { to: "maybe_name" from: "wrapped.user.name" })");
  std::string wrapped;
  run.caller.Reply("GetPayment", [](std::string_view) { return std::string(); });
  run.caller.Reply("GetWrapped", [&](std::string_view) { return wrapped; });
  EXPECT_EQ(run.Run(""), "maybe_cents: 0");
  wrapped = run.dynamic().Wire("test.Wrapped", "user { }");
  EXPECT_EQ(run.Run(""), "maybe_cents: 0 maybe_name: \"\"");
}

TEST(Run, HandsOnTheHeadersThatAreAskedFor) {
  Composition run(kMessages, "Key", "Answer",
                  R"(step { id: "order" call: "test.Back/GetOrder" }
                     out { to: "order" from: "order" })");
  run.caller.Reply("GetOrder", [](std::string_view) { return std::string(); });
  run.caller.SetHeaders({{"etag", "1"}, {"secret", "2"}});
  const std::vector<std::string> wanted = {"etag"};
  run.options.response_headers = wanted;
  run.Start("");
  const auto result = run.TakeResult();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->headers, (upstream::Metadata{{"etag", "1"}}));
}

}  // namespace
}  // namespace frontdesk::compose
