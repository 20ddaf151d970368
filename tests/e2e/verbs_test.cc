// The verbs as an operator meets them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/e2e/stack.h"

namespace frontdesk::e2e {
namespace {

using testing_support::WriteTempFile;

constexpr char kWrongInThreePlaces[] = R"(listen:
  adress: 127.0.0.1:0
descriptor_set: )" FRONTDESK_CONTRACT R"(
upstreams:
  order:
    services: [shop.order.v1.Orders]
    endpoints: ["127.0.0.1:50052"]
    timeout: 2x
    transport: carrier-pigeon
)";

TEST(Verbs, AConfigurationThatIsWrongInThreePlaces) {
  const std::string file = WriteTempFile("wrong.yaml", kWrongInThreePlaces);
  for (const char* verb : {"check", "serve"}) {
    const auto [code, out] = RunVerb({verb, "-c", file});
    EXPECT_EQ(code, 1);
    EXPECT_NE(out.find(file + ":2:3: listen.adress: "), std::string::npos) << out;
    EXPECT_NE(out.find("did you mean \"address\"?"), std::string::npos) << out;
    EXPECT_NE(out.find(file + ":8:14: upstreams.order.timeout: "), std::string::npos) << out;
    EXPECT_NE(out.find(file + ":9:16: upstreams.order.transport: "), std::string::npos) << out;
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3) << out;
  }
}

// One mistake is one line, not a cascade.
TEST(Verbs, AMistakeIsOneLine) {
  struct Row {
    const char* right;
    const char* wrong;
    const char* says;
  };
  Mocks mocks;
  const std::string right = DemoConfig(mocks, {});
  for (const Row& row :
       std::vector<Row>{{"shop.order.v1.Orders", "shop.order.v1.Orderz",
                         "did you mean \"shop.order.v1.Orders\"?"},
                        {"endpoints:", "endpoint:", "did you mean \"endpoints\"?"},
                        {"services:", "service:", "did you mean \"services\"?"},
                        {"descriptor_set:", "descriptorset:", "did you mean \"descriptor_set\"?"},
                        {"upstreams:", "upstream:", "did you mean \"upstreams\"?"}}) {
    std::string wrong = right;
    const size_t at = wrong.find(row.right);
    ASSERT_NE(at, std::string::npos) << row.right;
    wrong.replace(at, std::strlen(row.right), row.wrong);
    const auto [code, out] = RunVerb({"check", "-c", WriteTempFile("mistake.yaml", wrong)});
    EXPECT_EQ(code, 1);
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << out;
    EXPECT_NE(out.find(row.says), std::string::npos) << out;
  }
}

TEST(Verbs, AnAccessLogThatCannotBeWrittenIsRefused) {
  Mocks mocks;
  const std::string file = WriteTempFile(
      "nolog.yaml", DemoConfig(mocks, {.extra = "log:\n  file: no/such/folder/access.log\n"}));
  const auto [code, out] = RunVerb({"serve", "-c", file});
  EXPECT_EQ(code, 1) << out;
}

TEST(Verbs, CheckRoutesExplain) {
  Mocks mocks;
  const std::string file = WriteTempFile("fine.yaml", DemoConfig(mocks, {}));
  const auto [checked, fine] = RunVerb({"check", "-c", file});
  EXPECT_EQ(checked, 0) << fine;
  EXPECT_EQ(fine.substr(0, 5), "fine:");

  const auto [listed, routes] = RunVerb({"routes", "-c", file, "-o", "json"});
  EXPECT_EQ(listed, 0);
  EXPECT_GT(nlohmann::json::parse(routes).size(), 40u);

  const auto [told, explained] =
      RunVerb({"explain", "-c", file, "-o", "json", "GET", "/api/v1/order-details/order-1"});
  EXPECT_EQ(told, 0);
  const nlohmann::json json = nlohmann::json::parse(explained);
  EXPECT_EQ(json["template"], "/api/v1/order-details/{order_id}");
  EXPECT_EQ(json["captures"]["order_id"], "order-1");
  EXPECT_EQ(json["steps"].size(), 7u);

  const auto once = RunVerb({"explain", "-c", file, "-o", "json", "POST", "/api/v1/checkout"});
  const nlohmann::json checkout = nlohmann::json::parse(once.second);
  EXPECT_EQ(checkout["policy"]["idempotency.required"]["value"], true);
  EXPECT_NE(checkout["policy"]["idempotency.required"]["from"].get<std::string>().find("web.proto"),
            std::string::npos);
  EXPECT_EQ(checkout["policy"]["idempotency.ttl"]["value"], "86400s");
  EXPECT_EQ(checkout["policy"]["idempotency.ttl"]["from"], "default");
  EXPECT_EQ(checkout["steps"][1]["undo"], "shop.inventory.v1.Inventory/Release");

  EXPECT_EQ(RunVerb({"explain", "-c", file, "GET", "/nowhere"}).first, 1);
  EXPECT_EQ(RunVerb({"explain", "-c", file, "GET", "/a/../b"}).first, 1);
  EXPECT_EQ(RunVerb({"explain", "-c", file, "DELETE", "/api/v1/orders/o"}).second,
            "405: this path takes GET, HEAD, OPTIONS\n");
}

TEST(Verbs, Usage) {
  EXPECT_EQ(RunVerb({}).first, 2);
  EXPECT_EQ(RunVerb({"sevre"}).first, 2);
  EXPECT_EQ(RunVerb({"check", "-c", "no-such-file.yaml"}).first, 1);
  EXPECT_EQ(RunVerb({"version"}).second.substr(0, 10), "frontdesk ");
}

TEST(Verbs, ADevelopmentCallerIsForLoopbackOnly) {
  Mocks mocks;
  std::string yaml = DemoConfig(mocks, {});
  yaml.replace(yaml.find("127.0.0.1:0"), 11, "0.0.0.0:0");
  const auto [code, out] = RunVerb({"serve", "-c", WriteTempFile("open.yaml", yaml)});
  EXPECT_EQ(code, 1);
  EXPECT_NE(out.find("auth.development_caller"), std::string::npos) << out;
}

}  // namespace
}  // namespace frontdesk::e2e
