// Stopping without losing anything, and health meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "gateway/base/text.h"
#include "tests/e2e/stack.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk::e2e {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;

// What the clients of a load do.
struct Asks {
  bool writes = false;
  // 503 is an answer, too.
  bool may_be_refused = false;
};

// Sends requests on keep-alive connections until told to stop; a connection that the server ended
// with its answer is replaced, as every client does.
class Load {
 public:
  Load(uint16_t port, int clients, Asks asks = {}) : asks_(asks) {
    for (int i = 0; i < clients; ++i) threads_.emplace_back([this, port, i] { Run(port, i); });
  }
  ~Load() { Stop(); }
  void Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  std::atomic<int> failed{0};

 private:
  void Run(uint16_t port, int client_number) {
    const std::string id = "order-" + std::to_string(client_number + 1);
    const std::string request = asks_.writes
                                    ? RequestText("POST", "/api/v1/cart/items", {},
                                                  R"({"productId": "product-1", "quantity": 1})")
                                    : RequestText("GET", "/api/v1/orders/" + id);
    while (!stop_) {
      Clock::time_point idle_since = Clock::now();
      RawClient client(port);
      if (!client.connected()) return;  // the port is closed: the gateway said goodbye before
      int nth = 0;
      while (!stop_) {
        if (!client.Send(request)) break;
        // Who stood still meanwhile may meet the end of idle connections.
        const bool late = Clock::now() - idle_since > milliseconds(250);
        const std::optional<RawResponse> response = client.Read();
        if (!response && late) break;
        idle_since = Clock::now();
        const bool whole = response && !response->cut;
        // With when to come again, or as the back end has said.
        const bool was_refused =
            whole && asks_.may_be_refused && response->status == 503 &&
            (response->Header("retry-after") != "" || ReasonOf(*response) == "UNAVAILABLE");
        const bool was_answered =
            whole && response->status == 200 && (asks_.writes || Json(*response)["id"] == id);
        if (!was_answered && !was_refused) {
          ++failed;
          ADD_FAILURE() << id << ", request " << nth << " of the connection: "
                        << (response             ? response->body
                            : client.was_reset() ? "reset"
                                                 : "closed");
          break;
        }
        ++nth;
        ++(was_refused ? refused : answered);
        // As it was asked to, if not for as long.
        if (was_refused) std::this_thread::sleep_for(milliseconds(2));
        if (response->Header("connection") == "close") break;
      }
    }
  }

  const Asks asks_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

TEST(Drain, LosesNothingUnderLoad) {
  Mocks mocks;
  mocks.SetFaults("delay_ms=5");
  Frontdesk gateway(mocks, {.workers = 4});
  Load load(gateway.port(), 16);
  while (load.answered < 500) std::this_thread::sleep_for(milliseconds(1));

  gateway.process().Signal(SIGTERM);
  // Not ready at once, alive all the while.
  RawResponse ready;
  do {
    ready = Fetch(gateway.admin(), "GET", "/readyz");
  } while (ready.status == 200);
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(gateway.process().Wait(milliseconds(20000)), 0);
  load.Stop();
  EXPECT_EQ(load.failed, 0) << gateway.process().Stderr();
  EXPECT_GE(load.answered, 500);
}

TEST(Drain, LosesNothingInManyRounds) {
  Mocks mocks;
  int answered = 0;
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE(round);
    Frontdesk gateway(mocks, {.workers = 4, .grace = "50ms"});
    Load load(gateway.port(), 8);
    // Not always at the same point of a request's way.
    while (load.answered < 20 + 17 * round) std::this_thread::yield();
    gateway.process().Signal(SIGTERM);
    EXPECT_EQ(gateway.process().Wait(milliseconds(20000)), 0) << gateway.process().Stderr();
    load.Stop();
    EXPECT_EQ(load.failed, 0) << gateway.process().Stderr();
    answered += load.answered;
  }
  RecordProperty("answered", answered);
}

