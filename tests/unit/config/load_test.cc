#include "gateway/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "gateway/base/text.h"
#include "gateway/config/yaml.h"
#include "tests/unit/config/errors_of.h"

namespace frontdesk::config {
namespace {

using ::testing::HasSubstr;

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

// What is added to a file to see its end is in none of its values.
TEST(LoadConfig, ABlockAtTheEndIsAsTheFileHasIt) {
  const struct {
    const char* yaml;
    const char* name;
  } rows[] = {
      {"descriptor_set: |\n  shop.binpb", "shop.binpb"},
      {"descriptor_set: |\n  shop.binpb\n", "shop.binpb\n"},
      {"descriptor_set: |-\n  shop.binpb\n", "shop.binpb"},
      {"descriptor_set: |+\n  shop.binpb", "shop.binpb"},
      {"descriptor_set: >\n  shop\n  .binpb", "shop .binpb"},
      {"descriptor_set: |\n  'shop'", "'shop'"},
      // The break is before what stands last, or written as such.
      {"descriptor_set: |\n  shop.binpb\n# end", "shop.binpb\n"},
      {"descriptor_set: \"shop.binpb\\n\"", "shop.binpb\n"},
      {"descriptor_set: shop.binpb", "shop.binpb"},
  };
  for (const auto& row : rows) {
    contract::Findings findings;
    const auto loaded = ParseConfig(row.yaml, "f.yaml", findings);
    ASSERT_TRUE(loaded) << row.yaml << findings.ToString();
    EXPECT_EQ(loaded->config.descriptor_set(), row.name) << row.yaml;
  }
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
  // Each a little deeper than the one before it, which it names.
  std::string chain = "http:\n  rules:\n  - &a0 {get: /a}\n";
  for (int i = 1; i < 400; ++i) {
    chain += Cat("  - &a", i, " {additional_bindings: [*a", i - 1, "]}\n");
  }
  EXPECT_EQ(ErrorsOf(chain), "f.yaml:18:33: YAML: nested deeper than 32 levels\n");
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
