// The second transport's own concerns: threads, lifetimes, limits.
#include "gateway/upstream/grpc_transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "gateway/base/failure.h"
#include "gateway/upstream/channels.h"
#include "tests/support/run_on_loop.h"
#include "tests/support/scripted_h2_server.h"
#include "tests/unit/upstream/grpc_server.h"

namespace frontdesk::upstream {
namespace {

using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;

struct Record final : CallEvents {
  void OnHeaders(Metadata) override {}
  void OnMessage(std::string message) override { messages.push_back(std::move(message)); }
  void OnDone(absl::Status end, Metadata) override {
    EXPECT_FALSE(done) << "OnDone() twice";
    done = true;
    status = std::move(end);
  }

  bool done = false;
  absl::Status status;
  std::vector<std::string> messages;
};

class GrpcTransportTest : public ::testing::Test {
 protected:
  UpstreamSettings Settings(const std::string& address) {
    UpstreamSettings settings;
    settings.transport = TransportKind::kGrpc;
    settings.endpoints = {address};
    return settings;
  }
  std::unique_ptr<OutgoingCall> Start(Transport& transport, Record& record) {
    CallSpec spec;
    spec.path = "/s.S/M";
    auto call = transport.Start(spec, record);
    call->Send("hello", true);
    return call;
  }

  Loop loop_;
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
  GrpcTransport transport(loop_, Settings(server.address()));
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

// Dropped or cancelled at any moment, with the transport gone while the library is at work.
TEST_F(GrpcTransportTest, CanBeDroppedAtAnyMoment) {
  GrpcServer server = Echo();
  for (int round = 0; round < 200; ++round) {
    std::vector<Record> records(4);
    {
      GrpcTransport transport(loop_, Settings(server.address()));
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
  UpstreamSettings settings = Settings(server.address());
  settings.max_pending = 3;
  GrpcTransport transport(loop_, settings);
  std::vector<Record> records(4);
  std::vector<std::unique_ptr<OutgoingCall>> calls;
  for (Record& record : records) calls.push_back(Start(transport, record));
  loop_.RunUntil([&] { return records[3].done; });
  EXPECT_EQ(ReasonOf(records[3].status), "UPSTREAM_OVERLOADED");
  EXPECT_FALSE(records[0].done);
}

TEST_F(GrpcTransportTest, TakesNoCallsAfterDrain) {
  GrpcServer server = Echo();
  GrpcTransport transport(loop_, Settings(server.address()));
  Record before, after;
  const auto first = Start(transport, before);
  transport.Drain();
  const auto second = Start(transport, after);
  loop_.RunUntil([&] { return before.done && after.done; });
  EXPECT_TRUE(before.status.ok()) << before.status;
  EXPECT_EQ(ReasonOf(after.status), "UPSTREAM_UNREACHABLE");
}

}  // namespace
}  // namespace frontdesk::upstream
