// Steps with `when`, and what `on_error: DEFAULT` puts in the place of a reply.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "gateway/compose/condition.h"
#include "tests/support/composition.h"

namespace frontdesk::compose {
namespace {

using ::frontdesk::testing::Composition;

constexpr char kMessages[] = R"(
  enum State { STATE_NONE = 0; STATE_PAID = 1; STATE_LOST = -3; }
  message Part { int32 count = 1; State state = 2; }
  message Key {
    string id = 1; optional int32 limit = 2; repeated string tags = 3; bool full = 4; Part part = 5;
    repeated int32 numbers = 6; optional string note = 7; sint64 points = 8; State state = 9;
    map<string, string> labels = 10; fixed32 code = 11;
  }
  message Order { string id = 1; State state = 2; Part part = 3; }
  message Answer { Order order = 1; Order other = 2; Order third = 3; repeated Order list = 4; }
  service Back {
    rpc GetOrder(Key) returns (Order);
    rpc GetOther(Key) returns (Order);
    rpc GetThird(Key) returns (Order);
  }
)";

absl::StatusOr<std::string> Nothing(std::string_view) { return std::string(); }
absl::StatusOr<std::string> Unavailable(std::string_view) { return absl::UnavailableError(""); }

struct Row {
  const char* when;
  const char* request;
  bool made;
};

TEST(When, LooksAtTheRequest) {
  constexpr Row kRows[] = {
      {"has: 'request.id'", "id: 'x'", true},
      {"has: 'request.id'", "", false},
      {"has: 'request.full'", "full: true", true},
      {"has: 'request.full'", "full: false", false},
      {"has: 'request.limit'", "limit: 0", true},  // presence
      {"has: 'request.limit'", "", false},
      {"has: 'request.note'", "note: ''", true},
      {"has: 'request.tags'", "tags: ''", true},
      {"has: 'request.tags'", "", false},
      {"has: 'request.numbers'", "numbers: 0", true},
      {"has: 'request.numbers'", "", false},
      {"has: 'request.labels'", "labels { key: 'a' }", true},
      {"has: 'request.part'", "part { }", true},
      {"has: 'request.part'", "", false},
      {"has: 'request.part.count'", "part { }", false},
      {"has: 'request.part.count'", "part { count: 1 }", true},
      {"equals { path: 'request.id' value: 'x' }", "id: 'x'", true},
      {"equals { path: 'request.id' value: 'x' }", "id: 'y'", false},
      {"equals { path: 'request.id' value: '' }", "", true},
      {"equals { path: 'request.full' value: 'false' }", "", true},
      {"equals { path: 'request.limit' value: '0' }", "", false},
      {"equals { path: 'request.limit' value: '0' }", "limit: 0", true},
      {"equals { path: 'request.limit' value: '-1' }", "limit: -1", true},
      {"equals { path: 'request.points' value: '-77' }", "points: -77", true},
      {"equals { path: 'request.code' value: '7' }", "code: 7", true},
      {"equals { path: 'request.code' value: '0' }", "", true},
      {"equals { path: 'request.state' value: 'STATE_LOST' }", "state: STATE_LOST", true},
      {"equals { path: 'request.state' value: 'STATE_LOST' }", "state: STATE_PAID", false},
      {"equals { path: 'request.part.count' value: '0' }", "", false},  // no message around it
      {"equals { path: 'request.part.count' value: '0' }", "part { }", true},
      {"in { path: 'request.id' value: 'x' value: 'y' }", "id: 'y'", true},
      {"in { path: 'request.id' value: 'x' value: 'y' }", "id: 'z'", false},
      {"equals { path: 'caller.sub' value: 'me' }", "", true},
      {"has: 'caller.sub'", "", true},
      {"in { path: 'caller.sub' value: 'you' value: 'them' }", "", false},
      {"has: 'caller.claims.tenant'", "", true},
      {"has: 'caller.claims.org.plan'", "", true},
      {"has: 'caller.claims.none'", "", false},  // null
      {"has: 'caller.claims.other'", "", false},
      {"equals { path: 'caller.claims.tenant' value: 'acme' }", "", true},
      {"equals { path: 'caller.claims.tenant' value: 'Acme' }", "", false},
      {"in { path: 'caller.claims.age' value: '6' value: '7' }", "", true},
      {"equals { path: 'caller.claims.vip' value: 'true' }", "", true},
      {"equals { path: 'caller.claims.other' value: '' }", "", false},
      {"equals { path: 'caller.claims.org' value: 'gold' }", "", false},
      {"not { has: 'request.id' }", "", true},
      {"not { has: 'request.id' }", "id: 'x'", false},
      {"and { has: 'request.id' } and { has: 'request.full' }", "id: 'x'", false},
      {"and { has: 'request.id' } and { has: 'request.full' }", "id: 'x' full: true", true},
      {"or { has: 'request.id' } or { has: 'request.full' }", "full: true", true},
      {"or { has: 'request.id' } or { has: 'request.full' }", "", false},
      {"or { and { has: 'request.id' } and { not { has: 'request.full' } } }", "id: 'x'", true},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(Cat(row.when, " on ", row.request));
    Composition run(kMessages, "Key", "Answer",
                    Cat("step { id: 'order' call: 'test.Back/GetOrder' when { ", row.when,
                        " } } out { to: 'order' from: 'order' }"));
    auto who = std::make_shared<identity::Identity>();
    who->sub = "me";
    who->claims = identity::ParseJson(R"({"tenant":"acme","age":7,"vip":true,"none":null,
                                          "org":{"plan":"gold"}})")
                      .value();
    run.context.identity = std::move(who);
    run.caller.Reply("GetOrder", Nothing);
    EXPECT_EQ(run.Run(row.request), row.made ? "order { }" : "");
    EXPECT_EQ(run.caller.seen().size(), row.made ? 1u : 0u);
  }
}

