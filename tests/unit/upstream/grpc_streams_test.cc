// Back ends that are short of streams. gRPC C++ keeps their calls to itself: what that must not
// lead to is shown over both transports.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/task.h"
#include "gateway/base/text.h"
#include "gateway/upstream/channels.h"
#include "gateway/upstream/cluster_view.h"
#include "gateway/upstream/grpc_transport.h"
#include "tests/support/light_backend.h"
#include "tests/support/scripted_h2_server.h"
#include "tests/unit/upstream/transport_driver.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::milliseconds;
using testing_support::LightBackend;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;

constexpr uint16_t kMaxStreams = 3;
constexpr uint16_t kInitialWindow = 4;

class GrpcStreams : public ::testing::Test {
 protected:
  struct Running {
    Record record;
    std::unique_ptr<OutgoingCall> call;
  };
  std::unique_ptr<Running> Start(Transport& transport, const std::string& message = "hello") {
    auto running = std::make_unique<Running>();
    CallSpec spec;
    spec.path = "/s.S/M";
    running->call = transport.Start(spec, running->record);
    running->call->Send(message, true);
    return running;
  }
  // With a look at the transport each time, as of a channel in which calls wait. Not without end.
  void RunUntil(Transport& transport, const std::function<bool()>& done) {
    const TimePoint limit = Clock::now() + std::chrono::seconds(20);
    bool is_done = false;
    loop_.RunUntil([&] {
      loop_.Post([] {});
      transport.Connect();
      is_done = done();
      return is_done || Clock::now() > limit;
    });
    EXPECT_TRUE(is_done);
  }

  Loop loop_;
  UpstreamSettings settings_;
  CountingOwner owner_;
};

TEST_F(GrpcStreams, WhoHasNoneLeftIsFullUntilOneIsFree) {
  std::promise<void> go_on;
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake({{kMaxStreams, 1}})) return;
    const auto first = c.NextRequest();
    if (!first) return;
    go_on.get_future().wait();
    c.Answer(first->stream, "first");
    while (const auto next = c.NextRequest()) c.Answer(next->stream, "next");
  });
  GrpcTransport transport(loop_, settings_, TargetOf(server.address()), owner_);
  ASSERT_EQ(WaitForRoom(loop_, transport), Readiness::kReady);
  const auto first = Start(transport);
  EXPECT_TRUE(first->call->IsHeld()) << "nothing is known of it";
  RunUntil(transport, [&] { return !first->call->IsHeld(); });
  EXPECT_EQ(transport.readiness(), Readiness::kReady);
  const auto second = Start(transport);
  EXPECT_EQ(transport.readiness(), Readiness::kReady) << "it has only just begun";
  RunUntil(transport, [&] { return transport.readiness() == Readiness::kFull; });
  EXPECT_TRUE(second->call->IsHeld());
  EXPECT_FALSE(second->record.done);
  // Its place in the library is taken at once, and the owner hears of it.
  const int told = owner_.told;
  go_on.set_value();
  RunUntil(transport, [&] { return first->record.done && second->record.done; });
  EXPECT_EQ(first->record.messages, std::vector<std::string>{"first"});
  EXPECT_EQ(second->record.messages, std::vector<std::string>{"next"});
  EXPECT_GT(owner_.told, told);
  EXPECT_EQ(transport.readiness(), Readiness::kReady);
}

TEST_F(GrpcStreams, WhoAllowsNoneIsFull) {
  const ScriptedH2Server server([](ScriptedConnection& c, int) {
    if (c.Handshake({{kMaxStreams, 0}})) c.WaitForEnd();
  });
  GrpcTransport transport(loop_, settings_, TargetOf(server.address()), owner_);
  ASSERT_EQ(WaitForRoom(loop_, transport), Readiness::kReady);
  auto call = Start(transport);
  RunUntil(transport, [&] { return transport.readiness() == Readiness::kFull; });
  call.reset();
  RunUntil(transport, [&] { return transport.readiness() == Readiness::kReady; });
}

