// Conditions of steps: what they may say, and which steps must not depend on them.
#include <gtest/gtest.h>

#include <span>

#include "tests/unit/contract/front_findings.h"

namespace frontdesk::contract {
namespace {

constexpr char kMessages[] = R"(
  enum State { STATE_NONE = 0; STATE_PAID = 1; }
  message Key { string id = 1; repeated string tags = 2; bool full = 3; optional int32 limit = 4; }
  message Money { int64 cents = 1; }
  message Order {
    string id = 1; State state = 2; Money total = 3; repeated string words = 4; double weight = 5;
    map<string, string> notes = 6;
  }
  message Answer { Order order = 1; Order other = 2; repeated Order list = 3; Order third = 4; }
  service Back { rpc GetOrder(Key) returns (Order); }
)";

using Case = testing::FrontCase;

void Check(std::span<const Case> cases) { testing::CheckFront(kMessages, cases); }

#define STEP(id, more) "step { id: '" id "' call: 'test.Back/GetOrder' " more " } "
#define OUT(to, from) "out { to: '" to "' from: '" from "' } "
// A step with a condition, after one that always is.
#define WHEN(condition)                                  \
  STEP("order", "")                                      \
  STEP("other", "on_error: OMIT when { " condition " }") \
  OUT("order", "order")                                  \
  OUT("other",                                           \
      "othe"                                             \
      "r")

TEST(PlanWhen, Words) {
  constexpr Case kCases[] = {
      {WHEN("has: 'order'"), ""},
      {WHEN("has: 'request.full'"), ""},
      {WHEN("has: 'request.tags'"), ""},
      {WHEN("has: 'order.notes'"), ""},
      {WHEN("has: 'order.total'"), ""},
      {WHEN("has: 'caller.sub'"), ""},
      {WHEN("equals { path: 'caller.sub' value: 'me' }"), ""},
      {WHEN("equals { path: 'order.state' value: 'STATE_PAID' }"), ""},
      {WHEN("equals { path: 'order.total.cents' value: '-5' }"), ""},
      {WHEN("in { path: 'order.id' value: 'a' value: 'b' }"), ""},
      {WHEN("not { has: 'order.words' }"), ""},
      {WHEN("and { has: 'order' } and { or { has: 'request.id' } or { has: 'request.limit' } }"),
       ""},
      {WHEN(""), "when: a condition needs one of has, equals, in, not, and, or"},
      {WHEN("has: 'order' and { has: 'request.id' }"), "when: a condition has one of has, equals"},
      {WHEN("not { }"), "when: a condition needs one of"},
      {WHEN("has: 'ordre'"),
       "when: \"ordre\": there is no step \"ordre\" (did you mean \"order\"?)"},
      {WHEN("has: 'order.totl'"), "test.Order has no field \"totl\" (did you mean \"total\"?)"},
      {WHEN("has: 'request'"), "when: the request is always there"},
      {WHEN("has: 'caller.name'"), "\"caller.name\" is not known of the caller"},
      {WHEN("equals { path: 'request.tags' value: 'x' }"),
       "\"request.tags\" is a list: only `has`"},
      {WHEN("equals { path: 'order.notes' value: 'x' }"), "\"order.notes\" is a list: only `has`"},
      {WHEN("equals { path: 'order.total' value: '5' }"),
       "\"order.total\" is of type test.Money: compare one of its fields"},
      {WHEN("equals { path: 'order' value: '5' }"), "compare one of its fields"},
      {WHEN("equals { path: 'order.weight' value: '5' }"), "whether such numbers are equal says"},
      {WHEN("equals { path: 'order.total.cents' value: 'five' }"), "\"five\" is not an int64"},
      {WHEN("equals { path: 'request.full' value: 'yes' }"), "\"yes\" is not true or false"},
      {WHEN("equals { path: 'order.state' value: 'STATE_PAYD' }"),
       "\"STATE_PAYD\" is not a value of test.State (did you mean \"STATE_PAID\"?)"},
      {WHEN("in { path: 'order.id' }"), "`in` needs a value"},
      {WHEN("has: 'other'"), "the steps form a cycle: \"other\" needs \"other\""},
  };
  Check(kCases);
}

TEST(PlanWhen, AnElementDecidesNothing) {
  constexpr Case kCases[] = {
      {STEP("list",
            "each: 'request.tags' as: 'tag' bind { to: 'id' from: 'tag' } "
            "when { has: 'request.full' }") OUT("list", "list"),
       ""},
      {STEP("list",
            "each: 'request.tags' as: 'tag' bind { to: 'id' from: 'tag' } "
            "when { has: 'tag' }") OUT("list", "list"),
       "a condition decides about the whole step, not about an element"},
      {STEP("list", "each: 'request.tags' as: 'tag' bind { to: 'id' from: 'tag' }")
           STEP("other", "when { has: 'list' }") OUT("list", "list") OUT("other", "other"),
       ""},
      {STEP("list", "each: 'request.tags' as: 'tag' bind { to: 'id' from: 'tag' }")
           STEP("other", "when { has: 'list.total' }") OUT("list", "list") OUT("other", "other"),
       "\"list.total\" is a list, one for each reply of \"list\": name only the step"},
  };
  Check(kCases);
}

#define FED(more) "bind { to: 'id' from: 'other.id' } " more
// The third step reads the second, which may be missing for the reason given.
#define THIRD(reason, more) \
  STEP("order", "")         \
  STEP("other", reason) STEP("third", FED(more)) OUT("order", "order") OUT("third", "third")
#define SOMETIMES "when { has: 'request.full' }"

TEST(PlanWhen, WhatMustNotFailMakesSureOfWhatItNeeds) {
  constexpr Case kCases[] = {
      {THIRD(SOMETIMES, "on_error: OMIT"), ""},
      {THIRD(SOMETIMES, ""),
       "step \"third\" must not fail but needs \"other\", which may be skipped"},
      {THIRD("on_error: OMIT", ""), "must not fail but needs \"other\", which may be omitted"},
      {THIRD("on_error: OMIT", "when { has: 'other' }"), ""},
      {THIRD(SOMETIMES, "when { has: 'other.total' }"), ""},
      {THIRD("on_error: OMIT", "when { equals { path: 'other.id' value: 'x' } }"), ""},
      {THIRD("on_error: OMIT", "when { and { has: 'request.id' } and { has: 'other' } }"), ""},
      {THIRD("on_error: OMIT", "when { or { has: 'other' } or { has: 'other.id' } }"), ""},
      {THIRD("on_error: OMIT", "when { or { has: 'other' } or { has: 'request.id' } }"),
       "must not fail but needs \"other\""},
      {THIRD("on_error: OMIT", "when { not { has: 'other' } }"),
       "must not fail but needs \"other\""},
      {THIRD("on_error: OMIT", SOMETIMES), "must not fail but needs \"other\""},
      // Only asked about, not read.
      {STEP("other", "on_error: OMIT") STEP("third", "when { not { has: 'other' } }")
           OUT("other", "other") OUT("third", "third"),
       ""},
      // Skipped because what feeds it is.
      {STEP("other", SOMETIMES) STEP("order", "on_error: OMIT " FED(""))
           STEP("third", "bind { to: 'id' from: 'order.id' } when { has: 'order' }")
               OUT("third", "third"),
       ""},
      {STEP("other", SOMETIMES) STEP(
           "order", "on_error: DEFAULT default { [type.googleapis.com/test.Order] { } } " FED(""))
           STEP("third", "bind { to: 'id' from: 'order.id' }") OUT("third", "third"),
       "must not fail but needs \"order\", which may be skipped"},
  };
  Check(kCases);
}

}  // namespace
}  // namespace frontdesk::contract
