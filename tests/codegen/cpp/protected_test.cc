// Generated clients are protected as the gateway's own calls are, over both transports.
#include <gtest/gtest.h>

#include <atomic>

#include "gateway/base/failure.h"
#include "gateway/client/runtime.h"
#include "shop/order/v1/order.frontdesk.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk {
namespace {

using shop::order::v1::OrdersClient;
using testing_support::kEnd;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;
using upstream::TransportKind;

// Answers so many calls with UNAVAILABLE, and those after them.
class BackEnd {
 public:
  explicit BackEnd(int failures) : failures_(failures) {}

  std::string address() const { return server_.address(); }
  int calls() const { return calls_; }
  std::string last_attempts() const {
    const std::lock_guard lock(mutex_);
    return last_attempts_;
  }

 private:
  void Serve(ScriptedConnection& connection) {
    if (!connection.Handshake()) return;
    while (const auto request = connection.NextRequest()) {
      {
        const std::lock_guard lock(mutex_);
        last_attempts_ = request->Field("grpc-previous-rpc-attempts");
      }
      if (calls_++ < failures_) {
        connection.Headers(
            request->stream,
            {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "14"}},
            kEnd);
      } else {
        connection.Answer(request->stream, "");
      }
    }
  }

  const int failures_;
  std::atomic<int> calls_{0};
  mutable std::mutex mutex_;
  std::string last_attempts_;
  ScriptedH2Server server_{[this](ScriptedConnection& connection, int) { Serve(connection); }};
};

class Protected : public ::testing::TestWithParam<TransportKind> {
 protected:
  client::RuntimeOptions To(std::initializer_list<const BackEnd*> back_ends) {
    upstream::UpstreamSettings settings;
    settings.name = "orders";
    settings.services = {"shop.order.v1.Orders"};
    settings.transport = GetParam();
    for (const BackEnd* back_end : back_ends) settings.endpoints.emplace_back(back_end->address());
    client::RuntimeOptions options;
    options.upstreams = {settings};
    return options;
  }
};

TEST_P(Protected, AReadIsTriedAgain) {
  const BackEnd back_end(2);
  client::Runtime runtime(To({&back_end}));
  const auto order = runtime.Call(&OrdersClient::GetOrder, {}).get();
  EXPECT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(back_end.calls(), 3);
  // gRPC C++ keeps that header for itself.
  if (GetParam() == TransportKind::kH2) {
    EXPECT_EQ(back_end.last_attempts(), "2");
  }
}

TEST_P(Protected, AWriteIsMadeOnce) {
  const BackEnd back_end(1);
  client::Runtime runtime(To({&back_end}));
  const auto order = runtime.Call(&OrdersClient::CreateOrder, {}).get();
  EXPECT_EQ(order.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(back_end.calls(), 1);
}

TEST_P(Protected, TheEndPointThatFailsIsLeft) {
  const BackEnd bad(1 << 30);
  const BackEnd good(0);
  client::Runtime runtime(To({&bad, &good}));
  for (int i = 0; i < 50; ++i) {
    const auto order = runtime.Call(&OrdersClient::GetOrder, {}).get();
    EXPECT_TRUE(order.ok()) << order.status();
  }
  EXPECT_LE(bad.calls(), 5);
}

TEST_P(Protected, TheBreakerAnswersForABackEndThatIsDown) {
  const BackEnd bad(1 << 30);
  client::RuntimeOptions options = To({&bad});
  options.upstreams[0].breaker.open_time = options.upstreams[0].breaker.max_open_time =
      std::chrono::minutes(5);
  client::Runtime runtime(options);
  absl::Status last;
  for (int i = 0; i < 20; ++i) {
    last = runtime.Call(&OrdersClient::CreateOrder, {}).get().status();
    EXPECT_EQ(last.code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(ReasonOf(last), "UPSTREAM_BREAKER_OPEN");
  EXPECT_EQ(bad.calls(), 5);
}

INSTANTIATE_TEST_SUITE_P(Transports, Protected,
                         ::testing::Values(TransportKind::kH2, TransportKind::kGrpc),
                         [](const auto& transport) {
                           return transport.param == TransportKind::kH2 ? "h2" : "grpc";
                         });

}  // namespace
}  // namespace frontdesk
