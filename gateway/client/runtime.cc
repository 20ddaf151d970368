#include "gateway/client/runtime.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/upstream/channels.h"
#include "gateway/upstream/random.h"

namespace frontdesk::client {
namespace {

std::unique_ptr<upstream::Caller> Connect(Loop& loop, upstream::Clusters& clusters) {
  return std::make_unique<upstream::Channels>(loop, clusters, upstream::MakeRandom(), nullptr);
}

}  // namespace

absl::Status BlocksLoop() {
  return Failure(absl::StatusCode::kFailedPrecondition, "BLOCKS_LOOP",
                 "get() on the thread of a loop would wait for itself: await the client's task "
                 "instead",
                 Origin::kGateway);
}

// Everything but `loop.Post()` belongs to the thread, until it has ended.
struct Runtime::Lane {
  Loop loop;
  Cancellation cancel;
  std::unique_ptr<upstream::Caller> caller;
  size_t running = 0;
  std::thread thread;
};

Runtime::Runtime(RuntimeOptions options) : clusters_(options.upstreams, Clock::now()) {
  if (!options.make_caller) {
    control_ = std::make_unique<upstream::ControlLoop>(clusters_, options.dns);
  }
  for (size_t i = 0; i < std::max<size_t>(options.loops, 1); ++i) {
    Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>());
    lane.caller =
        options.make_caller ? options.make_caller(lane.loop) : Connect(lane.loop, clusters_);
    lane.thread = std::thread([&lane] {
      lane.loop.Run();
      lane.cancel.Cancel(Failure(absl::StatusCode::kCancelled, "CLIENT_STOPPED",
                                 "the client's runtime is being destroyed", Origin::kGateway));
      lane.loop.RunUntil([&lane] { return lane.running == 0; });
      lane.caller.reset();  // where its connections live
    });
  }
}

Runtime::~Runtime() {
  // Behind every call that was posted, so that none is forgotten.
  for (auto& lane : lanes_) lane->loop.Post([loop = &lane->loop] { loop->Stop(); });
  for (auto& lane : lanes_) lane->thread.join();
}

void Runtime::Post(Work work, CallSettings settings) {
  Lane* const lane = lanes_[turn_.fetch_add(1, std::memory_order_relaxed) % lanes_.size()].get();
  running_.fetch_add(1);
  lane->loop.Post([this, lane, work = std::move(work), settings = std::move(settings)]() mutable {
    Drive(this, lane, std::move(work), std::move(settings));
  });
}

frontdesk::internal::Detached Runtime::Drive(Runtime* self, Lane* lane, Work work,
                                             CallSettings settings) {
  ++lane->running;
  {
    Cancellation cancel(lane->cancel);
    upstream::CallContext context{.loop = lane->loop, .cancel = cancel};
    context.metadata = std::move(settings.metadata);
    const TimePoint now = lane->loop.Now();
    if (settings.timeout < TimePoint::max() - now) context.deadline = now + settings.timeout;
    Task<void> task = work(context, *lane->caller);
    co_await std::move(task);
  }
  // Before the count says so, for the destructor may be waiting for it.
  self->running_.fetch_sub(1);
  --lane->running;
}

}  // namespace frontdesk::client