// One of two connections hangs.
TEST_F(GrpcStreams, AnotherConnectionIsTaken) {
  const ScriptedH2Server server([](ScriptedConnection& c, int nth) {
    if (!c.Handshake({{kMaxStreams, 1}})) return;
    if (nth == 0) return c.WaitForEnd();
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
  });
  settings_.connections = 2;
  GrpcTransport transport(loop_, settings_, TargetOf(server.address()), owner_);
  RunUntil(transport, [&] { return transport.connections() == 2; });
  // Half of the first ones meet it, and one of these waits there for a stream.
  std::vector<std::unique_ptr<Running>> calls;
  size_t done = 0;
  for (int round = 0; round < 100 && done < 4; ++round) {
    const auto first = static_cast<std::ptrdiff_t>(calls.size());
    for (int i = 0; i < 4; ++i) calls.push_back(Start(transport));
    const TimePoint until = loop_.Now() + milliseconds(50);
    RunUntil(transport, [&] {
      done = static_cast<size_t>(std::count_if(calls.begin() + first, calls.end(),
                                               [](const auto& one) { return one->record.done; }));
      return done == 4 || loop_.Now() > until;
    });
  }
  EXPECT_EQ(done, 4u);
  EXPECT_EQ(transport.readiness(), Readiness::kReady);
}

