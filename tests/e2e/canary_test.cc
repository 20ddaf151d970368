// Two versions of a back end behind one gateway: who gets which, while shares change and one of
// them goes down.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"
#include "tests/support/open_load.h"

namespace frontdesk::e2e {
namespace {

using namespace std::chrono_literals;
using testing_support::WriteTempFile;

constexpr char kOrder[] = "/api/v1/orders/order-1";
// A composition with the same call in it.
constexpr char kDetails[] = "/api/v1/order-details/order-1";
constexpr int kDevices = 200;

class Canary : public ::testing::Test {
 protected:
  void Start(const std::string& transport = "h2") {
    GatewayOptions options;
    options.caller = "";
    options.transport = transport;
    yaml_ = DemoConfig(stable_, options);
    constexpr std::string_view kServices = "services: [shop.order.v1.Orders]";
    yaml_.insert(yaml_.find(kServices) + kServices.size(),
                 Cat("\n    canary:\n      sticky_header: x-device\n      versions:\n"
                     "      - {name: next, percent: 10, endpoints: [\"127.0.0.1:",
                     next_->port("order"), "\"], match: [{header: x-version, values: [next]}]}"));
    file_ = WriteTempFile("canary.yaml", yaml_);
    gateway_ = std::make_unique<Frontdesk>(file_);
  }
  // As an operator would.
  void Percent(int percent) {
    std::string yaml = yaml_;
    yaml.replace(yaml.find("percent: 10"), 11, Cat("percent: ", percent));
    std::ofstream(file_) << yaml;
    gateway_->process().Signal(SIGHUP);
    ASSERT_TRUE(Eventually([&] { return VersionMetric("percent", "next") == percent; }));
  }
  double VersionMetric(const std::string& name, const std::string& version,
                       const std::string& more = "") {
    return gateway_->Metric(Cat("frontdesk_upstream_version_", name,
                                "{upstream=\"order\",version=\"", version, "\"", more, "}"));
  }
  int Ask(const HeaderList& headers, std::string_view target = kOrder) {
    return Fetch(gateway_->port(), "GET", target, headers).status;
  }
  uint64_t NextCalls() { return next_->Count("order", "calls"); }
  // The devices whose requests go to the new version.
  std::set<int> OfNext(std::string_view target = kOrder) {
    std::set<int> devices;
    uint64_t calls = NextCalls();
    for (int i = 0; i < kDevices; ++i) {
      EXPECT_EQ(Ask({{"x-device", Cat("device-", i)}}, target), 200);
      const uint64_t after = NextCalls();
      if (after > calls) devices.insert(i);
      calls = after;
    }
    return devices;
  }

  // Which versions the access log says for the request with this id.
  std::string Logged(const std::string& id) {
    std::string versions;
    EXPECT_TRUE(Eventually([&] {
      std::istringstream lines(gateway_->process().Stderr());
      for (std::string line; std::getline(lines, line);) {
        const auto one = nlohmann::json::parse(line, nullptr, false);
        if (!one.is_object() || one.value("request_id", "") != id) continue;
        versions = one.value("upstream_versions", "");
        return true;
      }
      return false;
    })) << id;
    return versions;
  }

