#include "gateway/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "gateway/base/text.h"
#include "gateway/config/yaml.h"

namespace frontdesk::config {
namespace {

using ::testing::HasSubstr;

std::string ErrorsOf(std::string_view yaml) {
  contract::Findings findings;
  ParseConfig(yaml, "f.yaml", findings);
  return findings.ToString();
}

constexpr std::string_view kWhole = R"(# everything that can be said
listen: { address: "0.0.0.0:8080", workers: 4, backlog: 512 }
admin: { address: 127.0.0.1:9901 }
descriptor_set: shop.binpb
upstreams:
  orders:
    services: [shop.order.v1.Orders, shop.cart.v1.Carts]
    endpoints:
      - 127.0.0.1:50051
      - "[::1]:50051"
      - orders.internal:50051
    transport: h2
    connections: 2
    connect_timeout: 500ms
    max_message_bytes: 8388608
    max_pending: 10
    timeout: 1m30s
    retry_budget: { budget_percent: 12.5, min_retries_per_second: 0 }
  users:
    services: [shop.user.v1.Users]
    endpoints: ["xds:///users"]
    transport: grpc
limits:
  header_bytes: 65536
  header_fields: 100
  target_bytes: 8192
  body_bytes: 0
  header_timeout: 10s
  body_rate: 0
  idle_timeout: 60s
  send_timeout: 30s
  json_depth: 100
  connections: 20000
log:
  access: off
  file: /var/log/frontdesk.log
drain: { grace: 5s, timeout: 30s }
methods:
  shop.order.v1.Orders:
    timeout: 2s
    print: { defaults: true, proto_names: false }
  shop.order.v1.Orders/GetOrder:
    success_status: 201
    max_request_bytes: 1000
    parse: { ignore_unknown_fields: true }
    request_headers: [accept-language, X-Tenant]
    retry: { max_attempts: 2, retryable_status_codes: [unavailable, aborted] }
    priority: sheddable
)";

TEST(LoadConfig, ReadsEverythingThatTheSchemaHas) {
  contract::Findings findings;
  const auto loaded = ParseConfig(kWhole, "f.yaml", findings);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(findings.ToString(), "");
  const v1::Config& config = loaded->config;
  EXPECT_EQ(config.listen().address(), "0.0.0.0:8080");
  EXPECT_EQ(config.listen().workers(), 4u);
  EXPECT_EQ(config.admin().address(), "127.0.0.1:9901");
  ASSERT_EQ(config.upstreams().size(), 2u);
  const v1::Upstream& orders = config.upstreams().at("orders");
  EXPECT_EQ(orders.services(1), "shop.cart.v1.Carts");
  EXPECT_EQ(orders.endpoints(2), "orders.internal:50051");
  EXPECT_EQ(orders.transport(), v1::Upstream::H2);
  EXPECT_EQ(orders.timeout(), "1m30s");
  EXPECT_EQ(orders.max_message_bytes(), 8388608u);
  EXPECT_EQ(orders.retry_budget().budget_percent(), 12.5);
  EXPECT_TRUE(orders.retry_budget().has_min_retries_per_second());
  EXPECT_EQ(config.upstreams().at("users").transport(), v1::Upstream::GRPC);
  EXPECT_TRUE(config.limits().has_body_bytes());
  EXPECT_EQ(config.log().access(), v1::Config::Log::OFF);
  const v1::Policy& method = config.methods().at("shop.order.v1.Orders/GetOrder");
  EXPECT_EQ(method.success_status(), 201u);
  EXPECT_EQ(method.request_headers(1), "X-Tenant");
  ASSERT_EQ(method.retry().retryable_status_codes_size(), 2);
  EXPECT_EQ(method.retry().retryable_status_codes(1), v1::Policy::Retry::ABORTED);
  EXPECT_EQ(method.priority(), v1::Policy::SHEDDABLE);
  EXPECT_TRUE(config.methods().at("shop.order.v1.Orders").print().has_proto_names());
}

TEST(LoadConfig, KnowsWhereEveryValueStands) {
  contract::Findings findings;
  const auto loaded = ParseConfig(kWhole, "f.yaml", findings);
  ASSERT_TRUE(loaded);
  const struct {
    const char* path;
    const char* place;
  } rows[] = {
      {"listen.address", "f.yaml:2:20"},
      {"upstreams", "f.yaml:5:1"},
      {"upstreams.orders", "f.yaml:6:3"},
      {"upstreams.orders.services[1]", "f.yaml:7:38"},
      {"upstreams.orders.endpoints", "f.yaml:8:5"},
      {"upstreams.orders.endpoints[1]", "f.yaml:10:9"},
      {"upstreams.orders.timeout", "f.yaml:17:14"},
      {"log.access", "f.yaml:35:11"},
      {"methods.shop.order.v1.Orders/GetOrder", "f.yaml:42:3"},
      {"methods.shop.order.v1.Orders/GetOrder.success_status", "f.yaml:43:21"},
      // What the file does not say stands where the nearest thing around it does.
      {"upstreams.orders.endpoints[7]", "f.yaml:8:5"},
      {"upstreams.carts.timeout", "f.yaml:5:1"},
      {"auth.development_caller", "f.yaml"},
      {"", "f.yaml"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(loaded->PlaceOf(row.path).ToString(), row.place) << row.path;
  }
}

TEST(LoadConfig, SaysWhatIsWrongAndWhatWasMeant) {
  const struct {
    std::string_view yaml;
    std::string_view errors;
  } rows[] = {
      {"lisen: {}", "f.yaml:1:1: lisen: unknown key (did you mean \"listen\"?)\n"},
      {"limits:\n  headerBytes: 1",
       "f.yaml:2:3: limits.headerBytes: unknown key (did you mean \"header_bytes\"?)\n"},
      {"limits:\n  header-bytes: 1",
       "f.yaml:2:3: limits.header-bytes: unknown key (did you mean \"header_bytes\"?)\n"},
      {"zebra: 1", "f.yaml:1:1: zebra: unknown key\n"},
      {"\"a\\nb\": 1",
       "f.yaml:1:1: expected a key of at most 256 printable ASCII characters, got \"a\\nb\"\n"},
      {"1: 2", "f.yaml:1:1: 1: unknown key\n"},
      {"? [a]\n: 1", "f.yaml:1:3: expected a key, got a list\n"},
      {"'': 1", "f.yaml:1:1: expected a key, got \"\"\n"},
      {"~: 1", "f.yaml:1:1: expected a key, got nothing\n"},
      {"<<: {}", "f.yaml:1:1: <<: unknown key\n"},
      {"drain:\n  grace: 1s\n  grace: 2s",
       "f.yaml:3:3: drain.grace: stands here twice, first at f.yaml:2:3\n"},
      {"upstreams:\n  a: {services: [s], endpoints: ['h:1']}\n  a: {services: [s]}",
       "f.yaml:3:3: upstreams.a: stands here twice, first at f.yaml:2:3\n"},
      // Kinds.
      {"listen: []", "f.yaml:1:1: listen: expected a map, got a list\n"},
      {"listen: 127.0.0.1:80", "f.yaml:1:9: listen: expected a map, got \"127.0.0.1:80\"\n"},
      {"listen:", "f.yaml:1:1: listen: the value is missing\n"},
      {"listen:\n\n\nadmin: {}", "f.yaml:1:1: listen: the value is missing\n"},
      {"listen: ~", "f.yaml:1:1: listen: the value is missing\n"},
      {"listen:\n  address:\n  workers: 1", "f.yaml:2:3: listen.address: the value is missing\n"},
      {"upstreams:\n  a:", "f.yaml:2:3: upstreams.a: the value is missing\n"},
      {"upstreams:\n  a: b", "f.yaml:2:6: upstreams.a: expected a map, got \"b\"\n"},
      {"upstreams: {a: {services: s, endpoints: ['h:1']}}",
       "f.yaml:1:27: upstreams.a.services: expected a list, got \"s\" (did you mean [\"s\"]?)\n"},
      {"upstreams: {a: {services: [], endpoints: ['h:1']}}",
       "f.yaml:1:17: upstreams.a.services: the list is empty; leave it out or fill it\n"},
      {"upstreams: {a: {services: [{}], endpoints: ['h:1']}}",
       "f.yaml:1:28: upstreams.a.services[0]: expected text, got a map\n"},
      {"upstreams:\n  a:\n    services:\n    -\n    - s\n    endpoints: ['h:1']",
       "f.yaml:3:5: upstreams.a.services[0]: the value is missing\n"},
      {"listen: {address: [1]}", "f.yaml:1:10: listen.address: expected text, got a list\n"},
      {"[]", "f.yaml:1:1: expected keys such as \"listen:\", got a list\n"},
      {"5", "f.yaml:1:1: expected keys such as \"listen:\", got the number 5\n"},
      {"# nothing", "f.yaml:1:1: nothing is in this file\n"},
      {"", "f.yaml:1:1: nothing is in this file\n"},
      // Numbers.
      {"listen: {workers: four}",
       "f.yaml:1:19: listen.workers: expected a whole number, got \"four\"\n"},
      {"listen: {workers: \"4\"}",
       "f.yaml:1:19: listen.workers: expected a whole number, got the text \"4\" (leave out the "
       "quotes)\n"},
      {"listen: {workers: 4.0}",
       "f.yaml:1:19: listen.workers: expected a whole number, got the number 4.0\n"},
      {"listen: {workers: 1e3}",
       "f.yaml:1:19: listen.workers: expected a whole number, got the number 1e3\n"},
      {"listen: {workers: 0x10}",
       "f.yaml:1:19: listen.workers: expected a whole number, got the number 0x10\n"},
      {"listen: {workers: 010}",
       "f.yaml:1:19: listen.workers: expected a whole number without leading zeros, got \"010\"\n"},
      {"listen: {workers: 1_000}",
       "f.yaml:1:19: listen.workers: expected a whole number, got \"1_000\"\n"},
      {"listen: {workers: -1}",
       "f.yaml:1:19: listen.workers: expected a whole number between 0 and 4294967295, got "
       "\"-1\"\n"},
      {"listen: {workers: 4294967296}",
       "f.yaml:1:19: listen.workers: expected a whole number between 0 and 4294967295, got "
       "\"4294967296\"\n"},
      {"limits: {body_bytes: 18446744073709551616}",
       "f.yaml:1:22: limits.body_bytes: expected a whole number between 0 and "
       "18446744073709551615, got \"18446744073709551616\"\n"},
      {"limits: {body_bytes: 4MiB}",
       "f.yaml:1:22: limits.body_bytes: expected a whole number, got \"4MiB\"\n"},
      {"limits: {body_bytes: true}",
       "f.yaml:1:22: limits.body_bytes: expected a whole number, got true\n"},
      // Numbers with a fraction.
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "'20'}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the text \"20\" (leave out the quotes)\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 20%}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got \"20%\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       ".nan}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number .nan\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "-.inf}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number -.inf\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: nan}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got \"nan\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 1e1}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number 1e1\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "0x14}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number 0x14\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: .5}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number .5\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 5.}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got the number 5.\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "1.2.3}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got \"1.2.3\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 1_0}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got \"1_0\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: 020}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number without leading "
       "zeros, got \"020\"\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "true}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: expected a number such as 20 or 1.5, "
       "got true\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: [1]}}}",
       "f.yaml:1:69: upstreams.a.retry_budget.budget_percent: expected a number, got a list\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: -1}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: must be between 0 and 100, got -1\n"},
      {"upstreams: {a: {services: [s.S], endpoints: ['h:1'], retry_budget: {budget_percent: "
       "100.01}}}",
       "f.yaml:1:85: upstreams.a.retry_budget.budget_percent: must be between 0 and 100, got "
       "100.01\n"},
      {"methods: {s.S: {priority: high}}",
       "f.yaml:1:27: methods.s.S.priority: expected critical or normal or sheddable, got "
       "\"high\"\n"},
      {"methods: {s.S: {priority: Sheddabel}}",
       "f.yaml:1:27: methods.s.S.priority: expected critical or normal or sheddable, got "
       "\"Sheddabel\" (did you mean \"sheddable\"?)\n"},
      {"methods: {s.S: {fault: {abort: UNAVAILABLE}}}",
       "f.yaml:1:32: methods.s.S.fault.abort: expected cancelled or unknown or invalid_argument or "
       "deadline_exceeded or not_found or already_exists or permission_denied or "
       "resource_exhausted or failed_precondition or aborted or out_of_range or unimplemented or "
       "internal or unavailable or data_loss or unauthenticated, got \"UNAVAILABLE\" (did you mean "
       "\"unavailable\"?)\n"},
      {"methods: {s.S: {hedge: {delay: 20}}}",
       "f.yaml:1:32: methods.s.S.hedge.delay: expected a time above 0 such as \"250ms\" or \"2s\", "
       "got the number 20 (did you mean \"20s\"?)\n"},
      // Booleans.
      {"methods: {s.S: {print: {defaults: yes}}}",
       "f.yaml:1:35: methods.s.S.print.defaults: expected true or false, got \"yes\" (did you mean "
       "\"true\"?)\n"},
      {"methods: {s.S: {print: {defaults: Off}}}",
       "f.yaml:1:35: methods.s.S.print.defaults: expected true or false, got \"Off\" (did you mean "
       "\"false\"?)\n"},
      {"methods: {s.S: {print: {defaults: 1}}}",
       "f.yaml:1:35: methods.s.S.print.defaults: expected true or false, got the number 1 (did you "
       "mean \"true\"?)\n"},
      {"methods: {s.S: {print: {defaults: 'true'}}}",
       "f.yaml:1:35: methods.s.S.print.defaults: expected true or false, got \"true\" (leave out "
       "the quotes)\n"},
      // Text.
      {"descriptor_set: 12",
       "f.yaml:1:17: descriptor_set: expected text, got the number 12 (put it "
       "in quotes if it is meant)\n"},
      {"auth: {development_caller: true}",
       "f.yaml:1:28: auth.development_caller: expected text, got true (put it in quotes if it is "
       "meant)\n"},
      {"descriptor_set: ''",
       "f.yaml:1:17: descriptor_set: is empty; leave it out or give it a value\n"},
      // Words.
      {"log: {access: On}",
       "f.yaml:1:15: log.access: expected on or off, got \"On\" (did you mean \"on\"?)\n"},
      {"log: {access: false}",
       "f.yaml:1:15: log.access: expected on or off, got false (did you mean \"off\"?)\n"},
      {"log: {access: access_unspecified}",
       "f.yaml:1:15: log.access: expected on or off, got \"access_unspecified\"\n"},
      {"log: {access: 1}", "f.yaml:1:15: log.access: expected on or off, got the number 1\n"},
      {"upstreams: {a: {services: [s], endpoints: ['h:1'], transport: GRPC}}",
       "f.yaml:1:63: upstreams.a.transport: expected h2 or grpc, got \"GRPC\" (did you mean "
       "\"grpc\"?)\n"},
      // Times.
      {"drain: {grace: 5}",
       "f.yaml:1:16: drain.grace: expected a time above 0 such as \"250ms\" or \"2s\", got the "
       "number 5 (did you mean \"5s\"?)\n"},
      {"drain: {grace: 0s}",
       "f.yaml:1:16: drain.grace: expected a time above 0 such as \"250ms\" or \"2s\", got "
       "\"0s\"\n"},
      {"drain: {grace: -1s}",
       "f.yaml:1:16: drain.grace: expected a time above 0 such as \"250ms\" or \"2s\", got "
       "\"-1s\"\n"},
      {"drain: {grace: soon}",
       "f.yaml:1:16: drain.grace: expected a time above 0 such as \"250ms\" or \"2s\", got "
       "\"soon\"\n"},
      {"methods: {s.S: {timeout: ''}}",
       "f.yaml:1:26: methods.s.S.timeout: expected a time above 0 such as \"250ms\" or \"2s\", got "
       "\"\"\n"},
      {"limits: {header_timeout: 99999999999999999999h}",
       "f.yaml:1:26: limits.header_timeout: expected a time above 0 such as \"250ms\" or \"2s\", "
       "got \"99999999999999999999h\"\n"},
      // The language.
      {"a: 1\n---\nb: 2", "f.yaml:3:1: a second document begins; only one is used\n"},
      {"\xef\xbb\xbflisten: {}",
       "f.yaml:1:1: begins with a byte order mark; save it as UTF-8 without one\n"},
      {"\xff\xfel\0", "f.yaml:1:1: not UTF-8 (byte 255)\n"},
      {"drain: {}\nfile: caf\xe9\n", "f.yaml:2:10: not UTF-8 (byte 233)\n"},
      {"a: \x1b[31m", "f.yaml:1:4: control character (byte 27); write it as an escape in quotes\n"},
      {"descriptor_set: 0o\rx",
       "f.yaml:1:19: control character (byte 13); write it as an escape in quotes\n"},
      {"lisen: {}\r\n", "f.yaml:1:1: lisen: unknown key (did you mean \"listen\"?)\n"},
      {"listen: {workers: 0oz}",
       "f.yaml:1:19: listen.workers: expected a whole number, got \"0oz\"\n"},
      {"listen: !!map {}", "f.yaml:1:9: tags are not used here; leave it out\n"},
      {"listen: {workers: !!int 4}", "f.yaml:1:19: tags are not used here; leave it out\n"},
      {"listen: *nobody", "f.yaml:1:9: YAML: the referenced anchor is not defined\n"},
      {"\"a\\ \\", "f.yaml:1:7: YAML: unknown escape character: ?\n"},
      {"listen: {", "f.yaml:1:9: YAML: what begins here has no end\n"},
      {"listen:\n\taddress: 1", "f.yaml:2:1: YAML: a tab in the indentation\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(ErrorsOf(row.yaml), row.errors) << row.yaml;
}

