// Clients that are slow, stop, or do not read.
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/text.h"
#include "tests/e2e/attacks/rows.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr char kNext[] = "GET /query?text=next HTTP/1.1\r\nhost: localhost\r\n\r\n";

struct SlowRow {
  const char* name;
  std::string sent;
  int status;  // 0: the connection just ends
  std::string reason;
};

TEST(Slow, WhoDoesNotFinishIsToldAndLeft) {
  Echo echo("limits: {header_timeout: 1s, idle_timeout: 1s}\n");
  const SlowRow kRows[] = {
      {"Nothing", "", 0, ""},
      {"HalfAMethod", "GE", 408, "REQUEST_TIMEOUT"},
      {"HalfATarget", "GET /que", 408, "REQUEST_TIMEOUT"},
      {"NoEndOfHead", "GET /query HTTP/1.1\r\nhost: localhost\r\n", 408, "REQUEST_TIMEOUT"},
  };
  for (const SlowRow& row : kRows) {
    for (const bool later : {false, true}) {
      SCOPED_TRACE(Cat(row.name, later ? " after a request" : ""));
      const Clock::time_point start = Clock::now();
      RawClient client(echo.port());
      if (later) {
        client.Send(kNext);
        ASSERT_TRUE(client.Read());
      }
      client.Send(row.sent);
      const std::optional<RawResponse> response = client.Read();
      EXPECT_EQ(response.has_value(), row.status != 0);
      if (response) {
        EXPECT_EQ(response->status, row.status);
        EXPECT_EQ(ReasonOf(*response), row.reason);
        EXPECT_EQ(response->Header("connection"), "close");
      }
      EXPECT_TRUE(client.AtEnd());
      EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
    }
  }
}

// The time of a route is for what is behind the gateway.
TEST(Slow, AnUploadDoesNotUseUpItsRoutesTime) {
  Echo echo("methods: {test.Echo/Body: {timeout: 2s}}\n");
  RawClient client(echo.port());
  client.Send(Ask("POST", "/body", "content-length: 12\r\n") + R"({"text")");
  std::this_thread::sleep_for(milliseconds(2500));
  client.Send(R"(:"a"})");
  const std::optional<RawResponse> answer = client.Read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
  EXPECT_EQ(Json(*answer)["text"], "a");
}

// The client's own is for all of it.
TEST(Slow, AnUploadUsesUpItsClientsTime) {
  Echo echo;
  for (const char* wish : {"x-request-timeout: 200ms\r\n", "grpc-timeout: 200m\r\n"}) {
    RawClient client(echo.port());
    const int before = echo.calls();
    const Clock::time_point start = Clock::now();
    client.Send(Ask("POST", "/body", Cat(wish, "content-length: 12\r\n")) + R"({"text")");
    const std::optional<RawResponse> response = client.Read();
    ASSERT_TRUE(response) << wish;
    EXPECT_EQ(response->status, 504) << wish;
    EXPECT_EQ(ReasonOf(*response), "DEADLINE_EXCEEDED") << wish;
    EXPECT_GE(Clock::now() - start, milliseconds(190)) << wish;
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(4)) << wish;  // before it is a slow one
    EXPECT_EQ(echo.calls(), before) << wish;
    // What is left of it is no request.
    client.Send(Cat(R"(:"a"})", kNext));
    const std::optional<RawResponse> next = client.Read();
    ASSERT_TRUE(next) << wish;
    EXPECT_EQ(next->status, 200) << wish;
  }
}

