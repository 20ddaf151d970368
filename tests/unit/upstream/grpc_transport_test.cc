// The second transport's own concerns: threads, lifetimes, limits.
#include "gateway/upstream/grpc_transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/channels.h"
#include "gateway/upstream/cluster.h"
#include "tests/support/dns_server.h"
#include "tests/support/run_on_loop.h"
#include "tests/support/scripted_h2_server.h"
#include "tests/unit/upstream/grpc_server.h"
#include "tests/unit/upstream/transport_driver.h"
#include "tests/unit/upstream/xds_server.h"

namespace frontdesk::upstream {
namespace {

using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;

class GrpcTransportTest : public ::testing::Test {
 protected:
  GrpcTransport To(const std::string& address) {
    return GrpcTransport(loop_, settings_, TargetOf(address), owner_);
  }
  std::unique_ptr<OutgoingCall> Start(Transport& transport, Record& record) {
    CallSpec spec;
    spec.path = "/s.S/M";
    auto call = transport.Start(spec, record);
    call->Send("hello", true);
    return call;
  }

  Loop loop_;
  UpstreamSettings settings_;
  CountingOwner owner_;
};

GrpcServer Echo() {
  return GrpcServer([](const ServedCall& call) {
    ServedAnswer answer;
    answer.messages = {call.request};
    return answer;
  });
}

TEST_F(GrpcTransportTest, CarriesManyCallsAtOnce) {
  GrpcServer server = Echo();
  GrpcTransport transport = To(server.address());
  std::vector<Record> records(200);
  std::vector<std::unique_ptr<OutgoingCall>> calls;
  for (Record& record : records) calls.push_back(Start(transport, record));
  EXPECT_EQ(transport.in_flight(), 200u);
  for (Record& record : records) {
    loop_.RunUntil([&] { return record.done; });
    EXPECT_TRUE(record.status.ok()) << record.status;
    EXPECT_EQ(record.messages, std::vector<std::string>{"hello"});
  }
  EXPECT_EQ(transport.in_flight(), 0u);
}

// Before the first message the library knows nothing of a call.
TEST_F(GrpcTransportTest, EndsWhatHasNotBegun) {
  GrpcServer server = Echo();
  std::unique_ptr<OutgoingCall> survivor;
  Record cancelled, dropped, late;
  {
    settings_.max_pending = 3;
    GrpcTransport transport = To(server.address());
    CallSpec spec;
    spec.path = "/s.S/M";
    auto call = transport.Start(spec, cancelled);
    call->Cancel();
    call->Send("hello", true);
    transport.Start(spec, dropped);
    EXPECT_EQ(transport.in_flight(), 1u);
    loop_.RunUntil([&] { return cancelled.done; });
    EXPECT_EQ(cancelled.status.code(), absl::StatusCode::kCancelled);
    call.reset();
    EXPECT_EQ(transport.in_flight(), 0u);
    // What is refused at once outlives the transport like any other.
    settings_.max_pending = 0;
    survivor = transport.Start(spec, late);
  }
  survivor.reset();
  loop_.Post([] {});
  int turns = 0;
  loop_.RunUntil([&] { return turns++ > 0; });
  EXPECT_FALSE(dropped.done);
  EXPECT_FALSE(late.done);
}

// Dropped or cancelled at any moment, with the transport gone while the library is at work.
TEST_F(GrpcTransportTest, CanBeDroppedAtAnyMoment) {
  GrpcServer server = Echo();
  for (int round = 0; round < 200; ++round) {
    std::vector<Record> records(4);
    {
      GrpcTransport transport = To(server.address());
      std::vector<std::unique_ptr<OutgoingCall>> calls;
      for (Record& record : records) calls.push_back(Start(transport, record));
      int turns = 0;
      loop_.RunUntil([&] {
        loop_.Post([] {});
        return turns++ >= round;
      });
      calls[0].reset();
      calls[1]->Cancel();
      if (round % 2) loop_.RunUntil([&] { return records[1].done; });
    }
    for (size_t i = 2; i < 4; ++i) {
      if (records[i].done) {
        EXPECT_TRUE(records[i].status.ok()) << records[i].status;
      }
    }
    loop_.Post([] {});
    int turns = 0;
    loop_.RunUntil([&] { return turns++ > 0; });
  }
}

TEST_F(GrpcTransportTest, BoundsWhatWaitsForAConnection) {
  ScriptedH2Server server([](ScriptedConnection& c, int) { c.WaitForEnd(); });
  settings_.max_pending = 3;
  GrpcTransport transport = To(server.address());
  std::vector<Record> records(4);
  std::vector<std::unique_ptr<OutgoingCall>> calls;
  for (Record& record : records) calls.push_back(Start(transport, record));
  EXPECT_EQ(transport.readiness(), Readiness::kFull);
  loop_.RunUntil([&] { return records[3].done; });
  EXPECT_EQ(ReasonOf(records[3].status), "UPSTREAM_OVERLOADED");
  EXPECT_TRUE(WasNeverSent(records[3].status));
  EXPECT_FALSE(records[0].done);
}

TEST_F(GrpcTransportTest, TellsWhenThereIsRoomAgain) {
  GrpcServer server = Echo();
  settings_.max_pending = 1;
  GrpcTransport transport = To(server.address());
  EXPECT_EQ(transport.readiness(), Readiness::kIdle);
  EXPECT_EQ(transport.connections(), 0u);
  Record record;
  const auto call = Start(transport, record);
  EXPECT_EQ(transport.readiness(), Readiness::kFull);
  loop_.RunUntil([&] { return owner_.told > 0; });
  EXPECT_EQ(transport.readiness(), Readiness::kReady);
  loop_.RunUntil([&] { return record.done; });
  EXPECT_TRUE(record.status.ok()) << record.status;
  EXPECT_EQ(transport.connections(), 1u);
}

// What accepts and says nothing is no place to send calls to.
TEST_F(GrpcTransportTest, IsNotReadyBeforeItIsConnected) {
  std::atomic<bool> silent{true};
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    while (silent) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
  });
  GrpcTransport transport = To(server.address());
  const auto turn_until = [&](Readiness wanted) {
    loop_.RunUntil([&] {
      loop_.Post([] {});
      return transport.readiness() == wanted;
    });
  };
  transport.Connect();
  turn_until(Readiness::kConnecting);
  // It waits inside the library.
  Record record;
  const auto call = Start(transport, record);
  EXPECT_EQ(transport.readiness(), Readiness::kConnecting);
  EXPECT_FALSE(record.done);
  silent = false;
  turn_until(Readiness::kReady);
  loop_.RunUntil([&] { return record.done; });
  EXPECT_TRUE(record.status.ok()) << record.status;
}

