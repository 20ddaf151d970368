// Rate limits, from contract and file to what is used.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "gateway/config/compile.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

using namespace std::chrono_literals;
using Key = route::Route::Limit::Key;

std::unique_ptr<Snapshot> CompileWith(std::string_view option, std::string_view yaml,
                                      std::string& findings, std::string_view service = "") {
  const std::string contract = testing_support::WriteTempFile(
      "limits.binpb",
      testing::CompileProto(
          Cat("message In { int64 number = 2; } message M { string a = 1; In in = 3; repeated "
              "string many = 4; map<string, string> map = 5; repeated M all = 6; repeated M more = "
              "7; }\nservice S {\n",
              service,
              "rpc Get(M) returns (M) {\noption (google.api.http) = { get: \"/a\" "
              "additional_bindings { get: \"/b\" } };\n",
              option,
              "}\nrpc Other(M) returns (M) { option (google.api.http) = { get: \"/o\" }; "
              "} }")));
  const std::string file = testing_support::WriteTempFile(
      "limits.yaml",
      Cat("descriptor_set: ", contract,
          "\nupstreams: {s: {services: [test.S], endpoints: [\"127.0.0.1:1\"]}}\n", yaml, '\n'));
  contract::Findings found;
  std::unique_ptr<Snapshot> snapshot = Compile(file, {}, compose::Registry(), found);
  findings.clear();
  for (const contract::Finding& one : found.all()) findings += Cat(one.path, ": ", one.text, '\n');
  return snapshot;
}

std::string Option(std::string_view policy) {
  return Cat("option (frontdesk.v1.method) = { ", policy, " };");
}

TEST(Limits, NothingIsSaidNothingIsLimited) {
  std::string findings;
  const auto snapshot = CompileWith("", "", findings);
  ASSERT_TRUE(snapshot) << findings;
  EXPECT_TRUE(snapshot->limit_rules.empty());
  EXPECT_FALSE(snapshot->shared_limits.has_value());
  EXPECT_EQ(snapshot->limit_bytes, size_t{64} << 20);
  EXPECT_EQ(snapshot->trusted_hops, 0u);
}

TEST(Limits, EachMethodHasItsOwnUnlessTheyHaveAName) {
  std::string findings;
  const auto snapshot = CompileWith(
      Option("limit { key: CALLER requests: 20 burst: 40 } limit { key: ADDRESS requests: 5 per: "
             "'1m' name: 'all' cost: 2 } limit { key: FIELD of: 'in.number' requests: 1 } limit { "
             "key: HEADER of: 'X-App' requests: 3 }"),
      "methods: {test.S/Other: {limit: [{key: address, requests: 5, per: 60s, name: all}]}}\n"
      "listen: {trusted_hops: 2}\nrate_limits: {bytes: 2097152}",
      findings);
  ASSERT_TRUE(snapshot) << findings;
  EXPECT_EQ(snapshot->trusted_hops, 2u);
  EXPECT_EQ(snapshot->limit_bytes, size_t{2} << 20);
  ASSERT_EQ(snapshot->routes.size(), 3u);
  std::string names;
  for (const limit::Rule& rule : snapshot->limit_rules) {
    EXPECT_EQ(rule.id, static_cast<uint32_t>(&rule - snapshot->limit_rules.data()));
    names += rule.name + ' ';
  }
  EXPECT_EQ(names, "test.S/Get/0 all test.S/Get/2 test.S/Get/3 ");
  for (size_t i = 0; i < 2; ++i) {  // both addresses of one method
    const route::Route& route = *snapshot->routes[i];
    ASSERT_EQ(route.limits_by_address.size(), 1u);
    EXPECT_EQ(route.limits_by_address[0].rule, 1u);
    EXPECT_EQ(route.limits_by_address[0].cost, 2u);
    ASSERT_EQ(route.limits_by_caller.size(), 2u);
    EXPECT_EQ(route.limits_by_caller[0].key, Key::kCaller);
    EXPECT_EQ(route.limits_by_caller[1].of, "x-app");
    ASSERT_EQ(route.limits_by_field.size(), 1u);
    EXPECT_EQ(route.limits_by_field[0].field, (std::vector<uint32_t>{3, 2}));
  }
  EXPECT_EQ(snapshot->routes[2]->limits_by_address[0].rule, 1u);
  EXPECT_EQ(snapshot->routes[2]->limits_by_address[0].cost, 1u);
  const BucketRule& rule = snapshot->limit_rules[0].bucket;
  EXPECT_EQ(rule.requests(), 20u);
  EXPECT_EQ(rule.per(), 1s);
  EXPECT_EQ(rule.burst(), 40u);
  EXPECT_EQ(snapshot->limit_rules[1].bucket.per(), 1min);
  EXPECT_EQ(snapshot->limit_rules[1].bucket.burst(), 5u);
}

