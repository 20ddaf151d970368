// How calls are protected, from contract and configuration together.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "gateway/config/compile.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Get reads, Put may be made twice, Do may not; Page is composed of Get, with retry and hedge of
// its own, and of Put.
constexpr char kContract[] = R"(
message M { string a = 1; string b = 2; }
service S {
  option (frontdesk.v1.service) = { retry { max_attempts: 4 initial_backoff: "10ms" }
                                    hedge { delay: "80ms" } };
  rpc Get(M) returns (M) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (frontdesk.v1.method) = { retry { initial_backoff: "20ms" } priority: CRITICAL };
  }
  rpc Put(M) returns (M) {
    option idempotency_level = IDEMPOTENT;
    option (google.api.http) = { put: "/m/{a}" body: "*" };
  }
  rpc Do(M) returns (M);
}
service Bare { rpc Ask(M) returns (M); }
service Front {
  rpc Page(M) returns (M) {
    option (google.api.http) = { get: "/page/{a}" };
    option (frontdesk.v1.compose) = {
      step { id: "get" call: "test.S/Get" bind { to: "a" from: "request.a" } timeout: "900ms"
             retry { max_attempts: 2 } hedge { delay: "30ms" } }
      step { id: "put" call: "test.S/Put" bind { to: "a" from: "request.a" } }
      out { to: "a" from: "get.a" }
      out { to: "b" from: "put.b" }
    };
  }
}
)";

struct Compiled {
  std::unique_ptr<Snapshot> snapshot;
  std::string findings;  // "path: text" and a new line, each
  std::string places;    // theirs, likewise

  const upstream::CallPolicy& Of(const std::string& method) const {
    return snapshot->upstreams.at(0).methods.at(Cat("/test.S/", method));
  }
  const contract::Method& Method(const char* name) const {
    return *snapshot->contract->FindMethod(name);
  }
};

Compiled CompileWith(const std::string& yaml, const std::string& upstream = "",
                     const std::string& of = kContract) {
  const std::string contract =
      testing_support::WriteTempFile("policies.binpb", testing::CompileProto(of));
  const std::string file = testing_support::WriteTempFile(
      "policies.yaml",
      Cat("descriptor_set: ", contract, "\nupstreams:\n  s:\n    services: [test.S]\n",
          "    endpoints: [\"127.0.0.1:1\"]\n", upstream, yaml, '\n'));
  contract::Findings findings;
  Compiled compiled;
  compiled.snapshot = Compile(file, {}, compose::Registry(), findings);
  const auto named = [&](std::string text) {  // the same whatever folder it is in
    const size_t at = text.find(file);
    return at == std::string::npos ? text : text.replace(at, file.size(), "f.yaml");
  };
  for (const contract::Finding& one : findings.all()) {
    compiled.findings += Cat(one.path, ": ", named(one.text), '\n');
    compiled.places += Cat(named(one.place.ToString()), '\n');
  }
  return compiled;
}

TEST(Policies, EveryMethodOfAnUpstreamHasOne) {
  const Compiled compiled = CompileWith("");
  ASSERT_EQ(compiled.findings, "");
  EXPECT_EQ(compiled.snapshot->upstreams.at(0).methods.size(), 3u);
  EXPECT_EQ(compiled.Of("Get").retry.max_attempts, 4u);
  EXPECT_EQ(compiled.Of("Get").retry.backoff.initial, milliseconds(20));
  EXPECT_EQ(compiled.Of("Get").retry.backoff.max, milliseconds(250));
  EXPECT_EQ(compiled.Of("Get").retry.codes, upstream::CodeSet{absl::StatusCode::kUnavailable});
  EXPECT_EQ(compiled.Of("Get").priority, Priority::kCritical);
  EXPECT_EQ(compiled.Of("Do").retry.backoff.initial, milliseconds(10));
  EXPECT_EQ(compiled.Of("Do").priority, Priority::kNormal);
  // What a service says holds for the methods that it suits.
  EXPECT_TRUE(compiled.Of("Get").hedge.on);
  EXPECT_EQ(compiled.Of("Get").hedge.delay, milliseconds(80));
  EXPECT_FALSE(compiled.Of("Put").hedge.on);
  EXPECT_FALSE(compiled.Of("Do").hedge.on);
}

