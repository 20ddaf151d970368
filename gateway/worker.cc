#include "gateway/worker.h"

#include <cstdlib>
#include <future>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/seed.h"
#include "gateway/observe/log.h"
#include "gateway/upstream/random.h"

namespace frontdesk {
namespace {

// Requests that were cancelled need a few turns to unwind, no more.
constexpr std::chrono::seconds kUnwind{5};
// Requests that go on without their clients, and undos, by worker.
constexpr size_t kMostDetached = 4096;

}  // namespace

MethodMetrics::MethodMetrics(const contract::Contract& contract,
                             const std::vector<observe::MethodId>& ids,
                             observe::MetricsShard& shard) {
  for (size_t i = 0; i < ids.size(); ++i) {
    methods_.try_emplace(contract.methods()[i].path, ids[i], shard);
  }
}

upstream::CallObserver* MethodMetrics::Of(const contract::MethodName& method) {
  const auto at = methods_.find(method.path);
  return at == methods_.end() ? nullptr : &at->second;
}

Worker::Worker(Shared& shared, http::ConnectionShare& connections, size_t index,
               http::Listener::Elsewhere elsewhere)
    : random_(upstream::MakeRandom()),
      shard_(shared.metrics.AddShard()),
      lateness_(shared.snapshot->overload.max_queue_age),
      call_metrics_(*shared.snapshot->contract, shared.method_ids, shard_),
      channels_(loop_, *shared.clusters, random_,
                [this](const contract::MethodName& method) { return call_metrics_.Of(method); }),
      scope_(kMostDetached, &shared.detached),
      gateway_(loop_, shared.snapshot, shared.code, channels_, shard_,
               shared.log ? &shared.log->AddChannel() : nullptr, shared.ready, scope_,
               {.idempotency = shared.idempotency,
                .in_flight = shared.in_flight,
                .authenticator = shared.authenticator,
                .bulkheads = shared.bulkheads,
                .lateness = lateness_,
                .random = random_,
                .limits = {LimitStore(shared), shared.limits}},
               SecretSeed()),
      listener_(loop_, gateway_, shared.snapshot->limits, connections, index,
                std::move(elsewhere)) {
  listener_.CountIn(shard_);
  listener_.Watch(lateness_);
  listener_.HoldIn(shared.in_flight.heads());
}

limit::Store* Worker::LimitStore(const Shared& shared) {
  if (!shared.shared_limits) return shared.limits_in_memory;
  return &shared_limits_.emplace(loop_, *shared.shared_limits, random_);
}

Worker::~Worker() = default;

void Worker::Start() {
  thread_ = std::thread([this] {
    loop_.Arm(*this, loop_.Now() + SpareMemory::kLook);
    loop_.Run();
    Disarm();
    listener_.Abort();
    scope_.Stop(Failure(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", "the gateway is stopping",
                        Origin::kGateway));
    channels_.Drain();
    const TimePoint limit = Clock::now() + kUnwind;
    const auto unwound = [&] {
      return listener_.connections() == 0 && scope_.running() == 0 && channels_.in_flight() == 0;
    };
    // At least one turn, in which idle connections say goodbye to their back ends; it waits for
    // nothing else.
    bool turned = false;
    loop_.Post([] {});
    loop_.RunUntil(
        [&] { return std::exchange(turned, true) && (unwound() || Clock::now() > limit); });
    if (!unwound()) {
      // Frames that never return hold what they wait for; leaving them is all that is left.
      observe::LogError("cancelled requests did not end; exiting at once");
      std::_Exit(EXIT_FAILURE);
    }
  });
}

void Worker::OnTimer() {
  loop_.Arm(*this, loop_.Now() + SpareMemory::kLook);
  listener_.DropUnusedBuffers();
  spare_memory_.Look();
}

void Worker::Post(std::function<void(Worker&)> work) {
  loop_.Post([this, work = std::move(work)] { work(*this); });
}

std::optional<size_t> Worker::AskConnections(std::chrono::milliseconds patience) {
  auto answer = std::make_shared<std::promise<size_t>>();
  std::future<size_t> future = answer->get_future();
  Post([answer](Worker& worker) { answer->set_value(worker.listener_.connections()); });
  if (future.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return future.get();
}

void Worker::Stop() { loop_.Stop(); }

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace frontdesk