TEST_F(GrpcTransportTest, FailsWhileNobodyIsThereAndComesBack) {
  std::atomic<bool> up{false};
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!up || !c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
  });
  settings_.connections = 2;
  // Long enough for what is looked at between two attempts to connect.
  settings_.first_backoff = settings_.last_backoff = std::chrono::milliseconds(1000);
  settings_.connect_timeout = std::chrono::milliseconds(100);
  GrpcTransport transport = To(server.address());
  const auto turn_until = [&](Readiness wanted) {
    loop_.RunUntil([&] {
      loop_.Post([] {});
      transport.Connect();
      return transport.readiness() == wanted;
    });
  };
  // One call is taken to hear why.
  turn_until(Readiness::kReady);
  EXPECT_EQ(transport.connections(), 0u);
  Record record;
  const auto call = Start(transport, record);
  EXPECT_EQ(transport.readiness(), Readiness::kConnecting) << "the others wait for it";
  loop_.RunUntil([&] { return record.done; });
  EXPECT_EQ(ReasonOf(record.status), "UPSTREAM_UNREACHABLE");
  EXPECT_TRUE(WasNeverSent(transport.last_failure()));
  EXPECT_EQ(transport.last_failure(), record.status);
  EXPECT_NE(record.status.message().find("127.0.0.1"), std::string::npos) << record.status;
  turn_until(Readiness::kFailing);
  up = true;
  turn_until(Readiness::kReady);
  // The stub that is not connected yet is passed over.
  for (int i = 0; i < 4; ++i) {
    Record later;
    const auto another = Start(transport, later);
    loop_.RunUntil([&] { return later.done; });
    EXPECT_TRUE(later.status.ok()) << later.status;
  }
}

// The library would ask for two minutes.
TEST_F(GrpcTransportTest, AResolverThatHangsIsAFailure) {
  testing_support::DnsServer dns;
  dns.SetFault("orders.test", testing_support::DnsReply::Fault::kHang);
  settings_.connect_timeout = std::chrono::milliseconds(200);
  EndpointTarget target;
  target.authority = target.uri = Cat("dns://", dns.address(), "/orders.test:80");
  GrpcTransport transport(loop_, settings_, target, owner_);
  const TimePoint begun = Clock::now();
  loop_.RunUntil([&] {
    loop_.Post([] {});
    if (transport.readiness() == Readiness::kIdle) transport.Connect();
    return transport.readiness() == Readiness::kReady ||
           transport.readiness() == Readiness::kFailing;
  });
  Record record;
  const auto call = Start(transport, record);
  loop_.RunUntil([&] { return record.done; });
  EXPECT_EQ(ReasonOf(record.status), "UPSTREAM_UNREACHABLE");
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(10));
  EXPECT_GT(dns.questions("orders.test"), 0);
}

