// Connections of the HTTP/2 transport: opening, choosing, queueing, losing, leaving.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/channels.h"
#include "gateway/upstream/h2_transport.h"
#include "tests/support/light_backend.h"
#include "tests/support/run_on_loop.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::milliseconds;
using testing_support::GrpcHead;
using testing_support::GrpcMessage;
using testing_support::kEnd;
using testing_support::LightBackend;
using testing_support::LightBackendOptions;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;

constexpr uint16_t kMaxStreams = 3;
constexpr uint32_t kCancel = 8;

// What became of one call.
struct Record final : CallEvents {
  void OnHeaders(Metadata got) override { headers = std::move(got); }
  void OnMessage(std::string message) override { messages.push_back(std::move(message)); }
  void OnDone(absl::Status end, Metadata got) override {
    EXPECT_FALSE(done) << "OnDone() twice";
    done = true;
    status = std::move(end);
    trailers = std::move(got);
  }

  bool done = false;
  absl::Status status;
  Metadata headers;
  Metadata trailers;
  std::vector<std::string> messages;
};

class Connections : public ::testing::Test {
 protected:
  UpstreamSettings Settings(const std::vector<std::string>& endpoints) {
    UpstreamSettings settings;
    settings.endpoints = endpoints;
    settings.connect_timeout = milliseconds(300);
    return settings;
  }

  std::unique_ptr<OutgoingCall> Start(Transport& transport, Record& record,
                                      std::string_view message = "hello") {
    CallSpec spec;
    spec.path = "/s.S/M";
    std::unique_ptr<OutgoingCall> call = transport.Start(spec, record);
    EXPECT_FALSE(record.done) << "told from inside Start()";
    call->Send(message, true);
    EXPECT_FALSE(record.done) << "told from inside Send()";
    loop_.Post([] {});  // the loop waits for events, and this was none
    return call;
  }

  void RunUntilDone(const Record& record) {
    loop_.RunUntil([&] { return record.done; });
  }
  absl::Status CallOnce(Transport& transport) {
    Record record;
    const auto call = Start(transport, record);
    RunUntilDone(record);
    return record.status;
  }
  // Lets the loop run until a promise of another thread is kept.
  template <class T>
  T Await(std::future<T> future) {
    loop_.RunUntil([&] {
      loop_.Post([] {});  // what another thread does is no event of this loop
      return future.wait_for(milliseconds(0)) == std::future_status::ready;
    });
    return future.get();
  }

  Loop loop_;
  const Random random_ = [] { return 0.5; };
};

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
