// What the protection of calls costs: the same calls over a transport that answers in the next turn
// of the loop, bare and with the whole chain switched on.
#include <benchmark/benchmark.h>

#include <vector>

#include "gateway/upstream/attempt.h"
#include "gateway/upstream/channels.h"

namespace frontdesk::upstream {
namespace {

// Answers everything at the end of the turn in which it was asked.
class EchoTransport final : public Transport, private Flushable {
 public:
  explicit EchoTransport(Loop& loop) : loop_(loop) {}

  std::unique_ptr<OutgoingCall> Start(const CallSpec&, CallEvents& events) override {
    asked_.push_back(&events);
    loop_.FlushSoon(*this);
    ++live_;
    return std::make_unique<Call>(live_);
  }
  Readiness readiness() const override { return Readiness::kReady; }
  void Connect() override {}
  const absl::Status& last_failure() const override { return failure_; }
  size_t in_flight() const override { return live_; }
  size_t connections() const override { return 1; }
  void Drain() override {}

 private:
  struct Call final : OutgoingCall {
    explicit Call(size_t& count) : live(count) {}
    ~Call() override { --live; }
    void Send(std::string_view message, bool) override { benchmark::DoNotOptimize(message); }
    void Cancel() override {}
    size_t& live;
  };
  void Flush() override {
    std::vector<CallEvents*> asked;
    asked.swap(asked_);
    for (CallEvents* events : asked) {
      events->OnMessage("reply");
      events->OnDone(absl::OkStatus(), {});
    }
  }

  Loop& loop_;
  const absl::Status failure_;
  std::vector<CallEvents*> asked_;
  size_t live_ = 0;
};

constexpr int kAtOnce = 64;
const std::string kRequest(200, 'x');

struct Counts {
  int left = 0;
  int failed = 0;
};

internal::Detached CallBare(Loop* loop, Transport* transport, Counts* counts) {
  Cancellation cancel;
  CallSpec spec;
  spec.path = "/s.S/M";
  spec.deadline = loop->Now() + std::chrono::seconds(10);
  UnaryAttempt attempt(*transport, *loop, cancel, spec, kRequest);
  co_await attempt;
  if (!attempt.TakeResult().ok()) ++counts->failed;
  --counts->left;
}

internal::Detached CallProtected(Loop* loop, Channels* channels, const contract::MethodName* method,
                                 Counts* counts) {
  Cancellation cancel;
  CallContext context{*loop, cancel};
  context.deadline = loop->Now() + std::chrono::seconds(10);
  const CallOptions options;
  Task<absl::StatusOr<UnaryReply>> call = channels->Unary(context, *method, kRequest, options);
  const absl::StatusOr<UnaryReply> reply = co_await std::move(call);
  if (!reply.ok()) ++counts->failed;
  --counts->left;
}

void Finish(Loop& loop, const Counts& counts) {
  loop.Post([] {});
  loop.RunUntil([&] { return counts.left == 0; });
}

void Report(benchmark::State& state, const Counts& counts) {
  if (counts.failed > 0) state.SkipWithError("calls failed");
  state.SetItemsProcessed(state.iterations() * kAtOnce);
}

void Bare(benchmark::State& state) {
  Loop loop;
  EchoTransport transport(loop);
  Counts counts;
  for (auto _ : state) {
    counts.left = kAtOnce;
    for (int i = 0; i < kAtOnce; ++i) CallBare(&loop, &transport, &counts);
    Finish(loop, counts);
  }
  Report(state, counts);
}
BENCHMARK(Bare);

// Retries, budget, breakers of method and end point, outlier detection, the choice between
// `range(0)` end points, a limit of calls in flight, adaptive concurrency; `range(1)`: a hedge that
// waits for the observed 95th percentile, too.
void WholeChain(benchmark::State& state) {
  Loop loop;
  UpstreamSettings settings;
  settings.name = "s";
  settings.services = {"s.S"};
  for (int i = 1; i <= state.range(0); ++i) {
    settings.endpoints.emplace_back("127.0.0.1:" + std::to_string(i));
  }
  settings.max_in_flight = 1000;
  settings.adaptive.on = true;
  settings.adaptive.gradient.initial = settings.adaptive.gradient.min = 500;
  CallPolicy& policy = settings.methods["/s.S/M"];
  policy.breaker.slow_call = std::chrono::seconds(1);
  policy.hedge.on = state.range(1) != 0;
  policy.hedge.percentile = 95;
  policy.hedge.delay = std::chrono::seconds(1);
  settings.breaker = policy.breaker;
  Clusters clusters({settings}, loop.Now());
  uint32_t random = 1;
  Channels channels(
      loop, clusters,
      [&random] {
        random = random * 1664525 + 1013904223;
        return static_cast<double>(random) / 4294967296.0;
      },
      nullptr,
      [](Loop& on, const UpstreamSettings&, const EndpointTarget&, const Random&,
         Transport::Owner&) { return std::make_unique<EchoTransport>(on); });
  const contract::MethodName method("s.S", "M", contract::Idempotency::kNoSideEffects);
  Counts counts;
  for (auto _ : state) {
    counts.left = kAtOnce;
    for (int i = 0; i < kAtOnce; ++i) CallProtected(&loop, &channels, &method, &counts);
    Finish(loop, counts);
  }
  Report(state, counts);
}
BENCHMARK(WholeChain)->Args({1, 0})->Args({2, 0})->Args({8, 0})->Args({2, 1});

}  // namespace
}  // namespace frontdesk::upstream