// What decides for callers, and nothing else, is what tells them apart.
TEST(When, SaysWhatIsTrueOfACaller) {
  const Composition run(kMessages, "Key", "Answer", R"(
    step { id: "order" call: "test.Back/GetOrder"
           when { or { and { has: "caller.claims.vip" } and { has: "request.full" } }
                  or { not { equals { path: "caller.claims.tenant" value: "acme" } } } } }
    step { id: "other" call: "test.Back/GetOther" when { has: "caller.sub" } }
    step { id: "third" call: "test.Back/GetThird"
           when { in { path: "caller.sub" value: "me" value: "you" } } }
    out { to: "order" from: "order" } out { to: "other" from: "other" }
    out { to: "third" from: "third" })");
  const struct {
    const char* sub;
    const char* claims;  // null for nobody known
    const char* text;
  } rows[] = {
      {"", nullptr, "0000"},
      {"me", nullptr, "0011"},
      {"they", "{}", "0010"},
      {"me", R"({"vip": false})", "1011"},
      {"me", R"({"vip": null, "tenant": "acme"})", "0111"},
      {"you", R"({"vip": 1, "tenant": "other"})", "1011"},
      {"", R"({"tenant": "acme"})", "0100"},
  };
  for (const auto& row : rows) {
    identity::Identity who;
    if (row.claims) who.claims = identity::ParseJson(row.claims).value();
    EXPECT_EQ(TrueOfCaller(run.plan(), row.sub, row.claims ? &who : nullptr), row.text)
        << row.sub << (row.claims ? row.claims : "");
  }
}

constexpr char kFallback[] = R"(
  step { id: "order" call: "test.Back/GetOrder" on_error: OMIT when { not { has: "request.full" } } }
  step { id: "other" call: "test.Back/GetOther" when { not { has: "order" } } }
  step { id: "third" call: "test.Back/GetThird" bind { to: "id" from: "order.id" }
         when { equals { path: "order.state" value: "STATE_PAID" } } }
  out { to: "order" from: "order" } out { to: "other" from: "other" } out { to: "third" from: "third" })";

TEST(When, WaitsForTheStepsItLooksAt) {
  Composition run(kMessages, "Key", "Answer", kFallback);
  EXPECT_EQ(run.Run(""), "running");
  EXPECT_EQ(run.caller.Held(), "GetOrder");
  run.caller.Release("GetOrder", run.dynamic().Wire("test.Order", "id: 'o' state: STATE_PAID"));
  EXPECT_EQ(run.caller.Held(), "GetThird");
  run.caller.Release("GetThird", "");
  EXPECT_EQ(run.Outcome(), "order { id: \"o\" state: STATE_PAID } third { }");
}

TEST(When, AFailedStepHasNoReply) {
  Composition run(kMessages, "Key", "Answer", kFallback);
  run.caller.Reply("GetOrder", Unavailable);
  run.caller.Reply("GetOther", Nothing);
  EXPECT_EQ(run.Run(""), "other { } | order;UNAVAILABLE");
}

TEST(When, ASkippedStepHasNoReplyAndIsNotReported) {
  Composition run(kMessages, "Key", "Answer", kFallback);
  run.caller.Reply("GetOther", Nothing);
  EXPECT_EQ(run.Run("full: true"), "other { }");
}

