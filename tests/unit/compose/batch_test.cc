// Steps with `batch`, and messages with `convert`.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/support/composition.h"

namespace frontdesk::compose {
namespace {

using ::frontdesk::testing::Composition;

constexpr char kMessages[] = R"(
  message Key { string id = 1; repeated string tags = 2; repeated int32 numbers = 3; string lang = 4; }
  message NumberKey { sint64 number = 1; }
  message Item { string id = 1; string name = 2; int64 number = 3; }
  message Ids { string lang = 1; repeated string ids = 2; string more = 3; }
  message Numbers { repeated int64 numbers = 1; }
  message Items { string page = 1; repeated Item items = 2; }
  message View { string title = 1; string id = 2; }
  message Answer { repeated Item items = 1; repeated View views = 2; View view = 3; string title = 4; }
  service Back {
    rpc Get(Key) returns (Item);
    rpc GetNumber(NumberKey) returns (Item);
    rpc BatchGet(Ids) returns (Items);
    rpc BatchNumbers(Numbers) returns (Items);
  }
)";

std::string Batch(std::string_view more) {
  return Cat(R"(
    step { id: "items" each: "request.tags" as: "tag" call: "test.Back/Get"
           bind { to: "id" from: "tag" } bind { to: "lang" from: "request.lang" }
           batch { call: "test.Back/BatchGet" keys: "ids" results: "items" match: "id" )",
             more, R"( } out { to: "items" from: "items" })");
}

class BatchTest : public ::testing::Test {
 protected:
  explicit BatchTest(std::string_view more = "max_keys: 2 } max_parallel: 2 on_error: OMIT")
      : run(kMessages, "Key", "Answer", Batch(more)) {}
  std::string Asked(size_t call) {
    return run.dynamic().Text("test.Ids", run.caller.seen()[call].request);
  }
  std::string Items(std::string_view ids) {
    std::string text;
    for (char id : ids) text += Cat("items { id: '", id, "' name: 'N", id, "' } ");
    return run.dynamic().Wire("test.Items", text);
  }
  void Release(std::string_view ids) { run.caller.Release("BatchGet", Items(ids)); }

  Composition run;
};

TEST_F(BatchTest, AsksForManyAtOnceAndForEqualOnesOnce) {
  run.Run("tags: 'a' tags: 'b' tags: 'a' tags: 'c' tags: 'd' tags: 'e' lang: 'de'");
  EXPECT_EQ(run.caller.Held(), "BatchGet BatchGet");  // max_parallel: 2
  EXPECT_EQ(Asked(0), "lang: \"de\" ids: \"a\" ids: \"b\"");
  EXPECT_EQ(Asked(1), "lang: \"de\" ids: \"c\" ids: \"d\"");
  Release("ba");  // unordered
  EXPECT_EQ(Asked(2), "lang: \"de\" ids: \"e\"");
  Release("dcd");  // doubled
  Release("e");
  EXPECT_EQ(run.Outcome(),
            "items { id: \"a\" name: \"Na\" } items { id: \"b\" name: \"Nb\" } "
            "items { id: \"a\" name: \"Na\" } items { id: \"c\" name: \"Nc\" } "
            "items { id: \"d\" name: \"Nd\" } items { id: \"e\" name: \"Ne\" }");
  EXPECT_EQ(run.caller.seen().size(), 3u);
}

TEST_F(BatchTest, WhatHasNoResultDropsOut) {
  run.Run("tags: 'a' tags: 'b' tags: 'b'");
  Release("xa");  // short, and something nobody asked for
  EXPECT_EQ(run.Outcome(),
            "items { id: \"a\" name: \"Na\" } | items[1];NOT_FOUND items[2];NOT_FOUND");
}

TEST_F(BatchTest, AFailedCallFailsItsElements) {
  run.Run("tags: 'a' tags: 'b' tags: 'c'");
  run.caller.Release("BatchGet", absl::UnavailableError(""));
  Release("c");
  EXPECT_EQ(run.Outcome(),
            "items { id: \"c\" name: \"Nc\" } "
            "| items[0];UNAVAILABLE items[1];UNAVAILABLE");
}

TEST_F(BatchTest, AReplyThatIsNoMessageFailsItsElements) {
  constexpr std::string_view kBroken[] = {
      std::string_view("\x12\x05x", 3),         // cut off
      std::string_view("\x12\x02\x0a\x09", 4),  // inside of a result
      std::string_view("\x12\x06\x0a\x01"
                       "a\x12\x01\xff",
                       8),  // not UTF-8
  };
  for (std::string_view broken : kBroken) {
    run.Run("tags: 'a'");
    run.caller.Release("BatchGet", std::string(broken));
    EXPECT_EQ(run.Outcome(), " | items[0];UPSTREAM_PROTOCOL");
  }
}

TEST_F(BatchTest, AnEmptyKeyIsNotAskedFor) {
  run.Run("tags: '' tags: 'a' tags: ''");
  EXPECT_EQ(Asked(0), "ids: \"a\"");
  Release("a");
  EXPECT_EQ(run.Outcome(),
            "items { id: \"a\" name: \"Na\" } "
            "| items[0];NOT_FOUND items[2];NOT_FOUND");
  EXPECT_EQ(run.Run("tags: ''"), " | items[0];NOT_FOUND");
  EXPECT_EQ(run.Run(""), "");
  EXPECT_EQ(run.caller.seen().size(), 1u);
}

TEST_F(BatchTest, RepliesHaveALimitTogether) {
  run.options.max_total_bytes = 3;
  run.Run("tags: 'a'");
  Release("a");
  EXPECT_EQ(run.Outcome(), " | items[0];UPSTREAM_MESSAGE_TOO_LARGE");
}

class BatchThatMust : public BatchTest {
 protected:
  BatchThatMust() : BatchTest("max_keys: 1 } max_parallel: 1") {}
};

TEST_F(BatchThatMust, FailsTheWholeForOneElement) {
  run.Run("tags: 'a' tags: 'b'");
  Release("b");
  EXPECT_EQ(run.Outcome(), "NOT_FOUND NOT_FOUND");
  EXPECT_EQ(run.caller.seen().size(), 1u);  // the second batch was never asked for
  run.Run("tags: 'a'");
  run.caller.Release("BatchGet", absl::UnavailableError(""));
  EXPECT_EQ(run.Outcome(), "UNAVAILABLE UNAVAILABLE");
  EXPECT_EQ(run.Run("tags: 'a' tags: ''"), "NOT_FOUND NOT_FOUND");
}

class BatchWithDefault : public BatchTest {
 protected:
  BatchWithDefault()
      : BatchTest("} on_error: DEFAULT default { [type.googleapis.com/test.Item] { id: '?' } }") {}
};

TEST_F(BatchWithDefault, KeepsThePlacesOfTheList) {
  run.Run("tags: 'a' tags: 'b'");
  Release("b");
  EXPECT_EQ(run.Outcome(),
            "items { id: \"?\" } items { id: \"b\" name: \"Nb\" } "
            "| items[0];NOT_FOUND;default");
}

TEST(Batch, MatchesNumbersByValue) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "items" each: "request.numbers" as: "n" call: "test.Back/GetNumber"
           bind { to: "number" from: "n" }
           batch { call: "test.Back/BatchNumbers" keys: "numbers" results: "items" match: "number" } }
    out { to: "items" from: "items" })");
  run.Run("numbers: 7 numbers: -2 numbers: 0 numbers: 7");
  const std::string request = run.caller.seen()[0].request;
  EXPECT_EQ(run.dynamic().Text("test.Numbers", request), "numbers: 7 numbers: -2 numbers: 0");
  EXPECT_EQ(request[0], '\x0a');  // packed
  run.caller.Release("BatchNumbers",
                     run.dynamic().Wire("test.Items",
                                        "items { name: 'zero' } "
                                        "items { number: -2 } items { number: 7 }"));
  EXPECT_EQ(
      run.Outcome(),
      "items { number: 7 } items { number: -2 } items { name: \"zero\" } items { number: 7 }");
}

TEST(ConvertOption, RenamesFields) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "one" call: "test.Back/Get" }
    step { id: "all" call: "test.Back/BatchGet" }
    out { to: "view" from: "one" convert { rename { from: "name" to: "title" } strict: true } }
    out { to: "views" from: "all.items" convert { rename { from: "name" to: "id" } } }
    out { to: "" from: "one" convert { rename { from: "id" to: "title" } } })");
  run.caller.Reply("Get", [&](std::string_view) {
    return run.dynamic().Wire("test.Item", "id: 'i' name: 'Ada'");
  });
  run.caller.Reply("BatchGet", [&](std::string_view) {
    return run.dynamic().Wire("test.Items", "items { id: 'i' name: 'A' } items { name: 'B' }");
  });
  EXPECT_EQ(run.Run(""),
            "views { id: \"A\" } views { id: \"B\" } view { title: \"Ada\" id: \"i\" } "
            "title: \"i\"");
}

}  // namespace
}  // namespace frontdesk::compose
