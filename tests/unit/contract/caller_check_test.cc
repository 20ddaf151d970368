// What only the caller fills: where it may stand in a request, and how the calls of a composition
// get it.
#include "gateway/contract/caller_check.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"
#include "tests/unit/contract/front_findings.h"

namespace frontdesk::contract {
namespace {

constexpr char kScope[] =
    "message Scope { string sub = 1 [(frontdesk.v1.field).from = 'caller.sub']; string id = 2; }\n";
constexpr char kGet[] = " { option (google.api.http) = { get: '/a' }; }";

std::string FindingsOf(std::string_view text) {
  Findings findings;
  Contract::Load(testing::CompileProto(text), "test.binpb", findings);
  return findings.ToString();
}

TEST(CallerCheck, RefusesWhatTheCallerCantReach) {
  constexpr char kInside[] = ": what only the caller fills can't be inside of one\n";
  const struct {
    const char* request;  // body of the message
    std::string finding;  // "" for a good one
  } kCases[] = {
      {"Scope scope = 1;", ""},
      {"string sub = 1 [(frontdesk.v1.field).from = 'caller.sub']; Inner inner = 2;", ""},
      {"repeated Scope scopes = 1;", Cat("request field \"scopes\" is a list", kInside)},
      {"map<string, Scope> scopes = 1;", Cat("request field \"scopes\" is a map", kInside)},
      {"map<string, Inner> inners = 1;", Cat("request field \"inners\" is a map", kInside)},
      {"oneof one { Scope scope = 1; }",
       Cat("request field \"scope\" is a member of a oneof", kInside)},
      {"message In { repeated Scope all = 1; } In in = 1;",
       Cat("request field \"in.all\" is a list", kInside)},
      {"string sub = 1 [(frontdesk.v1.field).from = 'caller.sub']; Request self = 2;",
       Cat("request field \"self\" is a message that contains itself", kInside)},
      {"optional Scope scope = 1;", ""},  // not a oneof
      {"repeated string ids = 1;", ""},
  };
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.request);
    const std::string messages =
        Cat(kScope, "message Inner { Scope scope = 1; }\nmessage Request { ", one.request, " }\n");
    const std::string told = one.finding.empty() ? "" : Cat("test.S.Get: ", one.finding);
    const std::string found =
        FindingsOf(Cat(messages, "service S { rpc Get(Request) returns (Inner)", kGet, " }"));
    EXPECT_EQ(found.substr(found.empty() ? 0 : found.find(" test") + 1), told);
    // No client sends it.
    EXPECT_EQ(FindingsOf(Cat(messages, "service S { rpc Get(Request) returns (Inner); }")), "");
  }
}

// A message twice in each of twenty levels is a million of them.
TEST(CallerCheck, CountsWhatTheCallerFills) {
  std::string messages = kScope;
  messages += "message M0 { Scope a = 1; Scope b = 2; }\n";
  for (int i = 1; i < 20; ++i) {
    messages += Cat("message M", i, " { M", i - 1, " a = 1; M", i - 1, " b = 2; }\n");
  }
  const auto finding = [&](const char* request) {
    return FindingsOf(
        Cat(messages, "service S { rpc Get(", request, ") returns (Scope)", kGet, " }"));
  };
  EXPECT_EQ(finding("M5"), "");  // 64
  EXPECT_THAT(finding("M6"), ::testing::HasSubstr("more than 100 fields are filled by the caller"));
  EXPECT_THAT(finding("M19"), ::testing::HasSubstr("more than 100 fields"));
  const std::string composed =
      Cat(messages, "message Key { string id = 1; } message Answer { Scope scope = 1; }",
          "service Back { rpc Ask(M19) returns (Scope); }");
  testing::CheckFront(composed,
                      std::vector<testing::FrontCase>{
                          {"step { id: 'a' call: 'test.Back/Ask' } out { to: 'scope' from: 'a' }",
                           "bind fills more than 100 messages by the caller"}});
}

constexpr char kMessages[] = R"(
  message Scope { string sub = 1 [(frontdesk.v1.field).from = 'caller.sub']; string id = 2; }
  message Plain { string sub = 1; string id = 2; }
  message Key { Scope scope = 1; Plain plain = 2; string id = 3; }
  message Ask {
    Scope scope = 1; repeated Scope list = 2; map<string, Scope> named = 3;
    oneof one { Scope member = 4; string other = 5; }
    Ask self = 6; string id = 7;
  }
  message Answer { Scope scope = 1; Plain plain = 2; repeated Scope list = 3; }
  service Back { rpc Ask_(Ask) returns (Answer); rpc Get(Plain) returns (Answer);
                 rpc One(Plain) returns (Shown); }
  message Shown { Scope scope = 1; }
)";

#define ASK(binds) \
  "step { id: 'a' call: 'test.Back/Ask_' " binds " } out { to: 'scope' from: 'a.scope' }"
#define AFTER(binds)                                                                    \
  "step { id: 'b' call: 'test.Back/Get' } step { id: 'a' call: 'test.Back/Ask_' " binds \
  " } out { to: 'scope' from: 'a.scope' }"