TEST(LoadConfig, TellsAllErrorsAtOnce) {
  EXPECT_EQ(ErrorsOf("listen:\n"
                     "  adress: 127.0.0.1:8080\n"
                     "  workers: many\n"
                     "upstreams:\n"
                     "  orders:\n"
                     "    services: [shop.order.v1.Orders]\n"
                     "    endpoints: [\"127.0.0.1\"]\n"
                     "    timeout: 5\n"),
            "f.yaml:2:3: listen.adress: unknown key (did you mean \"address\"?)\n"
            "f.yaml:3:12: listen.workers: expected a whole number, got \"many\"\n"
            "f.yaml:8:14: upstreams.orders.timeout: expected a time above 0 such as \"250ms\" or "
            "\"2s\", got the number 5 (did you mean \"5s\"?)\n"
            "f.yaml:7:17: upstreams.orders.endpoints[0]: expected \"host:port\", got "
            "\"127.0.0.1\"\n");
}

TEST(LoadConfig, AliasesAreTheValuesTheyName) {
  contract::Findings findings;
  const auto loaded = ParseConfig(
      "drain: { grace: &short 2s, timeout: *short }\n"
      "methods:\n"
      "  s.A: &policy { success_status: 204 }\n"
      "  s.B: *policy\n",
      "f.yaml", findings);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(findings.ToString(), "");
  EXPECT_EQ(loaded->config.drain().timeout(), "2s");
  EXPECT_EQ(loaded->PlaceOf("drain.timeout").ToString(), "f.yaml:1:37");
  EXPECT_EQ(loaded->config.methods().at("s.B").success_status(), 204u);
}