// One byte now and then does not buy a head more time.
TEST(Slow, ATrickledHeadHasOneDeadline) {
  Echo echo("limits: {header_timeout: 500ms}\n");
  RawClient client(echo.port(), std::chrono::seconds(1));
  const Clock::time_point start = Clock::now();
  client.Send("GET /query HTTP/1.1\r\nhost: localhost\r\n");
  bool taken = true;
  while (taken && Clock::now() - start < std::chrono::seconds(5)) {
    taken = client.Send("x");
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_FALSE(taken);
  EXPECT_EQ(echo.calls(), 0);
}

// The grace of a body is five seconds; one that came fast has ten more, however much it was.
TEST(Slow, ABodyThatStopsIsGivenUp) {
  Echo echo;
  RawClient little(echo.port()), most(echo.port());
  little.Send(Ask("POST", "/body", "content-length: 12\r\n") + R"({"te)");
  const std::string large = R"({"text":")" + std::string(size_t{4} << 20, 'a').substr(100);
  most.Send(Ask("POST", "/body", Cat("content-length: ", large.size() + 1, "\r\n")) + large);
  for (RawClient* const client : {&little, &most}) {
    const std::optional<RawResponse> response = client->Read();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408);
    EXPECT_EQ(ReasonOf(*response), "REQUEST_TIMEOUT");
    EXPECT_TRUE(client->AtEnd());
  }
  EXPECT_EQ(echo.calls(), 0);
}

// Bodies on their way are no requests yet: what is held of all of them has a bound of its own, and
// slow ones make room. The first 8 KiB of each are not counted.
TEST(Slow, BodiesOnTheirWayHaveABoundTogether) {
  Echo echo("limits: {body_bytes: 30000}\noverload: {max_body_bytes: 45000, max_queue_age: 10s}\n");
  const std::string body = R"({"text":")" + std::string(27'989, 'a') + R"("})";
  const size_t most = 27'990, counted = most - 8192;
  const auto holds = [&](size_t of) {
    return Eventually([&] {
      return echo.gateway().Metric("frontdesk_overload_body_bytes") ==
             static_cast<double>(of * counted);
    });
  };
  const std::string begin =
      Ask("POST", "/body", Cat("content-length: ", body.size(), "\r\n")) + body.substr(0, most);
  RawClient first(echo.port()), second(echo.port());
  first.Send(begin);
  ASSERT_TRUE(holds(1));
  const Clock::time_point begun = Clock::now();
  second.Send(begin);
  ASSERT_TRUE(holds(2));
  const RawResponse refused = echo.Fetch("POST", "/body", {}, body);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(ReasonOf(refused), "OVERLOADED");
  EXPECT_EQ(refused.Header("retry-after"), "1");
  EXPECT_EQ(echo.Fetch("POST", "/body", {}, R"({"text":"a"})").status, 200) << "there is room";
  EXPECT_EQ(echo.Fetch("GET", "/query?text=a").status, 200);
  // Who came when half of it was taken, and is slow, makes room.
  const std::optional<RawResponse> given_up = second.Read();
  ASSERT_TRUE(given_up);
  EXPECT_EQ(given_up->status, 503);
  EXPECT_EQ(ReasonOf(*given_up), "OVERLOADED");
  EXPECT_GE(Clock::now() - begun, milliseconds(4900));
  EXPECT_EQ(echo.gateway().Metric("frontdesk_shed_total{reason=\"max_body_bytes\"}"), 2);
  EXPECT_TRUE(holds(1));
  EXPECT_EQ(echo.Fetch("POST", "/body", {}, body).status, 200);
  first.Send(body.substr(most));
  const std::optional<RawResponse> in_time = first.Read();
  ASSERT_TRUE(in_time);
  EXPECT_EQ(in_time->status, 200) << "nobody needs its room now";
  EXPECT_TRUE(holds(0));
}

