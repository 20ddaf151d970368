// How calls are protected: what of it a contract may say, and what can't be right.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/base/text.h"
#include "gateway/contract/call_policy_check.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

struct Loaded {
  std::unique_ptr<const Contract> contract;
  std::string findings;
};

// With findings as "path: text".
Loaded LoadText(const std::string& text) {
  Loaded loaded;
  Findings findings;
  loaded.contract = Contract::Load(testing::CompileProto(text), "test.binpb", findings);
  for (const Finding& one : findings.all()) {
    loaded.findings += Cat(one.path, ": ", one.text, '\n');
  }
  return loaded;
}

constexpr char kMessage[] = "message M { string id = 1; repeated string ids = 2; }\n";
constexpr char kReads[] = "option idempotency_level = NO_SIDE_EFFECTS; ";
constexpr char kTwice[] = "option idempotency_level = IDEMPOTENT; ";

std::string OfMethod(const std::string& policy, const std::string& level) {
  return LoadText(Cat(kMessage, "service S { rpc Do(M) returns (M) { ", level,
                      "option (frontdesk.v1.method) = { ", policy, " }; } }"))
      .findings;
}

std::string OfService(const std::string& policy, const std::string& level) {
  return LoadText(Cat(kMessage, "service S { option (frontdesk.v1.service) = { ", policy,
                      " }; rpc Do(M) returns (M) { ", level, "} }"))
      .findings;
}

TEST(CallPolicy, TakesWhatIsRight) {
  for (const char* policy : {
           "retry { max_attempts: 1 }",
           "retry { max_attempts: 5 initial_backoff: '1ms' max_backoff: '1s' "
           "backoff_multiplier: 1.5 per_attempt_timeout: '300ms' "
           "retryable_status_codes: [UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED] }",
           "retry {}",
           "hedge { delay: '20ms' }",
           "hedge { percentile: 99.9 max_attempts: 3 }",
           "hedge { percentile: 95 delay: '50ms' }",
           "hedge { max_attempts: 1 }",
           "retry { per_attempt_timeout: '100ms' } hedge { delay: '99ms' }",
           // Once enough was observed, that holds.
           "retry { per_attempt_timeout: '100ms' } hedge { percentile: 95 delay: '1s' }",
           "timeout: '1s' retry { per_attempt_timeout: '9ms' } hedge { delay: '2s' max_attempts: 1 "
           "}",
           // Who fails is followed at once, so that there is time for all five.
           "timeout: '1s' hedge { delay: '400ms' max_attempts: 5 }",
           "breaker { enabled: false }",
           "breaker { consecutive_failures: 0 error_percent: 0 slow_call: '1s' slow_percent: 100 "
           "window: '30s' minimum_calls: 1 open_time: '1s' max_open_time: '30s' probes: 1 }",
           "timeout: '2s' retry { per_attempt_timeout: '1999ms' }",
           "fault { delay: '2s' delay_percent: 0 abort: CANCELLED abort_percent: 100 }",
           "priority: SHEDDABLE bulkhead: 'mobile'",
       }) {
    EXPECT_EQ(OfMethod(policy, kReads), "") << policy;
    EXPECT_EQ(OfService(policy, kReads), "") << policy;
  }
}