// The quota of everybody else first, then the tiers.
TEST(Limits, TiersAndKeysOfKnownCallers) {
  std::string findings;
  const std::string tiers =
      "tiers { claim: 'plan' tier { value: 'gold' requests: 1000 } "
      "tier { value: 'a b' requests: 50 per: '1s' burst: 70 } }";
  const auto snapshot = CompileWith(
      Option(Cat("limit { key: CALLER requests: 20 per: '1m' ", tiers,
                 " } limit { key: CLAIM of: 'org.tenant' requests: 3 name: 'tenants' } limit { "
                 "key: API_KEY requests: 4 }")),
      "methods: {test.S/Other: {limit: [{key: claim, of: org.tenant, requests: 3, name: tenants, "
      "cost: 3}]}}",
      findings);
  ASSERT_TRUE(snapshot) << findings;
  std::string rules;
  for (const limit::Rule& rule : snapshot->limit_rules) {
    EXPECT_EQ(rule.id, static_cast<uint32_t>(&rule - snapshot->limit_rules.data()));
    rules += Cat(rule.name, ' ', rule.bucket.requests(), '/',
                 std::chrono::duration_cast<std::chrono::seconds>(rule.bucket.per()).count(), ' ',
                 rule.bucket.burst(), '\n');
  }
  EXPECT_EQ(rules,
            "test.S/Get/0 20/60 20\ntest.S/Get/0=gold 1000/60 1000\ntest.S/Get/0=a b 50/1 70\n"
            "tenants 3/1 3\ntest.S/Get/2 4/1 4\n");
  for (size_t i = 0; i < 2; ++i) {
    const auto& limits = snapshot->routes[i]->limits_by_caller;
    ASSERT_EQ(limits.size(), 3u);
    EXPECT_EQ(limits[0].tier_claim, "plan");
    ASSERT_EQ(limits[0].tiers.size(), 2u);
    EXPECT_EQ(limits[0].tiers[0].value, "gold");
    EXPECT_EQ(limits[0].tiers[0].rule, 1u);
    EXPECT_EQ(limits[0].tiers[1].rule, 2u);
    EXPECT_EQ(limits[1].key, Key::kClaim);
    EXPECT_EQ(limits[1].of, "org.tenant");
    EXPECT_EQ(limits[2].key, Key::kApiKey);
  }
  EXPECT_EQ(snapshot->routes[2]->limits_by_caller[0].rule, 3u);
  EXPECT_EQ(snapshot->routes[2]->limits_by_caller[0].cost, 3u);
}

