#include "gateway/http/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/http/connection_share.h"
#include "tests/support/raw_client.h"
#include "tests/unit/http/test_server.h"

namespace frontdesk::http {
namespace {

using testing_support::RawClient;
using testing_support::RawResponse;

const std::string kGet = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(ConnectionShareTest, OverTheMeanGoesToTheLeast) {
  struct Row {
    std::vector<int> counts;
    size_t worker;
    size_t chosen;
  };
  const Row rows[] = {
      {{100}, 0, 0},           {{7, 0}, 0, 0},  // few
      {{100, 100, 100}, 0, 0},                  // even
      {{120, 100, 100}, 0, 0},                  // within 1.25 of the mean
      {{200, 100, 50}, 0, 2},                   // the least
      {{200, 100, 50}, 1, 1},                   // below the mean keeps its own
      {{20, 0}, 0, 1},         {{0, 20}, 0, 0},
  };
  for (const Row& row : rows) {
    ConnectionShare share(row.counts.size(), 1000);
    uint32_t total = 0;
    for (size_t i = 0; i < row.counts.size(); ++i) {
      for (int n = 0; n < row.counts[i]; ++n) share.Opened(i);
      total += static_cast<uint32_t>(row.counts[i]);
    }
    EXPECT_EQ(share.Choose(row.worker), row.chosen) << row.counts[0];
    EXPECT_EQ(share.total(), total);
    EXPECT_FALSE(share.full());
  }
}

TEST(ListenerTest, AddressesThatCannotBeOpened) {
  Loop loop;
  FakeHandler handler(loop);
  ConnectionShare share(1, 10);
  for (const char* address : {"", "localhost", "256.1.1.1", "192.0.2.1", "::g"}) {
    Listener listener(loop, handler, ServerLimits(), share, 0);
    EXPECT_FALSE(listener.Open(address, 0).ok()) << address;
    EXPECT_FALSE(listener.accepting()) << address;
  }
}

TEST(ListenerTest, Ipv6) {
  Loop loop;
  FakeHandler handler(loop);
  ConnectionShare share(1, 10);
  Listener listener(loop, handler, ServerLimits(), share, 0);
  if (!listener.Open("::", 0).ok()) GTEST_SKIP() << "no IPv6 here";
  bool done = false;
  std::thread thread([&] { loop.RunUntil([&] { return done && listener.connections() == 0; }); });
  {
    RawClient client(listener.port());
    client.Send(kGet);
    EXPECT_EQ(client.Read()->status, 200);
    EXPECT_EQ(handler.seen().peer, "127.0.0.1:" + std::to_string(client.local_port()));
  }
  loop.Post([&] {
    listener.Abort();
    done = true;
  });
  thread.join();
}

TEST(ListenerTest, DrainAnswersThenCloses) {
  TestServer server;
  RawClient idle(server.port()), busy(server.port()), waiting(server.port());
  idle.Send(kGet);
  EXPECT_EQ(idle.Read()->Header("connection"), "");
  busy.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  waiting.Send(kGet);
  EXPECT_EQ(waiting.Read()->status, 200);
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.started == 3; }));

  server.OnLoop([&] { server.listener().Drain(); });
  RawClient late(server.port());
  late.Send(kGet);
  EXPECT_EQ(late.Read()->Header("connection"), "close") << "new ones are still taken";
  EXPECT_TRUE(late.AtEnd());
  idle.Send(kGet);
  EXPECT_EQ(idle.Read()->Header("connection"), "close");
  EXPECT_TRUE(idle.AtEnd());

  server.OnLoop([&] {
    server.listener().StopAccepting();
    server.listener().CloseIdle();
  });
  EXPECT_FALSE(RawClient(server.port()).connected());
  EXPECT_TRUE(waiting.AtEnd()) << "idle, so closed";
  busy.Send("cd");
  const std::optional<RawResponse> last = busy.Read();
  ASSERT_TRUE(last) << "a request in flight is finished";
  EXPECT_EQ(last->body, "abcd");
  EXPECT_EQ(last->Header("connection"), "close");
}

// A loop that is late, not very, as often as the test says so, whatever its sockets tell.
class LateListener {
 public:
  explicit LateListener(size_t clients) {
    listener_.Watch(lateness_);
    EXPECT_TRUE(listener_.Open("127.0.0.1", 0).ok());
    for (size_t i = 0; i < clients; ++i) {
      clients_.push_back(std::make_unique<RawClient>(listener_.port()));
    }
  }
  ~LateListener() {
    loop_.Post([this] { listener_.Abort(); });
    loop_.RunUntil([this] { return listener_.connections() == 0; });
  }