TEST(CallerCheck, NoStepFillsItFromElsewhere) {
  constexpr char kNothing[] =
      "test.Scope has fields that can be filled only from the caller, and nothing fills them there";
  const std::vector<testing::FrontCase> cases = {
      {ASK(""), ""},
      {ASK("bind { to: 'scope.id' from: 'request.id' }"), ""},
      {ASK("bind { to: 'scope.sub' from: 'caller.sub' }"), ""},
      {ASK("bind { to: 'scope.sub' from: 'request.scope.sub' }"), ""},
      {ASK("bind { to: 'scope.sub' from: 'request.plain.sub' }"),
       "\"sub\" can be filled only from caller.sub"},
      {ASK("bind { to: 'scope' from: 'request.scope' }"), ""},  // that has it from the caller
      {ASK("bind { to: 'member' from: 'request.scope' }"), ""},
      {ASK("bind { to: 'scope' from: 'request.plain' }"),
       "\"sub\" can be filled only from caller.sub"},
      {AFTER("bind { to: 'scope' from: 'b.scope' }"), kNothing},
      {AFTER("bind { to: 'list' from: 'b.list' }"), kNothing},
      {AFTER("bind { to: 'scope' from: 'b.plain' }"), "\"sub\" can be filled only from caller.sub"},
      {"step { id: 'b' call: 'test.Back/One' } step { id: 'a' call: 'test.Back/Ask_' "
       "bind { to: '' from: 'b' } } out { to: 'scope' from: 'a.scope' }",
       kNothing},
      {ASK("bind { to: 'member.id' from: 'request.id' }"), kNothing},
      {ASK("bind { to: 'self.id' from: 'request.id' }"), ""},
      {ASK("bind { to: 'self.self.self.id' from: 'request.id' }"), ""},
      {ASK("bind { to: 'self.scope' from: 'request.scope' }"), ""},
      {ASK("undo { call: 'test.Back/Ask_' bind { to: 'scope' from: 'a.scope' } }"), kNothing},
      {ASK("undo { call: 'test.Back/Ask_' bind { to: 'scope.id' from: 'a.scope.id' } }"), ""},
  };
  testing::CheckFront(kMessages, cases);
}

TEST(CallerCheck, KnowsWhoNeedsACaller) {
  const struct {
    const char* composition;
    bool needs;
  } kCases[] = {
      {"step { id: 'a' call: 'test.Back/Find' } out { to: 'id' from: 'a.id' }", false},
      {"step { id: 'a' call: 'test.Back/Own' } out { to: 'id' from: 'a.id' }", true},
      {"step { id: 'a' call: 'test.Back/Deep' } out { to: 'id' from: 'a.id' }", true},
      {"step { id: 'a' call: 'test.Back/Find' bind { to: 'id' from: 'caller.sub' } } "
       "out { to: 'id' from: 'a.id' }",
       true},
      // These know what to do without one.
      {"step { id: 'a' call: 'test.Back/Own' when { has: 'caller.sub' } } "
       "out { to: 'id' from: 'a.id' }",
       false},
      {"step { id: 'a' call: 'test.Back/Own' when { not { not { in { path: 'caller.sub' "
       "value: 'x' } } } } } out { to: 'id' from: 'a.id' }",
       false},
      {"step { id: 'a' call: 'test.Back/Own' when { and { has: 'request.id' } "
       "and { has: 'caller.sub' } } } out { to: 'id' from: 'a.id' }",
       false},
      {"step { id: 'a' call: 'test.Back/Own' when { not { or { not { has: 'caller.sub' } } "
       "or { has: 'request.id' } } } } out { to: 'id' from: 'a.id' }",
       false},
      // These speak of one, and hold without.
      {"step { id: 'a' call: 'test.Back/Own' when { not { has: 'caller.sub' } } } "
       "out { to: 'id' from: 'a.id' }",
       true},
      {"step { id: 'a' call: 'test.Back/Own' when { or { has: 'request.id' } "
       "or { has: 'caller.sub' } } } out { to: 'id' from: 'a.id' }",
       true},
      {"step { id: 'a' call: 'test.Back/Own' when { not { and { not { has: 'caller.sub' } } "
       "and { has: 'request.id' } } } } out { to: 'id' from: 'a.id' }",
       true},
      // What takes a step back is filled, too.
      {"step { id: 'a' call: 'test.Back/Find' undo { call: 'test.Back/Own' "
       "bind { to: 'id' from: 'a.id' } } } "
       "out { to: 'id' from: 'a.id' }",
       true},
      {"step { id: 'a' call: 'test.Back/Find' undo { call: 'test.Back/Find' "
       "bind { to: 'id' from: 'caller.sub' } } } out { to: 'id' from: 'a.id' }",
       true},
      {"step { id: 'a' call: 'test.Back/Find' } out { to: 'id' from: 'caller.sub' } "
       "out { to: 'other' from: 'a.id' }",
       false},
  };
  constexpr char kBack[] = R"(
    message Scope { string sub = 1 [(frontdesk.v1.field).from = 'caller.sub']; string id = 2; }
    message Inner { Scope scope = 1; }
    message Key { string id = 1; } message Answer { string id = 1; string other = 2; }
    service Back { rpc Find(Key) returns (Answer); rpc Own(Scope) returns (Answer);
                   rpc Deep(Inner) returns (Answer); }
  )";
  for (const auto& one : kCases) {
    SCOPED_TRACE(one.composition);
    Findings findings;
    const auto contract = testing::LoadFront(kBack, one.composition, findings);
    ASSERT_TRUE(contract) << findings.ToString();
    EXPECT_EQ(contract->FindMethod("test.Front/Get")->needs_caller, one.needs);
    EXPECT_TRUE(contract->FindMethod("test.Back/Own")->needs_caller);
    EXPECT_TRUE(contract->FindMethod("test.Back/Deep")->needs_caller);
    EXPECT_FALSE(contract->FindMethod("test.Back/Find")->needs_caller);
  }
}

