#include "gateway/upstream/grpc_poller.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "gateway/base/mutex.h"
#include "gateway/upstream/grpc_log.h"

namespace frontdesk::upstream {
namespace {

class WatchTag : public GrpcTag {
 public:
  explicit WatchTag(std::function<void()> told) : told_(std::move(told)) {}
  void Told(bool) final {
    const std::unique_ptr<WatchTag> self(this);
    told_();
  }

 private:
  const std::function<void()> told_;
};

// Of an alarm that goes off at once.
class AlarmTag final : public WatchTag {
 public:
  using WatchTag::WatchTag;
  grpc::Alarm alarm;
};

}  // namespace

std::shared_ptr<GrpcPoller> GrpcPoller::Get() {
  // Never destroyed: the last transport may be made while the process ends.
  static Mutex& mutex = *new Mutex;
  static std::weak_ptr<GrpcPoller>& one = *new std::weak_ptr<GrpcPoller>;
  MutexLock lock(mutex);
  std::shared_ptr<GrpcPoller> poller = one.lock();
  if (!poller) one = poller = std::make_shared<GrpcPoller>();
  return poller;
}

// Half of the cores: the other half has the loops for which they work.
GrpcPoller::GrpcPoller() {
  TakeGrpcLog();  // there is no channel without a poller
  const unsigned count = std::clamp(std::thread::hardware_concurrency() / 2, 1u, 16u);
  for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { Run(); });
}

GrpcPoller::~GrpcPoller() {
  queue_.Shutdown();
  for (std::thread& thread : threads_) thread.join();
}

void GrpcPoller::Watch(grpc::Channel& channel, grpc_connectivity_state from,
                       std::function<void()> told) {
  constexpr std::chrono::milliseconds kLongest(100);
  channel.NotifyOnStateChange(from, std::chrono::system_clock::now() + kLongest, &queue_,
                              Begin(new WatchTag(std::move(told))));
}

void GrpcPoller::Tell(std::function<void()> told) {
  auto* const tag = new AlarmTag(std::move(told));
  tag->alarm.Set(&queue_, gpr_inf_past(GPR_CLOCK_REALTIME), Begin(tag));
}

void GrpcPoller::Run() {
  void* tag = nullptr;
  for (bool ok = false; queue_.Next(&tag, &ok);) {
    begun_.load(std::memory_order_acquire);
    static_cast<GrpcTag*>(tag)->Told(ok);
  }
}

}  // namespace frontdesk::upstream