TEST(Limits, ABatchAndACompositionByTheirParts) {
  const std::string option =
      "option (frontdesk.v1.method) = { limit { key: CALLER requests: 9 cost: 2 per_call: true } "
      "limit { key: ROUTE requests: 30 } limit { key: CALLER requests: 5 per_element: 'many' } };\n"
      "option (frontdesk.v1.compose) = {\n"
      "step { id: 'one' call: 'test.S/Other' }\n"
      "step { id: 'two' call: 'test.S/Other' bind { to: 'a' from: 'one.a' } }\n"
      "step { id: 'all' each: 'request.many' as: 'id' call: 'test.S/Other'"
      " bind { to: 'a' from: 'id' } }\n"
      "step { id: 'more' each: 'one.many' as: 'id' call: 'test.S/Other'"
      " bind { to: 'a' from: 'id' } }\n"
      "out { to: 'a' from: 'two.a' } out { to: 'all' from: 'all' } out { to: 'more' from: 'more' } "
      "};";
  std::string findings;
  auto snapshot = CompileWith(option, "", findings);
  ASSERT_TRUE(snapshot) << findings;
  const auto& by_field = snapshot->routes[0]->limits_by_field;
  ASSERT_EQ(by_field.size(), 2u);
  EXPECT_EQ(by_field[0].cost, 6u);
  EXPECT_EQ(by_field[0].per_element, 2u);
  ASSERT_EQ(by_field[0].lists.size(), 1u);
  EXPECT_EQ(by_field[0].lists[0].field, (std::vector<uint32_t>{4}));
  EXPECT_EQ(by_field[0].lists[0].type, contract::FieldType::kString);
  EXPECT_EQ(by_field[1].cost, 0u);
  EXPECT_EQ(by_field[1].per_element, 1u);
  EXPECT_EQ(snapshot->routes[0]->limits_by_caller[0].cost, 1u);

  const struct {
    const char* limit;
    const char* finding;
  } rows[] = {
      {"key: caller, requests: 5, cost: 2, per_call: true",
       "its calls take 6, which is never there: the burst is 5\n"},
      {"key: caller, requests: 5, per_element: a", "\"a\" is no list\n"},
      {"key: caller, requests: 5, per_element: in.number", "\"number\" is no list\n"},
      {"key: caller, requests: 5, per_element: map.key", ""},
      {"key: caller, requests: 5, per_element: lots", ""},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(
        CompileWith(option, Cat("methods: {test.S/Get: {limit: [{", row.limit, "}]}}"), findings));
    EXPECT_TRUE(findings.starts_with("test.S.Get.limit: ")) << findings;
    EXPECT_NE(findings.find(row.finding), std::string::npos) << findings;
  }
}

TEST(Limits, AServicesLimitIsEachMethodsAndAListReplaces) {
  std::string findings;
  const auto snapshot =
      CompileWith(Option("limit { key: ROUTE requests: 7 }"), "", findings,
                  "option (frontdesk.v1.service) = { limit { key: CALLER requests: 1 } };\n");
  ASSERT_TRUE(snapshot) << findings;
  EXPECT_EQ(snapshot->routes[0]->limits_by_caller.size(), 1u);
  EXPECT_EQ(snapshot->routes[0]->limits_by_caller[0].key, Key::kRoute);
  EXPECT_EQ(snapshot->routes[2]->limits_by_caller[0].key, Key::kCaller);
}