// 256 answers of 1 MiB are asked for at once and not read: few are made, and in the end the
// connection is cut.
TEST(Slow, AReaderThatStopsHoldsUpOnlyItself) {
  Echo echo("limits: {send_timeout: 1s}\n");
  EXPECT_EQ(echo.Fetch("GET", "/big").body.size(), (size_t{1} << 20) + 11);
  const auto connections = [&] { return echo.gateway().Metric("frontdesk_client_connections"); };
  ASSERT_TRUE(Eventually([&] { return connections() == 0; }));
  const size_t before = PeakBytes(echo.gateway().process());
  RawClient client(echo.port());
  client.ReceiveBuffer(4096);
  std::string requests;
  for (int i = 0; i < 256; ++i) requests += Ask("GET", "/big", "");
  client.Send(requests);
  EXPECT_TRUE(Eventually([&] { return echo.calls() > 1; }));
  EXPECT_EQ(Json(echo.Fetch("GET", "/query?text=a"))["text"], "a");
  EXPECT_TRUE(Eventually([&] { return connections() == 0; }));
  EXPECT_LT(echo.calls(), 64);
  if (!IsSanitized()) {
    EXPECT_LT(PeakBytes(echo.gateway().process()), before + (size_t{32} << 20));
  }
}

// Connections that are slow in one of three ways, each for as long as it is let.
class Crowd {
 public:
  // Few readers: the back end of these tests does one thing after another, and what they ask for is
  // work like any other. tests/e2e/faults has many. Each asks for more than the kernel takes.
  static constexpr int kHeads = 150, kBodies = 150, kReaders = 10, kOfAReader = 8;

  explicit Crowd(uint16_t port) : poll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (int i = 0; i < kHeads; ++i) Add(port, kHead);
    for (int i = 0; i < kBodies; ++i) Add(port, kBody);
    for (int i = 0; i < kReaders; ++i) Add(port, kReader);
  }
  ~Crowd() {
    for (const Client& client : clients_) close(client.socket);
    close(poll_);
  }

  // Sends a byte from each that has not ended and looks at who has, until `done`.
  void Run(const std::function<bool()>& done) {
    Clock::time_point next = Clock::now();
    while (!done()) {
      epoll_event events[64];
      const int count = epoll_wait(poll_, events, std::size(events), 20);
      for (int i = 0; i < count; ++i) Look(clients_[events[i].data.u32]);
      if (Clock::now() < next) continue;
      next += milliseconds(100);
      for (const Client& client : clients_) {
        if (!client.ended && client.kind != kReader) send(client.socket, "x", 1, MSG_NOSIGNAL);
      }
    }
  }
  int told() const { return told_; }
  int silent() const { return silent_; }

 private:
  enum Kind { kHead, kBody, kReader };
  struct Client {
    int socket;
    Kind kind;
    std::string got;
    bool ended = false;
  };

  void Add(uint16_t port, Kind kind) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int small = 4096;
    if (kind == kReader) setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string begun = kind == kHead   ? "GET /query?text=a HTTP/1.1\r\nhost: localhost\r\na"
                              : kind == kBody ? Ask("POST", "/body", "content-length: 1000\r\n")
                                              : Repeated(kOfAReader, Ask("GET", "/big"));
    send(socket, begun.data(), begun.size(), MSG_NOSIGNAL);
    clients_.push_back({socket, kind, ""});
    epoll_event event{};
    // A reader looks at nothing.
    event.events = kind == kReader ? 0u : static_cast<uint32_t>(EPOLLIN);
    event.data.u32 = static_cast<uint32_t>(clients_.size() - 1);
    epoll_ctl(poll_, EPOLL_CTL_ADD, socket, &event);
  }

  void Look(Client& client) {
    char bytes[4096];
    const ssize_t got = client.kind == kReader ? 0 : recv(client.socket, bytes, sizeof bytes, 0);
    if (got > 0) {
      client.got.append(bytes, static_cast<size_t>(got));
      return;
    }
    client.ended = true;
    epoll_ctl(poll_, EPOLL_CTL_DEL, client.socket, nullptr);
    if (client.kind != kReader) ++(client.got.starts_with("HTTP/1.1 408 ") ? told_ : silent_);
  }

  const int poll_;
  std::vector<Client> clients_;
  int told_ = 0;    // answered 408
  int silent_ = 0;  // ended without
};

