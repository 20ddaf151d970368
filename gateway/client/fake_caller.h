// Back ends that say what a test wants: for tests of code that is written with generated clients.
//
//   client::FakeCaller fake(loop);
//   fake.Reply("shop.order.v1.Orders/GetOrder", order);
//   OrdersClient orders(fake);
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/base/loop.h"
#include "gateway/upstream/caller.h"
#include "gateway/upstream/typed_call.h"

namespace frontdesk::client {

// One loop only; outlives its calls. A call of a method without a script is UNIMPLEMENTED, reason
// NO_SCRIPT. Deadlines and cancellation hold as with real back ends.
class FakeCaller final : public upstream::Caller {
 public:
  // The answer to a request, both as wire bytes.
  using Script = std::function<absl::StatusOr<std::string>(std::string_view request)>;

  explicit FakeCaller(Loop& loop) : loop_(loop) {}

  // What the method ("package.Service/Method") answers from now on, each time after `delay`.
  void Reply(std::string_view method, const google::protobuf::MessageLite& reply,
             Duration delay = Duration::zero());
  void Fail(std::string_view method, absl::Status status, Duration delay = Duration::zero());
  void Answer(std::string_view method, Script script, Duration delay = Duration::zero());

  // The requests that the method got, in order.
  template <class Request>
  std::vector<Request> Requests(std::string_view method) const {
    std::vector<Request> requests;
    for (const auto& [called, bytes] : seen_) {
      if (called == method) requests.emplace_back().ParseFromString(bytes);
    }
    return requests;
  }
  // Every call, in order: {"package.Service/Method", request}.
  const std::vector<std::pair<std::string, std::string>>& seen() const { return seen_; }

  Task<absl::StatusOr<upstream::UnaryReply>> Unary(upstream::CallContext& context,
                                                   const contract::MethodName& method,
                                                   std::string_view request,
                                                   const upstream::CallOptions& options) override;

 private:
  struct Scripted {
    Script script;
    Duration delay;
  };

  Loop& loop_;
  std::map<std::string, Scripted, std::less<>> scripts_;
  std::vector<std::pair<std::string, std::string>> seen_;
};

}  // namespace frontdesk::client