// The same while attempts fail, are made again and overlap, and breakers open.
TEST(Drain, LosesNothingWhileBackEndsFail) {
  Mocks mocks;
  mocks.SetFaults("delay_ms=2");
  const ScriptedH2Server resets([](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) c.Reset(request->stream, 2);
  });
  const ScriptedH2Server leaves([](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    if (const auto request = c.NextRequest()) c.Goaway(0, 0);
    c.Close();
  });
  const ScriptedH2Server hangs([](ScriptedConnection& c, int) {
    if (c.Handshake()) c.WaitForEnd();
  });
  int answered = 0;
  double retries = 0, hedges = 0;
  int round = 0;
  for (const ScriptedH2Server* bad : {&resets, &leaves, &hangs}) {
    SCOPED_TRACE(round++);
    GatewayOptions options{.workers = 4, .grace = "50ms"};
    options.extra =
        "methods: {shop.order.v1.Orders/GetOrder: {hedge: {delay: 20ms, max_attempts: "
        "5}, retry: {retryable_status_codes: [unavailable, internal]}}}\n";
    options.endpoints = {
        {"order", Cat("127.0.0.1:", mocks.port("order"), "\", \"", bad->address())}};
    options.upstream = {"retry_budget: {budget_percent: 100, min_retries_per_second: 1000}"};
    Frontdesk gateway(mocks, options);
    Load load(gateway.port(), 8);
    while (load.answered < 37 * round && load.failed == 0) std::this_thread::yield();
    const std::string rpc = R"({grpc_service="shop.order.v1.Orders",grpc_method="GetOrder"})";
    retries += gateway.Metric(Cat("frontdesk_upstream_retries_total", rpc));
    hedges += gateway.Metric(Cat("frontdesk_upstream_hedges_total", rpc));
    gateway.process().Signal(SIGTERM);
    EXPECT_EQ(gateway.process().Wait(milliseconds(20000)), 0) << gateway.process().Stderr();
    load.Stop();
    EXPECT_EQ(load.failed, 0) << gateway.process().Stderr();
    answered += load.answered;
  }
  EXPECT_GT(retries, 0);
  EXPECT_GT(hedges, 0);
  RecordProperty("answered", answered);
}

class DrainOf : public ::testing::TestWithParam<const char*> {
 protected:
  // Nobody is failed by it.
  static void EndUnder(Frontdesk& gateway, Load& reads, Load& writes) {
    gateway.process().Signal(SIGTERM);
    EXPECT_EQ(gateway.process().Wait(milliseconds(20000)), 0) << gateway.process().Stderr();
    reads.Stop();
    writes.Stop();
    EXPECT_EQ(reads.failed + writes.failed, 0) << gateway.process().Stderr();
  }
};

// More comes than can be done, so that all queues are full: who is in one is answered or refused,
// and no write is made that nobody is told of.
TEST_P(DrainOf, LosesNothingOfWhatIsTooMuch) {
  Mocks mocks;
  mocks.SetFaults("delay=order=30,cart=30");
  GatewayOptions options{.workers = 4, .transport = GetParam(), .grace = "50ms"};
  options.extra =
      "bulkheads: {writes: {max_in_flight: 8, max_pending: 6}}\n"
      "overload: {max_queue_age: 5s}\n"
      "methods: {shop.cart.v1.Carts/AddItem: {bulkhead: writes}}\n";
  options.upstream = {"max_in_flight: 4", "max_pending: 6", "max_queue_age: 500ms"};
  Frontdesk gateway(mocks, options);
  Load reads(gateway.port(), 20, {.may_be_refused = true});
  Load writes(gateway.port(), 20, {.writes = true, .may_be_refused = true});
  const auto waiting = [&](const char* upstream) {
    return gateway.Metric(
        Cat("frontdesk_upstream_pending{upstream=\"", upstream, "\",for=\"room\"}"));
  };
  EXPECT_TRUE(Eventually([&] { return reads.refused > 100 && writes.refused > 100; }));
  EXPECT_TRUE(Eventually([&] { return waiting("order") > 0 && waiting("cart") > 0; }));
  EndUnder(gateway, reads, writes);
  EXPECT_GT(reads.answered, 0);
  EXPECT_EQ(mocks.Count("cart", "calls"), static_cast<uint64_t>(writes.answered));
}

