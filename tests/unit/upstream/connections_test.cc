// Connections of the HTTP/2 transport: opening, choosing, queueing, losing.
#include "tests/unit/upstream/connections.h"

namespace frontdesk::upstream {
namespace {

TEST_F(Connections, OpensNothingBeforeTheFirstCall) {
  ScriptedH2Server server([](ScriptedConnection& c, int) { c.WaitForEnd(); });
  H2Transport transport(loop_, Settings({server.address()}), random_);
  for (int turn = 0; turn < 4; ++turn) {
    loop_.Post([] {});
    int turns = 0;
    loop_.RunUntil([&] { return ++turns > 1; });
  }
  EXPECT_EQ(server.connections(), 0);
  EXPECT_EQ(transport.in_flight(), 0u);
}

TEST_F(Connections, TakesTheLeastLoadedOfAllEndPoints) {
  LightBackendOptions options;
  options.delay = milliseconds(20);
  LightBackend a(loop_, options), b(loop_, options);
  UpstreamSettings settings =
      Settings({"127.0.0.1:" + std::to_string(a.port()), "127.0.0.1:" + std::to_string(b.port())});
  H2Transport transport(loop_, settings, random_);
  EXPECT_TRUE(CallOnce(transport).ok());
  const uint64_t first = a.calls() + b.calls();
  EXPECT_EQ(first, 1u);
  // Both are connected by now, or nearly.
  EXPECT_TRUE(CallOnce(transport).ok());
  const uint64_t before_a = a.calls(), before_b = b.calls();
  std::vector<Record> records(20);
  std::vector<std::unique_ptr<OutgoingCall>> calls;
  for (Record& record : records) calls.push_back(Start(transport, record));
  EXPECT_EQ(transport.in_flight(), 20u);
  for (Record& record : records) RunUntilDone(record);
  EXPECT_EQ(a.calls() - before_a, 10u);
  EXPECT_EQ(b.calls() - before_b, 10u);
  EXPECT_EQ(transport.in_flight(), 0u);
}

TEST_F(Connections, OpensMoreOnlyUnderLoad) {
  std::promise<void> second;
  ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
    if (!c.Handshake()) return;
    if (nth == 1) second.set_value();
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
  });
  UpstreamSettings settings = Settings({server.address()});
  settings.connections = 2;
  H2Transport transport(loop_, settings, random_);
  // The very first call finds nothing open, and opens all it may.
  EXPECT_TRUE(CallOnce(transport).ok());
  Await(second.get_future());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(CallOnce(transport).ok());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(Connections, QueuesAboveThePeersLimit) {
  std::atomic<int> most{0};
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake({{kMaxStreams, 1}})) return;
    while (const auto request = c.NextRequest()) {
      ++most;
      c.Answer(request->stream, request->body);
    }
  });
  UpstreamSettings settings = Settings({server.address()});
  settings.max_pending = 10;
  H2Transport transport(loop_, settings, random_);
  std::vector<Record> records(11);
  std::vector<std::unique_ptr<OutgoingCall>> calls;
  for (Record& record : records) calls.push_back(Start(transport, record));
  RunUntilDone(records.back());
  EXPECT_EQ(ReasonOf(records.back().status), "UPSTREAM_OVERLOADED");
  EXPECT_TRUE(WasNeverSent(records.back().status));
  for (size_t i = 0; i < 10; ++i) {
    RunUntilDone(records[i]);
    EXPECT_TRUE(records[i].status.ok()) << records[i].status;
    ASSERT_EQ(records[i].messages.size(), 1u);
    EXPECT_EQ(records[i].messages[0], GrpcMessage("hello"));
  }
  EXPECT_EQ(most, 10);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Connections, AQueuedCallThatIsDroppedLeavesNoTrace) {
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake({{kMaxStreams, 1}})) return;
    const auto first = c.NextRequest();
    const auto second = c.NextHeaders();  // the first one's headers
    if (!first || !second) return;
    c.Answer(first->stream, "one");
    while (const auto next = c.NextRequest()) c.Answer(next->stream, "later");
  });
  UpstreamSettings settings = Settings({server.address()});
  settings.max_pending = 2;
  H2Transport transport(loop_, settings, random_);
  Record running, dropped, cancelled, last;
  const auto first = Start(transport, running);
  auto second = Start(transport, dropped);
  second.reset();
  loop_.Post([] {});
  const auto third = Start(transport, cancelled);
  third->Cancel();
  EXPECT_FALSE(cancelled.done) << "told from inside Cancel()";
  const auto fourth = Start(transport, last);
  RunUntilDone(last);
  EXPECT_TRUE(last.status.ok()) << last.status;
  EXPECT_TRUE(running.status.ok()) << running.status;
  EXPECT_EQ(cancelled.status.code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(dropped.done);
  EXPECT_EQ(transport.in_flight(), 0u);
}

