// Steps with `each`.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/support/composition.h"

namespace frontdesk::compose {
namespace {

using ::frontdesk::testing::Composition;

constexpr char kMessages[] = R"(
  message Key { string id = 1; optional int32 limit = 2; repeated string tags = 3; }
  message Line { string product_id = 1; int32 count = 2; }
  message Order { string id = 1; string user_id = 2; repeated Line lines = 3; repeated int32 numbers = 4; }
  message User { string id = 1; string name = 2; repeated string aliases = 3; int32 age = 4;
                 optional int32 rank = 5; }
  message NumberKey { int32 number = 1; string id = 2; }
  message Wrapped { User user = 1; }
  message Answer {
    Order order = 1; User user = 2; repeated User users = 4;
    repeated string names = 6; repeated int32 ages = 7;
  }
  service Back {
    rpc GetOrder(Key) returns (Order);
    rpc GetUser(Key) returns (User);
    rpc GetByNumber(NumberKey) returns (User);
    rpc GetWrapped(Key) returns (Wrapped);
  }
)";

constexpr char kEach[] = R"(
  step { id: "order" call: "test.Back/GetOrder" bind { to: "id" from: "request.id" } }
  step { id: "users" each: "order.lines" as: "line" call: "test.Back/GetUser" max_parallel: 2
         on_error: OMIT bind { to: "id" from: "line.product_id" } bind { to: "limit" value: "3" } }
  out { to: "users" from: "users" } out { to: "names" from: "users.name" }
  out { to: "ages" from: "users.age" })";

absl::Status NotFound() {
  return Failure(absl::StatusCode::kNotFound, "NO_SUCH_ORDER", "no such order", Origin::kUpstream);
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

// The client's fault is a 4xx, a back end's is a 502.
TEST(Each, AListThatIsTooLongIsTheFaultOfWhoMadeIt) {
  constexpr char kStep[] =
      R"(call: "test.Back/GetUser" bind { to: "id" from: "e" } } out { to: "users" from: "users" })";
  Composition ours(kMessages, "Key", "Answer",
                   Cat("step { id: 'users' each: 'request.tags' as: 'e' ", kStep));
  ours.options.max_elements = 1;
  EXPECT_EQ(ours.Run("tags: 'a' tags: 'b'"), "INVALID_ARGUMENT EACH_TOO_LONG");

  Composition theirs(
      kMessages, "Key", "Answer",
      Cat(R"(step { id: "order" call: "test.Back/GetUser" bind { to: "id" from: "request.id" } }
                            step { id: "users" each: "order.aliases" as: "e" )",
          kStep));
  theirs.options.max_elements = 1;
  const std::string user = theirs.dynamic().Wire("test.User", "aliases: 'a' aliases: 'b'");
  theirs.caller.Reply("GetUser", [&](std::string_view) { return user; });
  theirs.Start("");
  EXPECT_EQ(HttpOverrideOf(theirs.TakeResult().status()), 502);
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

TEST(Each, AfterAFailureNoElementIsAskedFor) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "users" each: "request.tags" as: "tag" call: "test.Back/GetUser" max_parallel: 1
           bind { to: "id" from: "tag" } }
    out { to: "users" from: "users" })");
  run.Run("tags: 'a' tags: 'b'");
  run.caller.Release("GetUser", NotFound());
  EXPECT_EQ(run.Outcome(), "NOT_FOUND NO_SUCH_ORDER");
  EXPECT_EQ(run.caller.seen().size(), 1u);
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

// As it has none where it is left out; only what has presence can say so of its default.
TEST(Each, TheDefaultOfAScalarIsNoElement) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "users" each: "request.tags" as: "tag" call: "test.Back/GetUser"
           bind { to: "id" from: "tag" } }
    step { id: "named" each: "users.name" as: "name" call: "test.Back/GetUser"
           bind { to: "id" from: "name" } }
    step { id: "aged" each: "users.age" as: "age" call: "test.Back/GetByNumber"
           bind { to: "number" from: "age" } }
    step { id: "ranked" each: "users.rank" as: "rank" call: "test.Back/GetByNumber"
           bind { to: "number" from: "rank" } }
    out { to: "users" from: "named" } out { to: "names" from: "aged.name" }
    out { to: "ages" from: "ranked.age" })");
  run.caller.Reply("GetUser", [&](std::string_view request) {
    const std::string key = run.dynamic().Text("test.Key", request);
    if (key == "id: \"a\"") return run.dynamic().Wire("test.User", "name: 'p' age: 7");
    // Name, age and rank, each written out.
    if (key == "id: \"b\"") return std::string("\x12\x00\x20\x00\x28\x00", 6);
    return key == "id: \"p\"" ? run.dynamic().Wire("test.User", "name: 'q'") : std::string();
  });
  run.caller.Reply("GetByNumber", [&](std::string_view request) {
    const std::string text = run.dynamic().Text("test.NumberKey", request);
    return run.dynamic().Wire("test.User", Cat("name: '<", text, ">' age: 9"));
  });
  EXPECT_EQ(run.Run("tags: 'a' tags: 'b' tags: 'c'"),
            "users { name: \"q\" } names: \"<number: 7>\" ages: 9");
}

}  // namespace
}  // namespace frontdesk::compose