// Breakers refuse, and let probes through meanwhile.
TEST_P(DrainOf, LosesNothingWhileABreakerIsOpen) {
  Mocks mocks;
  mocks.SetFaults("fail=cart=UNAVAILABLE");
  GatewayOptions options{.workers = 4, .transport = GetParam(), .grace = "50ms"};
  options.extra =
      "methods: {shop.cart.v1.Carts/AddItem: {breaker: {consecutive_failures: 5, open_time: 20ms, "
      "max_open_time: 20ms}}}\n";
  Frontdesk gateway(mocks, options);
  Load reads(gateway.port(), 8);
  Load writes(gateway.port(), 8, {.writes = true, .may_be_refused = true});
  const std::string rpc = R"({grpc_service="shop.cart.v1.Carts",grpc_method="AddItem"})";
  EXPECT_TRUE(Eventually([&] {
    return gateway.Metric(Cat("frontdesk_upstream_breaker_refused_total", rpc)) > 100 &&
           gateway.Metric(Cat("frontdesk_upstream_breaker_opened_total", rpc)) > 2 &&
           reads.answered > 100;
  }));
  EndUnder(gateway, reads, writes);
  EXPECT_EQ(writes.answered, 0);
}

INSTANTIATE_TEST_SUITE_P(Transports, DrainOf, ::testing::Values("h2", "grpc"),
                         [](const auto& transport) { return std::string(transport.param); });

// Until the grace is over a balancer may not have heard: new connections are still served, and told
// that each is the last request of its connection.
TEST(Drain, TheListenerStaysOpenForTheGrace) {
  Mocks mocks;
  Frontdesk gateway(mocks, {.workers = 4, .grace = "60s"});
  gateway.process().Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] { return Fetch(gateway.admin(), "GET", "/readyz").status == 503; }));
  for (int i = 0; i < 50; ++i) {
    const RawResponse response = Fetch(gateway.port(), "GET", "/api/v1/orders/order-1");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Header("connection"), "close");
  }
  EXPECT_EQ(Fetch(gateway.port(), "GET", "/readyz").status, 503);
  EXPECT_EQ(Fetch(gateway.port(), "GET", "/healthz").status, 200);
  gateway.process().Signal(SIGTERM);  // ends the grace
  EXPECT_EQ(gateway.process().Wait(milliseconds(20000)), 0);
  EXPECT_FALSE(RawClient(gateway.port()).connected());
}

TEST(Drain, IdleConnectionsDoNotHoldItUp) {
  Mocks mocks;
  Frontdesk gateway(mocks, {.workers = 4, .grace = "60s"});
  std::deque<RawClient> clients;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back(gateway.port());
    if (i % 5 == 0) continue;  // never asked anything
    clients.back().Send(RequestText("GET", "/api/v1/orders/order-1"));
    EXPECT_EQ(clients.back().Read().value_or(RawResponse()).status, 200);
  }
  gateway.process().Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] { return Fetch(gateway.admin(), "GET", "/readyz").status == 503; }));
  // Who asks once more is answered and told to go, as soon as its worker has heard of it.
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(Eventually([&] {
      clients[i].Send(RequestText("GET", "/api/v1/orders/order-2"));
      const RawResponse last = clients[i].Read().value_or(RawResponse());
      EXPECT_EQ(last.status, 200);
      return last.status != 200 || last.Header("connection") == "close";
    }));
  }
  gateway.process().Signal(SIGTERM);  // ends the grace
  for (RawClient& client : clients) EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(gateway.process().Wait(milliseconds(20000)), 0);
}

