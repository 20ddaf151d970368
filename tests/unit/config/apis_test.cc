// Fronts: what can't be right, what each of them serves, and which policy is in force there.
#include "gateway/config/apis.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "gateway/config/compile.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

constexpr char kContract[] = R"(
  message M { string a = 1; }
  service S {
    rpc Get(M) returns (M) {
      option (google.api.http) = { get: "/s/{a}" };
      option (frontdesk.v1.method) = { timeout: "1s" limit { key: ROUTE requests: 5 } };
    }
    rpc Put(M) returns (M) { option (google.api.http) = { post: "/s" body: "*" }; }
    rpc Inner(M) returns (M) { }
  }
  service T { rpc Get(M) returns (M) { option (google.api.http) = { get: "/t" }; } }
)";

std::unique_ptr<const Snapshot> Load(const std::string& yaml, contract::Findings& findings) {
  static const std::string contract =
      testing_support::WriteTempFile("apis.binpb", testing::CompileProto(kContract));
  const std::string file = testing_support::WriteTempFile(
      "apis.yaml",
      Cat("descriptor_set: ", contract,
          "\nupstreams: {s: {services: [test.S, test.T], endpoints: [\"127.0.0.1:1\"]}}\n", yaml,
          '\n'));
  return Compile(file, {}, compose::Registry(), findings);
}

std::string FindingsOf(const std::string& yaml) {
  contract::Findings findings;
  Load(yaml, findings);
  std::string text;
  for (const contract::Finding& one : findings.all()) {
    text += Cat(text.empty() ? "" : "\n", one.path, ": ", one.text);
  }
  return text;
}

constexpr char kAuth[] =
    "auth: {shared_subjects: true,\n"
    "       providers: {app: {issuer: a, audiences: [a], jwks_url: \"https://a/\"},\n"
    "                   lab: {issuer: b, audiences: [b], jwks_url: \"https://b/\"}}}\n";

