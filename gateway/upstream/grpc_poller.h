// The threads on which gRPC C++ works for us. Its own, of the callback API, sleep for a tenth of a
// second when there was nothing to do for a second, and what comes meanwhile waits for them.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace frontdesk::upstream {

// What an operation of the library ends with.
class GrpcTag {
 public:
  virtual ~GrpcTag() = default;
  // Once, on a thread of the poller's. Holds no poller.
  virtual void Told(bool ok) = 0;
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

  // Its tags are those of Begin(). Operations may be started by any thread.
  grpc::CompletionQueue* queue() { return &queue_; }
  // For the library. Told() sees what was written before.
  void* Begin(GrpcTag* tag) {
    begun_.fetch_add(1, std::memory_order_release);
    return tag;
  }

  // Tells, once and from a thread of the poller's, that the channel's state is no longer `from` or
  // that a tenth of a second is over. `told` holds no poller. Any thread.
  void Watch(grpc::Channel& channel, grpc_connectivity_state from, std::function<void()> told);
  // Tells so, once and from a thread of the poller's, behind what stands in its queue by then; what
  // a thread of the library's or of the poller's has in hand may come later. `told` holds no
  // poller. Any thread.
  void Tell(std::function<void()> told);

 private:
  void Run();

  grpc::CompletionQueue queue_;
  // Hands tags over. The library does so as well, but unseen by those who look at threads.
  std::atomic<uint64_t> begun_{0};
  std::vector<std::thread> threads_;
};

}  // namespace frontdesk::upstream
