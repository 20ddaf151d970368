// How long a call waits for a place: for a connection as long as that takes, for a stream hardly.
#include <algorithm>
#include <future>
#include <optional>
#include <vector>

#include "gateway/upstream/grpc_wire.h"
#include "tests/unit/upstream/channel_rig.h"
#include "tests/unit/upstream/connections.h"

namespace frontdesk::upstream {
namespace {

using ::testing::HasSubstr;

TEST_F(ChannelTest, WhoWaitsForAStreamTooLongIsRefusedEarly) {
  settings_.queue_age = {milliseconds(4), milliseconds(10)};
  on_transport_ = [](FakeTransport& transport) { transport.now = Readiness::kFull; };
  const TimePoint start = loop_.Now();
  Pending& pending = Start();
  const absl::Status status = ResultOf(pending).status();
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_OVERLOADED");
  EXPECT_THAT(HeadersOf(status), HasSubstr("Retry-After"));
  EXPECT_LT(loop_.Now() - start, seconds(5));
}

TEST_F(ChannelTest, OnlyWhereNoConnectionMayBringRoomIsAnybodyRefused) {
  EndPoints(2);
  struct EndPoint {
    Readiness readiness;
    bool healthy;
  };
  const EndPoint kFull{Readiness::kFull, true};
  const EndPoint kHangs{Readiness::kFull, false};
  const EndPoint kConnects{Readiness::kConnecting, true};
  const struct {
    const char* name;
    EndPoint one;
    EndPoint other;
    bool waits;
  } rows[] = {
      {"the other one connects", kFull, kConnects, true},
      {"the other one will", kFull, {Readiness::kIdle, true}, true},
      {"it connects, beside one that hangs", kHangs, kConnects, true},
      {"both are full", kFull, kFull, false},
      {"the other one can't be reached", kFull, {Readiness::kFailing, true}, false},
      {"the other one is not asked", kFull, {Readiness::kConnecting, false}, false},
      {"nobody is left but one that hangs", kHangs, {Readiness::kFailing, true}, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Renew();
    on_transport_ = [&](FakeTransport& transport) {
      const bool one = transport.address == "127.0.0.1:1";
      transport.now = (one ? row.one : row.other).readiness;
      transport.failure = Unreachable("refused");
    };
    const std::shared_ptr<const Endpoints> endpoints = cluster().endpoints();
    cluster().SetHealthy(*endpoints->at(0).state, row.one.healthy, loop_.Now());
    cluster().SetHealthy(*endpoints->at(1).state, row.other.healthy, loop_.Now());
    Pending& pending = Start();
    const TimePoint later = loop_.Now() + 10 * settings_.queue_age.max_age;
    RunUntil([&] { return pending.result.has_value() || loop_.Now() >= later; });
    if (row.waits && !pending.result) {
      transports_.at("127.0.0.1:2")->Become(Readiness::kReady);
      NextLive().Answer("");
    }
    const absl::Status status = ResultOf(pending).status();
    EXPECT_EQ(status.ok() ? "" : ReasonOf(status), row.waits ? "" : "UPSTREAM_OVERLOADED");
  }
}

TEST_F(ChannelTest, TheTimeToConnectIsNoTimeInAQueueForStreams) {
  settings_.queue_age = {milliseconds(20), milliseconds(20)};
  on_transport_ = [](FakeTransport& transport) { transport.now = Readiness::kConnecting; };
  Pending& pending = Start();
  const TimePoint later = loop_.Now() + milliseconds(50);
  RunUntil([&] { return loop_.Now() >= later; });
  const TimePoint still_connecting = loop_.Now();
  FakeTransport& transport = *transports_.at("127.0.0.1:1");
  transport.Become(Readiness::kConnecting);  // so that it looks now
  Turn();
  transport.Become(Readiness::kFull);
  EXPECT_EQ(ReasonOf(ResultOf(pending).status()), "UPSTREAM_OVERLOADED");
  EXPECT_GE(loop_.Now() - still_connecting, milliseconds(19));
}

// The first connection is full before the second one is there.
TEST_F(Connections, AColdBurstWaitsForFurtherConnections) {
  std::promise<void> accept, answer;
  const std::shared_future<void> accepted = accept.get_future().share();
  const std::shared_future<void> answered = answer.get_future().share();
  ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
    if (nth > 0) accepted.wait();
    if (!c.Handshake({{kMaxStreams, 1}})) return;
    // The second one may come to either.
    while (const auto request = c.NextRequest()) {
      answered.wait();
      c.Answer(request->stream, "x");
    }
  });
  settings_.name = "s";
  settings_.services = {"s.S"};
  settings_.endpoints = {server.address()};
  settings_.connections = 2;
  Clusters clusters({settings_}, loop_.Now());
  Channels channels(loop_, clusters, random_, nullptr);
  const contract::MethodName method{"s.S", "M", contract::Idempotency::kUnknown};
  Cancellation cancel;
  CallContext context{loop_, cancel};
  const CallOptions options;
  std::vector<std::optional<absl::StatusOr<UnaryReply>>> replies(2);
  for (auto& reply : replies) {
    testing_support::internal::Finish(channels.Unary(context, method, "hello", options), &reply);
  }
  const auto ended = [&] {
    return std::count_if(replies.begin(), replies.end(),
                         [](const auto& reply) { return reply.has_value(); });
  };
  loop_.RunUntil([&] {
    loop_.Post([] {});
    return server.connections() == 2;
  });
  const TimePoint later = loop_.Now() + 10 * settings_.queue_age.max_age;
  loop_.RunUntil([&] {
    loop_.Post([] {});
    return ended() > 0 || loop_.Now() >= later;
  });
  EXPECT_EQ(ended(), 0);
  accept.set_value();
  answer.set_value();
  loop_.RunUntil([&] { return ended() == 2; });
  for (const auto& reply : replies) EXPECT_TRUE(reply->ok()) << reply->status();
}

}  // namespace
}  // namespace frontdesk::upstream