TEST(ConfigApis, WhatCantBeRight) {
  const std::pair<std::string, std::string> rows[] = {
      {"apis: {m: {serves: [test]}}", ""},
      {"apis: {m: {hosts: [m.example.com, \"*.m.example.com\", \"[::1]\"], serves: [test.S]}}", ""},
      {"apis: {m: {path_prefix: /m/v-1, serves: [test.S/Get, test.T]}}", ""},
      {"apis: {}", "apis: is here without a front: nothing would be served"},
      {"apis: {m: {}}", "apis.m: serves nothing: `serves` names packages, services or methods"},
      {"apis: {m: {servs: [test]}}", "apis.m.servs: unknown key (did you mean \"serves\"?)"},
      {"apis: {\"m x\": {serves: [test]}}",
       "apis.m x: a name has small letters, digits, '-' and '_' only"},
      {"apis: {m: {serves: [test, test]}}", "apis.m.serves[1]: \"test\" stands here twice"},
      {"apis: {m: {serves: [tset.S]}}",
       "apis.m.serves[0]: the contract has no package, service or method \"tset.S\" (did you mean "
       "\"test.S\"?)"},
      {"apis: {m: {serves: [test.S/Inner]}}",
       "apis.m.serves[0]: no method of \"test.S/Inner\" has an address"},
      // Hosts.
      {"apis: {m: {hosts: [\"*\"], serves: [test]}}",
       "apis.m.hosts[0]: \"*\" is any host: leave `hosts` out"},
      {"apis: {m: {hosts: [\"m.example.com:80\"], serves: [test]}}",
       "apis.m.hosts[0]: expected a host such as \"mobile.example.com\" or \"*.example.com\", "
       "without a port, got \"m.example.com:80\""},
      {"apis: {m: {hosts: [\"m.*.com\"], serves: [test]}}",
       "apis.m.hosts[0]: expected a host such as \"mobile.example.com\" or \"*.example.com\", "
       "without a port, got \"m.*.com\""},
      {"apis: {m: {hosts: [m.example.com, M.example.com.], serves: [test]}}",
       "apis.m.hosts[1]: \"m.example.com\" stands here twice"},
      // Prefixes.
      {"apis: {m: {path_prefix: /, serves: [test]}}",
       "apis.m.path_prefix: \"/\" is every path: leave it out"},
      {"apis: {m: {path_prefix: /m/, serves: [test]}}",
       "apis.m.path_prefix: ends with '/': it stands for whole segments anyway"},
      {"apis: {m: {path_prefix: m, serves: [test]}}",
       "apis.m.path_prefix: expected the begin of a path such as \"/mobile\", of plain segments, "
       "got \"m\""},
      {"apis: {m: {path_prefix: /m/../n, serves: [test]}}",
       "apis.m.path_prefix: expected the begin of a path such as \"/mobile\", of plain segments, "
       "got \"/m/../n\""},
      {"apis: {m: {path_prefix: /m%61, serves: [test]}}",
       "apis.m.path_prefix: expected the begin of a path such as \"/mobile\", of plain segments, "
       "got \"/m%61\""},
      {"apis: {m: {strip_prefix: false, serves: [test]}}",
       "apis.m.strip_prefix: has no meaning without `path_prefix`"},
      {"apis: {m: {path_prefix: /s, strip_prefix: false, serves: [test]}}", ""},
      {"apis: {m: {path_prefix: /x, strip_prefix: false, serves: [test]}}",
       "apis.m.path_prefix: no address of what is served here begins so, and it is not stripped"},
      // Two at one place.
      {"apis: {m: {serves: [test.S]}, n: {serves: [test.T]}}",
       "apis.n: is where apis.m is as well: the same hosts (any) and the same prefix"},
      {"apis: {m: {hosts: [a.b], serves: [test.S]}, n: {hosts: [c.d, A.B], serves: [test.T]}}",
       "apis.n.hosts[1]: is where apis.m is as well: the same host and the same prefix"},
      {"apis: {m: {hosts: [a.b], path_prefix: /m, serves: [test]}, n: {hosts: [a.b], serves: "
       "[test]}, o: {path_prefix: /m, serves: [test]}}",
       ""},
      // Credentials.
      {Cat(kAuth, "apis: {m: {credentials: [app], serves: [test]}}"), ""},
      {Cat(kAuth, "apis: {m: {credentials: [apq], serves: [test]}}"),
       "apis.m.credentials[0]: \"apq\" is nothing in `auth` that callers prove who they are by "
       "(did "
       "you mean \"app\"?)"},
      {Cat(kAuth, "apis: {m: {credentials: [api_keys], serves: [test]}}"),
       "apis.m.credentials[0]: \"api_keys\" is nothing in `auth` that callers prove who they are "
       "by"},
      {Cat(kAuth, "apis: {m: {credentials: [app, app], serves: [test]}}"),
       "apis.m.credentials[1]: \"app\" stands here twice"},
      // Those of other fronts are of no use in this one.
      {Cat(kAuth,
           "apis: {m: {credentials: [app], serves: [test.S/Get], policy: {auth: {credentials: "
           "[token]}}}}"),
       ""},
      {Cat("auth: {api_keys: {subject_prefix: 'k:', file: ",
           testing_support::WriteTempFile("keys.json", R"({"keys":[]})"),
           "},\n  providers: {app: {issuer: a, audiences: [a], subject_prefix: 'a:', jwks_url: "
           "\"https://a/\"}}}\n"
           "apis: {m: {credentials: [api_keys], serves: [test.S/Get], policy: {auth: {credentials: "
           "[token]}}}}"),
       "test.S.Get.auth.credentials: asks for what nobody can bring: the front \"m\" takes no such "
       "credential"},
      {Cat(kAuth, "apis: {m: {credentials: [], serves: [test]}}"),
       "apis.m.credentials: the list is empty; leave it out or fill it"},
      // Policies are checked as everywhere.
      {"apis: {m: {serves: [test], policy: {timeout: soon}}}",
       "apis.m.policy.timeout: expected a time above 0 such as \"250ms\" or \"2s\", got \"soon\""},
      {"apis: {m: {serves: [test], policy: {bulkhead: b}}}\nbulkheads: {bb: {max_in_flight: 1}}",
       "test.S.Get.bulkhead: the file has no bulkhead \"b\" (did you mean \"bb\"?)"},
      {"apis: {m: {serves: [test], policy: {retry: {max_attempts: 2}}}}",
       "apis.m.policy.retry: is of calls, not of requests: say it under `methods` of the file, for "
       "all fronts"},
      {"apis: {m: {serves: [test.S], methods: {test.T: {timeout: 1s}}}}",
       "apis.m.methods.test.T: nothing that is served here has this name"},
      {"apis: {m: {serves: [test.S], methods: {test.s: {timeout: 1s}}}}",
       "apis.m.methods.test.s: nothing that is served here has this name (did you mean "
       "\"test.S\"?)"},
      {Cat(kAuth, "apis: {m: {serves: [test.S/Get], policy: {auth: {access: public}}}}"),
       "test.S.Get.auth: lets more callers in than what is said outside of `apis`: access is "
       "PUBLIC and was "
       "REQUIRED; if that "
       "is meant, say `weakens: true` beside it"},
      {Cat(kAuth, "apis: {m: {serves: [test], policy: {auth: {access: public, weakens: true}}}}"),
       ""},
      // What the file says outside of fronts holds in them, too.
      {Cat(kAuth,
           "methods: {test.S/Get: {auth: {access: public}}}\napis: {m: {serves: [test.S/Get]}}"),
       "test.S.Get.auth: lets more callers in than the contract: access is PUBLIC and was "
       "REQUIRED; "
       "if that is meant, say `weakens: true` beside it"},
      {Cat(kAuth,
           "methods: {test.S/Get: {auth: {access: public}}}\n"
           "apis: {m: {serves: [test.S/Get], policy: {auth: {access: required}}}}"),
       ""},
      // The gateway's own addresses, unless they stand behind a prefix.
      {"http: {rules: [{selector: test.T.Get, get: /healthz}]}\n"
       "apis: {m: {hosts: [a.b], serves: [test.T]}}",
       "test.T.Get: is never reached: the gateway answers /healthz itself"},
      {"http: {rules: [{selector: test.T.Get, get: /healthz}]}\n"
       "apis: {m: {path_prefix: /m, serves: [test.T]}}",
       ""},
      {"apis: {m: {serves: [test], limit: [{key: ip, requests: 1}]}}",
       "apis.m.limit[0].key: expected caller or address or route or header or claim or field or "
       "api_key, got \"ip\""},
      {"apis: {m: {serves: [test], limit: [{key: field, of: a, requests: 1}]}}",
       "apis.m.limit[0].key: is FIELD, and methods differ in their fields: say it under `methods`"},
      {"apis: {m: {serves: [test], limit: [{key: caller}]}}",
       "apis.m.limit[0].requests: is missing"},
  };
  for (const auto& [yaml, findings] : rows) EXPECT_EQ(FindingsOf(yaml), findings) << yaml;
}