TEST(Limits, WhatCannotBeRight) {
  const std::string ok = "limit { key: CALLER requests: 2 } ";
  const struct {
    std::string option;
    const char* findings;
  } rows[] = {
      {"limit {}",
       "test.S.Get.limit[0].key: is missing\ntest.S.Get.limit[0].requests: is missing\n"},
      {"limit { key: CALLER requests: 0 }",
       "test.S.Get.limit[0].requests: must be between 1 and 1000000000, got 0\n"},
      {"limit { key: CALLER requests: 2000000 }",
       "test.S.Get.limit[0].requests: is more than 1000000 per second\n"},
      {"limit { key: CALLER requests: 1001 per: '1ms' }",
       "test.S.Get.limit[0].requests: is more than 1000000 per second\n"},
      {"limit { key: CALLER requests: 1 per: '1us' }",
       "test.S.Get.limit[0].per: must be between 1ms and 744h, got 1us\n"},
      {"limit { key: CALLER requests: 1 per: 'soon' }",
       "test.S.Get.limit[0].per: \"soon\" is not a duration such as \"250ms\" or \"2s\"\n"},
      {"limit { key: CALLER requests: 1 burst: 0 }",
       "test.S.Get.limit[0].burst: must be between 1 and 1000000000, got 0\n"},
      {"limit { key: CALLER requests: 5 burst: 3 cost: 4 }",
       "test.S.Get.limit[0].cost: 4 is never there: the burst is 3\n"},
      {"limit { key: CALLER requests: 5 cost: 6 }",
       "test.S.Get.limit[0].cost: 6 is never there: the burst is 5\n"},
      {"limit { key: CALLER of: 'x' requests: 5 }",
       "test.S.Get.limit[0].of: only HEADER, CLAIM and FIELD are the limit of something\n"},
      {"limit { key: HEADER requests: 5 }", "test.S.Get.limit[0].of: must name the header\n"},
      {"limit { key: FIELD requests: 5 }", "test.S.Get.limit[0].of: must name the field\n"},
      {"limit { key: HEADER of: 'x y' requests: 5 }",
       "test.S.Get.limit[0].of: \"x y\" is no name of a header\n"},
      {"limit { key: CALLER requests: 5 name: 'a/b' }",
       "test.S.Get.limit[0].name: \"a/b\" is not a name of up to 64 letters, digits and \"-_.\"\n"},
      {"limit { key: CALLER requests: 5 name: '' }",
       "test.S.Get.limit[0].name: \"\" is not a name of up to 64 letters, digits and \"-_.\"\n"},
      {"limit { key: CALLER requests: 5 name: 'a' } limit { key: ROUTE requests: 5 name: 'a' }",
       "test.S.Get.limit[1].name: \"a\" stands here twice\n"},
      {ok + ok + ok + ok + ok + ok + ok + ok + ok, "test.S.Get.limit: more than 8 limits\n"},
      {"limit { key: CLAIM requests: 5 }", "test.S.Get.limit[0].of: must name the claim\n"},
      {"limit { key: CLAIM of: '\\t' requests: 5 }",
       "test.S.Get.limit[0].of: \"\\t\" is no name of a claim\n"},
      {"limit { key: ADDRESS requests: 5 tiers { claim: 'plan' tier { value: 'a' requests: 1 } } "
       "per_call: true per_element: 'many' }",
       "test.S.Get.limit[0].per_element: can't stand beside `per_call`\n"
       "test.S.Get.limit[0].tiers: a limit by ADDRESS is looked at before anything is known of the "
       "request\n"
       "test.S.Get.limit[0].per_call: a limit by ADDRESS is looked at before anything is known of "
       "the request\n"
       "test.S.Get.limit[0].per_element: a limit by ADDRESS is looked at before anything is known "
       "of the request\n"},
      {"limit { key: CALLER requests: 5 tiers {} }",
       "test.S.Get.limit[0].tiers.claim: is missing\ntest.S.Get.limit[0].tiers.tier: is missing\n"},
      {"limit { key: CALLER requests: 5 cost: 3 tiers { claim: '' tier { requests: 2 } tier { "
       "value: 'a' requests: 5 burst: 2 } tier { value: 'a' per: '1us' requests: 5 } tier { value: "
       "'b' } tier { value: 'c' requests: 1000001 } } }",
       "test.S.Get.limit[0].tiers.claim: \"\" is no name of a claim\n"
       "test.S.Get.limit[0].tiers.tier[0].value: is missing\n"
       "test.S.Get.limit[0].tiers.tier[0].requests: a request costs 3, which is never there\n"
       "test.S.Get.limit[0].tiers.tier[1].burst: a request costs 3, which is never there\n"
       "test.S.Get.limit[0].tiers.tier[2].value: \"a\" stands here twice\n"
       "test.S.Get.limit[0].tiers.tier[2].per: must be between 1ms and 744h, got 1us\n"
       "test.S.Get.limit[0].tiers.tier[2].requests: is more than 1000000 per second\n"
       "test.S.Get.limit[0].tiers.tier[3].requests: is missing\n"
       "test.S.Get.limit[0].tiers.tier[4].requests: is more than 1000000 per second\n"},
      {"limit { key: FIELD of: 'in' requests: 5 }",
       "test.S.Get.limit: \"in\" is a message, not a value: name a field of it\n"},
      {"limit { key: FIELD of: 'many' requests: 5 }",
       "test.S.Get.limit: \"many\" is more than one value\n"},
      {"limit { key: FIELD of: 'map' requests: 5 }",
       "test.S.Get.limit: \"map\" is more than one value\n"},
  };
  for (const auto& row : rows) {
    std::string findings;
    EXPECT_FALSE(CompileWith(Option(row.option), "", findings)) << row.option;
    EXPECT_EQ(findings, row.findings) << row.option;
  }
  std::string findings;
  EXPECT_FALSE(CompileWith(Option("limit { key: FIELD of: 'b' requests: 5 }"), "", findings));
  EXPECT_NE(findings.find("\"b\""), std::string::npos) << findings;
  EXPECT_FALSE(CompileWith("", "methods: {test.S: {limit: [{key: field, of: in.nr, requests: 5}]}}",
                           findings));
  EXPECT_NE(findings.find("nr"), std::string::npos) << findings;
  EXPECT_FALSE(CompileWith(
      Option("limit { name: 'n' key: CALLER requests: 5 }"),
      "methods: {test.S/Other: {limit: [{name: n, key: caller, requests: 6}]}}", findings));
  EXPECT_NE(findings.find("of one name only the cost may differ"), std::string::npos) << findings;

  // Limits of one name that differ in anything but the cost, and what needs a known caller.
  const std::string named =
      "key: claim, of: a, requests: 5, name: n, tiers: {claim: p, tier: [{value: x, requests: 6}]}";
  const std::string other_names[] = {
      "key: claim, of: b, requests: 5, name: n, tiers: {claim: p, tier: [{value: x, requests: 6}]}",
      "key: claim, of: a, requests: 5, name: n",
      "key: claim, of: a, requests: 5, name: n, tiers: {claim: q, tier: [{value: x, requests: 6}]}",
      "key: claim, of: a, requests: 5, name: n, tiers: {claim: p, tier: [{value: y, requests: 6}]}",
      "key: claim, of: a, requests: 5, name: n, tiers: {claim: p, tier: [{value: x, requests: 7}]}",
  };
  const auto both = [](const std::string& one, const std::string& other) {
    return Cat("methods: {test.S/Get: {limit: [{", one, "}]}, test.S/Other: {limit: [{", other,
               "}]}}");
  };
  EXPECT_TRUE(CompileWith("", both(named, named + ", cost: 2"), findings)) << findings;
  for (const std::string& other : other_names) {
    EXPECT_FALSE(CompileWith("", both(named, other), findings)) << other;
    EXPECT_NE(findings.find("of one name only the cost may differ"), std::string::npos) << findings;
  }
  EXPECT_FALSE(CompileWith(
      Cat("option (frontdesk.v1.method) = { auth { access: PUBLIC } limit { key: CLAIM of: 'a' "
          "requests: 5 tiers { claim: 'p' tier { value: 'x' requests: 6 } } } limit { key: API_KEY "
          "requests: 5 } };"),
      "", findings));
  EXPECT_EQ(findings,
            "test.S.Get.limit[0].key: is of known callers, and the method is PUBLIC\n"
            "test.S.Get.limit[0].tiers: is of known callers, and the method is PUBLIC\n"
            "test.S.Get.limit[1].key: is of known callers, and the method is PUBLIC\n");
}

