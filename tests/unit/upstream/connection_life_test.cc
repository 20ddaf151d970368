// How connections end: used up, idle, silent, drained; and what becomes of their calls.
#include "tests/unit/upstream/connections.h"

namespace frontdesk::upstream {
namespace {

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
  H2Transport transport(loop_, Settings({server.address()}), random_);
  size_t ok = 0;
  std::vector<Record> records(8);
  std::vector<std::unique_ptr<OutgoingCall>> calls(8);
  for (size_t round = 0; round < 500; ++round) {
    for (size_t i = 0; i < 8; ++i) {
      records[i] = Record();
      calls[i] = Start(transport, records[i]);
    }
    for (size_t i = 0; i < 8; ++i) {
      RunUntilDone(records[i]);
      ASSERT_TRUE(records[i].status.ok()) << round << ": " << records[i].status;
      ++ok;
    }
  }
  EXPECT_EQ(ok, 4000u);
  EXPECT_GE(server.connections(), 100);
}

// Stream ids are used up one day; a connection is replaced long before, and nobody notices.
TEST_F(Connections, ReplacesWhatIsUsedUp) {
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Answer(request->stream, "x");
  });
  UpstreamSettings settings = Settings({server.address()});
  settings.calls_per_connection = 3;
  H2Transport transport(loop_, settings, random_);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(CallOnce(transport).ok()) << i;
  EXPECT_EQ(server.connections(), 4);
}

TEST_F(Connections, ReplacesWhatIsUsedUpWithCallsInFlight) {
  LightBackend backend(loop_, LightBackendOptions());
  UpstreamSettings settings = Settings({Cat("127.0.0.1:", backend.port())});
  settings.calls_per_connection = 5;
  H2Transport transport(loop_, settings, random_);
  std::vector<Record> records(40);
  std::vector<std::unique_ptr<OutgoingCall>> calls;
  for (Record& record : records) calls.push_back(Start(transport, record));
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
  UpstreamSettings settings = Settings({server.address()});
  settings.idle_timeout = milliseconds(30);
  H2Transport transport(loop_, settings, random_);
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
  UpstreamSettings settings = Settings({server.address()});
  settings.keepalive_interval = milliseconds(10);
  settings.keepalive_timeout = std::chrono::seconds(10);
  H2Transport transport(loop_, settings, random_);
  EXPECT_TRUE(CallOnce(transport).ok());
  EXPECT_EQ(pings, 3);
}

TEST_F(Connections, GivesUpABackEndThatDoesNotAnswerPings) {
  std::promise<void> over;
  ScriptedH2Server server([&](ScriptedConnection& c, int) {
    if (c.Handshake()) over.get_future().wait();  // reads nothing more
  });
  UpstreamSettings settings = Settings({server.address()});
  settings.keepalive_interval = milliseconds(10);
  settings.keepalive_timeout = milliseconds(20);
  H2Transport transport(loop_, settings, random_);
  const absl::Status status = CallOnce(transport);
  EXPECT_EQ(ReasonOf(status), "UPSTREAM_RESET");
  EXPECT_FALSE(WasNeverSent(status));
  over.set_value();
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
  H2Transport transport(loop_, Settings({server.address()}), random_);
  Record record, late;
  const auto call = Start(transport, record);
  Await(arrived.get_future());
  transport.Drain();
  const auto refused = Start(transport, late);
  RunUntilDone(late);
  EXPECT_EQ(ReasonOf(late.status), "UPSTREAM_UNREACHABLE");
  EXPECT_FALSE(record.done);
  go_on.set_value();
  RunUntilDone(record);
  EXPECT_TRUE(record.status.ok()) << record.status;
  Await(closed.get_future());
}

}  // namespace
}  // namespace frontdesk::upstream
