// mock_call: asks the mock back ends directly, over plain gRPC and without the gateway.
//
//   mock_call PORT /package.Service/Method < request.bin > reply.bin
//       One call, wire bytes in and out; a failure's code and message go to stderr.
//   mock_call --order order-1 --sequential [--base-port 50051]
//       The seven calls of the order's details one after another, as a client without a gateway
//       would make them; prints how many milliseconds they took.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "shop/inventory/v1/inventory.pb.h"
#include "shop/order/v1/order.pb.h"
#include "shop/payment/v1/payment.pb.h"
#include "shop/product/v1/product.pb.h"
#include "shop/review/v1/review.pb.h"
#include "shop/shipping/v1/shipping.pb.h"
#include "shop/user/v1/user.pb.h"

namespace frontdesk::mock {
namespace {

grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                  const std::string& request, std::string* reply) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  grpc::CompletionQueue queue;
  grpc::Slice slice(request);
  const grpc::ByteBuffer out(&slice, 1);
  auto call = stub.PrepareUnaryCall(&context, path, out, &queue);
  grpc::ByteBuffer in;
  grpc::Status status;
  call->StartCall();
  call->Finish(&in, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  std::vector<grpc::Slice> slices;
  if (status.ok() && in.Dump(&slices).ok()) {
    for (const grpc::Slice& part : slices) {
      reply->append(reinterpret_cast<const char*>(part.begin()), part.size());
    }
  }
  return status;
}

std::shared_ptr<grpc::Channel> Connect(int port) {
  return grpc::CreateChannel(Cat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
}

// Asks back ends by their place in the order of ports; remembers the first failure.
class Shop {
 public:
  explicit Shop(int base_port) {
    for (int i = 0; i < 7; ++i) channels_.push_back(Connect(base_port + i));
  }
  bool WaitUntilConnected() {
    const auto limit = std::chrono::system_clock::now() + std::chrono::seconds(5);
    for (const auto& channel : channels_) {
      if (!channel->WaitForConnected(limit)) return false;
    }
    return true;
  }
  template <class Reply, class Request>
  Reply Ask(size_t place, const std::string& path, const Request& request) {
    Reply reply;
    if (!failure_.ok()) return reply;
    std::string bytes;
    failure_ = Call(channels_[place], path, request.SerializeAsString(), &bytes);
    reply.ParseFromString(bytes);
    return reply;
  }
  const grpc::Status& failure() const { return failure_; }

 private:
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  grpc::Status failure_;
};

void AskAll(Shop& shop, const std::string& order_id) {
  ::shop::order::v1::GetOrderRequest get;
  get.set_order_id(order_id);
  const auto order = shop.Ask<::shop::order::v1::Order>(1, "/shop.order.v1.Orders/GetOrder", get);
  ::shop::user::v1::GetUserRequest user;
  user.set_user_id(order.user_id());
  shop.Ask<::shop::user::v1::User>(0, "/shop.user.v1.Users/GetUser", user);
  ::shop::payment::v1::GetByOrderRequest payment;
  payment.set_order_id(order_id);
  shop.Ask<::shop::payment::v1::Payment>(2, "/shop.payment.v1.Payments/GetByOrder", payment);
  ::shop::shipping::v1::GetByOrderRequest shipment;
  shipment.set_order_id(order_id);
  shop.Ask<::shop::shipping::v1::Shipment>(5, "/shop.shipping.v1.Shipping/GetByOrder", shipment);
  ::shop::product::v1::BatchGetRequest products;
  ::shop::inventory::v1::BatchGetRequest stocks;
  for (const auto& line : order.lines()) {
    products.add_ids(line.product_id());
    stocks.add_ids(line.product_id());
  }
  shop.Ask<::shop::product::v1::BatchGetResponse>(3, "/shop.product.v1.Products/BatchGet",
                                                  products);
  shop.Ask<::shop::inventory::v1::BatchGetResponse>(4, "/shop.inventory.v1.Inventory/BatchGet",
                                                    stocks);
  ::shop::review::v1::ListByOrderRequest reviews;
  reviews.set_order_id(order_id);
  shop.Ask<::shop::review::v1::ListByOrderResponse>(6, "/shop.review.v1.Reviews/ListByOrder",
                                                    reviews);
}

int Report(const grpc::Status& status) {
  if (status.ok()) return 0;
  std::cerr << "mock_call: code " << status.error_code() << ": " << status.error_message() << "\n";
  return 1;
}

int AskSequentially(int base_port, const std::string& order_id) {
  Shop shop(base_port);
  if (!shop.WaitUntilConnected()) {
    std::cerr << "mock_call: no back ends from 127.0.0.1:" << base_port << " on\n";
    return 1;
  }
  const auto start = std::chrono::steady_clock::now();
  AskAll(shop, order_id);
  const auto took = std::chrono::steady_clock::now() - start;
  std::cout << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << std::endl;
  return Report(shop.failure());
}

int CallOnce(int port, const std::string& path) {
  const std::string request{std::istreambuf_iterator<char>(std::cin), {}};
  std::string reply;
  const grpc::Status status = Call(Connect(port), path, request, &reply);
  std::cout << reply << std::flush;
  return Report(status);
}

int Main(const std::vector<std::string>& arguments) {
  std::string order_id;
  bool sequential = false;
  int base_port = 50051;
  std::vector<std::string> rest;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool more = i + 1 < arguments.size();
    if (arguments[i] == "--sequential") {
      sequential = true;
    } else if (arguments[i] == "--order" && more) {
      order_id = arguments[++i];
    } else if (arguments[i] == "--base-port" && more) {
      base_port = std::atoi(arguments[++i].c_str());
    } else {
      rest.push_back(arguments[i]);
    }
  }
  if (sequential && !order_id.empty() && rest.empty()) return AskSequentially(base_port, order_id);
  if (rest.size() == 2) return CallOnce(std::atoi(rest[0].c_str()), rest[1]);
  std::cerr << "usage: mock_call --order ID --sequential [--base-port N]\n"
               "       mock_call PORT /package.Service/Method < request.bin > reply.bin\n";
  return 2;
}

}  // namespace
}  // namespace frontdesk::mock

int main(int argc, char** argv) { return frontdesk::mock::Main({argv + 1, argv + argc}); }
