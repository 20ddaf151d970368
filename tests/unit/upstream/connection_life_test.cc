// How connections end: used up, idle, silent, drained; and what becomes of their calls.
#include <array>
#include <thread>

#include "tests/unit/upstream/connections.h"

namespace frontdesk::upstream {
namespace {

// What the back end has not processed can be told from what it has, each time.
TEST_F(Connections, ManyRollingGoawaysLoseNothing) {
  ScriptedH2Server server([](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    int answered = 0;
    while (const auto request = c.NextRequest()) {
      c.Answer(request->stream, "x");
      if (++answered < 20) continue;
      // Those in flight above this one were never processed.
      c.Goaway(request->stream, 0);
      return c.WaitForEnd();
    }
  });
  H2Transport transport = To(server.address());
  size_t ok = 0;
  size_t again = 0;
  std::vector<Record> records(8);
  std::vector<std::unique_ptr<OutgoingCall>> calls(8);
  for (size_t round = 0; round < 500; ++round) {
    for (size_t i = 0; i < 8; ++i) {
      records[i] = Record();
      WaitForRoom(loop_, transport);
      calls[i] = Start(transport, records[i]);
    }
    for (size_t i = 0; i < 8; ++i) {
      RunUntilDone(records[i]);
      while (WasNeverSent(records[i].status)) {
        ++again;
        records[i] = Record();
        WaitForRoom(loop_, transport);
        calls[i] = Start(transport, records[i]);
        RunUntilDone(records[i]);
      }
      ASSERT_TRUE(records[i].status.ok()) << round << ": " << records[i].status;
      ++ok;
    }
  }
  EXPECT_GT(again, 0u);
  EXPECT_EQ(ok, 4000u);
  EXPECT_GE(server.connections(), 100);
}

// Stream ids are used up one day; a connection is replaced long before, and nobody notices.
TEST_F(Connections, ReplacesWhatIsUsedUp) {
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
  });
  settings_.calls_per_connection = 3;
  H2Transport transport = To(server.address());
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(CallOnce(transport).ok()) << i;
  EXPECT_EQ(server.connections(), 4);
}

TEST_F(Connections, ReplacesWhatIsUsedUpWithCallsInFlight) {
  LightBackend backend(loop_, LightBackendOptions());
  settings_.calls_per_connection = 5;
  H2Transport transport = To(Cat("127.0.0.1:", backend.port()));
  std::vector<Record> records(40);
  std::vector<std::unique_ptr<OutgoingCall>> calls;
  for (Record& record : records) {
    WaitForRoom(loop_, transport);
    calls.push_back(Start(transport, record));
  }
  for (const Record& record : records) {
    RunUntilDone(record);
    EXPECT_TRUE(record.status.ok()) << record.status;
  }
}

TEST_F(Connections, ClosesWhatIsIdle) {
  std::promise<void> closed;
  ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
    if (nth == 0) closed.set_value();
  });
  settings_.idle_timeout = milliseconds(30);
  H2Transport transport = To(server.address());
  EXPECT_TRUE(CallOnce(transport).ok());
  Await(closed.get_future());
  EXPECT_TRUE(CallOnce(transport).ok());
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(Connections, PingsABackEndThatIsSilent) {
  std::atomic<int> pings{0};
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    const auto request = c.NextRequest();
    if (!request) return;
    while (c.pings() < 3) {
      if (!c.ReadSomething()) return;
    }
    pings = c.pings();
    c.Answer(request->stream, "at last");
    c.WaitForEnd();
  });
  settings_.keepalive_interval = milliseconds(10);
  settings_.keepalive_timeout = std::chrono::seconds(10);
  H2Transport transport = To(server.address());
  EXPECT_TRUE(CallOnce(transport).ok());
  EXPECT_EQ(pings, 3);
}

TEST_F(Connections, GivesUpABackEndThatDoesNotAnswerPings) {
  std::promise<void> over;
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (c.Handshake()) over.get_future().wait();  // reads nothing more
  });
  settings_.keepalive_interval = milliseconds(10);
  settings_.keepalive_timeout = milliseconds(20);
  H2Transport transport = To(server.address());
  const absl::Status status = CallOnce(transport);
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_RESET");
  EXPECT_FALSE(WasNeverSent(status));
  over.set_value();
}

