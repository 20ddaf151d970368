// What transports find out about an end point, as everybody sees it.
#include "gateway/upstream/reachability.h"

#include "gateway/upstream/cluster_view.h"
#include "gateway/upstream/grpc_wire.h"
#include "tests/support/run_on_loop.h"
#include "tests/support/stderr_pipe.h"
#include "tests/unit/upstream/channel_rig.h"
#include "tests/unit/upstream/connections.h"

namespace frontdesk::upstream {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Nobody listens there.
constexpr char kRefused[] = "127.0.0.1:1";
constexpr char kRefusedV6[] = "[::1]:1";

// Each state of a transport, by whichever of its words, is one of the end point.
TEST_F(ChannelTest, WhatATransportFindsOutIsSeenOfTheEndPoint) {
  const testing_support::StderrPipe pipe;
  on_transport_ = [](FakeTransport& transport) { transport.now = Readiness::kIdle; };
  const auto seen = [&] { return cluster().Describe(loop_.Now()).endpoints.at(0); };
  EXPECT_EQ(seen().connection, Connection::kIdle);
  Start();
  FakeTransport& transport = *transports_["127.0.0.1:1"];
  transport.failure = Unreachable("127.0.0.1:1: refused");
  const struct {
    Readiness readiness;
    Connection connection;
    uint64_t failures;
  } rows[] = {
      {Readiness::kConnecting, Connection::kConnecting, 0},
      {Readiness::kFull, Connection::kConnecting, 0},  // its calls wait for a connection
      {Readiness::kFailing, Connection::kFailing, 1},
      {Readiness::kFailing, Connection::kFailing, 1},  // a word about something else
      {Readiness::kConnecting, Connection::kFailing, 1},
      {Readiness::kFailing, Connection::kFailing, 2},
      {Readiness::kReady, Connection::kConnected, 0},
      {Readiness::kReady, Connection::kConnected, 0},
      {Readiness::kIdle, Connection::kIdle, 0},
      {Readiness::kReady, Connection::kConnected, 0},
      {Readiness::kClosed, Connection::kIdle, 0},
      {Readiness::kFailing, Connection::kFailing, 1},
  };
  for (const auto& row : rows) {
    transport.Become(row.readiness);
    const size_t index = static_cast<size_t>(&row - rows);
    EXPECT_EQ(seen().connection, row.connection) << index;
    EXPECT_EQ(seen().last_failure ? seen().last_failure->count : 0, row.failures) << index;
  }
  transport.owner.OnConnectFailed(transport);
  EXPECT_EQ(seen().last_failure->count, 2u);
  EXPECT_EQ(seen().last_failure->why, "refused");
  Turn();
}

TEST_F(ChannelTest, WhyItIsUnreachableIsToldWithoutItsAddress) {
  settings_.endpoints = {kRefusedV6};
  on_transport_ = [](FakeTransport& transport) {
    transport.now = Readiness::kFailing;
    transport.failure = Unreachable(Cat(kRefusedV6, ": refused"));
  };
  const testing_support::StderrPipe pipe;
  ResultOf(Start()).IgnoreError();
  EXPECT_EQ(cluster().Describe(loop_.Now()).endpoints.at(0).last_failure->why, "refused");
}

// Not every transport tells each change: who looks for a place learns it, too.
TEST_F(ChannelTest, WhoLooksForAPlaceLearnsWhetherThereIsAConnection) {
  const testing_support::StderrPipe pipe;
  on_transport_ = [](FakeTransport& transport) {
    transport.now = Readiness::kFailing;
    transport.failure = Unreachable("refused");
  };
  ResultOf(Start()).IgnoreError();
  EXPECT_EQ(cluster().Describe(loop_.Now()).Count(Standing::kUnreachable), 1u);
  transports_["127.0.0.1:1"]->now = Readiness::kReady;
  Start();
  EXPECT_EQ(cluster().Describe(loop_.Now()).endpoints.at(0).connection, Connection::kConnected);
  NextLive().Answer("");
  Turn();
  channels_.reset();  // a worker that ends takes along what it had
  EXPECT_EQ(clusters_->all()[0]->Describe(loop_.Now()).endpoints.at(0).connection,
            Connection::kIdle);
}

class Refused : public ::testing::TestWithParam<TransportKind> {};

TEST_P(Refused, IsToldOnceAndSeenByBothTransports) {
  const testing_support::StderrPipe pipe;
  Loop loop;
  UpstreamSettings settings;
  settings.name = "orders";
  settings.transport = GetParam();
  settings.services = {"s.S"};
  settings.endpoints = {kRefused};
  settings.first_backoff = settings.last_backoff = milliseconds(1);
  Clusters clusters({settings}, loop.Now());
  const Random random = [] { return 0.5; };
  Channels channels(loop, clusters, random, nullptr);
  contract::MethodName method("s.S", "M");
  Cancellation cancel;
  // By gRPC C++ a worker may have to look several times.
  std::optional<ConnectFailuresView> failure;
  for (int i = 0; i < 100 && !failure; ++i) {
    CallContext context{loop, cancel};
    const CallOptions options;
    const auto reply =
        testing_support::RunOnLoop(loop, channels.Unary(context, method, "request", options));
    EXPECT_EQ(ReasonOf(reply.status()), "UPSTREAM_UNREACHABLE") << reply.status();
    const EndpointView view = clusters.all()[0]->Describe(loop.Now()).endpoints.at(0);
    failure = view.last_failure;
    EXPECT_EQ(view.standing, failure ? Standing::kUnreachable : Standing::kUsable);
  }
  ASSERT_TRUE(failure);
  EXPECT_NE(failure->why, "");
  if (GetParam() == TransportKind::kH2) {
    EXPECT_EQ(failure->why, "Connection refused");
  }
  const std::string log = pipe.ReadSome();
  const std::string line = Cat("orders: cannot connect to ", kRefused, ": ");
  EXPECT_THAT(log, HasSubstr(line));
  EXPECT_EQ(log.find(line), log.rfind(line)) << log;
}

INSTANTIATE_TEST_SUITE_P(Transports, Refused,
                         ::testing::Values(TransportKind::kH2, TransportKind::kGrpc));

struct FailureCounter final : Transport::Owner {
  void OnReadiness(Transport&) override {}
  void OnConnectFailed(Transport& transport) override {
    EXPECT_EQ(transport.readiness(), Readiness::kFailing);
    ++failed;
  }
  int failed = 0;
};

TEST_F(Connections, TellsEachAttemptThatFailed) {
  settings_.first_backoff = settings_.last_backoff = milliseconds(1);
  FailureCounter owner;
  H2Transport transport(loop_, settings_, TargetOf(kRefused), random_, owner);
  loop_.RunUntil([&] {
    loop_.Post([] {});
    transport.Connect();
    return owner.failed == 3;
  });
  EXPECT_EQ(transport.connections(), 0u);
}

TEST_F(Connections, SaysWhereItCannotConnectTo) {
  for (const char* address : {kRefused, kRefusedV6}) {
    H2Transport transport = To(address);
    EXPECT_EQ(WaitForRoom(loop_, transport), Readiness::kFailing);
    EXPECT_THAT(std::string(transport.last_failure().message()), StartsWith(Cat(address, ": ")));
  }
}

TEST_F(Connections, ThatAConnectionEndsIsNoFailedAttempt) {
  ScriptedH2Server server([](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    const auto request = c.NextRequest();
    if (!request) return;
    c.Answer(request->stream, "x");
    c.Goaway(request->stream, 0);
    c.WaitForEnd();
  });
  FailureCounter owner;
  H2Transport transport(loop_, settings_, TargetOf(server.address()), random_, owner);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(CallOnce(transport).ok());
    loop_.RunUntil([&] {
      loop_.Post([] {});
      return transport.connections() == 0;
    });
  }
  EXPECT_EQ(owner.failed, 0);
}

}  // namespace
}  // namespace frontdesk::upstream
