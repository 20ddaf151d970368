// Connections of the HTTP/2 transport: opening, choosing, filling, losing.
#include "tests/unit/upstream/connections.h"

namespace frontdesk::upstream {
namespace {

const ScriptedH2Server::Script kAnswers = [](ScriptedConnection& c, int) {
  if (!c.Handshake()) return;
  while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
};

// Not without end. Looks again and again: what a server's thread does is no event of the loop.
void RunUntil(Loop& loop, const std::function<bool()>& done) {
  const TimePoint limit = loop.Now() + std::chrono::seconds(10);
  bool is_done = false;
  loop.RunUntil([&] {
    loop.Post([] {});
    is_done = done();
    return is_done || loop.Now() > limit;
  });
  EXPECT_TRUE(is_done);
}

TEST_F(Connections, OpensNothingUnasked) {
  ScriptedH2Server server(kAnswers);
  H2Transport transport = To(server.address());
  EXPECT_EQ(transport.readiness(), Readiness::kIdle);
  Record record;
  const auto call = Start(transport, record);
  EXPECT_EQ(transport.in_flight(), 1u);
  RunUntilDone(record);
  EXPECT_EQ(ReasonOf(record.status), "UPSTREAM_UNREACHABLE");
  EXPECT_TRUE(WasNeverSent(record.status));
  EXPECT_EQ(server.connections(), 0);
  EXPECT_EQ(transport.connections(), 0u);
  EXPECT_EQ(transport.in_flight(), 0u);
}

TEST_F(Connections, ConnectsOnceHoweverOftenItIsWanted) {
  ScriptedH2Server server(kAnswers);
  settings_.connections = 3;
  H2Transport transport = To(server.address());
  for (int i = 0; i < 5; ++i) {
    transport.Connect();
    EXPECT_EQ(transport.readiness(), Readiness::kConnecting);
    EXPECT_EQ(transport.connections(), 0u);
  }
  EXPECT_EQ(owner_.told, 0);
  EXPECT_EQ(WaitForRoom(loop_, transport), Readiness::kReady);
  EXPECT_GT(owner_.told, 0);
  EXPECT_EQ(transport.connections(), 1u);
  // Nothing is busy.
  transport.Connect();
  EXPECT_TRUE(CallOnce(transport).ok());
  transport.Connect();
  EXPECT_TRUE(CallOnce(transport).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Connections, OpensMoreUnderLoadAndTakesTheLeastLoaded) {
  std::atomic<int> served[2] = {0, 0};
  std::promise<void> go_on;
  const std::shared_future<void> gone_on = go_on.get_future().share();
  ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) {
      ++served[nth];
      gone_on.wait();
      c.Answer(request->stream, "x");
    }
  });
  settings_.connections = 2;
  H2Transport transport = To(server.address());
  WaitForRoom(loop_, transport);
  std::vector<Record> records(20);
  std::vector<std::unique_ptr<OutgoingCall>> calls;
  for (Record& record : records) {
    calls.push_back(Start(transport, record));
    if (calls.size() == 1) {
      EXPECT_EQ(server.connections(), 1);
    }
    // The second one finds the first connection busy.
    if (calls.size() == 2) loop_.RunUntil([&] { return transport.connections() == 2; });
  }
  EXPECT_EQ(transport.in_flight(), 20u);
  go_on.set_value();
  for (Record& record : records) {
    RunUntilDone(record);
    EXPECT_TRUE(record.status.ok()) << record.status;
  }
  EXPECT_EQ(served[0], 10);
  EXPECT_EQ(served[1], 10);
  EXPECT_EQ(transport.in_flight(), 0u);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(Connections, IsFullAtThePeersLimit) {
  std::promise<void> go_on;
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake({{kMaxStreams, 1}})) return;
    const auto first = c.NextRequest();
    if (!first) return;
    go_on.get_future().wait();
    c.Answer(first->stream, first->body);
    while (const auto next = c.NextRequest()) c.Answer(next->stream, "next");
  });
  H2Transport transport = To(server.address());
  WaitForRoom(loop_, transport);
  Record running, refused;
  const auto first = Start(transport, running);
  EXPECT_EQ(transport.readiness(), Readiness::kFull);
  transport.Connect();  // `connections` allows no other
  const auto second = Start(transport, refused);
  RunUntilDone(refused);
  EXPECT_EQ(ReasonOf(refused.status), "UPSTREAM_OVERLOADED");
  EXPECT_TRUE(WasNeverSent(refused.status));
  EXPECT_EQ(transport.in_flight(), 1u);
  const int told = owner_.told;
  go_on.set_value();
  RunUntilDone(running);
  EXPECT_TRUE(running.status.ok()) << running.status;
  EXPECT_EQ(running.messages, std::vector<std::string>{GrpcMessage("hello")});
  EXPECT_EQ(transport.readiness(), Readiness::kReady);
  EXPECT_GT(owner_.told, told);
  EXPECT_TRUE(CallOnce(transport).ok());
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Connections, IsNotFullWhileAnotherOneIsBeingMade) {
  std::promise<void> accept;
  ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
    if (nth == 1) accept.get_future().wait();
    if (c.Handshake({{kMaxStreams, 1}})) c.WaitForEnd();
  });
  settings_.connections = 2;
  H2Transport transport = To(server.address());
  WaitForRoom(loop_, transport);
  Record one, other;
  const auto first = Start(transport, one);
  EXPECT_EQ(transport.readiness(), Readiness::kFull);
  transport.Connect();
  EXPECT_EQ(transport.readiness(), Readiness::kConnecting);
  accept.set_value();
  EXPECT_EQ(WaitForRoom(loop_, transport), Readiness::kReady);
  const auto second = Start(transport, other);
  EXPECT_EQ(transport.readiness(), Readiness::kFull);
}