TEST(LoadConfig, AttacksEndSoon) {
  // A list that holds itself, and lists of lists of lists.
  EXPECT_THAT(ErrorsOf("listen: &a [*a]"), HasSubstr("an alias to its own parent"));
  std::string laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'z'; ++c) {
    laughs += Cat(c, ": &", c, " [");
    for (int i = 0; i < 10; ++i) laughs += Cat(i ? "," : "", "*", static_cast<char>(c - 1));
    laughs += "]\n";
  }
  EXPECT_THAT(ErrorsOf(laughs), HasSubstr("f.yaml:1:1: a: unknown key"));
  // Quadratic: a long list, named by many.
  std::string many = "upstreams:\n  a: &a\n    endpoints: ['h:1']\n    services: &s [";
  for (int i = 0; i < 40'000; ++i) many += "s.S,";
  many += "]\n";
  for (int i = 0; i < 40'000; ++i) many += Cat("  u", i, ": *a\n");
  EXPECT_THAT(ErrorsOf(many), HasSubstr("more than 100000 values"));

  const std::string deep = Cat("listen: ", std::string(31, '['), std::string(31, ']'));
  EXPECT_THAT(ErrorsOf(deep), HasSubstr("expected a map, got a list"));
  for (const int levels : {32, 33, 1000, 100'000}) {
    const std::string brackets(static_cast<size_t>(levels), '[');
    EXPECT_EQ(ErrorsOf(Cat("listen: ", brackets)),
              "f.yaml:1:25: YAML: nested deeper than 32 levels\n");
  }
  const std::string flood(1'000'000, '\n');
  EXPECT_THAT(ErrorsOf(flood), HasSubstr("nothing is in this file"));
  std::string unknown;
  for (int i = 0; i < 50'000; ++i) unknown += Cat("k", i, ": 1\n");
  contract::Findings bounded;
  ParseConfig(unknown, "f.yaml", bounded);
  EXPECT_LE(bounded.size(), 201u);
  EXPECT_EQ(ErrorsOf(std::string(kMaxYamlBytes + 1, ' ')), "f.yaml: larger than 1048576 bytes\n");
  EXPECT_THAT(ErrorsOf(Cat(std::string(1000, 'k'), ": 1")),
              HasSubstr("f.yaml:1:1: expected a key of at most 256 printable ASCII characters"));
}

// Whatever is cut out of or thrown into a good file: an answer, never a crash, and no control
// character in it.
TEST(LoadConfig, SurvivesDamage) {
  std::mt19937 random(42);
  constexpr std::string_view kNasty =
      "{}[]:,&*!|>'\"%@`#-? \n\t\r~\\<xyz\x01\x80\xff"
      "0";
  for (int round = 0; round < 3000; ++round) {
    std::string text(kWhole);
    for (int edits = 1 + static_cast<int>(random() % 4); edits > 0; --edits) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = kNasty[random() % kNasty.size()];
          break;
        case 1:
          text.insert(at, 1, kNasty[random() % kNasty.size()]);
          break;
        default:
          text.erase(at, random() % 20);
      }
    }
    for (const char c : ErrorsOf(text)) {
      ASSERT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) << text;
    }
  }
}

TEST(LoadConfig, ReadsFiles) {
  const std::string path = Cat(::testing::TempDir(), "/load_test_", getpid(), ".yaml");
  std::ofstream(path) << "drain: {grace: 1s}\n";
  contract::Findings findings;
  const auto loaded = LoadConfig(path, findings);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.drain().grace(), "1s");
  EXPECT_EQ(loaded->PlaceOf("drain.grace").ToString(), Cat(path, ":1:16"));
  std::ofstream(path) << std::string(kMaxYamlBytes + 1, '#');
  EXPECT_FALSE(LoadConfig(path, findings));
  std::filesystem::remove(path);
  EXPECT_FALSE(LoadConfig(path, findings));
  EXPECT_FALSE(LoadConfig("/", findings));
  EXPECT_FALSE(LoadConfig("/dev/zero", findings));
  EXPECT_EQ(findings.ToString(),
            Cat(path, ": larger than 1048576 bytes\n",  //
                path, ": cannot read: No such file or directory\n",
                "/: cannot read: Is a directory\n", "/dev/zero: larger than 1048576 bytes\n"));
}

}  // namespace
}  // namespace frontdesk::config
