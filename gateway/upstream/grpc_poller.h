// The threads on which gRPC C++ works for us. Its own, of the callback API, sleep for a tenth of a
// second when there was nothing to do for a second, and what comes meanwhile waits for them.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace frontdesk::upstream {

// What an operation of the library ends with.
class GrpcTag {
 public:
  virtual ~GrpcTag() = default;
  // For the library. What was written before is seen by Told().
  void* Begin() {
    under_way_.store(true, std::memory_order_release);
    return this;
  }
  void End(bool ok) {
    under_way_.exchange(false, std::memory_order_acquire);
    Told(ok);
  }

 protected:
  // Once, on a thread of the poller's. Holds no poller.
  virtual void Told(bool ok) = 0;

 private:
  // The library orders these as well, but unseen by those who look at threads.
  std::atomic<bool> under_way_{false};
};

class GrpcPoller {
 public:
  // The one of this process, for as long as somebody holds it. Any thread.
  static std::shared_ptr<GrpcPoller> Get();

  GrpcPoller();
  // Waits until all have been told: operations are cancelled before, a watch is over soon.
  ~GrpcPoller();
  GrpcPoller(const GrpcPoller&) = delete;
  GrpcPoller& operator=(const GrpcPoller&) = delete;

  // Its tags are of GrpcTag::Begin(). Operations may be started by any thread.
  grpc::CompletionQueue* queue() { return &queue_; }

  // Tells, once and from a thread of the poller's, that the channel's state is no longer `from` or
  // that a tenth of a second is over. `told` holds no poller. Any thread.
  void Watch(grpc::Channel& channel, grpc_connectivity_state from, std::function<void()> told);

 private:
  void Run();

  grpc::CompletionQueue queue_;
  std::vector<std::thread> threads_;
};

}  // namespace frontdesk::upstream