TEST_F(Connections, ACallThatFindsNoRoomCanBeDropped) {
  H2Transport transport = To("127.0.0.1:1");
  Record dropped, cancelled;
  auto first = Start(transport, dropped);
  const auto second = Start(transport, cancelled);
  first.reset();
  second->Cancel();
  RunUntilDone(cancelled);
  EXPECT_FALSE(dropped.done);
  EXPECT_FALSE(cancelled.status.ok());
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
    H2Transport transport = To(server.address());
    WaitForRoom(loop_, transport);
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
  H2Transport transport = To(server.address());
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

TEST_F(Connections, FailsWhileNobodyIsThereAndComesBack) {
  std::atomic<bool> up{false};
  ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
    if (up) kAnswers(c, nth);
  });
  settings_.first_backoff = milliseconds(100);
  settings_.connections = 4;
  H2Transport transport = To(server.address());
  EXPECT_EQ(WaitForRoom(loop_, transport), Readiness::kFailing);
  EXPECT_EQ(ReasonOf(transport.last_failure()), "UPSTREAM_UNREACHABLE");
  EXPECT_TRUE(WasNeverSent(transport.last_failure()));
  // Until the next attempt nothing is tried, by no connection.
  const TimePoint failed = loop_.Now();
  const int tried = server.connections();
  for (int i = 0; i < 50; ++i) {
    transport.Connect();
    EXPECT_EQ(ReasonOf(CallOnce(transport)), "UPSTREAM_UNREACHABLE");
  }
  EXPECT_LE(server.connections(), tried + 1);
  up = true;
  // It says so until it has succeeded, so that nobody waits for an attempt that may fail again.
  loop_.RunUntil([&] {
    transport.Connect();
    EXPECT_NE(transport.readiness(), Readiness::kConnecting);
    return transport.readiness() == Readiness::kReady;
  });
  EXPECT_GE(loop_.Now() - failed, milliseconds(80));
  EXPECT_TRUE(CallOnce(transport).ok());
}

