#include "gateway/compose/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/composition.h"

namespace frontdesk::compose {
namespace {

using namespace std::chrono_literals;
using ::frontdesk::testing::Composition;
using ::frontdesk::testing::ScriptedCaller;
using ::testing::HasSubstr;

constexpr char kMessages[] = R"(
  message Key { string id = 1; optional int32 limit = 2; repeated string tags = 3; }
  message Line { string product_id = 1; int32 count = 2; }
  message Order { string id = 1; string user_id = 2; repeated Line lines = 3; repeated int32 numbers = 4; }
  message User { string id = 1; string name = 2; repeated string aliases = 3; int32 age = 4; }
  message Payment { string order_id = 1; int64 cents = 2; }
  message NumberKey { int32 number = 1; string id = 2; }
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
    rpc GetByNumber(NumberKey) returns (User);
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

constexpr char kEach[] = R"(
  step { id: "order" call: "test.Back/GetOrder" bind { to: "id" from: "request.id" } }
  step { id: "users" each: "order.lines" as: "line" call: "test.Back/GetUser" max_parallel: 2
         on_error: OMIT bind { to: "id" from: "line.product_id" } bind { to: "limit" value: "3" } }
  out { to: "users" from: "users" } out { to: "names" from: "users.name" }
  out { to: "ages" from: "users.age" })";

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

absl::Status NotFound() {
  return Failure(absl::StatusCode::kNotFound, "NO_SUCH_ORDER", "no such order", Origin::kUpstream);
}

TEST_F(Three, EachStepStartsAsSoonAsWhatItNeedsIsThere) {
  run.context.caller_sub = "me";
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

class EachTest : public ::testing::Test {
 protected:
  EachTest() : run(kMessages, "Key", "Answer", kEach) {
    run.caller.Reply("GetOrder", [this](std::string_view) { return order; });
  }
  void Lines(std::string_view ids) {
    std::string text;
    for (char id : ids) text += Cat("lines { product_id: '", id, "' } ");
    order = run.dynamic().Wire("test.Order", text);
  }
  std::string Key(char id) {
    return run.dynamic().Wire("test.Key", Cat("id: '", id, "' limit: 3"));
  }
  std::string User(char id) {
    return run.dynamic().Wire("test.User", Cat("id: '", id, "' name: 'N", id, "'"));
  }
  void Release(char id) { run.caller.Release("GetUser", Key(id), User(id)); }

  Composition run;
  std::string order;
};

TEST_F(EachTest, KeepsTheOrderAndTheCap) {
  Lines("abc");
  run.Run("");
  EXPECT_EQ(run.caller.Held(), "GetUser GetUser");  // max_parallel: 2
  Release('b');
  EXPECT_EQ(run.caller.Held(), "GetUser GetUser");
  Release('c');
  Release('a');
  EXPECT_EQ(run.Outcome(),
            "users { id: \"a\" name: \"Na\" } users { id: \"b\" name: \"Nb\" } "
            "users { id: \"c\" name: \"Nc\" } names: \"Na\" names: \"Nb\" names: \"Nc\" "
            "ages: 0 ages: 0 ages: 0");
}

TEST_F(EachTest, EqualRequestsAreAskedOnce) {
  Lines("abaa");
  run.Run("");
  Release('a');
  Release('b');
  EXPECT_EQ(run.Outcome(),
            "users { id: \"a\" name: \"Na\" } users { id: \"b\" name: \"Nb\" } "
            "users { id: \"a\" name: \"Na\" } users { id: \"a\" name: \"Na\" } "
            "names: \"Na\" names: \"Nb\" names: \"Na\" names: \"Na\" "
            "ages: 0 ages: 0 ages: 0 ages: 0");
  EXPECT_EQ(run.caller.seen().size(), 3u);
}

TEST_F(EachTest, AFailedElementDropsOutAndIsTold) {
  Lines("abca");
  run.Run("");
  run.caller.Release("GetUser", Key('a'), NotFound());
  run.caller.Release("GetUser", Key('b'), User('b'));
  run.caller.Release("GetUser", Key('c'), std::string("\x0a\x09"));
  EXPECT_EQ(run.Outcome(),
            "users { id: \"b\" name: \"Nb\" } names: \"Nb\" ages: 0 "
            "| users[0];NO_SUCH_ORDER users[2];UPSTREAM_PROTOCOL users[3];NO_SUCH_ORDER");
}

TEST_F(EachTest, AnEmptyListMakesNoCall) {
  Lines("");
  EXPECT_EQ(run.Run(""), "");
  EXPECT_EQ(run.caller.seen().size(), 1u);
}

TEST_F(EachTest, AListThatIsTooLongMakesNoCall) {
  Lines("abcd");
  run.options.max_elements = 3;
  EXPECT_EQ(run.Run(""), " | users;EACH_TOO_LONG");
  EXPECT_EQ(run.caller.seen().size(), 1u);
}

TEST_F(EachTest, RepliesHaveALimitTogether) {
  Lines("abc");
  run.caller.Reply("GetUser", [&](std::string_view) { return User('x'); });
  run.options.max_total_bytes = order.size() + 2 * User('x').size();
  EXPECT_EQ(run.Run(""),
            "users { id: \"x\" name: \"Nx\" } users { id: \"x\" name: \"Nx\" } "
            "names: \"Nx\" names: \"Nx\" ages: 0 ages: 0 | users[2];UPSTREAM_MESSAGE_TOO_LARGE");
}

TEST_F(EachTest, ManyElementsThatEndAtOnceDoNotDeepenTheStack) {
  order.clear();
  for (int i = 0; i < 1000; ++i) {
    order += run.dynamic().Wire("test.Order", Cat("lines { product_id: '", i, "' }"));
  }
  run.caller.Reply("GetUser", [&](std::string_view) { return User('x'); });
  run.Start("");
  EXPECT_EQ(run.caller.seen().size(), 1001u);
  EXPECT_TRUE(run.done());
}

TEST(Each, AnElementThatMustNotFailFailsTheWhole) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "users" each: "request.tags" as: "tag" call: "test.Back/GetUser"
           bind { to: "id" from: "tag" } }
    out { to: "users" from: "users" })");
  run.Run("tags: 'a' tags: 'b' tags: 'c'");
  EXPECT_EQ(run.caller.Held(), "GetUser GetUser GetUser");
  run.caller.Release("GetUser", NotFound());
  EXPECT_EQ(run.caller.cancelled(), 2u);
  EXPECT_FALSE(run.done());
  run.Turn();
  EXPECT_EQ(run.Outcome(), "NOT_FOUND NO_SUCH_ORDER");
}