TEST(CallPolicy, RefusesWhatCannotBeRight) {
  const struct {
    const char* policy;
    const char* finding;  // behind the name of the method or service
  } rows[] = {
      {"retry { max_attempts: 0 }", "retry.max_attempts: must be between 1 and 5, got 0"},
      {"retry { max_attempts: 6 }", "retry.max_attempts: must be between 1 and 5, got 6"},
      {"retry { backoff_multiplier: 0.9 }",
       "retry.backoff_multiplier: must be between 1 and 100, got 0.9"},
      {"retry { backoff_multiplier: nan }",
       "retry.backoff_multiplier: must be between 1 and 100, got nan"},
      {"retry { backoff_multiplier: inf }",
       "retry.backoff_multiplier: must be between 1 and 100, got inf"},
      {"retry { initial_backoff: 'soon' }",
       "retry.initial_backoff: \"soon\" is not a duration such as \"250ms\" or \"2s\""},
      {"retry { max_backoff: '0s' }",
       "retry.max_backoff: \"0s\" is not a duration such as \"250ms\" or \"2s\""},
      {"retry { per_attempt_timeout: '' }",
       "retry.per_attempt_timeout: \"\" is not a duration such as \"250ms\" or \"2s\""},
      {"retry { max_backoff: '25h' }", "retry.max_backoff: must be between 1ns and 24h, got 25h"},
      {"retry { initial_backoff: '300ms' }",
       "retry.initial_backoff: initial_backoff 300ms is longer than max_backoff 250ms (the "
       "default)"},
      {"retry { max_backoff: '10ms' }",
       "retry.max_backoff: initial_backoff 25ms (the default) is longer than max_backoff 10ms"},
      {"retry { initial_backoff: '2s' max_backoff: '1s' }",
       "retry.initial_backoff: initial_backoff 2s is longer than max_backoff 1s"},
      {"timeout: '1s' retry { per_attempt_timeout: '1s' }",
       "retry.per_attempt_timeout: 1s is not shorter than the timeout 1s"},
      {"timeout: '1500ms' retry { max_backoff: '1m' }",
       "retry.max_backoff: 1m is not shorter than the timeout 1s500ms"},
      {"retry { retryable_status_codes: OK }", "retry.retryable_status_codes: OK is no failure"},
      {"retry { retryable_status_codes: [ABORTED, CANCELLED] }",
       "retry.retryable_status_codes: CANCELLED: whoever cancels wants no answer"},
      {"retry { retryable_status_codes: [ABORTED, UNAVAILABLE, ABORTED] }",
       "retry.retryable_status_codes: ABORTED stands here twice"},
      {"hedge {}", "hedge: needs `delay` or `percentile`: when is the second attempt made?"},
      {"hedge { max_attempts: 2 }",
       "hedge: needs `delay` or `percentile`: when is the second attempt made?"},
      {"hedge { delay: '1ms' max_attempts: 6 }",
       "hedge.max_attempts: must be between 1 and 5, got 6"},
      {"hedge { percentile: 0 }", "hedge.percentile: must be above 0 and below 100, got 0"},
      {"hedge { percentile: 100 }", "hedge.percentile: must be above 0 and below 100, got 100"},
      {"hedge { percentile: -1 }", "hedge.percentile: must be above 0 and below 100, got -1"},
      {"timeout: '1s' hedge { delay: '2s' }", "hedge.delay: 2s is not shorter than the timeout 1s"},
      {"retry { per_attempt_timeout: '100ms' } hedge { delay: '100ms' }",
       "hedge.delay: delay 100ms is not shorter than per_attempt_timeout 100ms: no attempt lives "
       "long enough to be hedged"},
      {"breaker { error_percent: 100.5 }",
       "breaker.error_percent: must be between 0 and 100, got 100.5"},
      {"breaker { error_percent: -5 }", "breaker.error_percent: must be between 0 and 100, got -5"},
      {"breaker { slow_call: '1s' slow_percent: 101 }",
       "breaker.slow_percent: must be between 1 and 100, got 101"},
      {"breaker { slow_call: '1s' slow_percent: 0 }",
       "breaker.slow_percent: must be between 1 and 100, got 0"},
      {"breaker { slow_percent: 50 }", "breaker.slow_percent: has no meaning without `slow_call`"},
      {"timeout: '1s' breaker { slow_call: '1s' }",
       "breaker.slow_call: 1s is not shorter than the timeout 1s"},
      {"breaker { window: '0s' }",
       "breaker.window: \"0s\" is not a duration such as \"250ms\" or \"2s\""},
      {"breaker { window: '1ms' }", "breaker.window: must be between 100ms and 1h, got 1ms"},
      {"breaker { minimum_calls: 0 }",
       "breaker.minimum_calls: must be between 1 and 1000000, got 0"},
      {"breaker { probes: 0 }", "breaker.probes: must be between 1 and 1000, got 0"},
      {"breaker { open_time: '2s' }",
       "breaker.open_time: open_time 2s is longer than max_open_time 500ms (the default)"},
      {"breaker { open_time: '2s' max_open_time: '1s' }",
       "breaker.open_time: open_time 2s is longer than max_open_time 1s"},
      {"breaker { max_open_time: '1ms' }",
       "breaker.max_open_time: open_time 500ms (the default) is longer than max_open_time 1ms"},
      {"fault { delay: '1s' delay_percent: 101 }",
       "fault.delay_percent: must be between 0 and 100, got 101"},
      {"fault { delay_percent: 1 }", "fault.delay_percent: has no meaning without `delay`"},
      {"fault { abort_percent: 1 }", "fault.abort_percent: has no meaning without `abort`"},
      {"fault { abort: OK }", "fault.abort: OK is no failure"},
      {"fault { delay: '1' }", "fault.delay: \"1\" is not a duration such as \"250ms\" or \"2s\""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(OfMethod(row.policy, kReads), Cat("test.S.Do.", row.finding, '\n')) << row.policy;
    EXPECT_EQ(OfService(row.policy, kReads), Cat("test.S.", row.finding, '\n')) << row.policy;
  }
}

TEST(CallPolicy, IsSafe) {
  const std::string twice =
      "\"test.S/Do\" may do twice what it is asked twice: only calls that no back end has seen are "
      "made again, by themselves; declare idempotency_level = IDEMPOTENT or NO_SIDE_EFFECTS if it "
      "is safe";
  const std::string at_once =
      "\"test.S/Do\" would be carried out twice at the same time: only methods with "
      "idempotency_level = NO_SIDE_EFFECTS are hedged";
  const struct {
    const char* policy;
    const char* level;
    std::string of_method;
    std::string of_service;
  } rows[] = {
      {"retry { max_attempts: 3 }", "", "retry.max_attempts: " + twice, ""},
      {"retry { max_attempts: 3 }", kTwice, "", ""},
      {"retry { max_attempts: 1 retryable_status_codes: ABORTED }", "", "", ""},
      {"retry { retryable_status_codes: ABORTED }", "", "retry.retryable_status_codes: " + twice,
       ""},
      {"retry { per_attempt_timeout: '1s' }", "", "retry.per_attempt_timeout: " + twice, ""},
      {"retry { initial_backoff: '1ms' }", "", "", ""},
      {"hedge { delay: '1ms' }", "", "hedge: " + at_once,
       "hedge: suits no method of the service: " + at_once},
      {"hedge { delay: '1ms' }", kTwice, "hedge: " + at_once,
       "hedge: suits no method of the service: " + at_once},
      {"hedge { max_attempts: 1 }", kTwice, "", ""},
      {"breaker { probes: 1 }", "", "", ""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(OfMethod(row.policy, row.level),
              row.of_method.empty() ? "" : Cat("test.S.Do.", row.of_method, '\n'))
        << row.policy << row.level;
    EXPECT_EQ(OfService(row.policy, row.level),
              row.of_service.empty() ? "" : Cat("test.S.", row.of_service, '\n'))
        << row.policy << row.level;
  }
}

TEST(CallPolicy, OfAServiceOfCompositionsSuitsNobody) {
  constexpr char kComposed[] =
      "option (google.api.http) = { get: '/x' };\n"
      "option (frontdesk.v1.compose) = { step { id: 'a' call: 'test.S/Do' } out { to: 'id' from: "
      "'a.id' } }; ";
  for (const std::string word : {"retry", "hedge", "breaker"}) {
    const std::string policy = Cat(word, word == "hedge" ? " { delay: '9ms' }" : " {}");
    const auto load = [&](const char* more) {
      return LoadText(Cat(kMessage, "service S { rpc Do(M) returns (M) { ", kReads, "} }\n",
                          "service Front { option (frontdesk.v1.service) = { ", policy,
                          " }; rpc Page(M) returns (M) { ", kComposed, "}\n", more, " }"))
          .findings;
    };
    const std::string findings = load("");
    EXPECT_TRUE(findings.starts_with(
        Cat("test.Front.", word, ": suits no method of the service: \"test.Front/Page\" is a ")))
        << findings;
    EXPECT_EQ(load("rpc Get(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }"), "");
  }
}

TEST(CallPolicy, OfAServiceHoldsForTheMethodsThatItSuits) {
  EXPECT_EQ(LoadText(Cat(kMessage,
                         "service S { option (frontdesk.v1.service) = { hedge { delay: '9ms' } };\n"
                         "rpc Do(M) returns (M); rpc Get(M) returns (M) { ",
                         kReads, "} }"))
                .findings,
            "");
}

// What a method and its service say together can be wrong though each of them is right.
TEST(CallPolicy, OfServiceAndMethodFitEachOther) {
  EXPECT_EQ(LoadText(Cat(kMessage,
                         "service S { option (frontdesk.v1.service) = "
                         "{ retry { per_attempt_timeout: '1s' } };\n"
                         "rpc Do(M) returns (M) { ",
                         kReads, "option (frontdesk.v1.method).timeout = '500ms'; } }"))
                .findings,
            "test.S.Do.retry.per_attempt_timeout: 1s is not shorter than the timeout 500ms\n");
}

TEST(CallPolicy, AHedgeOfTheServiceIsNothingToWhatIsNotHedged) {
  const auto load = [](const char* level) {
    return LoadText(Cat(kMessage,
                        "service S { option (frontdesk.v1.service) = { hedge { delay: '300ms' } "
                        "};\nrpc Get(M) returns (M) { ",
                        kReads, "}\nrpc Do(M) returns (M) { ", level,
                        "option (frontdesk.v1.method) = { timeout: '250ms' "
                        "retry { per_attempt_timeout: '200ms' } }; } }"))
        .findings;
  };
  EXPECT_EQ(load(kTwice), "");
  EXPECT_EQ(load(kReads),
            "test.S.Do.hedge.delay: 300ms is not shorter than the timeout 250ms\n"
            "test.S.Do.hedge.delay: delay 300ms is not shorter than per_attempt_timeout 200ms: no "
            "attempt lives long enough to be hedged\n");
}

TEST(CallPolicy, StandsAtItsPlace) {
  Findings findings;
  Contract::Load(
      testing::CompileProto(Cat("message M {}\nservice S {\n rpc Do(M) returns (M) {\n"
                                "  option (frontdesk.v1.method).retry.max_attempts = 9;\n } }")),
      "test.binpb", findings);
  EXPECT_EQ(findings.ToString(),
            "test.proto:5:3: test.S.Do.retry.max_attempts: must be between 1 and 5, got 9\n"
            "test.proto:5:3: test.S.Do.retry.max_attempts: \"test.S/Do\" may do twice what it is "
            "asked twice: only calls that no back end has seen are made again, by themselves; "
            "declare idempotency_level = IDEMPOTENT or NO_SIDE_EFFECTS if it is safe\n");
}

TEST(CallPolicy, KnowsNoOtherCodes) {
  EXPECT_EQ(OfMethod("retry { retryable_status_codes: [UNAVAILABLE, 17] }", kReads),
            "test.S.Do: option (frontdesk.v1.method).retry.retryable_status_codes: 17 is not "
            "carried out by this build\n");
}

TEST(CallPolicy, HasNoMeaningForACompositionAsAWhole) {
  const auto load = [](const char* policy) {
    return LoadText(Cat(kMessage, "service B { rpc Get(M) returns (M) { ", kReads,
                        "} }\nservice S { rpc Do(M) returns (M) { ", kReads,
                        "option (frontdesk.v1.method) = { ", policy,
                        " }; option (frontdesk.v1.compose) = { step { id: 'a' call: 'test.B/Get' } "
                        "out { to: 'id' from: 'a.id' } }; } }"))
        .findings;
  };
  const std::string nobody =
      ": \"test.S/Do\" is a composition, which nobody calls: say it for its steps, or for the "
      "methods that they call\n";
  EXPECT_EQ(load("retry { max_attempts: 2 }"), Cat("test.S.Do.retry", nobody));
  EXPECT_EQ(load("hedge { delay: '1ms' }"), Cat("test.S.Do.hedge", nobody));
  EXPECT_EQ(load("breaker { probes: 1 }"), Cat("test.S.Do.breaker", nobody));
  EXPECT_EQ(load("priority: CRITICAL fault { delay: '1ms' } timeout: '1s'"), "");
}

std::string OfStep(const std::string& words, const std::string& level,
                   const std::string& called = "") {
  return LoadText(
             Cat(kMessage, "service B { rpc Get(M) returns (M) { ", level, called,
                 "} }\nservice S { rpc Do(M) returns (M) { option (frontdesk.v1.compose) = {\n",
                 "deadline: '1s' step { id: 'a' call: 'test.B/Get' ", words,
                 " } out { to: 'id' from: 'a.id' } }; } }"))
      .findings;
}

TEST(CallPolicy, OfStepsIsCheckedToo) {
  const struct {
    const char* words;
    const char* finding;  // "" for none
  } rows[] = {
      {"retry { max_attempts: 2 } hedge { delay: '1ms' }", ""},
      {"retry { max_attempts: 9 }", "retry.max_attempts: must be between 1 and 5, got 9"},
      {"retry { retryable_status_codes: OK }", "retry.retryable_status_codes: OK is no failure"},
      {"timeout: '600ms' retry { per_attempt_timeout: '600ms' }",
       "retry.per_attempt_timeout: 600ms is not shorter than the step's timeout 600ms"},
      {"retry { per_attempt_timeout: '2s' }",
       "retry.per_attempt_timeout: 2s is not shorter than the deadline of the whole 1s"},
      {"timeout: '600ms' hedge { delay: '700ms' }",
       "hedge.delay: 700ms is not shorter than the step's timeout 600ms"},
      {"hedge {}", "hedge: needs `delay` or `percentile`: when is the second attempt made?"},
      {"retry { initial_backoff: '300ms' }",
       "retry.initial_backoff: initial_backoff 300ms is longer than max_backoff 250ms (the "
       "default)"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(OfStep(row.words, kReads),
              *row.finding ? Cat("test.S.Do: step \"a\": ", row.finding, '\n') : "")
        << row.words;
  }
  EXPECT_EQ(OfStep("retry { max_attempts: 2 }", ""),
            "test.S.Do: step \"a\": retry.max_attempts: \"test.B/Get\" may do twice what it is "
            "asked twice: only calls that no back end has seen are made again, by themselves; "
            "declare idempotency_level = IDEMPOTENT or NO_SIDE_EFFECTS if it is safe\n");
  EXPECT_EQ(OfStep("hedge { delay: '1ms' }", kTwice),
            "test.S.Do: step \"a\": hedge: \"test.B/Get\" would be carried out twice at the same "
            "time: only methods with idempotency_level = NO_SIDE_EFFECTS are hedged\n");
}

// The step's words stand over those of the called method: together they must be right.
TEST(CallPolicy, OfStepsStandsOverTheCalledMethods) {
  const std::string called =
      "option (frontdesk.v1.method) = { hedge { delay: '2s' } retry { max_backoff: '2s' "
      "per_attempt_timeout: '3s' } };";
  EXPECT_EQ(OfStep("hedge { max_attempts: 3 }", kReads, called), "");
  EXPECT_EQ(OfStep("retry { initial_backoff: '900ms' }", kReads, called), "");
  EXPECT_EQ(OfStep("retry { max_backoff: '20ms' initial_backoff: '30ms' }", kReads, called),
            "test.S.Do: step \"a\": retry.initial_backoff: initial_backoff 30ms is longer than "
            "max_backoff 20ms\n");
  EXPECT_EQ(OfStep("retry { per_attempt_timeout: '500ms' }", kReads, called),
            "test.S.Do: step \"a\": retry.per_attempt_timeout: delay 2s is not shorter than "
            "per_attempt_timeout 500ms: no attempt lives long enough to be hedged\n");
  EXPECT_EQ(
      OfStep("hedge { max_attempts: 1 } retry { per_attempt_timeout: '5ms' }", kReads, called), "");
}

TEST(CallPolicy, OfStepsFitsTheTimeoutOfTheWhole) {
  constexpr char kAddress[] = "option (google.api.http) = { get: '/x' }; ";
  const struct {
    const char* address;
    const char* words;
    const char* finding;  // "" for none
  } rows[] = {
      {kAddress, "retry { per_attempt_timeout: '2s' }",
       "retry.per_attempt_timeout: 2s is not shorter than the timeout of the whole 300ms"},
      {kAddress, "hedge { delay: '300ms' }",
       "hedge.delay: 300ms is not shorter than the timeout of the whole 300ms"},
      {kAddress, "retry { per_attempt_timeout: '299ms' } hedge { delay: '298ms' }", ""},
      {kAddress, "timeout: '2s' retry { per_attempt_timeout: '1s' }",
       "retry.per_attempt_timeout: 1s is not shorter than the timeout of the whole 300ms"},
      {"", "retry { per_attempt_timeout: '2s' }", ""},  // only requests to an address have it
  };
  for (const auto& row : rows) {
    const Loaded loaded =
        LoadText(Cat(kMessage, "service B { rpc Get(M) returns (M) { ", kReads,
                     "} }\nservice S { rpc Do(M) returns (M) { ", row.address,
                     "option (frontdesk.v1.method).timeout = '300ms'; ",
                     "option (frontdesk.v1.compose) = { step { id: 'a' call: 'test.B/Get' ",
                     row.words, " } out { to: 'id' from: 'a.id' } }; } }"));
    EXPECT_EQ(loaded.findings,
              *row.finding ? Cat("test.S.Do: step \"a\": ", row.finding, '\n') : "")
        << row.address << row.words;
  }
}

TEST(CallPolicy, OfStepsIsInThePlan) {
  const Loaded loaded =
      LoadText(Cat(kMessage, "service B { rpc Get(M) returns (M) { ", kReads,
                   "} }\nservice S { rpc Do(M) returns (M) { option (frontdesk.v1.compose) = {\n",
                   "step { id: 'a' call: 'test.B/Get'\n retry { max_attempts: 4 } }\n",
                   "step { id: 'b' call: 'test.B/Get' bind { to: 'id' from: 'a.id' } }\n",
                   "out { to: 'id' from: 'b.id' } }; } }"));
  ASSERT_EQ(loaded.findings, "");
  const Plan& plan = *loaded.contract->FindMethod("test.S/Do")->plan;
  EXPECT_EQ(plan.steps[0].policy.ShortDebugString(), "retry { max_attempts: 4 }");
  EXPECT_TRUE(plan.steps[0].policy_places.contains("retry.max_attempts"));
  EXPECT_EQ(plan.steps[1].policy.ShortDebugString(), "");
  EXPECT_EQ(&plan.steps[0].called(), loaded.contract->FindMethod("test.B/Get"));
}

}  // namespace
}  // namespace frontdesk::contract