// An additional connection that fails waits for its time; the one that worked does not wait with
// it.
TEST_F(Connections, AFailureBesideTheLastOneDoesNotKeepItFromBeingReplaced) {
  enum Beside { kWaits, kConnectsAgain };
  const struct {
    const char* name;
    Beside beside;
    std::function<void(ScriptedConnection&, int32_t)> end;  // of the one that worked
  } rows[] = {
      {"GOAWAY", kWaits, [](ScriptedConnection& c, int32_t last) { c.Goaway(last, 0); }},
      {"closed", kWaits, [](ScriptedConnection& c, int32_t) { c.Close(); }},
      {"used up", kWaits, nullptr},
      {"GOAWAY", kConnectsAgain, [](ScriptedConnection& c, int32_t last) { c.Goaway(last, 0); }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(Cat(row.name, row.beside == kWaits ? "" : ", and it is tried again"));
    std::promise<void> end_first, accept;
    ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
      if (nth == 1) return;
      if (nth == 2 && row.beside == kConnectsAgain) accept.get_future().wait();
      if (!c.Handshake()) return;
      if (nth > 1) {
        while (const auto request = c.NextRequest()) c.Answer(request->stream, "new");
        return;
      }
      const auto one = c.NextRequest();
      const auto other = c.NextRequest();
      if (!one || !other) return;
      end_first.get_future().wait();
      c.Answer(one->stream, "old");
      c.Answer(other->stream, "old");
      if (row.end) row.end(c, other->stream);
      c.WaitForEnd();
    });
    settings_.connections = 2;
    settings_.calls_per_connection = row.end ? 1000 : 2;
    // An hour is for ever.
    settings_.first_backoff = settings_.last_backoff =
        row.beside == kWaits ? std::chrono::hours(1) : milliseconds(1);
    H2Transport transport = To(server.address());
    const absl::Status before = transport.last_failure();
    EXPECT_EQ(WaitForRoom(loop_, transport), Readiness::kReady);
    Record one, other;
    const auto first = Start(transport, one);
    // Finds the connection busy.
    const auto second = Start(transport, other);
    RunUntil(loop_, [&] {
      transport.Connect();
      return transport.last_failure() != before;
    });
    if (row.beside == kConnectsAgain) {
      RunUntil(loop_, [&] {
        transport.Connect();
        return server.connections() == 3;
      });
    }
    end_first.set_value();
    RunUntilDone(one);
    RunUntilDone(other);
    EXPECT_TRUE(one.status.ok() && other.status.ok()) << one.status << ' ' << other.status;
    RunUntil(loop_, [&] { return transport.readiness() != Readiness::kReady; });
    EXPECT_EQ(transport.readiness(),
              row.beside == kWaits ? Readiness::kIdle : Readiness::kConnecting);
    accept.set_value();
    EXPECT_TRUE(CallOnce(transport).ok());
    EXPECT_EQ(server.connections(), 3);
  }
}

// One that ends without any answer says nothing good about the back end.
TEST_F(Connections, OneOfNoUseExcusesNoFailureBesideIt) {
  const struct {
    const char* name;
    std::function<void(ScriptedConnection&, int32_t)> end;
  } rows[] = {
      {"GOAWAY", [](ScriptedConnection& c, int32_t) { c.Goaway(0, 0); }},
      {"used up by a call that was reset",
       [](ScriptedConnection& c, int32_t stream) { c.Reset(stream, kCancel); }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    std::promise<void> end_first;
    ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
      if (nth > 0 || !c.Handshake()) return;
      const auto request = c.NextRequest();
      if (!request) return;
      end_first.get_future().wait();
      row.end(c, request->stream);
      c.WaitForEnd();
    });
    settings_.connections = 2;
    settings_.calls_per_connection = 1;
    settings_.first_backoff = settings_.last_backoff = std::chrono::hours(1);
    H2Transport transport = To(server.address());
    const absl::Status before = transport.last_failure();
    EXPECT_EQ(WaitForRoom(loop_, transport), Readiness::kReady);
    Record record;
    const auto call = Start(transport, record);
    RunUntil(loop_, [&] {
      transport.Connect();
      return transport.last_failure() != before;
    });
    EXPECT_EQ(transport.readiness(), Readiness::kFull);
    end_first.set_value();
    RunUntil(loop_, [&] { return record.done; });
    EXPECT_FALSE(record.status.ok());
    EXPECT_EQ(transport.readiness(), Readiness::kFailing);
    EXPECT_EQ(server.connections(), 2);
  }
}

TEST_F(Connections, ForgetsAFailureThatNobodyAsksAbout) {
  ScriptedH2Server server([](ScriptedConnection&, int) {});
  settings_.first_backoff = milliseconds(5);
  H2Transport transport = To(server.address());
  transport.Connect();
  loop_.RunUntil([&] { return transport.readiness() == Readiness::kFailing; });
  const int told = owner_.told;
  loop_.RunUntil([&] { return transport.readiness() == Readiness::kIdle; });
  EXPECT_GT(owner_.told, told);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(Connections, KnowsAddressesOnly) {
  for (const char* host : {"", "localhost", "127.0.0.1:80", "[::1]"}) {
    EndpointTarget target;
    target.host = host;
    target.port = 80;
    H2Transport transport(loop_, settings_, target, random_, owner_);
    transport.Connect();
    EXPECT_EQ(transport.readiness(), Readiness::kFailing);
    const absl::Status status = CallOnce(transport);
    EXPECT_EQ(ReasonOf(status), "UPSTREAM_UNREACHABLE");
    EXPECT_TRUE(WasNeverSent(status));
    EXPECT_EQ(transport.in_flight(), 0u);
  }
}

}  // namespace
}  // namespace frontdesk::upstream
