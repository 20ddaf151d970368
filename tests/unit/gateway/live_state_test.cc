#include "gateway/live_state.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "gateway/admin/admin.h"
#include "gateway/admin/upstreams.h"
#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/eventually.h"

namespace frontdesk {
namespace {

using nlohmann::ordered_json;
using std::chrono::milliseconds;
using testing_support::Eventually;

constexpr char kContract[] = R"(
message Q { string id = 1; }
message Both { Q a = 1; Q b = 2; }
service A { rpc Get(Q) returns (Q); rpc Put(Q) returns (Q); }
service B { rpc Get(Q) returns (Q); }
service Front {
  rpc Get(Q) returns (Both) {
    option (frontdesk.v1.compose) = {
      step { id: "a" call: "test.A/Get" bind { to: "id" from: "request.id" } }
      step { id: "b" call: "test.B/Get" bind { to: "id" from: "a.id" } }
      out { to: "a" from: "a" }
      out { to: "b" from: "b" }
    };
  }
}
)";

class LiveStateTest : public ::testing::Test {
 protected:
  LiveStateTest() {
    contract::Findings findings;
    contract_ = contract::Contract::Load(testing::CompileProto(kContract), "test", findings);
    EXPECT_EQ(findings.ToString(), "");
  }
  const contract::Method& Method(const char* name) { return *contract_->FindMethod(name); }

