// Our client against gRPC C++'s own server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "gateway/base/failure.h"
#include "gateway/upstream/channels.h"
#include "tests/support/run_on_loop.h"
#include "tests/unit/upstream/grpc_server.h"

namespace frontdesk::upstream {
namespace {

using ::testing::Contains;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class RealServer : public ::testing::Test {
 protected:
  RealServer() {
    method_.service = "shop.order.v1.Orders";
    method_.name = "GetOrder";
    method_.full_name = "shop.order.v1.Orders.GetOrder";
    method_.path = "/shop.order.v1.Orders/GetOrder";
  }

  absl::StatusOr<UnaryReply> Call(GrpcServer& server, std::string_view request,
                                  const CallOptions& options = CallOptions()) {
    UpstreamSettings settings;
    settings.name = "orders";
    settings.transport = transport_;
    settings.services = {method_.service};
    settings.endpoints = {server.address()};
    Clusters clusters({settings}, loop_.Now());
    Channels channels(
        loop_, clusters, [] { return 0.5; }, nullptr);
    CallContext context{loop_, cancel_, TimePoint::max(), metadata_};
    return testing_support::RunOnLoop(loop_, channels.Unary(context, method_, request, options));
  }

  Loop loop_;
  Cancellation cancel_;
  contract::MethodName method_;
  Metadata metadata_;
  TransportKind transport_ = TransportKind::kH2;
};

TEST_F(RealServer, AnswersAUnaryCall) {
  ServedCall seen;
  GrpcServer server([&](const ServedCall& call) {
    seen = call;
    ServedAnswer answer;
    answer.messages = {"the order " + call.request};
    answer.headers = {{"x-zone", "b"}, {"x-raw-bin", std::string("\0\xff\x01", 3)}};
    answer.trailers = {{"x-cost", "7"}};
    return answer;
  });
  metadata_ = {{"x-request-id", "r-1"}, {"x-key-bin", std::string("\x00\x80", 2)}, {"te", "bad"}};
  CallOptions options;
  options.timeout = std::chrono::seconds(9);
  const auto reply = Call(server, "order-1", options);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->message, "the order order-1");
  EXPECT_THAT(
      reply->headers,
      UnorderedElementsAre(Pair("x-zone", "b"), Pair("x-raw-bin", std::string("\0\xff\x01", 3))));
  EXPECT_THAT(reply->trailers, UnorderedElementsAre(Pair("x-cost", "7")));
  EXPECT_EQ(seen.method, method_.path);
  EXPECT_EQ(seen.request, "order-1");
  EXPECT_THAT(seen.metadata, Contains(Pair("x-request-id", "r-1")));
  EXPECT_THAT(seen.metadata, Contains(Pair("x-key-bin", std::string("\x00\x80", 2))));
  EXPECT_LE(seen.timeout, std::chrono::seconds(9));
  EXPECT_GT(seen.timeout, std::chrono::seconds(6));
}

// A key that a client sent and that is passed on is not its calls' own.
TEST_F(RealServer, GetsOneIdempotencyKey) {
  std::string keys;
  GrpcServer server([&](const ServedCall& call) {
    keys.clear();
    for (const auto& [name, value] : call.metadata) {
      if (name == kIdempotencyKey || name == "x-a") keys += value + ' ';
    }
    ServedAnswer answer;
    answer.messages = {"done"};
    return answer;
  });
  metadata_ = {{"idempotency-key", "theirs"}, {"x-a", "b"}};
  for (const TransportKind transport : {TransportKind::kH2, TransportKind::kGrpc}) {
    SCOPED_TRACE(transport == TransportKind::kH2);
    transport_ = transport;
    CallOptions options;
    EXPECT_TRUE(Call(server, "", options).ok());
    EXPECT_EQ(keys, "theirs b ");
    options.idempotency_key = "derived";
    EXPECT_TRUE(Call(server, "", options).ok());
    EXPECT_EQ(keys, "derived b ");
  }
}

// It is configured where back ends are.
TEST_F(RealServer, IsNotLookedForBehindAProxyOfTheEnvironment) {
  GrpcServer server([](const ServedCall& call) {
    ServedAnswer answer;
    answer.messages = {call.request};
    return answer;
  });
  ASSERT_EQ(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
  for (const TransportKind transport : {TransportKind::kH2, TransportKind::kGrpc}) {
    SCOPED_TRACE(transport == TransportKind::kH2);
    transport_ = transport;
    const auto reply = Call(server, "hello");
    EXPECT_TRUE(reply.ok()) << reply.status();
  }
  ASSERT_EQ(unsetenv("http_proxy"), 0);
}

TEST_F(RealServer, GivesTheBackEndsStatus) {
  GrpcServer server([](const ServedCall&) {
    ServedAnswer answer;
    answer.status = grpc::Status(grpc::StatusCode::NOT_FOUND, "no order \"é\" 100%\n", "detail");
    return answer;
  });
  const auto reply = Call(server, "");
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(reply.status().message(), "no order \"é\" 100%\n");
  EXPECT_EQ(DetailsOf(reply.status()), "detail");
  EXPECT_EQ(OriginOf(reply.status()), Origin::kUpstream);
  EXPECT_EQ(ReasonOf(reply.status()), "NOT_FOUND");
}

TEST_F(RealServer, CarriesLargeMessages) {
  GrpcServer server([](const ServedCall& call) {
    ServedAnswer answer;
    answer.messages = {call.request};
    return answer;
  });
  for (const size_t size : {size_t{0}, size_t{16384}, size_t{65536}, size_t{4} << 20}) {
    std::string request(size, 'x');
    for (size_t i = 0; i < size; i += 97) request[i] = static_cast<char>(i * 31);
    const auto reply = Call(server, request);
    ASSERT_TRUE(reply.ok()) << size << ": " << reply.status();
    EXPECT_TRUE(reply->message == request) << size;
  }
}

TEST_F(RealServer, RefusesMoreThanOneMessage) {
  GrpcServer server([](const ServedCall&) {
    ServedAnswer answer;
    answer.messages = {"one", "two"};
    return answer;
  });
  const auto reply = Call(server, "");
  EXPECT_EQ(reply.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ReasonOf(reply.status()), "UPSTREAM_PROTOCOL");
}

}  // namespace
}  // namespace frontdesk::upstream