TEST_F(Connections, ResetsTheStreamOfACallThatIsDropped) {
  for (const bool drop : {true, false}) {
    std::promise<int32_t> arrived;
    std::promise<uint32_t> reset;
    ScriptedH2Server server([&](ScriptedConnection& c, int) {
      if (!c.Handshake()) return;
      const auto request = c.NextRequest();
      if (!request) return;
      arrived.set_value(request->stream);
      reset.set_value(c.WaitForReset(request->stream).value_or(0));
      c.WaitForEnd();
    });
    H2Transport transport(loop_, Settings({server.address()}), random_);
    Record record;
    auto call = Start(transport, record);
    Await(arrived.get_future());
    if (drop) {
      call.reset();
      loop_.Post([] {});
    } else {
      call->Cancel();
      loop_.Post([] {});
      EXPECT_FALSE(record.done);
    }
    EXPECT_EQ(Await(reset.get_future()), kCancel);
    EXPECT_EQ(record.done, !drop);
    EXPECT_EQ(transport.in_flight(), 0u);
  }
}

TEST_F(Connections, ACallDroppedBeforeItWasSentIsNeverSeen) {
  std::atomic<int> seen{0};
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) {
      ++seen;
      c.Answer(request->stream, "x");
    }
  });
  H2Transport transport(loop_, Settings({server.address()}), random_);
  EXPECT_TRUE(CallOnce(transport).ok());
  Record dropped, cancelled, kept;
  auto first = Start(transport, dropped);
  auto second = Start(transport, cancelled);
  auto third = Start(transport, kept);
  first.reset();
  second->Cancel();
  RunUntilDone(kept);
  EXPECT_TRUE(kept.status.ok()) << kept.status;
  RunUntilDone(cancelled);
  EXPECT_EQ(cancelled.status.code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(dropped.done);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Connections, MovesOnFromAnEndPointThatRefuses) {
  std::string closed;
  {
    closed = ScriptedH2Server([](ScriptedConnection&, int) {}).address();
  }
  ScriptedH2Server server([](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
  });
  H2Transport transport(loop_, Settings({closed, server.address()}), random_);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(CallOnce(transport).ok());
}

TEST_F(Connections, FailsFastWhileNobodyIsThereAndComesBack) {
  std::atomic<bool> up{false};
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!up || !c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
  });
  UpstreamSettings settings = Settings({server.address()});
  settings.first_backoff = milliseconds(100);
  H2Transport transport(loop_, settings, random_);
  const absl::Status first = CallOnce(transport);
  EXPECT_EQ(ReasonOf(first), "UPSTREAM_UNREACHABLE");
  EXPECT_TRUE(WasNeverSent(first));
  // Until the next attempt nothing is tried.
  const int tried = server.connections();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(ReasonOf(CallOnce(transport)), "UPSTREAM_UNREACHABLE");
  }
  EXPECT_LE(server.connections(), tried + 1);
  up = true;
  absl::Status status;
  do {
    status = CallOnce(transport);
  } while (!status.ok());
  EXPECT_TRUE(status.ok());
}

TEST_F(Connections, ResolvesHostNamesAndReportsThoseThatAreNone) {
  LightBackend backend(loop_, LightBackendOptions());
  H2Transport known(loop_, Settings({"localhost:" + std::to_string(backend.port())}), random_);
  EXPECT_TRUE(CallOnce(known).ok());
  H2Transport wrong(loop_, Settings({"127.0.0.1"}), random_);
  EXPECT_EQ(ReasonOf(CallOnce(wrong)), "UPSTREAM_UNREACHABLE");
  H2Transport none(loop_, Settings({}), random_);
  EXPECT_EQ(ReasonOf(CallOnce(none)), "UPSTREAM_UNREACHABLE");
}

}  // namespace
}  // namespace frontdesk::upstream
