// What the protection of calls costs: the same calls over a transport that answers in the next turn
// of the loop, bare and with the whole chain switched on. chains.sh adds the instructions.
#include <benchmark/benchmark.h>

#include <iterator>
#include <memory>
#include <string>
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

// One of the tables' rows; no end points: a bare transport.
struct With {
  const char* name;
  int endpoints = 0;
  bool hedge = false;  // one that waits for the observed 95th percentile
};

// Retries, budget, breakers of method and end point, outlier detection, the choice among end
// points, a limit of calls in flight, adaptive concurrency.
UpstreamSettings Protected(const With& with) {
  UpstreamSettings settings;
  settings.name = "s";
  settings.services = {"s.S"};
  for (int i = 1; i <= with.endpoints; ++i) {
    settings.endpoints.emplace_back("127.0.0.1:" + std::to_string(i));
  }
  settings.max_in_flight = 1000;
  settings.adaptive.on = true;
  settings.adaptive.gradient.initial = settings.adaptive.gradient.min = 500;
  CallPolicy& policy = settings.methods["/s.S/M"];
  policy.breaker.slow_call = std::chrono::seconds(1);
  policy.hedge.on = with.hedge;
  policy.hedge.percentile = 95;
  policy.hedge.delay = std::chrono::seconds(1);
  settings.breaker = policy.breaker;
  return settings;
}

// A loop with calls at once, over and over.
class Calls {
 public:
  explicit Calls(const With& with)
      : bare_(with.endpoints == 0), clusters_({Protected(with)}, loop_.Now()) {}

  [[gnu::noinline]] void Round() {
    counts_.left = kAtOnce;
    for (int i = 0; i < kAtOnce; ++i) {
      if (bare_) {
        CallBare(&loop_, &transport_, &counts_);
      } else {
        CallProtected(&loop_, &channels_, &method_, &counts_);
      }
    }
    loop_.Post([] {});
    loop_.RunUntil([&] { return counts_.left == 0; });
  }
  int failed() const { return counts_.failed; }

 private:
  const bool bare_;
  Loop loop_;
  EchoTransport transport_{loop_};
  Clusters clusters_;
  uint32_t random_ = 1;
  Channels channels_{loop_, clusters_,
                     [this] {
                       random_ = random_ * 1664525 + 1013904223;
                       return static_cast<double>(random_) / 4294967296.0;
                     },
                     nullptr,
                     [](Loop& on, const UpstreamSettings&, const EndpointTarget&, const Random&,
                        Transport::Owner&) { return std::make_unique<EchoTransport>(on); }};
  const contract::MethodName method_{"s.S", "M", contract::Idempotency::kNoSideEffects};
  Counts counts_;
};

constexpr With kRows[] = {
    {.name = "Bare"},
    {.name = "OneEndPoint", .endpoints = 1},
    {.name = "TwoEndPoints", .endpoints = 2},
    {.name = "EightEndPoints", .endpoints = 8},
    {.name = "TwoEndPointsHedged", .endpoints = 2, .hedge = true},
};

void Chain(benchmark::State& state) {
  const With& with = kRows[state.range(0)];
  Calls calls(with);
  calls.Round();
  for (auto _ : state) calls.Round();
  if (calls.failed() > 0) state.SkipWithError("calls failed");
  state.SetItemsProcessed(state.iterations() * kAtOnce);
  state.SetLabel(with.name);
}
constexpr int kLastRow = static_cast<int>(std::size(kRows)) - 1;
BENCHMARK(Chain)->DenseRange(0, kLastRow);
// For chains.sh, which divides by what is said here and the one before, times the calls at once.
BENCHMARK(Chain)->Name("Counted")->DenseRange(0, kLastRow)->Iterations(100);

}  // namespace
}  // namespace frontdesk::upstream