  Listener& listener() { return listener_; }
  // When each of them was taken, up to `count`; false when that takes too long.
  bool Run(bool late, size_t count, std::vector<TimePoint>& taken) {
    const TimePoint end = Clock::now() + std::chrono::seconds(20);
    size_t before = listener_.connections();
    loop_.RunUntil([&] {
      const TimePoint now = Clock::now();
      for (; before < listener_.connections(); ++before) taken.push_back(now);
      if (late) {
        lateness_.Observe(kLimit * 3 / 2, loop_.Now() - kLimit);
        lateness_.Observe(kLimit * 3 / 2, loop_.Now());
      } else {
        lateness_.Observe(Duration::zero(), loop_.Now());
      }
      return before >= count || now > end;
    });
    return before >= count;
  }

  static constexpr std::chrono::milliseconds kLimit{20};

 private:
  Loop loop_;
  FakeHandler handler_{loop_};
  ConnectionShare share_{1, 1000};
  Lateness lateness_{kLimit};
  Listener listener_{loop_, handler_, ServerLimits(), share_, 0};
  std::vector<std::unique_ptr<RawClient>> clients_;
};

TEST(ListenerTest, LateItTakesOneNewcomerEachMoment) {
  LateListener late(4);
  std::vector<TimePoint> taken;
  ASSERT_TRUE(late.Run(true, 3, taken)) << "it took " << taken.size();
  // A pause of 5 ms each, of which a busy machine may have slept through some before it looked.
  EXPECT_GE(taken.back() - taken.front(), std::chrono::milliseconds(4));
  ASSERT_TRUE(late.Run(false, 4, taken)) << "it does not resume";
}

TEST(ListenerTest, LateItTakesAllWhenItDrains) {
  LateListener late(8);
  std::vector<TimePoint> taken;
  ASSERT_TRUE(late.Run(true, 1, taken));
  late.listener().StopAccepting();  // while it pauses
  EXPECT_FALSE(late.listener().accepting());
  EXPECT_EQ(late.listener().connections(), 8u);
}

TEST(ListenerTest, BacklogIsServedBeforeThePortCloses) {
  for (const uint32_t most : {20'000u, 10u}) {
    SCOPED_TRACE(most);
    ServerLimits limits;
    limits.connections = most;
    TestServer server(limits);
    std::vector<std::unique_ptr<RawClient>> clients;
    server.OnLoop([&] {
      // The loop is held here, so these wait in the backlog.
      for (int i = 0; i < 50; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        clients.back()->Send(kGet);
      }
      server.listener().StopAccepting();
      server.listener().CloseIdle();
    });
    for (const std::unique_ptr<RawClient>& client : clients) {
      const std::optional<RawResponse> response = client->Read();
      ASSERT_TRUE(response);
      EXPECT_EQ(response->status, 200);
    }
  }
}

// Reads little at a time, and all connections that are idle are closed meanwhile.
class SlowReader final : public RawClient {
 public:
  explicit SlowReader(TestServer& server) : RawClient(server.port()), server_(server) {
    ReceiveBuffer(32 << 10);
  }

 private:
  ssize_t Receive(char* into, size_t size) override {
    server_.OnLoop([this] { server_.listener().CloseIdle(); });
    return RawClient::Receive(into, std::min<size_t>(size, 16 << 10));
  }

  TestServer& server_;
};

// The last bytes of an answer wait for their reader: the connection is not idle until they are
// gone.
TEST(ListenerTest, ClosingTheIdleCutsNoAnswer) {
  TestServer server;
  SlowReader client(server);
  client.Send("GET /stream?128 HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.started == 1; }));
  const std::optional<RawResponse> response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_FALSE(response->cut);
  EXPECT_EQ(response->body.size(), 128u * (64 << 10));
}

TEST(ListenerTest, AbortCancelsWhatIsInFlight) {
  TestServer server;
  RawClient client(server.port());
  client.Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.started == 1; }));
  server.OnLoop([&] { server.listener().Abort(); });
  EXPECT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.cancelled == 1; }));
  EXPECT_EQ(server.handler().seen().failure, "SHUTTING_DOWN");
  EXPECT_FALSE(client.Read());
}

TEST(ListenerTest, AboveTheCapClientsWait) {
  ServerLimits limits;
  limits.connections = 2;
  TestServer server(limits);
  auto first = std::make_unique<RawClient>(server.port());
  RawClient second(server.port());
  first->Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  second.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.started == 2; }));
  RawClient third(server.port());
  third.Send(kGet);
  second.Send("cdGET /wait HTTP/1.1\r\nHost: a\r\n\r\n");  // so that it is never idle
  EXPECT_TRUE(second.Read()) << "those that are in are served";
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.started == 3; }));
  first.reset();
  EXPECT_TRUE(third.Read());
  EXPECT_EQ(server.handler().seen().started, 4u);
}

