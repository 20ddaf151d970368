// Generated clients in a program that is not the gateway: threads with loops, and the connections
// of each. Calls are protected as the contract says that the clients were generated from; what
// UpstreamSettings::methods says of a method holds instead of all that.
//
//   client::Runtime runtime({.upstreams = {{.name = "orders",
//                                           .services = {"shop.order.v1.Orders"},
//                                           .endpoints = {"127.0.0.1:50051"}}}});
//   auto order = runtime.Call(&OrdersClient::GetOrder, request).get();
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/loop.h"
#include "gateway/base/task.h"
#include "gateway/client/future.h"
#include "gateway/observe/mistake.h"
#include "gateway/upstream/call_context.h"
#include "gateway/upstream/caller.h"
#include "gateway/upstream/cluster_view.h"
#include "gateway/upstream/control_loop.h"
#include "gateway/upstream/settings.h"

namespace prometheus {
class Collectable;
}

namespace frontdesk::client {

struct RuntimeOptions {
  // Every service that is called, and where it is.
  std::vector<upstream::UpstreamSettings> upstreams;
  size_t loops = 1;
  // How the names of end points are looked up.
  upstream::DnsSettings dns;
  // What makes the calls of a loop instead of connections to `upstreams`: a fake, in tests.
  std::function<std::unique_ptr<upstream::Caller>(Loop&)> make_caller;
};

struct CallSettings {
  Duration timeout = Duration::max();
  upstream::Metadata metadata;
};

// Owns its threads; outlives every call. Every member may be called from any thread, but the
// destructor not from a loop's.
class Runtime {
 public:
  explicit Runtime(RuntimeOptions options);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  // Cancels what is under way (CANCELLED, reason CLIENT_STOPPED) and waits for its end.
  ~Runtime();

  // One call of a generated client. `request` may go when this returns.
  template <class Client, class Reply, class Request>
  Future<Reply> Call(Task<absl::StatusOr<Reply>> (Client::*method)(upstream::CallContext&,
                                                                   const Request&) const,
                     const Request& request, CallSettings settings = {});

  // A coroutine of the caller's own, on a loop: several calls at once, say, by Together() of
  // base/together.h. `start` is called there, once, with what the calls need. An exception of it is
  // logged, and the answer INTERNAL.
  template <class T>
  Future<T> Start(
      std::function<Task<absl::StatusOr<T>>(upstream::CallContext&, upstream::Caller&)> start,
      CallSettings settings = {});

  // Calls under way.
  size_t running() const { return running_.load(); }
  // How every upstream does at this moment: its end points, and the methods called so far, each
  // with its breaker: state, reason, time to the next probe.
  std::vector<upstream::ClusterView> Describe() const;
  // The same and the calls as metrics, with the names that a gateway has for them (grpc_client_*,
  // frontdesk_upstream_*), to be registered wherever the program's own are:
  // exposer.RegisterCollectable(runtime.metrics()). Collects on any thread, and may outlive this.
  // Both know nothing of calls that RuntimeOptions::make_caller makes.
  const std::shared_ptr<prometheus::Collectable>& metrics() const { return metrics_; }

 private:
  class Seen;   // what is known of upstreams and calls
  struct Lane;  // a loop, its thread and what makes its calls

  // Runs `work` on some loop with a context that lasts as long as the task.
  using Work = std::function<Task<void>(upstream::CallContext&, upstream::Caller&)>;
  void Post(Work work, CallSettings settings);
  static frontdesk::internal::Detached Drive(Runtime* self, Lane* lane, Work work,
                                             CallSettings settings);
  // `start`, and what it is called with, outlive the task.
  template <class T>
  static Task<void> Keep(const std::function<Task<absl::StatusOr<T>>(upstream::CallContext&,
                                                                     upstream::Caller&)>& start,
                         upstream::CallContext& context, upstream::Caller& caller,
                         std::shared_ptr<std::promise<absl::StatusOr<T>>> into) {
    std::optional<absl::StatusOr<T>> answer;
    try {
      Task<absl::StatusOr<T>> task = start(context, caller);
      answer.emplace(co_await std::move(task));
    } catch (...) {
      observe::LogMistake("a coroutine on a client's runtime");
      answer.emplace(observe::Mistake());
    }
    into->set_value(*std::move(answer));
  }

  const std::shared_ptr<Seen> seen_;
  const std::shared_ptr<prometheus::Collectable> metrics_;  // it
  std::unique_ptr<upstream::ControlLoop> control_;  // null when calls are made by something else
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<size_t> turn_{0};
  std::atomic<size_t> running_{0};
};

template <class T>
Future<T> Runtime::Start(
    std::function<Task<absl::StatusOr<T>>(upstream::CallContext&, upstream::Caller&)> start,
    CallSettings settings) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<T>>>();
  Future<T> future(promise->get_future());
  Post([promise, start = std::move(start)](
           upstream::CallContext& context,
           upstream::Caller& caller) { return Keep<T>(start, context, caller, promise); },
       std::move(settings));
  return future;
}

template <class Client, class Reply, class Request>
Future<Reply> Runtime::Call(Task<absl::StatusOr<Reply>> (Client::*method)(upstream::CallContext&,
                                                                          const Request&) const,
                            const Request& request, CallSettings settings) {
  return Start<Reply>(
      [method, request](upstream::CallContext& context, upstream::Caller& caller) {
        return (Client(caller).*method)(context, request);
      },
      std::move(settings));
}

}  // namespace frontdesk::client
