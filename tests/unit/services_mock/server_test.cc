// The mock servers as a gRPC client sees them.
#include "services_mock/server.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "google/rpc/error_details.pb.h"

// Debian's gRPC is not instrumented, so TSan can't see how it hands our objects from thread to
// thread; there the mocks run as a process of their own.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FRONTDESK_TSAN 1
#endif
#endif

namespace frontdesk::mock {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

struct Result {
  grpc::Status status;
  std::string bytes;
  std::string backend;  // initial metadata x-mock-backend
};

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef FRONTDESK_TSAN
    GTEST_SKIP();
#else
    server_ = Server::Start(*backends_[1], faults_, 0);
    ASSERT_NE(server_, nullptr);
    channel_ =
        grpc::CreateChannel(Cat("127.0.0.1:", server_->port()), grpc::InsecureChannelCredentials());
#endif
  }

  struct Pending {
    grpc::ClientContext context;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
    grpc::ByteBuffer reply;
    Result result;
  };

  // Starts a call that ends in `queue_`.
  std::unique_ptr<Pending> Begin(const std::string& path, const std::string& request,
                                 const std::map<std::string, std::string>& metadata = {},
                                 milliseconds timeout = milliseconds(60'000)) {
    auto pending = std::make_unique<Pending>();
    pending->context.set_deadline(system_clock::now() + timeout);
    for (const auto& [key, value] : metadata) pending->context.AddMetadata(key, value);
    grpc::Slice slice(request);
    pending->reader = grpc::GenericStub(channel_).PrepareUnaryCall(
        &pending->context, path, grpc::ByteBuffer(&slice, 1), &queue_);
    pending->reader->StartCall();
    pending->reader->Finish(&pending->reply, &pending->result.status, pending.get());
    return pending;
  }
  // Waits until some call has ended.
  void End() {
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue_.Next(&tag, &ok));
    auto* pending = static_cast<Pending*>(tag);
    std::vector<grpc::Slice> slices;
    if (pending->result.status.ok() && pending->reply.Dump(&slices).ok()) {
      for (const grpc::Slice& slice : slices) {
        pending->result.bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
      }
    }
    for (const auto& [key, value] : pending->context.GetServerInitialMetadata()) {
      if (key == "x-mock-backend") pending->result.backend.assign(value.data(), value.size());
    }
  }
  Result Call(const std::string& path, const std::string& request,
              const std::map<std::string, std::string>& metadata = {},
              milliseconds timeout = milliseconds(60'000)) {
    const auto pending = Begin(path, request, metadata, timeout);
    End();
    return pending->result;
  }
  static std::string OrderId(const std::string& id) {
    order_v1::GetOrderRequest request;
    request.set_order_id(id);
    return request.SerializeAsString();
  }

  const std::string get_order_ = "/shop.order.v1.Orders/GetOrder";
  World world_;
  std::vector<std::unique_ptr<Backend>> backends_ = MakeBackends(world_);
  Faults faults_{FaultRules()};
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  grpc::CompletionQueue queue_;
};

TEST_F(ServerTest, Answers) {
  const Result result = Call(get_order_, OrderId("order-1"));
  ASSERT_TRUE(result.status.ok()) << result.status.error_message();
  order_v1::Order order;
  ASSERT_TRUE(order.ParseFromString(result.bytes));
  EXPECT_EQ(order.id(), "order-1");
  EXPECT_EQ(result.backend, "order");
}

TEST_F(ServerTest, DetailsTravelInTheirTrailer) {
  const Result result = Call(get_order_, OrderId("order-0"));
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::NOT_FOUND);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(result.status.error_details()));
  EXPECT_EQ(details.code(), 5);
  google::rpc::ResourceInfo resource;
  ASSERT_EQ(details.details_size(), 2);
  ASSERT_TRUE(details.details(1).UnpackTo(&resource));
  EXPECT_EQ(resource.resource_name(), "order-0");
}