TEST(Policies, StandOverEachOtherValueByValue) {
  const Compiled compiled = CompileWith(R"(
methods:
  test.S: { retry: { max_attempts: 5 }, priority: sheddable, hedge: { percentile: 95 } }
  test.S/Get:
    retry: { initial_backoff: 5ms, retryable_status_codes: [aborted], per_attempt_timeout: 200ms }
    breaker: { enabled: false }
  test.S/Put: { retry: { max_attempts: 3 }, breaker: { slow_call: 1s, slow_percent: 12.5 } })");
  ASSERT_EQ(compiled.findings, "");
  const upstream::CallPolicy& get = compiled.Of("Get");
  EXPECT_EQ(get.retry.max_attempts, 5u);
  EXPECT_EQ(get.retry.backoff.initial, milliseconds(5));
  EXPECT_EQ(get.retry.codes, upstream::CodeSet{absl::StatusCode::kAborted});
  EXPECT_EQ(get.retry.per_attempt_timeout, milliseconds(200));
  EXPECT_EQ(get.hedge.percentile, 95);
  EXPECT_EQ(get.hedge.delay, milliseconds(80));
  EXPECT_FALSE(get.breaker.on);
  EXPECT_EQ(get.priority, Priority::kSheddable);
  EXPECT_EQ(compiled.Of("Put").retry.max_attempts, 3u);
  EXPECT_EQ(compiled.Of("Put").breaker.slow_call, seconds(1));
  EXPECT_EQ(compiled.Of("Put").breaker.slow_percent, 12.5);
  EXPECT_EQ(compiled.Of("Do").retry.max_attempts, 5u);

  const auto steps = compiled.snapshot->step_policies.Of(compiled.Method("test.Front/Page"));
  ASSERT_EQ(steps.size(), 1u);                  // nothing is said for the second
  EXPECT_EQ(steps[0]->retry.max_attempts, 5u);  // the file's word is the last
  EXPECT_EQ(steps[0]->retry.backoff.initial, milliseconds(5));
  EXPECT_EQ(steps[0]->retry.codes, upstream::CodeSet{absl::StatusCode::kAborted});
  EXPECT_EQ(steps[0]->hedge.delay, milliseconds(30));
  EXPECT_EQ(steps[0]->hedge.percentile, 95);
  EXPECT_TRUE(steps[0]->hedge.on);
  EXPECT_FALSE(steps[0]->breaker.on);
  EXPECT_TRUE(compiled.snapshot->step_policies.Of(compiled.Method("test.S/Put")).empty());
}