// Without keepalive: what finds out that a machine is gone, and is too little for servers to mind.
TEST_F(Connections, ASilenceIsAskedAboutOnce) {
  std::atomic<int> pings{0};
  settings_.unacknowledged_timeout = milliseconds(600);
  {
    ScriptedH2Server server([&](ScriptedConnection& c, int) {
      if (!c.Handshake()) return;
      for (int call = 1; call <= 2; ++call) {
        const auto request = c.NextRequest();
        if (!request) return;
        while (c.pings() < call) {
          if (!c.ReadSomething()) return;
        }
        std::this_thread::sleep_for(milliseconds(700));
        c.Answer(request->stream, "at last");
      }
      c.WaitForEnd();
      pings = c.pings();
    });
    H2Transport transport = To(server.address());
    EXPECT_TRUE(CallOnce(transport).ok());
    EXPECT_TRUE(CallOnce(transport).ok());
  }
  EXPECT_EQ(pings, 2);
}

// Calls that are given up here are no answers: servers count what they are asked since their last.
TEST_F(Connections, ASilenceGoesOnWhenCallsAreGivenUp) {
  std::atomic<int> pings{0};
  settings_.unacknowledged_timeout = milliseconds(200);
  {
    ScriptedH2Server server([&](ScriptedConnection& c, int) {
      if (!c.Handshake()) return;
      c.WaitForEnd();
      pings = c.pings();
    });
    H2Transport transport = To(server.address());
    WaitForRoom(loop_, transport);
    for (int i = 0; i < 3; ++i) {
      Record record;
      const auto given_up = Start(transport, record);
      const TimePoint end = Clock::now() + milliseconds(300);
      loop_.RunUntil([&] {
        loop_.Post([] {});  // which is no event
        return Clock::now() >= end;
      });
      EXPECT_FALSE(record.done);
    }
  }
  EXPECT_EQ(pings, 1);
}

// However soon after a look it began.
TEST_F(Connections, SilenceIsNoticedAfterOneInterval) {
  settings_.keepalive_interval = milliseconds(1000);
  settings_.keepalive_timeout = milliseconds(1);
  // On a busy machine one try says nothing.
  Duration took = Duration::max();
  for (int tries = 0; tries < 5 && took >= milliseconds(1900); ++tries) {
    std::promise<void> over;
    ScriptedH2Server server([&](ScriptedConnection& c, int) {
      if (!c.Handshake()) return;
      const auto request = c.NextRequest();
      if (!request) return;
      c.Headers(request->stream,
                {{":status", "200"}, {"content-type", "application/grpc"}, {"x-last", "word"}},
                !kEnd);
      over.get_future().wait();  // reads nothing more
    });
    H2Transport transport = To(server.address());
    WaitForRoom(loop_, transport);
    Record record;
    const auto call = Start(transport, record);
    loop_.RunUntil([&] { return !record.headers.empty() || record.done; });
    const TimePoint silent = loop_.Now();
    RunUntilDone(record);
    took = loop_.Now() - silent;
    EXPECT_EQ(ReasonOf(record.status), "UPSTREAM_RESET");
    EXPECT_GE(took, milliseconds(1000));
    over.set_value();
  }
  EXPECT_LT(took, milliseconds(1900));
}