// Asks on its own connection, and now and then on a new one; how long each answer took.
std::vector<double> AskHonestly(uint16_t port, const std::function<bool()>& done) {
  std::vector<double> took;
  std::optional<RawClient> client;
  for (int i = 0; !done(); ++i) {
    const Clock::time_point begun = Clock::now();
    if (i % 10 == 0) client.emplace(port);
    client->Send(Get(Cat("/query?text=", i)));
    const std::optional<RawResponse> response = client->Read();
    const bool right = response && response->body == Cat(R"({"text":")", i, "\"}");
    EXPECT_TRUE(right) << i;
    if (!right) break;
    took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
    std::this_thread::sleep_until(begun + milliseconds(5));
  }
  std::sort(took.begin(), took.end());
  return took;
}

double Percentile(const std::vector<double>& sorted, size_t percent) {
  return sorted.empty() ? 0 : sorted[(sorted.size() - 1) * percent / 100];
}

// 310 at once: each is let go at its limit, most of them told why, and nobody else waits for them.
TEST(Slow, ACrowdHoldsUpNobody) {
  Echo echo("limits: {header_timeout: 1s, send_timeout: 1s}\nlog: {access: off}\n");
  int asked = 0;
  const auto alone = AskHonestly(echo.port(), [&] { return ++asked > 200; });
  const int calls = echo.calls();
  const auto connections = [&] { return echo.gateway().Metric("frontdesk_client_connections"); };
  const Clock::time_point begun = Clock::now();
  Crowd crowd(echo.port());
  std::atomic<bool> over{false};
  std::vector<double> among;
  std::thread honest([&] { among = AskHonestly(echo.port(), [&] { return over.load(); }); });
  const Clock::time_point end = begun + std::chrono::seconds(60);
  crowd.Run([&] {
    return Clock::now() > end || crowd.told() + crowd.silent() == Crowd::kHeads + Crowd::kBodies;
  });
  const auto lasted = Clock::now() - begun;
  // The readers are not looked at: the gateway says when they are gone.
  bool gone = false;
  for (int i = 0; i < 6 && !gone; ++i) gone = Eventually([&] { return connections() <= 1; });
  EXPECT_TRUE(gone);
  over = true;
  honest.join();
  EXPECT_EQ(crowd.told(), Crowd::kHeads + Crowd::kBodies);
  EXPECT_EQ(crowd.silent(), 0);
  // Only readers and the honest client reached the back end.
  EXPECT_LE(echo.calls(),
            calls + static_cast<int>(among.size()) + Crowd::kOfAReader * Crowd::kReaders);
  std::printf("honest client, ms: alone p50 %.2f p99 %.2f, among the slow p50 %.2f p99 %.2f\n",
              Percentile(alone, 50), Percentile(alone, 99), Percentile(among, 50),
              Percentile(among, 99));
  // Where the machine is busy with something else this says nothing.
  if (IsSanitized() || Percentile(alone, 99) > 20) return;
  // The grace of bodies is five seconds. Whoever were held up by a slow client would wait for one.
  EXPECT_LT(lasted, std::chrono::seconds(10));
  EXPECT_LT(Percentile(among, 90), 500);
}

TEST(Pipelining, TenThousandRequestsAreAnsweredInOrder) {
  Echo echo;
  constexpr int kRequests = 10000;
  RawClient client(echo.port());
  std::thread sender([&] {
    std::string all;
    for (int i = 0; i < kRequests; ++i) {
      const std::string target = i % 10 == 0 ? Cat("/path/", i) : "/nowhere";
      all += Ask("GET", target, Cat("x-request-id: ", i, "\r\n"));
    }
    client.Send(all);
  });
  for (int i = 0; i < kRequests; ++i) {
    const std::optional<RawResponse> response = client.Read();
    const bool right = response && response->Header("x-request-id") == Cat(i) &&
                       response->status == (i % 10 == 0 ? 200 : 404) &&
                       (i % 10 != 0 || response->body == Cat(R"({"text":")", i, "\"}"));
    if (right) continue;
    ADD_FAILURE() << i << (response ? response->body : " no answer");
    break;
  }
  sender.join();
}

}  // namespace
}  // namespace frontdesk::e2e