TEST(When, WhatASkippedStepFeedsIsSkippedToo) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "order" call: "test.Back/GetOrder" when { has: "request.full" } }
    step { id: "other" call: "test.Back/GetOther" on_error: OMIT bind { to: "id" from: "order.id" } }
    step { id: "third" call: "test.Back/GetThird" on_error: DEFAULT
           default { [type.googleapis.com/test.Order] { id: "?" } }
           bind { to: "id" from: "other.id" } }
    step { id: "list" call: "test.Back/GetThird" each: "request.tags" as: "tag"
           bind { to: "id" from: "tag" } when { has: "third" } }
    out { to: "order" from: "order" } out { to: "other" from: "other" }
    out { to: "third" from: "third" } out { to: "list" from: "list" })");
  EXPECT_EQ(run.Run("tags: 'a'"), "");
  run.caller.Reply("GetOrder", Nothing);
  run.caller.Reply("GetOther", Unavailable);
  run.caller.Reply("GetThird", Nothing);
  // What failed is another matter.
  EXPECT_EQ(run.Run("tags: 'a' full: true"),
            "order { } third { id: \"?\" } list { } "
            "| other;UNAVAILABLE third;DEPENDENCY;default");
}

constexpr char kDefault[] = R"(
  step { id: "order" call: "test.Back/GetOrder" on_error: DEFAULT timeout: "50ms"
         default { [type.googleapis.com/test.Order] { id: "none" part { count: 3 } } } }
  step { id: "other" call: "test.Back/GetOther" bind { to: "id" from: "order.id" }
         when { has: "order.part" } }
  out { to: "order" from: "order" } out { to: "other" from: "other" })";

TEST(Default, StandsForTheReplyThatFailed) {
  Composition run(kMessages, "Key", "Answer", kDefault);
  run.caller.Reply("GetOrder", Unavailable);
  run.caller.Reply("GetOther", Nothing);
  EXPECT_EQ(run.Run(""),
            "order { id: \"none\" part { count: 3 } } other { } | order;UNAVAILABLE;default");
  EXPECT_EQ(run.dynamic().Text("test.Key", run.caller.seen()[1].request), "id: \"none\"");
}

TEST(Default, StandsForAReplyThatIsNoMessage) {
  Composition run(kMessages, "Key", "Answer", kDefault);
  run.caller.Reply("GetOrder", [](std::string_view) { return std::string("\x0a\x09"); });
  run.caller.Reply("GetOther", Nothing);
  EXPECT_EQ(run.Run(""),
            "order { id: \"none\" part { count: 3 } } other { } "
            "| order;UPSTREAM_PROTOCOL;default");
}

TEST(Default, IsNotUsedWhenThereIsAReplyOrNoClient) {
  Composition run(kMessages, "Key", "Answer", kDefault);
  run.caller.Reply("GetOrder", Nothing);
  EXPECT_EQ(run.Run(""), "order { }");
  Composition held(kMessages, "Key", "Answer", kDefault);
  held.Run("");
  held.cancel.Cancel(absl::CancelledError("client left"));
  held.Turn();
  EXPECT_EQ(held.Outcome(), "CANCELLED CANCELLED");
}

TEST(Default, OfAnEachKeepsThePlacesOfTheList) {
  Composition run(kMessages, "Key", "Answer", R"(
    step { id: "list" each: "request.tags" as: "tag" call: "test.Back/GetOrder" on_error: DEFAULT
           default { [type.googleapis.com/test.Order] { id: "?" } } bind { to: "id" from: "tag" } }
    out { to: "list" from: "list" })");
  run.caller.Reply("GetOrder", [&](std::string_view request) -> absl::StatusOr<std::string> {
    if (run.dynamic().Text("test.Key", request) == "id: \"b\"") return absl::UnavailableError("");
    return run.dynamic().Wire("test.Order", run.dynamic().Text("test.Key", request));
  });
  EXPECT_EQ(run.Run("tags: 'a' tags: 'b' tags: 'c' tags: 'b'"),
            "list { id: \"a\" } list { id: \"?\" } list { id: \"c\" } list { id: \"?\" } "
            "| list[1];UNAVAILABLE;default list[3];UNAVAILABLE;default");
  run.options.max_elements = 1;
  EXPECT_EQ(run.Run("tags: 'a' tags: 'b'"), " | list;EACH_TOO_LONG");
}

}  // namespace
}  // namespace frontdesk::compose