  std::unique_ptr<const contract::Contract> contract_;
};

std::vector<upstream::ClusterView> Views() {
  std::vector<upstream::ClusterView> views(3);
  for (size_t i = 0; i < views.size(); ++i) {
    views[i].name = i == 0 ? "a" : i == 1 ? "b" : "c";
    views[i].services = {i == 0 ? "test.A" : i == 1 ? "test.B" : "test.C"};
    views[i].endpoints.resize(1);
    views[i].endpoints[0].address = Cat("127.0.0.1:", i + 1);
  }
  views[0].methods.resize(1);
  views[0].methods[0].service = "test.A";
  views[0].methods[0].name = "Get";
  views[0].methods[0].breaker = {.state = Breaker::State::kOpen,
                                 .why = "5 failures in a row",
                                 .until_probe = milliseconds(780)};
  views[0].endpoints[0].standing = upstream::Standing::kEjected;
  views[0].endpoints[0].ejected_for = milliseconds(29'750);
  views[0].endpoints[0].connection = upstream::Connection::kConnected;
  views[1].endpoints[0].breaker = {.state = Breaker::State::kHalfOpen,
                                   .why = "5 failures in a row"};
  return views;
}

// The page of a gateway that has these views.
class Gateway {
 public:
  explicit Gateway(std::vector<upstream::ClusterView> views) {
    auto started = admin::Admin::Start(
        "127.0.0.1:0",
        {.ready = ready_, .metrics = metrics_, .upstreams = [views] { return views; }});
    EXPECT_TRUE(started.ok()) << started.status();
    admin_ = *std::move(started);
  }
  std::string address() const { return Cat("127.0.0.1:", admin_->port()); }

 private:
  const std::atomic<bool> ready_{true};
  const observe::Metrics metrics_{"0", "c"};
  std::unique_ptr<admin::Admin> admin_;
};

TEST_F(LiveStateTest, TellsWhatTheCallsOfARouteMeetNow) {
  const Gateway gateway(Views());
  std::optional<ordered_json> state;
  // It gives up after 300 ms, in which a busy machine may not have answered.
  const auto ask = [&](const char* name) {
    return Eventually([&] {
      state = LiveState(gateway.address(), Method(name));
      return state.has_value();
    });
  };
  ASSERT_TRUE(ask("test.Front/Get"));
  EXPECT_EQ((*state)["at"], gateway.address());
  EXPECT_EQ(LiveText(state, "127.0.0.1:9900"),
            "now, at 127.0.0.1:9900\n"
            "  test.A/Get                                  breaker open: 5 failures in a row; next "
            "probe in 780ms\n"
            "  test.B/Get                                  not called yet\n"
            "  a               127.0.0.1:1                 ejected for 29.8s, connected, breaker "
            "closed\n"
            "  b               127.0.0.1:2                 usable, idle, breaker half-open: 5 "
            "failures in a row; the next call is a probe\n");
  EXPECT_EQ((*state)["calls"][0]["breaker"]["until_probe_ms"], 780);
  EXPECT_EQ((*state)["endpoints"][0]["ejected_for_ms"], 29750);

  ASSERT_TRUE(ask("test.A/Put"));
  EXPECT_EQ(LiveText(state, "x"),
            "now, at x\n"
            "  test.A/Put                                  not called yet\n"
            "  a               127.0.0.1:1                 ejected for 29.8s, connected, breaker "
            "closed\n");
}

TEST_F(LiveStateTest, TellsWhyAnUpstreamCannotBeReached) {
  std::vector<upstream::ClusterView> views = Views();
  upstream::EndpointView& refused = views[0].endpoints[0];
  refused.standing = upstream::Standing::kUnreachable;
  refused.ejected_for = Duration::zero();
  refused.connection = upstream::Connection::kFailing;
  refused.last_failure = {.why = "closed\x1b[2J before HTTP/2's SETTINGS",
                          .count = 7,
                          .since = milliseconds(12'000),
                          .ago = milliseconds(780)};
  views[1].endpoints.clear();
  views[1].discovery_failure = "no end point: b.internal:1: no such name";
  const std::optional<ordered_json> state =
      LiveState("x", admin::UpstreamsToJson(views), Method("test.Front/Get"));
  ASSERT_TRUE(state);
  EXPECT_EQ(LiveText(state, "x"),
            "now, at x\n"
            "  test.A/Get                                  breaker open: 5 failures in a row; next "
            "probe in 780ms\n"
            "  test.B/Get                                  not called yet\n"
            "  a               127.0.0.1:1                 unreachable, failing, breaker closed; "
            "cannot connect since 12s, 7 times, last 780ms ago: "
            "\"closed\\u001b[2J before HTTP/2's SETTINGS\"\n"
            "  b               discovery: \"no end point: b.internal:1: no such name\"\n");
  EXPECT_EQ((*state)["endpoints"][0]["connection"], "failing");
  EXPECT_EQ((*state)["endpoints"][0]["last_failure"]["count"], 7);
  EXPECT_EQ((*state)["discovery"].size(), 1u);
}

// Whoever listens at the address is asked; what comes need not be ours.
TEST_F(LiveStateTest, AnotherProgramsPageIsNoState) {
  const char* const pages[] = {
      "null",
      "[]",
      "3",
      "{}",
      R"({"upstreams": 3})",
      R"({"upstreams": [3]})",
      R"({"upstreams": [{}]})",
      R"({"upstreams": [{"services": [3]}]})",
      R"({"upstreams": [{"services": ["test.A"]}]})",
      R"({"upstreams": [{"services": ["test.A"], "name": "a", "methods": {}}]})",
      R"({"upstreams": [{"services": ["test.A"], "name": "a", "methods": [{}], "endpoints": []}]})",
      R"({"upstreams": [{"services": ["test.A"], "name": "a", "methods": [],
          "endpoints": [{"breaker": {}}]}]})",
      R"({"upstreams": [{"services": ["test.A"], "name": "a", "methods": [],
          "endpoints": [{"breaker": {"state": "open", "until_probe_ms": "soon"}}]}]})",
      R"({"upstreams": [{"services": ["test.A"], "name": "a", "methods": [],
          "endpoints": [{"breaker": {"state": "closed"}, "last_failure": {"count": "many"}}]}]})",
      R"({"upstreams": [{"services": ["test.A"], "name": "a", "methods": [], "endpoints": [],
          "discovery": {"failure": 3}}]})",
  };
  for (const char* page : pages) {
    EXPECT_FALSE(LiveState("x", ordered_json::parse(page), Method("test.A/Get"))) << page;
  }
  // That nothing is known is said in our own shape.
  EXPECT_TRUE(LiveState("x", ordered_json::parse(R"({"upstreams": []})"), Method("test.A/Get")));
}

TEST_F(LiveStateTest, WithoutAGatewayItSaysSo) {
  EXPECT_EQ(LiveText(std::nullopt, "127.0.0.1:9900"), "no gateway answers at 127.0.0.1:9900\n");
  // Nobody is there; the kernel accepts, and nobody answers; no address at all.
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor silent(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const std::string address = Cat("127.0.0.1:", silent.local_endpoint().port());
  const contract::Method& method = Method("test.A/Get");
  const TimePoint start = Clock::now();
  EXPECT_FALSE(LiveState(address, method));
  EXPECT_GE(Clock::now() - start, milliseconds(250));
  EXPECT_LE(Clock::now() - start, std::chrono::seconds(10));
  silent.close();
  EXPECT_FALSE(LiveState(address, method));
  for (const char* bad : {"", "127.0.0.1:0", "nonsense", "127.0.0.1"}) {
    EXPECT_FALSE(LiveState(bad, method)) << bad;
  }
}

}  // namespace
}  // namespace frontdesk
