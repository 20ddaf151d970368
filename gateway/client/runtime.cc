#include "gateway/client/runtime.h"

#include <algorithm>
#include <map>

#include "gateway/base/failure.h"
#include "gateway/base/version.h"
#include "gateway/observe/metrics.h"
#include "gateway/upstream/call_metrics.h"
#include "gateway/upstream/channels.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/cluster_metrics.h"
#include "gateway/upstream/random.h"

namespace frontdesk::client {

class Runtime::Seen final : public prometheus::Collectable {
 public:
  explicit Seen(const std::vector<upstream::UpstreamSettings>& upstreams)
      : clusters(upstreams, Clock::now()), calls(kVersion, "") {}

  std::vector<upstream::ClusterView> Describe() const { return clusters.Describe(Clock::now()); }
  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> all = calls.CollectOfCalls();
    const upstream::ClusterMetrics states([this] { return Describe(); });
    for (prometheus::MetricFamily& family : states.Collect()) all.push_back(std::move(family));
    return all;
  }

  upstream::Clusters clusters;
  observe::Metrics calls;
};

absl::Status BlocksLoop() {
  return Failure(absl::StatusCode::kFailedPrecondition, "BLOCKS_LOOP",
                 "get() on the thread of a loop would wait for itself: await the client's task "
                 "instead",
                 Origin::kGateway);
}

// Everything but `loop.Post()` belongs to the thread, until it has ended.
struct Runtime::Lane {
  explicit Lane(Seen& runtime_seen) : seen(runtime_seen), shard(seen.calls.AddShard()) {}

  std::unique_ptr<upstream::Caller> Connect() {
    return std::make_unique<upstream::Channels>(
        loop, seen.clusters, upstream::MakeRandom(),
        [this](const contract::MethodName& method) { return &MetricsOf(method); });
  }
  upstream::CallMetrics& MetricsOf(const contract::MethodName& method) {
    const auto known = metrics.find(method.path);
    if (known != metrics.end()) return known->second;
    const observe::MethodId id = seen.calls.AddMethod(method.service, method.name, "unary");
    return metrics.try_emplace(method.path, id, shard).first->second;
  }

  Seen& seen;
  observe::MetricsShard& shard;
  std::map<std::string, upstream::CallMetrics> metrics;
  Loop loop;
  Cancellation cancel;
  std::unique_ptr<upstream::Caller> caller;
  size_t running = 0;
  std::thread thread;
};

Runtime::Runtime(RuntimeOptions options)
    : seen_(std::make_shared<Seen>(options.upstreams)), metrics_(seen_) {
  if (!options.make_caller) {
    control_ = std::make_unique<upstream::ControlLoop>(seen_->clusters, options.dns);
  }
  for (size_t i = 0; i < std::max<size_t>(options.loops, 1); ++i) {
    Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>(*seen_));
    lane.caller = options.make_caller ? options.make_caller(lane.loop) : lane.Connect();
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

std::vector<upstream::ClusterView> Runtime::Describe() const { return seen_->Describe(); }

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