// Or one client could hold all there are for nothing.
TEST(ListenerTest, AboveTheCapTheLongestIdleMakeRoom) {
  ServerLimits limits;
  limits.connections = 2;
  TestServer server(limits);
  RawClient idle(server.port()), busy(server.port());
  idle.Send(kGet);
  EXPECT_TRUE(idle.Read());
  busy.Send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(server.handler().WaitFor([](const Seen& s) { return s.started == 2; }));
  RawClient third(server.port());
  third.Send(kGet);
  EXPECT_TRUE(third.Read());
  EXPECT_TRUE(idle.AtEnd());
  EXPECT_EQ(server.handler().seen().cancelled, 0u);
}

TEST(ListenerTest, OutOfDescriptorsShedsTheLongestIdle) {
  TestServer server;
  RawClient oldest(server.port()), newer(server.port());
  oldest.Send(kGet);
  EXPECT_TRUE(oldest.Read());
  newer.Send(kGet);
  EXPECT_TRUE(newer.Read());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  // One descriptor is left: for this end of the next connection.
  const int next = ::dup(0);
  ::close(next);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  RawClient late(server.port());
  ASSERT_TRUE(late.connected());
  late.Send(kGet);
  const std::optional<RawResponse> response = late.Read();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(response);
  EXPECT_TRUE(oldest.AtEnd());
  newer.Send(kGet);
  EXPECT_TRUE(newer.Read());
}

// Two workers on one port; a hundred connections seem to be those of the first one, which hands
// over whatever comes.
class TwoWorkers {
 public:
  explicit TwoWorkers(uint32_t most) : share_(2, most) {
    const auto elsewhere = [this](size_t to, std::function<void(Listener&)> work) {
      loops_[to].Post([this, to, work = std::move(work)] { work(*listeners_[to]); });
    };
    for (size_t i = 0; i < 2; ++i) {
      listeners_[i] =
          std::make_unique<Listener>(loops_[i], handlers_[i], ServerLimits(), share_, i, elsewhere);
    }
    EXPECT_TRUE(listeners_[0]->Open("127.0.0.1", 0).ok());
    for (int i = 0; i < 100; ++i) share_.Opened(0);
    for (size_t i = 0; i < 2; ++i) {
      threads_[i] = std::thread([this, i] {
        loops_[i].RunUntil([&] { return done_ && listeners_[i]->connections() == 0; });
      });
    }
  }
  ~TwoWorkers() {
    for (size_t i = 0; i < 2; ++i) {
      loops_[i].Post([this, i] {
        listeners_[i]->Abort();
        done_ = true;
      });
    }
    for (std::thread& thread : threads_) thread.join();
    EXPECT_EQ(share_.count(1), 0u);
  }

  uint16_t port() const { return listeners_[0]->port(); }
  const ConnectionShare& share() const { return share_; }
  FakeHandler& handler(size_t worker) { return handlers_[worker]; }
  std::thread::id thread(size_t worker) const { return threads_[worker].get_id(); }

 private:
  Loop loops_[2];
  FakeHandler handlers_[2] = {FakeHandler(loops_[0]), FakeHandler(loops_[1])};
  ConnectionShare share_;
  std::unique_ptr<Listener> listeners_[2];
  std::atomic<bool> done_{false};
  std::thread threads_[2];
};

TEST(ListenerTest, HandsOverToTheLeastLoaded) {
  TwoWorkers workers(1000);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<RawClient>(workers.port()));
    clients.back()->Send(kGet);
    EXPECT_TRUE(clients.back()->Read());
  }
  EXPECT_EQ(workers.handler(0).seen().started, 0u);
  EXPECT_EQ(workers.handler(1).seen().started, 10u);
  EXPECT_EQ(workers.handler(1).seen().thread, workers.thread(1));
  EXPECT_EQ(workers.share().count(1), 10u);
}

TEST(ListenerTest, AboveTheCapTheIdleOfOtherWorkersMakeRoom) {
  TwoWorkers workers(102);
  RawClient first(workers.port()), second(workers.port());
  for (RawClient* const client : {&first, &second}) {
    client->Send(kGet);
    EXPECT_TRUE(client->Read());
  }
  RawClient third(workers.port());
  third.Send(kGet);
  EXPECT_TRUE(third.Read());
  EXPECT_TRUE(first.AtEnd());
}

}  // namespace
}  // namespace frontdesk::http