TEST_F(GrpcTransportTest, FindsEndPointsByXds) {
  GrpcServer server = Echo();
  const XdsServer xds("orders", TargetOf(server.address()).port);
  ASSERT_EQ(setenv("GRPC_XDS_BOOTSTRAP_CONFIG", xds.Bootstrap().c_str(), 1), 0);
  EndpointTarget target;
  target.authority = target.uri = "xds:///orders";
  GrpcTransport transport(loop_, settings_, target, owner_);
  EXPECT_EQ(WaitForRoom(loop_, transport), Readiness::kReady) << transport.last_failure();
  Record record;
  const auto call = Start(transport, record);
  loop_.RunUntil([&] { return record.done; });
  EXPECT_TRUE(record.status.ok()) << record.status;
  EXPECT_EQ(record.messages, std::vector<std::string>{"hello"});
  // What the management server does not know is nowhere.
  settings_.connect_timeout = std::chrono::milliseconds(500);
  target.authority = target.uri = "xds:///users";
  GrpcTransport nowhere(loop_, settings_, target, owner_);
  Record lost;
  CallSpec spec;
  spec.path = "/s.S/M";
  spec.deadline = loop_.Now() + std::chrono::milliseconds(200);
  const auto asked = nowhere.Start(spec, lost);
  asked->Send("hello", true);
  loop_.RunUntil([&] { return lost.done; });
  EXPECT_FALSE(lost.status.ok());
  EXPECT_FALSE(lost.status.message().empty());
  // The library may say so, and then a call would hear why, or be connecting for 15 seconds.
  const TimePoint begun = Clock::now();
  loop_.RunUntil([&] {
    loop_.Post([] {});
    nowhere.Connect();
    const Readiness now = nowhere.readiness();
    return now == Readiness::kFailing || now == Readiness::kReady;
  });
  EXPECT_EQ(nowhere.connections(), 0u);
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(10));
}

// What stands in front of the transport waits for it, as for any other.
TEST_F(GrpcTransportTest, XdsServesTheWholeChain) {
  GrpcServer server = Echo();
  const XdsServer xds("orders", TargetOf(server.address()).port);
  ASSERT_EQ(setenv("GRPC_XDS_BOOTSTRAP_CONFIG", xds.Bootstrap().c_str(), 1), 0);
  settings_.name = "orders";
  settings_.services = {"s.S"};
  settings_.endpoints = {"xds:///orders"};
  settings_.transport = TransportKind::kGrpc;
  Clusters clusters({settings_}, loop_.Now());
  const Random random = [] { return 0.5; };
  Channels channels(loop_, clusters, random, nullptr);
  const contract::MethodName method{"s.S", "M", contract::Idempotency::kUnknown};
  Cancellation cancel;
  CallContext context{loop_, cancel};
  for (int i = 0; i < 3; ++i) {
    const absl::StatusOr<UnaryReply> reply =
        testing_support::RunOnLoop(loop_, channels.Unary(context, method, "hello", CallOptions()));
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->message, "hello");
  }
}

TEST_F(GrpcTransportTest, PingsABackEndThatIsSilentForAsLongAsItIs) {
  std::atomic<int> pings{0};
  const ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake() || !c.NextRequest()) return;
    while (c.ReadSomething()) pings = c.pings();
  });
  settings_.keepalive_interval = std::chrono::milliseconds(20);
  GrpcTransport transport = To(server.address());
  Record record;
  const auto call = Start(transport, record);
  const TimePoint limit = Clock::now() + std::chrono::seconds(20);
  loop_.RunUntil([&] {
    loop_.Post([] {});  // what another thread does is no event of this loop
    return pings >= 5 || Clock::now() > limit;
  });
  EXPECT_GE(pings, 5);
  EXPECT_FALSE(record.done) << record.status;
}

TEST_F(GrpcTransportTest, TakesNoCallsAfterDrain) {
  GrpcServer server = Echo();
  GrpcTransport transport = To(server.address());
  Record before, after;
  const auto first = Start(transport, before);
  transport.Drain();
  const auto second = Start(transport, after);
  loop_.RunUntil([&] { return before.done && after.done; });
  EXPECT_TRUE(before.status.ok()) << before.status;
  EXPECT_EQ(ReasonOf(after.status), "UPSTREAM_UNREACHABLE");
  EXPECT_EQ(transport.readiness(), Readiness::kClosed);
  EXPECT_EQ(transport.connections(), 0u);
}

}  // namespace
}  // namespace frontdesk::upstream