TEST(ConfigApis, PatternsMeanPackagesServicesAndMethods) {
  contract::Findings findings;
  contract::Method method;
  method.service = "shop.order.v1.Orders";
  method.path = "/shop.order.v1.Orders/GetOrder";
  const std::pair<const char*, bool> rows[] = {
      {"shop.order.v1", true},
      {"shop.order.v1.Orders", true},
      {"shop.order.v1.Orders/GetOrder", true},
      {"shop.order.v1.Orders/Get*", true},
      {"shop.order.v1.Orders/*", true},
      {"*/GetOrder", true},
      {"*/*", true},
      {"*", true},
      {"shop.*", true},
      {"shop.*.v1", true},
      {"*.v1", true},
      {"*Orders", true},
      {"s*p*v1", true},
      {"*o*o*O*", true},
      {"**", true},
      {"shop.order", false},
      {"shop", false},
      {"Orders", false},
      {"shop.order.v1.Order", false},
      {"shop.order.v1.Orders/Get", false},
      {"shop.order.v1.Orders/", false},
      {"/GetOrder", false},
      {"*.v2", false},
      {"*GetOrder", false},
      {"shop.*/Put*", false},
      {"", false},
      {"shop.order.v1.Orders.GetOrder", false},
  };
  for (const auto& [pattern, serves] : rows) EXPECT_EQ(Serves(pattern, method), serves) << pattern;
}

// "GET /s/{a} 1s", by front, with the names of its limits.
std::map<std::string, std::string> Told(const Snapshot& snapshot) {
  std::map<std::string, std::string> told;
  for (const auto& route : snapshot.routes) {
    std::string& text = told[route->api ? route->api->name : ""];
    text += Cat(text.empty() ? "" : "; ", route->binding->http_method, ' ',
                route->binding->path.text, ' ', contract::DurationText(route->timeout));
    for (const auto& limit : route->limits_by_caller) {
      text += Cat(' ', snapshot.limit_rules[limit.rule].name);
    }
  }
  return told;
}

TEST(ConfigApis, EachHasItsOwnPoliciesAndLimits) {
  contract::Findings findings;
  const auto snapshot = Load(R"(
methods: {test.S: {timeout: 2s}, test.S/Put: {timeout: 3s}}
apis:
  mobile:
    path_prefix: /m
    serves: [test.S]
    policy: {timeout: 4s}
    methods: {test.S/Put: {timeout: 5s}}
    limit: [{key: caller, requests: 7}]
  partner:
    path_prefix: /p
    serves: [test.S]
    policy: {limit: [{key: route, requests: 9}]}
  plain: {serves: [test.S/Get]}
)",
                             findings);
  ASSERT_TRUE(snapshot) << findings.ToString();
  using Pair = std::pair<const std::string, std::string>;
  const std::map<std::string, std::string> expected = {
      Pair("mobile",
           "GET /s/{a} 4s test.S/Get/0 apis.mobile.limit[0]; POST /s 5s apis.mobile.limit[0]"),
      Pair("partner",
           "GET /s/{a} 2s apis.partner/test.S/Get/0; POST /s 3s apis.partner/test.S/Put/0"),
      Pair("plain", "GET /s/{a} 2s test.S/Get/0")};
  EXPECT_EQ(Told(*snapshot), expected);
  ASSERT_EQ(snapshot->unserved.size(), 1u);
  EXPECT_EQ(snapshot->unserved[0]->full_name, "test.T.Get");
  EXPECT_EQ(snapshot->matcher.Find("GET", "/s/x").route, nullptr);
  const auto found = snapshot->apis.Find("", "/m/s/x");
  ASSERT_TRUE(found.api);
  const route::Match match = found.api->matcher.Find("GET", found.path);
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.route->api, found.api);
  EXPECT_EQ(match.captures()[0].raw, "x");
  EXPECT_EQ(match.route->places.at("timeout").line, 9);
}

TEST(ConfigApis, WithoutThemNothingChanges) {
  contract::Findings findings;
  const auto snapshot = Load("", findings);
  ASSERT_TRUE(snapshot) << findings.ToString();
  EXPECT_TRUE(snapshot->apis.empty());
  EXPECT_TRUE(snapshot->unserved.empty());
  const route::Match match = snapshot->matcher.Find("GET", "/s/x");
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.route->api, nullptr);
}

}  // namespace
}  // namespace frontdesk::config