TEST(Limits, WhatIsWrittenWrongIsNotMissingAsWell) {
  const std::string limit = "methods.test.S/Get.limit[0]";
  const std::pair<const char*, std::string> rows[] = {
      {"key: caller", Cat(limit, ".requests: is missing\n")},
      {"key: caller, requests: many",
       Cat(limit, ".requests: expected a whole number, got \"many\"\n")},
      {"key: ip, requests: 5",
       Cat(limit,
           ".key: expected caller or address or route or header or claim or field or api_key, got "
           "\"ip\"\n")},
      {"kee: caller, requests: 5", Cat(limit, ".kee: unknown key (did you mean \"key\"?)\n")},
      {"key: caller, requests: 5, tiers: {claim: plan, tier: [{value: a, request: 6}]}",
       Cat(limit, ".tiers.tier[0].request: unknown key (did you mean \"requests\"?)\n")},
  };
  for (const auto& [yaml, expected] : rows) {
    std::string findings;
    EXPECT_FALSE(CompileWith("", Cat("methods: {test.S/Get: {limit: [{", yaml, "}]}}"), findings));
    EXPECT_EQ(findings, expected) << yaml;
  }
}

TEST(Limits, OfEveryAddress) {
  std::string findings;
  auto snapshot = CompileWith(Option("limit { key: CALLER requests: 20 }"),
                              "rate_limits: {by_address: {requests: 600, per: 1m}}", findings);
  ASSERT_TRUE(snapshot) << findings;
  ASSERT_EQ(snapshot->address_rule, size_t{0});
  EXPECT_EQ(snapshot->limit_rules[0].name, "rate_limits/by_address");
  EXPECT_EQ(snapshot->limit_rules[0].bucket.requests(), 600u);
  EXPECT_EQ(snapshot->limit_rules[0].bucket.per(), 1min);
  EXPECT_EQ(snapshot->routes[0]->limits_by_caller[0].rule, 1u);
  EXPECT_EQ(snapshot->limit_rules[1].id, 1u);
  snapshot = CompileWith("", "rate_limits: {bytes: 2097152}", findings);
  ASSERT_TRUE(snapshot) << findings;
  EXPECT_FALSE(snapshot->address_rule.has_value());

  const struct {
    const char* yaml;
    const char* findings;
  } rows[] = {
      {"{}", "rate_limits.by_address.requests: is missing\n"},
      {"{requests: many}",
       "rate_limits.by_address.requests: expected a whole number, got \"many\"\n"},
      {"{request: 5}",
       "rate_limits.by_address.request: unknown key (did you mean \"requests\"?)\n"},
      {"{requests: 0}",
       "rate_limits.by_address.requests: must be between 1 and 1000000000, got 0\n"},
      {"{requests: 2000000}", "rate_limits.by_address.requests: is more than 1000000 per second\n"},
      {"{requests: 1, per: 1us}",
       "rate_limits.by_address.per: must be between 1ms and 744h, got 1us\n"},
      {"{requests: 1, burst: 0}",
       "rate_limits.by_address.burst: must be between 1 and 1000000000, got 0\n"},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(CompileWith("", Cat("rate_limits: {by_address: ", row.yaml, "}"), findings));
    EXPECT_EQ(findings, row.findings) << row.yaml;
  }
}