// A head that never ends is no request in flight that one waits for: its own deadline is longer.
TEST(Drain, EndsWithinItsTimeout) {
  Mocks mocks;
  mocks.SetFaults("delay=order=60000");
  GatewayOptions options{.grace = "50ms\n  timeout: 500ms"};
  Frontdesk gateway(mocks, options);
  RawClient half(gateway.port());
  half.Send("GET /api/v1/orders/order-1 HTTP/1.1\r\nhost: a\r\n");
  RawClient waits(gateway.port());
  waits.Send(RequestText("GET", "/api/v1/orders/order-1"));
  ASSERT_TRUE(Eventually([&] { return mocks.Count("order", "in_flight") == 1; }));
  gateway.process().Signal(SIGTERM);
  EXPECT_EQ(gateway.process().Wait(milliseconds(8000)), 0) << gateway.process().Stderr();
  // The call did not outlive the gateway.
  EXPECT_TRUE(Eventually([&] { return mocks.Count("order", "in_flight") == 0; }));
}

TEST(Drain, WhatIsInFlightFinishesAndTheWaitIsBounded) {
  Mocks mocks;
  mocks.SetFaults("delay=order=700,user=60000");
  Frontdesk gateway(mocks, {.extra = ""});
  RawClient finishes(gateway.port());
  finishes.Send(RequestText("GET", "/api/v1/orders/order-1"));
  while (mocks.Count("order", "in_flight") == 0) {
  }
  gateway.process().Signal(SIGTERM);
  const std::optional<RawResponse> response = finishes.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->Header("connection"), "close");
  EXPECT_EQ(gateway.process().Wait(milliseconds(20000)), 0);
}

TEST(Drain, ASecondSignalDoesNotWait) {
  Mocks mocks;
  mocks.SetFaults("delay=order=60000");
  Frontdesk gateway(mocks);
  RawClient waits(gateway.port());
  waits.Send(RequestText("GET", "/api/v1/orders/order-1"));
  while (mocks.Count("order", "in_flight") == 0) {
  }
  gateway.process().Signal(SIGTERM);
  while (Fetch(gateway.admin(), "GET", "/readyz").status == 200) {
  }
  gateway.process().Signal(SIGTERM);  // ends the grace
  std::this_thread::sleep_for(milliseconds(300));
  gateway.process().Signal(SIGTERM);  // ends the wait for what is in flight
  EXPECT_EQ(gateway.process().Wait(milliseconds(10000)), 0) << gateway.process().Stderr();
}

TEST(Health, OnBothPorts) {
  Mocks mocks;
  Frontdesk gateway(mocks);
  for (const uint16_t port : {gateway.port(), gateway.admin()}) {
    for (const char* path : {"/healthz", "/health", "/readyz"}) {
      EXPECT_EQ(Fetch(port, "GET", path).status, 200) << path;
    }
  }
  EXPECT_EQ(Fetch(gateway.port(), "GET", "/metrics").status, 404);
}

TEST(Metrics, CountRequestsAndCalls) {
  Mocks mocks;
  Frontdesk gateway(mocks, {.workers = 4});
  for (int i = 0; i < 8; ++i) Fetch(gateway.port(), "GET", "/api/v1/orders/order-1");
  Fetch(gateway.port(), "GET", "/nowhere");
  const std::string text = Fetch(gateway.admin(), "GET", "/metrics").body;
  for (const char* line :
       {"http_server_request_duration_seconds_count{http_request_method=\"GET\",http_route=\"/api/"
        "v1/orders/{order_id}\",http_response_status_code=\"200\"} 8\n",
        "http_route=\"none\",http_response_status_code=\"404\"} 1\n",
        "grpc_client_started_total{grpc_service=\"shop.order.v1.Orders\",grpc_method=\"GetOrder\","
        "grpc_type=\"unary\"} 8\n",
        "grpc_code=\"OK\"} 8\n", "http_server_active_requests 0\n", "frontdesk_build_info{"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

}  // namespace
}  // namespace frontdesk::e2e