// Each connection that is opened afterwards waits for twice as long as the one before.
TEST_F(Connections, WhoHasTooManyPingsGetsHalfAsMany) {
  constexpr milliseconds kInterval(40);
  constexpr uint32_t kEnhanceYourCalm = 0xb;
  std::array<std::atomic<Duration>, 4> silent = {};
  ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
    // No later than the gateway's silence begins: it has read nothing yet.
    const TimePoint start = Clock::now();
    if (!c.Handshake()) return;
    const auto request = c.NextRequest();
    if (!request) return;
    while (c.pings() == 0) {
      if (!c.ReadSomething()) return;
    }
    silent.at(static_cast<size_t>(nth)) = Clock::now() - start;
    // Who says GOAWAY before anything else is not asked again at once.
    c.Headers(request->stream, GrpcHead(), !kEnd);
    c.Goaway(request->stream, kEnhanceYourCalm, "too_many_pings");
    c.Data(request->stream, GrpcMessage("x"), !kEnd);
    c.Headers(request->stream, {{"grpc-status", "0"}}, kEnd);
    c.WaitForEnd();
  });
  settings_.keepalive_interval = kInterval;
  settings_.keepalive_timeout = std::chrono::seconds(10);
  H2Transport transport = To(server.address());
  for (size_t nth = 0; nth < silent.size(); ++nth) {
    ASSERT_TRUE(CallOnce(transport).ok()) << nth;
    EXPECT_GE(silent[nth].load(), kInterval * (1 << nth)) << nth;
  }
  EXPECT_EQ(server.connections(), 4);
}

TEST_F(Connections, DrainsAfterTheLastCall) {
  std::promise<void> arrived, go_on, closed;
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    const auto request = c.NextRequest();
    if (!request) return;
    arrived.set_value();
    go_on.get_future().wait();
    c.Answer(request->stream, "x");
    c.WaitForEnd();
    closed.set_value();
  });
  H2Transport transport = To(server.address());
  Record record, late;
  WaitForRoom(loop_, transport);
  const auto call = Start(transport, record);
  Await(arrived.get_future());
  transport.Drain();
  EXPECT_EQ(transport.readiness(), Readiness::kClosed);
  EXPECT_EQ(transport.connections(), 1u);
  const auto refused = Start(transport, late);
  RunUntilDone(late);
  EXPECT_EQ(ReasonOf(late.status), "UPSTREAM_UNREACHABLE");
  EXPECT_TRUE(WasNeverSent(late.status));
  EXPECT_FALSE(record.done);
  go_on.set_value();
  RunUntilDone(record);
  EXPECT_TRUE(record.status.ok()) << record.status;
  Await(closed.get_future());
  loop_.RunUntil([&] {
    loop_.Post([] {});
    return transport.connections() == 0;
  });
  EXPECT_EQ(transport.in_flight(), 0u);
}

TEST_F(Connections, DrainsWhatIsStillConnecting) {
  std::promise<void> closed;
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    c.WaitForEnd();
    closed.set_value();
  });
  H2Transport transport = To(server.address());
  transport.Connect();
  loop_.RunUntil([&] {
    loop_.Post([] {});
    return server.connections() == 1;
  });
  transport.Drain();
  Await(closed.get_future());
  EXPECT_EQ(transport.readiness(), Readiness::kClosed);
  transport.Connect();
  EXPECT_EQ(transport.connections(), 0u);
}

TEST_F(Connections, RetiresWhatIsOldAndLetsItsCallsEnd) {
  std::promise<void> go_on, closed;
  ScriptedH2Server server([&](ScriptedConnection& c, int nth) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) {
      if (nth == 0) go_on.get_future().wait();
      c.Answer(request->stream, nth == 0 ? "old" : "new");
      if (nth == 0) break;
    }
    c.WaitForEnd();
    if (nth == 0) closed.set_value();
  });
  settings_.max_connection_age = milliseconds(40);
  H2Transport transport = To(server.address());
  WaitForRoom(loop_, transport);
  const TimePoint start = loop_.Now();
  Record record;
  const auto call = Start(transport, record);
  loop_.RunUntil([&] { return transport.readiness() == Readiness::kIdle; });
  // random_ says half of a tenth.
  EXPECT_GE(loop_.Now() - start, milliseconds(37));
  EXPECT_EQ(transport.connections(), 1u);
  EXPECT_FALSE(record.done);
  // Others go elsewhere meanwhile.
  EXPECT_TRUE(CallOnce(transport).ok());
  EXPECT_EQ(server.connections(), 2);
  go_on.set_value();
  RunUntilDone(record);
  EXPECT_TRUE(record.status.ok()) << record.status;
  Await(closed.get_future());
}

}  // namespace
}  // namespace frontdesk::upstream
