#include "codegen/docs/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/docs/curl.h"
#include "codegen/docs/markdown.h"
#include "codegen/docs/reference.h"
#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::codegen::docs {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using ::testing::HasSubstr;

std::unique_ptr<const contract::Contract> Load(const std::string& composition) {
  contract::Findings findings;
  auto contract = contract::Contract::Load(testing::CompileProto(Cat(R"(
        message Part { string id = 1; }
        message Page { Part a = 1; Part b = 2; Part c = 3; Part d = 4; }
        service Parts { rpc Get(Part) returns (Part); }
        service Pages { rpc Get(Part) returns (Page) {
          option (google.api.http) = { get: "/{id}" };
          option (frontdesk.v1.compose) = {)",
                                                                     composition, "}; } }")),
                                           "test", findings);
  EXPECT_EQ(findings.ToString(), "");
  return contract;
}

// A step that needs `from`, whose reply goes to the field of the same name.
std::string StepText(const std::string& id, const std::string& from, const std::string& more = "") {
  return Cat("step { id: \"", id, "\" call: \"test.Parts/Get\" bind { to: \"id\" from: \"", from,
             ".id\" } ", more, " } out { to: \"", id, "\" from: \"", id, "\" }\n");
}

TEST(Schedule, FollowsTheLongestChain) {
  struct Row {
    std::string composition;
    const char* critical;
    milliseconds worst;
  };
  const Row rows[] = {
      // Nothing is said: all the time of the request.
      {StepText("a", "request"), "a", milliseconds(15000)},
      {StepText("a", "request", "timeout: \"100ms\""), "a", milliseconds(100)},
      {"deadline: \"50ms\" " + StepText("a", "request", "timeout: \"50ms\""), "a",
       milliseconds(50)},
      // Two short steps are longer than one.
      {StepText("a", "request", "timeout: \"100ms\"") + StepText("b", "a", "timeout: \"60ms\"") +
           StepText("c", "request", "timeout: \"150ms\""),
       "a b", milliseconds(160)},
      {StepText("a", "request", "timeout: \"100ms\"") + StepText("b", "a", "timeout: \"60ms\"") +
           StepText("c", "request", "timeout: \"170ms\""),
       "c", milliseconds(170)},
      // A step without a timeout may take longer than any with one.
      {"deadline: \"1s\" " + StepText("a", "request", "timeout: \"900ms\"") +
           StepText("b", "request"),
       "b", milliseconds(1000)},
      {"deadline: \"1s\" " + StepText("a", "request") + StepText("b", "a", "timeout: \"10ms\"") +
           StepText("c", "a", "timeout: \"20ms\"") + StepText("d", "b", "timeout: \"10ms\""),
       "a b d", milliseconds(1000)},
      // Of equal ones the first.
      {StepText("a", "request", "timeout: \"10ms\"") +
           StepText("b", "request", "timeout: \"10ms\""),
       "a", milliseconds(10)},
  };
  for (const Row& row : rows) {
    const auto contract = Load(row.composition);
    ASSERT_NE(contract, nullptr);
    const contract::Plan& plan = *contract->FindMethod("test.Pages.Get")->plan;
    const Schedule schedule = ScheduleOf(plan, milliseconds(15000));
    std::string critical;
    for (const size_t i : schedule.critical) {
      critical += Cat(critical.empty() ? "" : " ", plan.steps[i].id);
    }
    EXPECT_EQ(critical, row.critical) << row.composition;
    EXPECT_EQ(schedule.worst, row.worst) << row.composition;
  }
}

TEST(DurationText, IsAsShortAsItCanBe) {
  EXPECT_EQ(DurationText(milliseconds(1500)), "1.5s");
  EXPECT_EQ(DurationText(milliseconds(2000)), "2s");
  EXPECT_EQ(DurationText(milliseconds(1250)), "1250ms");
  EXPECT_EQ(DurationText(milliseconds(800)), "800ms");
  EXPECT_EQ(DurationText(nanoseconds(1)), "1ns");
  EXPECT_EQ(DurationText(nanoseconds(2500)), "2.5us");
}

TEST(Markdown, ShowsTextAsItIs) {
  EXPECT_EQ(Cell("a | b\n<script> `x<y`"), "a \\| b<br>&lt;script> `x<y`");
  EXPECT_EQ(Shell("it's"), "'it'\\''s'");
  EXPECT_EQ(Label("a \"b\" <c> #1\nd"), "\"a #quot;b#quot; #lt;c#gt; #35;1<br>d\"");
  EXPECT_EQ(Table({"a"}, {}), "");
}

TEST(Reference, HasAPicturePerComposition) {
  const auto contract = Load(StepText("a", "request", "timeout: \"100ms\"") +
                             StepText("b", "a", "on_error: OMIT timeout: \"20ms\""));
  const std::vector<File> files = WriteReference(*contract, {.single = "all.md"});
  ASSERT_EQ(files.size(), 1u);
  const std::string& text = files[0].content;
  EXPECT_THAT(text, HasSubstr("  request --> s0\n  s0 --> s1\n  s0 --> answer\n"
                              "  s1 -. may be missing .-> answer\n"));
  EXPECT_THAT(text, HasSubstr("Critical path: `a` → `b`."));
  EXPECT_THAT(text, HasSubstr("Worst case: **120ms**"));
}

// The one method of a contract.
std::unique_ptr<const contract::Contract> LoadOne(const std::string& http,
                                                  const std::string& policy) {
  contract::Findings findings;
  auto contract = contract::Contract::Load(
      testing::CompileProto(Cat("message M {} message A { string id = 1; } service S { rpc Get(M) ",
                                "returns (A) { option (google.api.http) = { ", http, " }; ",
                                "option (frontdesk.v1.method) = { ", policy, " }; } }")),
      "test", findings);
  EXPECT_EQ(findings.ToString(), "");
  return contract;
}

TEST(Reference, SaysWhereAnswersHaveNoBody) {
  const struct {
    const char* http;
    const char* policy;
    const char* answer;
    bool mask;
  } rows[] = {
      {"get: '/a'", "", "Answer: **200**, [test.A](", true},
      {"get: '/a'", "success_status: 204", "Answer: **204** without a body.", false},
      {"custom { kind: 'HEAD' path: '/a' }", "", "Answer: **200** without a body.", false},
  };
  for (const auto& row : rows) {
    const auto contract = LoadOne(row.http, row.policy);
    ASSERT_NE(contract, nullptr);
    const std::vector<File> files = WriteReference(*contract, {.single = "all.md"});
    ASSERT_EQ(files.size(), 1u);
    EXPECT_THAT(files[0].content, HasSubstr(row.answer));
    EXPECT_EQ(files[0].content.find("Only these fields of the answer") != std::string::npos,
              row.mask)
        << files[0].content;
  }
}

TEST(Curl, ShowsACredentialThatIsTaken) {
  const struct {
    const char* auth;
    const char* words;  // "" for none
  } rows[] = {
      {"access: REQUIRED", "-H 'Authorization: Bearer TOKEN'"},
      {"access: OPTIONAL", ""},
      {"credentials: TOKEN credentials: API_KEY", "-H 'Authorization: Bearer TOKEN'"},
      // Two of them would be refused.
      {"credentials: API_KEY credentials: TOKEN", "-H 'x-api-key: KEY'"},
      {"credentials: API_KEY", "-H 'x-api-key: KEY'"},
      {"credentials: CERTIFICATE", "--cert CERTIFICATE --key KEY"},
      // Nobody knows which cookie it is.
      {"credentials: SESSION", ""},
      {"credentials: SESSION credentials: API_KEY", "-H 'x-api-key: KEY'"},
  };
  for (const auto& row : rows) {
    const auto contract = LoadOne("get: '/a'", Cat("auth { ", row.auth, " }"));
    ASSERT_NE(contract, nullptr);
    const contract::Method& method = *contract->FindMethod("test.S.Get");
    const std::string more = row.words[0] == '\0' ? "" : Cat(" \\\n  ", row.words);
    EXPECT_EQ(WriteCurl(method, method.bindings[0], ""), Cat("curl '/a'", more, '\n')) << row.auth;
  }
}

// Told `-X HEAD`, it waits for a body.
TEST(Curl, AsksForTheHeadAlone) {
  const auto contract = LoadOne("custom { kind: 'HEAD' path: '/a' }", "");
  ASSERT_NE(contract, nullptr);
  const contract::Method& method = *contract->FindMethod("test.S.Get");
  EXPECT_EQ(WriteCurl(method, method.bindings[0], ""), "curl --head '/a'\n");
}

}  // namespace
}  // namespace frontdesk::codegen::docs