TEST(Limits, SharedThroughRedis) {
  const std::string password = testing_support::WriteTempFile("redis", "open sesame\n");
  std::string findings;
  auto snapshot =
      CompileWith("",
                  Cat("redis: {address: \"redis.internal:6379\", password_file: ", password,
                      ", timeout: 15ms, on_error: closed, database: 3, key_prefix: \"x:\"}"),
                  findings);
  ASSERT_TRUE(snapshot) << findings;
  ASSERT_TRUE(snapshot->shared_limits.has_value());
  const limit::SharedSettings& shared = *snapshot->shared_limits;
  EXPECT_EQ(snapshot->redis_address, "redis.internal:6379");
  EXPECT_EQ(shared.redis.password, "open sesame");
  EXPECT_EQ(shared.redis.timeout, 15ms);
  EXPECT_EQ(shared.redis.database, 3u);
  EXPECT_FALSE(shared.open);
  EXPECT_EQ(shared.key_prefix, "x:");
  snapshot = CompileWith("", "redis: {address: \"127.0.0.1:6379\", instances: 4}", findings);
  ASSERT_TRUE(snapshot) << findings;
  EXPECT_TRUE(snapshot->shared_limits->open);
  EXPECT_EQ(snapshot->shared_limits->redis.timeout, 10ms);
  EXPECT_EQ(snapshot->shared_limits->instances, 4u);
  snapshot = CompileWith("", "redis: {address: \"127.0.0.1:6379\"}\nrate_limits: {store: memory}",
                         findings);
  ASSERT_TRUE(snapshot) << findings;
  EXPECT_FALSE(snapshot->shared_limits.has_value());

  const struct {
    const char* yaml;
    const char* findings;
  } rows[] = {
      {"rate_limits: {store: redis}", "rate_limits.store: has no meaning without `redis`\n"},
      {"rate_limits: {bytes: 1000}",
       "rate_limits.bytes: must be between 1048576 and 1099511627776, got 1000\n"},
      {"redis: {database: 1}", "redis: has no address\n"},
      {"redis: {address: redis}",
       "redis.address: expected an address such as \"127.0.0.1:6379\" or "
       "\"redis.internal:6379\", got \"redis\"\n"},
      {"redis: {address: \"127.0.0.1:1\", timeout: 2s}",
       "redis.timeout: must be between 1ms and 1s, got 2s\n"},
      {"redis: {address: \"127.0.0.1:1\", instances: 0}",
       "redis.instances: must be between 1 and 10000, got 0\n"},
      {"redis: {address: \"127.0.0.1:1\", on_error: closed, instances: 3}",
       "redis.instances: has no meaning with `on_error: closed`: no gateway counts by itself\n"},
      {"listen: {trusted_hops: 1000}",
       "listen.trusted_hops: must be between 0 and 100, got 1000\n"},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(CompileWith("", row.yaml, findings)) << row.yaml;
    EXPECT_EQ(findings, row.findings) << row.yaml;
  }
  EXPECT_FALSE(
      CompileWith("", "redis: {address: \"127.0.0.1:1\", password_file: nowhere}", findings));
  EXPECT_NE(findings.find("nowhere\": No such file or directory"), std::string::npos) << findings;
}

}  // namespace
}  // namespace frontdesk::config