TEST(Each, GoesThroughNumbersPackedOrNot) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "order" call: "test.Back/GetOrder" }
    step { id: "users" each: "order.numbers" as: "number" call: "test.Back/GetByNumber"
           bind { to: "number" from: "number" } }
    out { to: "names" from: "users.name" })");
  run.caller.Reply("GetOrder", [](std::string_view) {
    return std::string("\x22\x02\x07\x08\x20\x09\x22\x00\x22\x03\xff\xff\x03", 13);
  });
  run.caller.Reply("GetByNumber", [&](std::string_view request) {
    const std::string text = run.dynamic().Text("test.NumberKey", request);
    return run.dynamic().Wire("test.User", Cat("name: '", text, "'"));
  });
  EXPECT_EQ(run.Run(""),
            "names: \"number: 7\" names: \"number: 8\" names: \"number: 9\" "
            "names: \"number: 65535\"");
}

TEST(Each, GoesThroughTheRepliesOfAnotherEach) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "wrapped" each: "request.tags" as: "tag" call: "test.Back/GetWrapped"
           bind { to: "id" from: "tag" } }
    step { id: "users" each: "wrapped.user" as: "user" call: "test.Back/GetUser"
           bind { to: "id" from: "user.name" } bind { to: "tags" from: "user.aliases" } }
    out { to: "users" from: "users" } out { to: "names" from: "wrapped.user.name" })");
  run.caller.Reply("GetWrapped", [&](std::string_view request) {
    // Two pieces of one message.
    const std::string id = run.dynamic().Text("test.Key", request).substr(5, 1);
    return run.dynamic().Wire("test.Wrapped", "user { name: 'lost' aliases: 'x' }") +
           run.dynamic().Wire("test.Wrapped", "user { name: '" + id + "' aliases: 'y' }");
  });
  run.caller.Reply("GetUser", [&](std::string_view request) {
    return run.dynamic().Wire("test.User",
                              Cat("name: '", run.dynamic().Text("test.Key", request), "'"));
  });
  EXPECT_EQ(run.Run("tags: 'p' tags: 'q'"),
            "users { name: \"id: \\\"p\\\" tags: \\\"x\\\" tags: \\\"y\\\"\" } "
            "users { name: \"id: \\\"q\\\" tags: \\\"x\\\" tags: \\\"y\\\"\" } "
            "names: \"p\" names: \"q\"");
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