TEST(CallerCheck, KnowsWhichClaimsAreNeeded) {
  constexpr char kBack[] = R"(
    message Inner { string plan = 1 [(frontdesk.v1.field).from = 'caller.claims.org.plan']; }
    message Mine { string tenant = 1 [(frontdesk.v1.field).from = 'caller.claims.tenant'];
                   optional int32 age = 2 [(frontdesk.v1.field).from = 'caller.claims.age'];
                   Inner inner = 3; Mine2 other = 4; }
    message Mine2 { string sub = 1 [(frontdesk.v1.field).from = 'caller.sub']; }
    message Key { string id = 1; optional string note = 2; int64 number = 3; repeated string all = 4;
                  bytes raw = 5; }
    message Answer { string id = 1; string other = 2; }
    service Back { rpc Find(Key) returns (Answer); rpc Own(Mine) returns (Answer); }
  )";
  const auto text = [](const Method& method) {
    std::string all;
    for (const ClaimNeed& need : method.claims) {
      all += Cat(need.claim, ' ', static_cast<int>(need.type), need.required ? "!" : "", ';');
    }
    return all;
  };
  const auto of = [&](std::string_view step) {
    Findings findings;
    const auto contract = testing::LoadFront(
        kBack, Cat("step { id: 'a' ", step, " } out { to: 'id' from: 'a.id' }"), findings);
    if (!contract) return findings.ToString();
    EXPECT_EQ(text(*contract->FindMethod("test.Back/Own")), "tenant 9!;age 5;org.plan 9!;");
    EXPECT_EQ(text(*contract->FindMethod("test.Back/Find")), "");
    return text(*contract->FindMethod("test.Front/Get"));
  };
  const std::string find = "call: 'test.Back/Find' ";
  EXPECT_EQ(of(find), "");
  EXPECT_EQ(of(find + "bind { to: 'id' from: 'caller.claims.a.b' }"), "a.b 9!;");
  EXPECT_EQ(of(find + "bind { to: 'note' from: 'caller.claims.a' }"), "a 9;");
  EXPECT_EQ(of(find + "bind { to: 'number' from: 'caller.claims.a' }"), "a 3!;");
  EXPECT_EQ(of(find + "bind { to: 'id' from: 'caller.claims.a' } "
                      "bind { to: 'note' from: 'caller.claims.a' }"),
            "a 9!;");
  // Whoever has asked for it knows what to do without it.
  EXPECT_EQ(of(find + "bind { to: 'id' from: 'caller.claims.a' } when { has: 'caller.claims.a' }"),
            "a 9;");
  EXPECT_EQ(of(find + "bind { to: 'id' from: 'caller.claims.a' } when { has: 'caller.claims.b' }"),
            "a 9!;");
  EXPECT_EQ(of(find + "bind { to: 'id' from: 'caller.claims.a' } when { has: 'caller.sub' }"),
            "a 9!;");
  EXPECT_EQ(of(find + "undo { call: 'test.Back/Find' bind { to: 'id' from: 'caller.claims.a' } }"),
            "a 9!;");
  EXPECT_EQ(of("call: 'test.Back/Own'"), "tenant 9!;age 5;org.plan 9!;");
  for (const auto& [bind, wrong] : std::vector<std::pair<std::string, std::string>>{
           {"to: 'all' from: 'caller.claims.a'", "does not fit"},
           {"to: 'raw' from: 'caller.claims.a'", "a claim fits a string, number or bool"},
           {"to: 'id' from: 'caller.claims'", "is not known of the caller"},
           {"to: 'id' from: 'caller.claims.'", "is not known of the caller"},
           {"to: 'id' from: 'caller.claims.a..b'", "is not known of the caller"}}) {
    EXPECT_THAT(of(Cat(find, "bind { ", bind, " }")), ::testing::HasSubstr(wrong)) << bind;
  }
  EXPECT_THAT(of("call: 'test.Back/Own' bind { to: 'tenant' from: 'caller.sub' }"),
              ::testing::HasSubstr("can be filled only from caller.claims.tenant"));
  EXPECT_THAT(of("call: 'test.Back/Own' bind { to: 'other.sub' from: 'caller.claims.tenant' }"),
              ::testing::HasSubstr("can be filled only from caller.sub"));
}

}  // namespace
}  // namespace frontdesk::contract