TEST(Policies, RefuseInTheFileWhatCannotBeRight) {
  const struct {
    const char* yaml;
    const char* findings;
  } rows[] = {
      {"test.S/Do: {retry: {max_attempts: 2}}",
       "methods.test.S/Do.retry.max_attempts: \"test.S/Do\" may do twice what it is asked twice: "
       "only calls that no back end has seen are made again, by themselves; declare "
       "idempotency_level = IDEMPOTENT or NO_SIDE_EFFECTS if it is safe\n"},
      {"test.S/Do: {retry: {max_attempts: 1}}", ""},
      {"test.S/Put: {hedge: {delay: 1ms}}",
       "methods.test.S/Put.hedge: \"test.S/Put\" would be carried out twice at the same time: only "
       "methods with idempotency_level = NO_SIDE_EFFECTS are hedged\n"},
      {"test.Front/Page: {retry: {max_attempts: 2}}",
       "methods.test.Front/Page.retry: \"test.Front/Page\" is a composition, which nobody calls: "
       "say it for its steps, or for the methods that they call\n"},
      {"test.Front: {breaker: {probes: 2}}",
       "methods.test.Front.breaker: suits no method of the service: \"test.Front/Page\" is a "
       "composition, which nobody calls: say it for its steps, or for the methods that they "
       "call\n"},
      // Nothing would read it.
      {"test.S/Get: {fault: {abort: unavailable}, priority: normal, bulkhead: nosuch}",
       "methods.test.S/Get.bulkhead: \"test.S/Get\" has no address, and only requests to one have "
       "it\n"
       "methods.test.S/Get.fault: \"test.S/Get\" has no address, and only requests to one have "
       "it\n"},
      {"test.S/Do: {timeout: 80ms}",
       "methods.test.S/Do.timeout: \"test.S/Do\" has no address, and only requests to one have "
       "it\n"},
      {"test.Bare: {idempotency: {}}",
       "methods.test.Bare.idempotency: \"test.Bare\" has no address, and only requests to one have "
       "it\n"},
      {"test.S: {timeout: 20s, fault: {abort: unavailable}}", ""},
      // Of compositions too.
      {"test.Front/Page: {fault: {abort_percent: 5}}",
       "test.Front.Page.fault.abort_percent: has no meaning without `abort`\n"},
      {"test.Front: {fault: {delay_percent: 5, abort: unavailable}}",
       "test.Front.Page.fault.delay_percent: has no meaning without `delay`\n"},
      {"test.S.Get: {timeout: 1s}",
       "methods.test.S.Get: the contract has no such method or service (did you mean "
       "\"test.S/Get\"?)\n"},
      // Only together with what the contract says.
      {"test.S/Get: {retry: {max_backoff: 15ms}}",
       "test.S.Get.retry.initial_backoff: initial_backoff 20ms is longer than max_backoff 15ms, at "
       "f.yaml:6:45\n"},
      {"test.S/Put: {timeout: 10ms}",
       "test.S.Put.retry.initial_backoff: 10ms is not shorter than the timeout 10ms, at "
       "f.yaml:6:33\n"},
      // Put is not hedged, and Get is so no more.
      {"test.S/Put: {retry: {per_attempt_timeout: 50ms}}", ""},
      {"test.S/Get: {retry: {per_attempt_timeout: 20ms}, hedge: {max_attempts: 1}}", ""},
      {"test.S/Get: {retry: {per_attempt_timeout: 80ms}}",
       "test.S.Get.hedge.delay: delay 80ms is not shorter than per_attempt_timeout 80ms, at "
       "f.yaml:6:53: no attempt lives long enough to be hedged\n"},
      {"test.S/Get: {retry: {per_attempt_timeout: 20ms}}",
       "test.S.Get.hedge.delay: delay 80ms is not shorter than per_attempt_timeout 20ms, at "
       "f.yaml:6:53: no attempt lives long enough to be hedged\n"
       "test.Front.Page: step \"get\": hedge.delay: delay 30ms is not shorter than "
       "per_attempt_timeout 20ms, at f.yaml:6:53: no attempt lives long enough to be hedged\n"},
      // Which holds for requests only, and Get has no address.
      {"test.S: {timeout: 90ms, retry: {per_attempt_timeout: 100ms}}",
       "test.S.Put.retry.per_attempt_timeout: 100ms is not shorter than the timeout 90ms\n"},
      // With built-in defaults: of the route, and of the upstream.
      {"test.S/Put: {retry: {per_attempt_timeout: 15s}}",
       "test.S.Put.retry.per_attempt_timeout: 15s is not shorter than the timeout 15s\n"},
      {"test.S/Get: {retry: {per_attempt_timeout: 15s}}",
       "test.S.Get.retry.per_attempt_timeout: 15s is not shorter than the timeout of the upstream "
       "15s\n"},
      // Once, though it goes for three methods.
      {"test.S: {retry: {max_backoff: 20s}}",
       "test.S.Get.retry.max_backoff: 20s is not shorter than the timeout of the upstream 15s\n"
       "test.S.Put.retry.max_backoff: 20s is not shorter than the timeout 15s\n"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(CompileWith(Cat("methods: {", row.yaml, "}")).findings, row.findings) << row.yaml;
  }
}

TEST(Policies, AnOperatorSwitchesOffWhatAStepSays) {
  const struct {
    const char* yaml;
    uint32_t attempts;
    bool hedged;
    const char* from;  // the place of max_attempts
  } rows[] = {
      {"", 2, true, "test.proto:21:5"},
      {"test.S/Get: {retry: {max_attempts: 1}, hedge: {max_attempts: 1}}", 1, false, ".yaml:6:46"},
      {"test.S: {retry: {max_attempts: 1}}", 1, true, ".yaml:6:42"},
      {"test.S/Put: {retry: {max_attempts: 1}}", 2, true, "test.proto:21:5"},
  };
  for (const auto& row : rows) {
    const Compiled compiled = CompileWith(Cat("methods: {", row.yaml, "}"));
    ASSERT_EQ(compiled.findings, "") << row.yaml;
    const contract::Method& page = compiled.Method("test.Front/Page");
    const upstream::CallPolicy& step = *compiled.snapshot->step_policies.Of(page)[0];
    EXPECT_EQ(step.retry.max_attempts, row.attempts) << row.yaml;
    EXPECT_EQ(step.hedge.on, row.hedged) << row.yaml;
    const auto& places = compiled.snapshot->step_places.at(&page.plan->steps[0]);
    const std::string from = places.at("retry.max_attempts").ToString();
    EXPECT_TRUE(from.ends_with(row.from)) << from;
  }
}

TEST(Policies, OfAStepMustFitTheFilesToo) {
  EXPECT_EQ(CompileWith("methods: {test.S/Get: {hedge: {delay: 1s}}}").findings, "");
  EXPECT_EQ(CompileWith("methods: {test.S/Get: {retry: {per_attempt_timeout: 2s}}}").findings, "");
}

std::string Replaced(std::string text, std::string_view part, std::string_view by) {
  return text.replace(text.find(part), part.size(), by);
}

TEST(Policies, OfAStepMustFitTheTimeThatItHas) {
  const std::string patient =
      Replaced(Replaced(kContract, "timeout: \"900ms\"", ""), "retry { max_attempts: 2 }",
               "retry { per_attempt_timeout: \"20s\" }");
  const std::string no_address =
      Replaced(kContract, "option (google.api.http) = { get: \"/page/{a}\" };", "");
  const struct {
    std::string contract;
    const char* upstream;
    const char* yaml;
    const char* finding;  // of the step; "" for none
  } rows[] = {
      {kContract, "", "methods: {test.Front/Page: {timeout: 31ms}}", ""},
      {kContract, "", "methods: {test.Front/Page: {timeout: 30ms}}",
       "hedge.delay: 30ms is not shorter than the timeout of the whole 30ms, at f.yaml:6:38"},
      // Each front has its own; where it has most time counts.
      {kContract, "",
       "apis: {m: {serves: [test.Front], policy: {timeout: 20ms}},\n"
       "       n: {serves: [test.Front], path_prefix: /n, policy: {timeout: 1s}}}",
       ""},
      {kContract, "", "apis: {m: {serves: [test.Front], policy: {timeout: 20ms}}}",
       "hedge.delay: 30ms is not shorter than the timeout of the whole 20ms, at f.yaml:6:52"},
      {kContract, "",
       "methods: {test.Front/Page: {timeout: 20ms}}\n"
       "apis: {m: {serves: [test.Front], policy: {timeout: 1s}}}",
       ""},
      // With built-in defaults: of the route, and of the upstream.
      {patient, "", "",
       "retry.per_attempt_timeout: 20s is not shorter than the timeout of the whole 15s"},
      {patient, "", "methods: {test.Front/Page: {timeout: 30s}}",
       "retry.per_attempt_timeout: 20s is not shorter than the timeout of the upstream 15s"},
      {patient, "    timeout: 30s\n", "methods: {test.Front/Page: {timeout: 30s}}", ""},
      {patient, "    timeout: 16s\n", "methods: {test.Front/Page: {timeout: 30s}}",
       "retry.per_attempt_timeout: 20s is not shorter than the timeout of the upstream 16s, at "
       "f.yaml:6:14"},
      {no_address, "    timeout: 90ms\n", "", ""},
      {Replaced(no_address, "30ms", "100ms"), "    timeout: 90ms\n", "",
       "hedge.delay: 100ms is not shorter than the timeout of the upstream 90ms, at f.yaml:6:14"},
  };
  for (const auto& row : rows) {
    const Compiled compiled = CompileWith(row.yaml, row.upstream, row.contract);
    const std::string finding = Cat("test.Front.Page: step \"get\": ", row.finding, '\n');
    EXPECT_EQ(compiled.findings, *row.finding ? finding : "") << row.upstream << row.yaml;
    EXPECT_EQ(compiled.places, *row.finding ? "test.proto:21:5\n" : "");
  }
}

// What the file says wrong stands in the file.
TEST(Policies, AMessageWithNothingInItHasAPlace) {
  constexpr char kPlain[] = R"(
message M { string a = 1; }
service S {
  rpc Get(M) returns (M) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/m" };
  }
})";
  for (const auto& [yaml, place] : std::map<std::string, std::string>{
           {"methods: {test.S/Get: {hedge: {}}}", "f.yaml:6:24\n"},
           {"methods: {test.S: {hedge: {}}}", "f.yaml:6:20\n"},
           {"methods:\n  test.S: {hedge: {}}\n  test.S/Get: {hedge: {}}", "f.yaml:8:16\n"}}) {
    const Compiled compiled = CompileWith(yaml, "", kPlain);
    EXPECT_EQ(compiled.findings,
              "test.S.Get.hedge: needs `delay` or `percentile`: when is the second attempt made?\n")
        << yaml;
    EXPECT_EQ(compiled.places, place) << yaml;
  }
}