  Mocks stable_;
  std::optional<Mocks> next_{std::in_place};
  std::string yaml_, file_;
  std::unique_ptr<Frontdesk> gateway_;
};

TEST_F(Canary, EachCallerHasAVersionAndMoreOfThemMoveOver) {
  Start();
  const std::set<int> ten = OfNext();
  // A tenth of so many, give or take four standard deviations.
  EXPECT_GE(ten.size(), 3u);
  EXPECT_LE(ten.size(), 37u);
  EXPECT_EQ(VersionMetric("calls_total", "next", ",grpc_code=\"OK\""), ten.size());
  EXPECT_EQ(OfNext(), ten) << "whoever asks again gets the same one";
  EXPECT_EQ(OfNext(kDetails), ten) << "whatever he asks for";
  Percent(30);
  const std::set<int> thirty = OfNext();
  EXPECT_TRUE(std::includes(thirty.begin(), thirty.end(), ten.begin(), ten.end()));
  EXPECT_GE(thirty.size(), 34u);
  EXPECT_LE(thirty.size(), 86u);
  Percent(10);
  EXPECT_EQ(OfNext(), ten);
  // What can't be right changes nothing.
  std::ofstream(file_) << "upstreams: {order: {canary: 1}}\n";
  gateway_->process().Signal(SIGHUP);
  EXPECT_TRUE(Eventually([&] {
    return gateway_->process().Stderr().find("versions keep their callers") != std::string::npos;
  }));
  EXPECT_EQ(VersionMetric("percent", "next"), 10);
  // What is gone from it stays, and is told.
  std::string without = yaml_;
  const size_t canary = without.find("\n    canary:");
  without.erase(canary, without.find("}]}", canary) + 3 - canary);
  std::ofstream(file_) << without;
  gateway_->process().Signal(SIGHUP);
  EXPECT_TRUE(Eventually([&] {
    return gateway_->process().Stderr().find(
               "order@next is no longer in the file and keeps 10 % until a restart") !=
           std::string::npos;
  })) << gateway_->process().Stderr();
  EXPECT_EQ(VersionMetric("percent", "next"), 10);

  // Nobody else chooses, but who may.
  Percent(0);
  const uint64_t before = NextCalls();
  EXPECT_EQ(Ask({{"x-version", "Next"}}), 200);
  EXPECT_EQ(Ask({{"version", "next"}, {"x-canary", "next"}}), 200);
  EXPECT_EQ(Ask({{"x-version", "next"}, {"x-version", "stable"}}), 200) << "which of both?";
  EXPECT_EQ(NextCalls(), before);
  EXPECT_EQ(Ask({{"x-version", "next"}, {"x-request-id", "to-next"}}), 200);
  EXPECT_EQ(Ask({{"x-version", "next"}, {"x-request-id", "composed"}}, kDetails), 200);
  EXPECT_EQ(NextCalls(), before + 2);
  EXPECT_EQ(Ask({{"x-request-id", "to-stable"}}), 200);
  EXPECT_EQ(Ask({{"x-request-id", "to-none"}}, "/nowhere"), 404);
  EXPECT_EQ(Logged("to-next"), "order@next");
  EXPECT_EQ(Logged("composed"), "order@next");
  EXPECT_EQ(Logged("to-stable"), "order@stable");
  EXPECT_EQ(Logged("to-none"), "");
  EXPECT_EQ(VersionMetric("chosen_total", "next", ",by=\"match\""), 2);

  const nlohmann::json page = Json(Fetch(gateway_->admin(), "GET", "/upstreams"));
  const auto& upstreams = page["upstreams"];
  const auto next = std::find_if(upstreams.begin(), upstreams.end(),
                                 [](const auto& one) { return one["name"] == "order@next"; });
  ASSERT_NE(next, upstreams.end());
  EXPECT_EQ((*next)["version"]["of"], "order");
  EXPECT_EQ((*next)["version"]["failed"], 0);
  const std::string told = RunVerb({"explain", "-c", file_, "GET", kOrder}).second;
  EXPECT_NE(told.find("version next"), std::string::npos) << told;
}

class CanaryTransports : public Canary, public ::testing::WithParamInterface<const char*> {};

TEST_P(CanaryTransports, NobodySeesSharesChangeOrAVersionGoDown) {
  Start(GetParam());
  Loop loop;
  testing_support::LoadPlan plan{.port = gateway_->port()};
  plan.routes = {{.name = "orders", .target = kOrder, .echoes_id = false}};
  plan.rate = 100;
  plan.length = 4s;
  constexpr size_t kConnections = 8;
  plan.connections = kConnections;
  testing_support::OpenLoad load(loop, plan);
  load.Start();
  // Between the turns of the load what operators do.
  const TimePoint start = Clock::now();
  const auto until = [&](Duration time) {
    loop.RunUntil([&] { return load.done() || Clock::now() - start > time; });
  };
  until(500ms);
  for (const int percent : {50, 100, 1, 100}) {
    Percent(percent);
    until(Clock::now() - start + 300ms);
  }
  EXPECT_GT(NextCalls(), 0u);
  const auto failed = [&] {
    const auto& seen = load.report()["orders"];
    return seen.Count(500) + seen.Count(502) + seen.Count(503) + seen.Count(504);
  };
  EXPECT_EQ(failed(), 0u) << "while shares changed";
  next_.reset();
  until(1h);
  const auto& report = load.report()["orders"];
  EXPECT_GT(report.sent(), 200u);
  // What was with it when it went down it may have done: only that is lost.
  EXPECT_GE(report.good() + kConnections, report.sent());
  EXPECT_EQ(Ask({{"x-device", "a"}}), 200);
  EXPECT_GT(VersionMetric("chosen_total", "stable", ",by=\"fallback\""), 0);
}

INSTANTIATE_TEST_SUITE_P(Transports, CanaryTransports, ::testing::Values("h2", "grpc"));

}  // namespace
}  // namespace frontdesk::e2e