// What waits for windows does not wait for streams.
TEST_F(GrpcStreams, ALargeMessageOnItsWayKeepsNobodyOut) {
  const ScriptedH2Server server([](ScriptedConnection& c, int) {
    if (!c.Handshake({{kInitialWindow, 1000}})) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, request->body.substr(5));
  });
  GrpcTransport transport(loop_, settings_, TargetOf(server.address()), owner_);
  ASSERT_EQ(WaitForRoom(loop_, transport), Readiness::kReady);
  const auto large = Start(transport, std::string(100'000, 'x'));
  RunUntil(transport, [&] { return !large->call->IsHeld(); });
  const TimePoint until = loop_.Now() + milliseconds(50);
  RunUntil(transport, [&] {
    EXPECT_EQ(transport.readiness(), Readiness::kReady);
    return loop_.Now() > until;
  });
  const auto small = Start(transport);
  RunUntil(transport, [&] { return small->record.done; });
  EXPECT_EQ(small->record.messages, std::vector<std::string>{"hello"});
  EXPECT_FALSE(large->record.done);
}

// The headers of a large one leave first, the rest as ever.
TEST_F(GrpcStreams, LargeMessagesArrive) {
  const ScriptedH2Server server([](ScriptedConnection& c, int) {
    if (!c.Handshake({{kInitialWindow, 1 << 20}})) return;
    while (const auto request = c.NextRequest()) {
      c.Answer(request->stream, std::to_string(request->body.size() - 5));
    }
  });
  GrpcTransport transport(loop_, settings_, TargetOf(server.address()), owner_);
  ASSERT_EQ(WaitForRoom(loop_, transport), Readiness::kReady);
  for (const size_t size : {16384, 16385, 20000}) {
    const auto large = Start(transport, std::string(size, 'x'));
    const auto small = Start(transport);
    RunUntil(transport, [&] { return large->record.done && small->record.done; });
    EXPECT_EQ(large->record.messages, std::vector<std::string>{std::to_string(size)});
    EXPECT_EQ(small->record.messages, std::vector<std::string>{"5"});
  }
  EXPECT_EQ(transport.readiness(), Readiness::kReady);
}

// Calls through the whole chain to one back end.
class FewStreams : public ::testing::TestWithParam<TransportKind> {
 protected:
  // With the settings as they are then.
  void To(const std::string& address) {
    settings_.name = "orders";
    settings_.services = {"s.S"};
    settings_.endpoints = {address};
    settings_.transport = GetParam();
    clusters_ = std::make_unique<Clusters>(std::vector<UpstreamSettings>{settings_}, loop_.Now());
    channels_ = std::make_unique<Channels>(
        loop_, *clusters_, [] { return 0.5; }, nullptr);
  }
  void Start() {
    ++started_;
    Run(this);
  }
  size_t Ended(const std::string& how) const {
    const auto found = ends_.find(how);
    return found == ends_.end() ? 0 : found->second;
  }
  size_t ended() const {
    size_t all = 0;
    for (const auto& [how, count] : ends_) all += count;
    return all;
  }
  std::string Ends() const {
    std::string text;
    for (const auto& [how, count] : ends_) text += Cat(how, " ", count, "; ");
    return text;
  }
  // Of the end point, and of the method.
  std::vector<BreakerView> Breakers() {
    const ClusterView view = clusters_->Describe(loop_.Now()).at(0);
    return {view.endpoints.at(0).breaker, view.methods.at(0).breaker};
  }

  static internal::Detached Run(FewStreams* of) {
    Cancellation cancel;
    CallContext context{of->loop_, cancel};
    CallOptions options;
    options.timeout = of->timeout_;
    {
      Task<absl::StatusOr<UnaryReply>> call =
          of->channels_->Unary(context, of->method_, "x", options);
      const absl::StatusOr<UnaryReply> reply = co_await std::move(call);
      ++of->ends_[reply.ok() ? "OK" : ReasonOf(reply.status())];
    }
  }

  Loop loop_;
  UpstreamSettings settings_;
  milliseconds timeout_{300};
  const contract::MethodName method_{"s.S", "M", contract::Idempotency::kUnknown};
  std::unique_ptr<Clusters> clusters_;
  std::unique_ptr<Channels> channels_;
  size_t started_ = 0;
  std::map<std::string, size_t> ends_;
};

INSTANTIATE_TEST_SUITE_P(, FewStreams, ::testing::Values(TransportKind::kH2, TransportKind::kGrpc),
                         [](const auto& row) {
                           return row.param == TransportKind::kH2 ? "H2" : "Grpc";
                         });

// Its one stream hangs. Who never had one is not its failure; some have it from the one before,
// whose time was over, in their own last moment.
TEST_P(FewStreams, WhoWaitedForOneBlamesNobody) {
  const ScriptedH2Server server([](ScriptedConnection& c, int) {
    if (c.Handshake({{kMaxStreams, 1}})) c.WaitForEnd();
  });
  timeout_ = milliseconds(100);
  To(server.address());
  // All before anybody can know.
  for (int i = 0; i < 20; ++i) Start();
  loop_.RunUntil([&] { return ended() == started_; });
  EXPECT_EQ(Ended("OK"), 0u);
  for (const BreakerView& breaker : Breakers()) {
    EXPECT_LE(breaker.seen.failures, 4u) << Ends();
    EXPECT_EQ(breaker.opened, 0u) << Ends();
  }
}

// Four times what eight streams of 40 ms can do.
TEST_P(FewStreams, AreUsedUpUnderOverload) {
  constexpr milliseconds kLength{1000};
  Loop of_backend;
  LightBackend backend(
      of_backend,
      {.reply = "x", .behaviour = {.delay = milliseconds(40), .max_concurrent_streams = 8}});
  std::thread thread([&] { of_backend.Run(); });
  struct Beat final : Timer {
    std::function<void()> work;
    void OnTimer() override { work(); }
  } beat;
  // What a standstill makes come at once is another test.
  Duration gap = Duration::max();
  for (int tries = 0; tries < 5 && gap > milliseconds(50); ++tries) {
    channels_.reset();
    To(Cat("127.0.0.1:", backend.port()));
    started_ = 0;
    ends_.clear();
    gap = Duration::zero();
    const TimePoint begin = loop_.Now();
    TimePoint last = begin;
    beat.work = [&] {
      gap = std::max(gap, loop_.Now() - std::exchange(last, loop_.Now()));
      const Duration passed = loop_.Now() - begin;
      while (milliseconds(5) * started_ < 4 * passed) Start();
      if (passed < kLength) loop_.Arm(beat, loop_.Now() + milliseconds(1));
    };
    loop_.Arm(beat, begin);
    loop_.RunUntil([&] { return !beat.armed() && started_ > 0 && ended() == started_; });
  }
  const auto can = static_cast<size_t>(kLength / milliseconds(5));
  // A machine that is busy does less, but whatever the library was given and kept would be late.
  EXPECT_GE(Ended("OK"), can / 2) << Ends();
  EXPECT_GT(Ended("UPSTREAM_OVERLOADED"), can) << Ends();
  EXPECT_LE(Ended("DEADLINE_EXCEEDED"), started_ / 10) << Ends();
  for (const BreakerView& breaker : Breakers()) EXPECT_EQ(breaker.opened, 0u) << Ends();
  channels_.reset();
  of_backend.Stop();
  thread.join();
}

}  // namespace
}  // namespace frontdesk::upstream