TEST(Policies, PlacesAreKept) {
  const Compiled compiled = CompileWith("methods:\n  test.S/Get: { retry: { max_backoff: 1s } }",
                                        "    retry_budget: { budget_percent: 10 }\n");
  ASSERT_EQ(compiled.findings, "");
  const auto& places = compiled.snapshot->policy_places.at(&compiled.Method("test.S/Get"));
  EXPECT_TRUE(places.at("retry.max_backoff").ToString().ends_with(".yaml:8:39"));
  EXPECT_EQ(places.at("retry.max_attempts").ToString(), "test.proto:5:3");
  EXPECT_FALSE(places.contains("retry.per_attempt_timeout"));
  EXPECT_TRUE(compiled.snapshot->upstream_places.at(0)
                  .at("retry_budget.budget_percent")
                  .ToString()
                  .ends_with(".yaml:6:37"));
}

TEST(Policies, UpstreamsHaveTheirSettings) {
  const Compiled plain = CompileWith("");
  const upstream::UpstreamSettings defaults;
  ASSERT_EQ(plain.findings, "");
  const upstream::UpstreamSettings& bare = plain.snapshot->upstreams.at(0);
  EXPECT_EQ(bare.max_in_flight, defaults.max_in_flight);
  EXPECT_EQ(bare.retry_budget.percent, 20);
  EXPECT_TRUE(bare.outlier.on);
  EXPECT_FALSE(bare.health_check.on);
  EXPECT_FALSE(bare.adaptive.on);

  const Compiled compiled = CompileWith("zone: a\n", R"(    weighted:
      - { address: "10.0.0.1:1", weight: 9, zone: b }
      - { address: "10.0.0.2:1" }
    max_in_flight: 70
    max_queue_age: 7ms
    retry_budget: { budget_percent: 12.5, min_retries_per_second: 0.5 }
    breaker: { consecutive_failures: 7, error_percent: 30, window: 20s, minimum_calls: 9,
               open_time: 1s, max_open_time: 2s, probes: 4 }
    outlier_detection: { enabled: false, consecutive_failures: 6, interval: 3s,
                         base_ejection_time: 4s, max_ejection_time: 5s, max_ejection_percent: 40,
                         panic_threshold: 20, success_rate_stdev_factor: 2.5,
                         success_rate_minimum_hosts: 3, success_rate_request_volume: 30 }
    health_check: { service: shop, interval: 2s, timeout: 1500ms, unhealthy_threshold: 3,
                    healthy_threshold: 1 }
    adaptive_concurrency: { min: 2, initial: 3, max: 40, tolerance: 1.25 }
    slow_start: 9s
    dns_refresh: 8s
    keepalive_interval: 20s
    keepalive_timeout: 2s
    max_connection_age: 1h
)");
  ASSERT_EQ(compiled.findings, "");
  const upstream::UpstreamSettings& s = compiled.snapshot->upstreams.at(0);
  ASSERT_EQ(s.endpoints.size(), 3u);
  EXPECT_EQ(s.endpoints[0].address, "127.0.0.1:1");
  EXPECT_EQ(s.endpoints[0].weight, 1u);
  EXPECT_EQ(s.endpoints[1].weight, 9u);
  EXPECT_EQ(s.endpoints[1].zone, "b");
  EXPECT_EQ(s.endpoints[2].weight, 1u);
  EXPECT_EQ(s.zone, "a");
  EXPECT_EQ(s.max_in_flight, 70u);
  EXPECT_EQ(s.queue_age.max_age, milliseconds(7));
  EXPECT_EQ(s.retry_budget.percent, 12.5);
  EXPECT_EQ(s.retry_budget.min_per_second, 0.5);
  EXPECT_EQ(s.breaker.consecutive_failures, 7u);
  EXPECT_EQ(s.breaker.error_percent, 30);
  EXPECT_EQ(s.breaker.window, seconds(20));
  EXPECT_EQ(s.breaker.minimum_calls, 9u);
  EXPECT_EQ(s.breaker.open_time, seconds(1));
  EXPECT_EQ(s.breaker.max_open_time, seconds(2));
  EXPECT_EQ(s.breaker.probes, 4u);
  EXPECT_FALSE(s.outlier.on);
  EXPECT_EQ(s.outlier.consecutive_failures, 6u);
  EXPECT_EQ(s.outlier.interval, seconds(3));
  EXPECT_EQ(s.outlier.base_ejection_time, seconds(4));
  EXPECT_EQ(s.outlier.max_ejection_time, seconds(5));
  EXPECT_EQ(s.outlier.max_ejection_percent, 40);
  EXPECT_EQ(s.outlier.panic_threshold, 20);
  EXPECT_EQ(s.outlier.success_rate_stdev_factor, 2.5);
  EXPECT_EQ(s.outlier.success_rate_minimum_hosts, 3u);
  EXPECT_EQ(s.outlier.success_rate_request_volume, 30u);
  EXPECT_TRUE(s.health_check.on);
  EXPECT_EQ(s.health_check.service, "shop");
  EXPECT_EQ(s.health_check.interval, seconds(2));
  EXPECT_EQ(s.health_check.timeout, milliseconds(1500));
  EXPECT_EQ(s.health_check.unhealthy_threshold, 3u);
  EXPECT_EQ(s.health_check.healthy_threshold, 1u);
  EXPECT_TRUE(s.adaptive.on);
  EXPECT_EQ(s.adaptive.gradient.min, 2u);
  EXPECT_EQ(s.adaptive.gradient.initial, 3u);
  EXPECT_EQ(s.adaptive.gradient.max, 40u);
  EXPECT_EQ(s.adaptive.gradient.tolerance, 1.25);
  EXPECT_EQ(s.slow_start, seconds(9));
  EXPECT_EQ(s.dns_refresh, seconds(8));
  EXPECT_EQ(s.keepalive_interval, seconds(20));
  EXPECT_EQ(s.keepalive_timeout, seconds(2));
  EXPECT_EQ(s.max_connection_age, std::chrono::hours(1));
}

}  // namespace
}  // namespace frontdesk::config
