// Steps that a read mask has no use for.
#include <gtest/gtest.h>

#include "tests/support/composition.h"

namespace frontdesk::compose {
namespace {

using ::frontdesk::testing::Composition;

constexpr char kMessages[] = R"(
  message Key { string id = 1; }
  message Part { string id = 1; string next = 2; }
  message Both { Part a = 1; Part b = 2; }
  message Answer { Part a = 1; Part b = 2; Part c = 3; Both both = 4; string fixed = 5; }
  service Back {
    rpc GetA(Key) returns (Part) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc GetB(Key) returns (Part) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc GetC(Key) returns (Part);
  }
)";
// c needs b, b needs a.
constexpr char kChain[] = R"(
  step { id: "a" call: "test.Back/GetA" bind { to: "id" from: "request.id" } on_error: OMIT }
  step { id: "b" call: "test.Back/GetB" bind { to: "id" from: "a.next" } on_error: OMIT }
  step { id: "c" call: "test.Back/GetC" bind { to: "id" from: "b.next" } on_error: OMIT }
  out { to: "a" from: "a" } out { to: "b" from: "b" } out { to: "c" from: "c" }
  out { to: "both.a" from: "a" } out { to: "both.b" from: "b" } out { to: "fixed" value: "x" })";
// Nobody needs another; all must not fail.
constexpr char kApart[] = R"(
  step { id: "a" call: "test.Back/GetA" bind { to: "id" from: "request.id" } }
  step { id: "b" call: "test.Back/GetB" bind { to: "id" from: "request.id" } }
  step { id: "c" call: "test.Back/GetC" bind { to: "id" from: "request.id" } }
  out { to: "a" from: "a" } out { to: "b" from: "b" } out { to: "c" from: "c" }
  out { to: "both.a" from: "a" } out { to: "both.b" from: "b" } out { to: "fixed" value: "x" })";

struct Masked {
  explicit Masked(const char* composition) : run(kMessages, "Key", "Answer", composition) {}

  // Ids of the steps that run, a slash, ids of those that are shown.
  std::string Wanted(std::string_view fields, bool reads = true) {
    const auto mask = contract::ParseReadMask(run.method().output, fields);
    run.options.steps = StepsFor(run.plan(), nullptr, **mask, reads);
    std::string out;
    for (const uint64_t steps : {run.options.steps.run, run.options.steps.shown}) {
      for (size_t i = 0; i < run.plan().steps.size(); ++i) {
        if (steps >> i & 1) out += run.plan().steps[i].id;
      }
      out += '/';
    }
    return out;
  }

  Composition run;
};

TEST(StepsFor, WhatIsNeededRunsAndWhatIsAskedForIsShown) {
  struct Row {
    const char* fields;
    const char* chain;
    const char* apart;
  };
  const Row kRows[] = {
      {"a", "a/a/", "a/a/"},        {"b.id", "ab/b/", "b/b/"},    {"c", "abc/c/", "c/c/"},
      {"a,c", "abc/ac/", "ac/ac/"}, {"both", "ab/ab/", "ab/ab/"}, {"both.b.id", "ab/b/", "b/b/"},
      {"fixed", "//", "//"},
  };
  Masked chain(kChain), apart(kApart);
  for (const Row& row : kRows) {
    EXPECT_EQ(chain.Wanted(row.fields), row.chain) << row.fields;
    EXPECT_EQ(apart.Wanted(row.fields), row.apart) << row.fields;
  }
}

TEST(StepsFor, ARequestThatChangesSomethingStillMakesEveryCallThatMay) {
  Masked chain(kChain), apart(kApart);
  EXPECT_EQ(apart.Wanted("a", false), "ac/a/");
  EXPECT_EQ(apart.Wanted("fixed", false), "c//");
  EXPECT_EQ(chain.Wanted("a", false), "abc/a/");
}

TEST(StepsFor, AStepThatNobodyAskedForIsNotCalledAndCannotFail) {
  Masked apart(kApart);
  apart.Wanted("b,fixed");
  EXPECT_EQ(apart.run.Run("id: 'k'"), "running");
  EXPECT_EQ(apart.run.caller.Held(), "GetB");
  apart.run.caller.Release("GetB", apart.run.dynamic().Wire("test.Part", "id: 'b'"));
  EXPECT_EQ(apart.run.Outcome(), "b { id: \"b\" } both { b { id: \"b\" } } fixed: \"x\"");
  apart.Wanted("fixed");
  EXPECT_EQ(apart.run.Run("id: 'k'"), "fixed: \"x\"");
}

// A check that a client could switch off by naming other fields would be none.
TEST(StepsFor, WhatIsAlwaysMadeIsMadeWhateverIsAskedFor) {
  // `check` needs `a`, and nothing comes of it; `b` waits for it, `c` does not.
  constexpr char kChecked[] = R"(
    step { id: "a" call: "test.Back/GetA" bind { to: "id" from: "request.id" } }
    step { id: "check" call: "test.Back/GetA" bind { to: "id" from: "a.next" } %s }
    step { id: "b" call: "test.Back/GetB" bind { to: "id" from: "request.id" }
           when { has: "check" } }
    step { id: "c" call: "test.Back/GetC" bind { to: "id" from: "request.id" } }
    out { to: "b" from: "b" } out { to: "c" from: "c" } out { to: "fixed" value: "x" })";
  const auto checked = [&](const char* more) {
    std::string text = kChecked;
    return text.replace(text.find("%s"), 2, more);
  };
  Masked by_when(checked("").c_str()), always(checked("always: true").c_str());
  EXPECT_EQ(by_when.Wanted("b"), "acheckb/b/");
  EXPECT_EQ(by_when.Wanted("c"), "c/c/") << "which is why there is `always`";
  for (const bool reads : {true, false}) {
    EXPECT_EQ(always.Wanted("b", reads), reads ? "acheckb/b/" : "acheckbc/b/");
    EXPECT_EQ(always.Wanted("c", reads), "acheckc/c/");
    EXPECT_EQ(always.Wanted("fixed", reads), reads ? "acheck//" : "acheckc//");
  }
  // Its failure is the answer, though nothing of it was asked for.
  always.Wanted("fixed");
  EXPECT_EQ(always.run.Run("id: 'k'"), "running");
  always.run.caller.Release("GetA", always.run.dynamic().Wire("test.Part", "next: 'n'"));
  EXPECT_EQ(always.run.caller.Held(), "GetA");
  always.run.caller.Release("GetA", absl::PermissionDeniedError("not yours"));
  EXPECT_EQ(always.run.Outcome(), "PERMISSION_DENIED PERMISSION_DENIED");
}

TEST(StepsFor, OnlyWhatWasAskedForIsToldAsMissing) {
  Masked chain(kChain);
  chain.Wanted("b");
  chain.run.Run("id: 'k'");
  chain.run.caller.Release("GetA", absl::UnavailableError("gone"));
  EXPECT_EQ(chain.run.Outcome(), "fixed: \"x\" | b;DEPENDENCY");
}

}  // namespace
}  // namespace frontdesk::compose