TEST_F(ServerTest, Failures) {
  struct Row {
    std::string path;
    std::string request;
    std::map<std::string, std::string> metadata;
    grpc::StatusCode code;
  };
  const Row rows[] = {
      {"/shop.order.v1.Orders/Nothing", "", {}, grpc::StatusCode::UNIMPLEMENTED},
      {"/shop.user.v1.Users/GetUser", "", {}, grpc::StatusCode::UNIMPLEMENTED},
      {"/", "", {}, grpc::StatusCode::UNIMPLEMENTED},
      {get_order_, "", {}, grpc::StatusCode::INVALID_ARGUMENT},
      {get_order_, "\xff\xff\xff", {}, grpc::StatusCode::INTERNAL},
      {get_order_, OrderId("order-1"), {{"x-mock-fail", "ABORTED"}}, grpc::StatusCode::ABORTED},
      {get_order_, OrderId("order-1"), {{"x-mock-fail", "user=ABORTED"}}, grpc::StatusCode::OK},
      {get_order_, OrderId("order-1"), {{"x-mock-fail", "no"}}, grpc::StatusCode::INVALID_ARGUMENT},
      {get_order_,
       OrderId("order-1"),
       {{"x-mock-delay-ms", "-1"}},
       grpc::StatusCode::INVALID_ARGUMENT},
      {get_order_, OrderId("order-1"), {{"x-mock-delay-ms", "1"}}, grpc::StatusCode::OK},
      {get_order_,
       OrderId("order-1"),
       {{"x-mock-delay-ms", "order=1"}, {"x-mock-fail", "14"}},
       grpc::StatusCode::UNAVAILABLE},
  };
  uint64_t failed = 0;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.path);
    EXPECT_EQ(Call(row.path, row.request, row.metadata).status.error_code(), row.code);
    if (row.code != grpc::StatusCode::OK) ++failed;
  }
  server_->Stop(system_clock::now());
  const Tally tally = backends_[1]->counters().Read();
  EXPECT_EQ(tally.calls, std::size(rows));
  EXPECT_EQ(tally.failed, failed);
  EXPECT_EQ(tally.in_flight, 0u);
  EXPECT_EQ(tally.methods.at("/"), 1u);
}

TEST_F(ServerTest, ADelayedCallEndsWhenItsCallerLeaves) {
  const Result result =
      Call(get_order_, OrderId("order-1"), {{"x-mock-delay-ms", "600000"}}, milliseconds(50));
  EXPECT_EQ(result.status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // Returns only when no call is left, so nothing waits for ten minutes.
  server_->Stop(system_clock::now() + std::chrono::seconds(30));
  const Tally tally = backends_[1]->counters().Read();
  EXPECT_EQ(tally.cancelled, 1u);
  EXPECT_EQ(tally.in_flight, 0u);
}

TEST_F(ServerTest, ManyCallsAtOnceSomeCancelled) {
  constexpr int kCalls = 400;
  std::vector<std::unique_ptr<Pending>> calls;
  for (int i = 0; i < kCalls; ++i) {
    const char* delay = i % 4 == 0 ? "0" : i % 4 == 1 ? "1" : "600000";
    calls.push_back(Begin(get_order_, OrderId(Cat("order-", i + 1)), {{"x-mock-delay-ms", delay}}));
    if (i % 4 >= 2) calls.back()->context.TryCancel();
  }
  for (int i = 0; i < kCalls; ++i) End();
  int right = 0;
  for (int i = 0; i < kCalls; ++i) {
    const auto want = i % 4 < 2 ? grpc::StatusCode::OK : grpc::StatusCode::CANCELLED;
    if (calls[i]->result.status.error_code() == want) ++right;
  }
  EXPECT_EQ(right, kCalls);
  server_->Stop(system_clock::now() + std::chrono::seconds(30));
  EXPECT_EQ(backends_[1]->counters().Read().in_flight, 0u);
}

TEST_F(ServerTest, StopCancelsWhatIsLeft) {
  const auto pending = Begin(get_order_, OrderId("order-1"), {{"x-mock-delay-ms", "600000"}});
  while (backends_[1]->counters().Read().in_flight == 0) std::this_thread::yield();
  server_->Stop(system_clock::now());
  End();
  EXPECT_FALSE(pending->result.status.ok());
  EXPECT_EQ(backends_[1]->counters().Read().in_flight, 0u);
}

TEST_F(ServerTest, APortIsNotShared) {
  EXPECT_EQ(Server::Start(*backends_[0], faults_, server_->port()), nullptr);
}

TEST_F(ServerTest, ArrivalsShowMetadataAndTimeLeft) {
  Call(get_order_, OrderId("order-1"), {{"x-request-id", "abc"}});
  const std::vector<Arrival> arrivals = backends_[1]->counters().Arrivals();
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].path, get_order_);
  EXPECT_GT(arrivals[0].timeout_ms, 0);
  EXPECT_LE(arrivals[0].timeout_ms, 61'000);  // gRPC rounds what is left up on the wire
  bool found = false;
  for (const auto& [key, value] : arrivals[0].metadata) {
    found = found || (key == "x-request-id" && value == "abc");
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace frontdesk::mock
