// What is one for the whole process, with four workers at it.
#include <atomic>
#include <limits>
#include <thread>

#include "gateway/upstream/grpc_wire.h"
#include "tests/unit/upstream/chain.h"

namespace frontdesk::upstream {
namespace {

constexpr int kWorkers = 4;

// A back end that all workers share: it answers when the time that it takes is over, as `answer`
// says.
struct SharedBackEnd {
  std::function<absl::Status(const std::string& address)> answer;
  std::atomic<int> attempts{0};
  std::atomic<int> at_once{0};
  std::atomic<int> most_at_once{0};
  Duration takes = Duration::zero();
  // What attempts take instead from this one on, counted from 1.
  int slow_from = std::numeric_limits<int>::max();
  Duration slow = Duration::zero();
};

class InstantTransport final : public Transport {
 public:
  InstantTransport(Loop& loop, std::string address, SharedBackEnd& back_end)
      : loop_(loop), address_(std::move(address)), back_end_(back_end) {}

  std::unique_ptr<OutgoingCall> Start(const CallSpec&, CallEvents& events) override {
    return std::make_unique<Call>(*this, events);
  }
  Readiness readiness() const override { return Readiness::kReady; }
  void Connect() override {}
  const absl::Status& last_failure() const override { return failure_; }
  size_t in_flight() const override { return live_; }
  size_t connections() const override { return 1; }
  void Drain() override {}

 private:
  class Call final : public OutgoingCall, private Timer {
   public:
    Call(InstantTransport& transport, CallEvents& events) : transport_(transport), events_(events) {
      ++transport_.live_;
      SharedBackEnd& back_end = transport_.back_end_;
      const Duration takes =
          ++back_end.attempts < back_end.slow_from ? back_end.takes : back_end.slow;
      const int now = ++back_end.at_once;
      int most = back_end.most_at_once;
      while (now > most && !back_end.most_at_once.compare_exchange_weak(most, now)) {
      }
      transport_.loop_.Arm(*this, transport_.loop_.Now() + takes);
    }
    ~Call() override {
      --transport_.live_;
      --transport_.back_end_.at_once;
    }
    void Send(std::string_view, bool) override {}
    void Cancel() override {}

   private:
    void OnTimer() override {
      const absl::Status status = transport_.back_end_.answer(transport_.address_);
      if (status.ok()) events_.OnMessage("reply");
      events_.OnDone(status, {});
    }
    InstantTransport& transport_;
    CallEvents& events_;
  };

  Loop& loop_;
  const std::string address_;
  SharedBackEnd& back_end_;
  const absl::Status failure_;
  size_t live_ = 0;
};

struct Worker {
  Loop loop;
  Cancellation cancel;
  std::vector<absl::Status> results;
  size_t running = 0;
};

internal::Detached CallInTurn(Worker* worker, Channels* channels,
                              const contract::MethodName* method, int calls) {
  ++worker->running;
  const CallOptions options;
  for (int i = 0; i < calls; ++i) {
    CallContext context{worker->loop, worker->cancel};
    Task<absl::StatusOr<UnaryReply>> call = channels->Unary(context, *method, "request", options);
    const absl::StatusOr<UnaryReply> reply = co_await std::move(call);
    worker->results.push_back(reply.status());
    if (ReasonOf(reply.status()) != "UPSTREAM_BREAKER_OPEN") continue;
    // That was at once: others on this loop shall have their turn.
    const absl::Status slept =
        co_await worker->loop.SleepUntil(worker->loop.Now() + milliseconds(1));
    if (!slept.ok()) break;
  }
  --worker->running;
}

class Workers : public ::testing::Test {
 protected:
  Workers() {
    settings_.name = "s";
    settings_.services = {"s.S"};
    settings_.endpoints = {"127.0.0.1:1"};
    settings_.breaker.on = false;
    policy().breaker.on = false;
    policy().retry.backoff = {milliseconds(1), milliseconds(1), 1};
  }
  CallPolicy& policy() { return settings_.methods["/s.S/M"]; }

  // `lanes` calls at once on each worker, each making `calls` one after another.
  std::vector<absl::Status> Run(int lanes, int calls) {
    clusters_.emplace(std::vector<UpstreamSettings>{settings_}, Clock::now());
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<std::thread> threads;
    for (int i = 0; i < kWorkers; ++i) {
      Worker& worker = *workers.emplace_back(std::make_unique<Worker>());
      threads.emplace_back([&, lanes, calls, i] {
        uint32_t state = 17 + static_cast<uint32_t>(i);
        Channels channels(
            worker.loop, *clusters_,
            [&state] {
              state = state * 1664525 + 1013904223;
              return static_cast<double>(state) / 4294967296.0;
            },
            nullptr,
            [this](Loop& loop, const UpstreamSettings&, const EndpointTarget& target, const Random&,
                   Transport::Owner&) {
              return std::make_unique<InstantTransport>(loop, target.authority, back_end_);
            });
        for (int lane = 0; lane < lanes; ++lane) CallInTurn(&worker, &channels, &method_, calls);
        worker.loop.RunUntil([&] { return worker.running == 0; });
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<absl::Status> all;
    for (const auto& worker : workers) {
      all.insert(all.end(), worker->results.begin(), worker->results.end());
    }
    return all;
  }

  const contract::MethodName method_{"s.S", "M", contract::Idempotency::kNoSideEffects};
  UpstreamSettings settings_;
  SharedBackEnd back_end_;
  std::optional<Clusters> clusters_;
};

TEST_F(Workers, HaveOneRetryBudget) {
  settings_.retry_budget = {.percent = 20, .min_per_second = 0};
  back_end_.answer = [](const std::string&) { return BackendStatus(14, "down", ""); };
  const auto results = Run(4, 100);
  ASSERT_EQ(results.size(), 1600u);
  EXPECT_LE(back_end_.attempts, 1600 * 1.2);
  EXPECT_GE(back_end_.attempts, 1600 * 1.15);
}

// 20 in a second and 40 in all: each of them by itself would have as many.
TEST_F(Workers, ShareTheFloorOfTheRetryBudget) {
  settings_.retry_budget = {.percent = 0, .min_per_second = 4};
  policy().hedge.delay = milliseconds(1);
  back_end_.takes = milliseconds(5);
  for (const bool hedged : {false, true}) {
    SCOPED_TRACE(hedged);
    policy().hedge.on = hedged;
    back_end_.attempts = 0;
    back_end_.answer = [hedged](const std::string&) {
      return hedged ? absl::OkStatus() : BackendStatus(14, "down", "");
    };
    const auto results = Run(4, 25);
    ASSERT_EQ(results.size(), 400u);
    for (const absl::Status& status : results) EXPECT_EQ(status.ok(), hedged) << status;
    EXPECT_GE(back_end_.attempts, 400 + 20);
    EXPECT_LE(back_end_.attempts, 400 + 40);
  }
}

// No percentile is known before fifty calls, and none of them makes so many.
TEST_F(Workers, HedgeByWhatAllOfThemHaveSeen) {
  constexpr int kCalls = 40;
  policy().hedge.on = true;
  policy().hedge.percentile = 95;
  back_end_.takes = milliseconds(1);
  back_end_.slow_from = kWorkers * kCalls - 3;
  back_end_.slow = milliseconds(100);
  back_end_.answer = [](const std::string&) { return absl::OkStatus(); };
  for (const absl::Status& status : Run(1, kCalls)) EXPECT_TRUE(status.ok()) << status;
  EXPECT_GT(back_end_.attempts, kWorkers * kCalls);
}

TEST_F(Workers, HaveOneBreaker) {
  policy().breaker.on = true;
  policy().breaker.consecutive_failures = 5;
  policy().breaker.open_time = policy().breaker.max_open_time = seconds(100);
  policy().retry.max_attempts = 1;
  back_end_.answer = [](const std::string&) { return BackendStatus(14, "down", ""); };
  const auto results = Run(1, 100);
  ASSERT_EQ(results.size(), 400u);
  // Five open it; each worker may have one more on its way.
  EXPECT_LE(back_end_.attempts, 5 + kWorkers);
}

// Each of them by itself would need as many calls as all together do.
TEST_F(Workers, OpenOneBreakerByShares) {
  constexpr int kMinimum = 40;
  policy().breaker = {.consecutive_failures = 0, .minimum_calls = kMinimum};
  policy().breaker.open_time = policy().breaker.max_open_time = seconds(100);
  policy().retry.max_attempts = 1;
  for (const Breaker::Trip why : {Breaker::Trip::kErrorRatio, Breaker::Trip::kSlowRatio}) {
    const bool slow = why == Breaker::Trip::kSlowRatio;
    SCOPED_TRACE(slow);
    policy().breaker.slow_call = slow ? milliseconds(3) : milliseconds(0);
    back_end_.takes = slow ? milliseconds(5) : milliseconds(0);
    back_end_.attempts = 0;
    std::atomic<int> answers{0};
    back_end_.answer = [&](const std::string&) {
      const bool good = slow || answers++ % 4 == 0;
      return good ? absl::OkStatus() : BackendStatus(14, "down", "");
    };
    EXPECT_EQ(Run(1, 100).size(), 400u);
    const Breaker breaker = clusters_->all()[0]->Method(method_).breaker.Look();
    EXPECT_EQ(breaker.why(), why);
    EXPECT_EQ(breaker.opened(), 1u);
    EXPECT_GE(back_end_.attempts, kMinimum);
    // Each may have one more on its way, and good answers during a stall do not count.
    EXPECT_LE(back_end_.attempts, 2 * kMinimum);
  }
}

TEST_F(Workers, ProbeOneAtATime) {
  policy().breaker.on = true;
  policy().breaker.consecutive_failures = 5;
  // The next probe may always go, but for the one that is on its way.
  policy().breaker.open_time = policy().breaker.max_open_time = std::chrono::nanoseconds(1);
  policy().retry.max_attempts = 1;
  std::atomic<bool> settled{false};  // those have ended that were under way when it opened
  std::atomic<int> most{0};
  back_end_.answer = [&](const std::string&) {
    const int now = back_end_.at_once;
    if (now == 1 && back_end_.attempts > 5 + kWorkers * 4) settled = true;
    if (settled) most = std::max<int>(most, now);
    return BackendStatus(14, "down", "");
  };
  Run(4, 300);
  EXPECT_GT(back_end_.attempts, 50);
  EXPECT_EQ(most, 1);
}

TEST_F(Workers, EjectTogether) {
  settings_.endpoints = {"127.0.0.1:1", "127.0.0.1:2"};
  std::atomic<int> failed{0};
  back_end_.answer = [&](const std::string& address) {
    if (address != "127.0.0.1:1") return absl::OkStatus();
    ++failed;
    return BackendStatus(14, "down", "");
  };
  for (const absl::Status& status : Run(1, 100)) EXPECT_TRUE(status.ok()) << status;
  EXPECT_LE(failed, 5 + kWorkers);
}

TEST_F(Workers, CompareSuccessRatesTogether) {
  // Shares by weight: by latency who fails would be asked too seldom to be compared.
  settings_.endpoints = {{"127.0.0.1:1", 2, ""}};
  for (int i = 2; i <= 5; ++i) settings_.endpoints.emplace_back(Cat("127.0.0.1:", i));
  settings_.outlier.consecutive_failures = 0;
  settings_.outlier.interval = milliseconds(20);
  settings_.outlier.success_rate_request_volume = 20;
  settings_.outlier.success_rate_stdev_factor = 1;
  policy().retry.max_attempts = 1;
  std::atomic<int> asked{0};
  back_end_.takes = milliseconds(1);
  back_end_.answer = [&](const std::string& address) {
    if (address != "127.0.0.1:1" || asked++ % 2 == 0) return absl::OkStatus();
    return BackendStatus(14, "down", "");
  };
  Run(8, 100);
  const Cluster& cluster = *clusters_->all()[0];
  for (const PublishedEndpoint& one : *cluster.endpoints()) {
    EXPECT_EQ(one.state->ejected(Clock::now()), one.state->target.authority == "127.0.0.1:1")
        << one.state->target.authority;
  }
}

TEST_F(Workers, ShareTheRoom) {
  settings_.max_in_flight = 5;
  settings_.queue_age = {seconds(100), seconds(100)};
  back_end_.takes = milliseconds(1);
  back_end_.answer = [](const std::string&) { return absl::OkStatus(); };
  for (const absl::Status& status : Run(8, 20)) EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(back_end_.most_at_once, 5);
}

TEST_F(Workers, ShareTheAdaptiveLimit) {
  settings_.adaptive = {.on = true, .gradient = {.initial = 4, .min = 2, .max = 6}};
  settings_.adaptive.gradient.window = milliseconds(2);
  settings_.queue_age = {seconds(100), seconds(100)};
  back_end_.takes = milliseconds(1);
  back_end_.answer = [](const std::string&) { return absl::OkStatus(); };
  for (const absl::Status& status : Run(8, 20)) EXPECT_TRUE(status.ok()) << status;
  EXPECT_LE(back_end_.most_at_once, 6);
  EXPECT_GE(back_end_.most_at_once, 2);
  EXPECT_EQ(clusters_->all()[0]->room().in_flight(), 0u);
}

TEST_F(Workers, ShareTheQueue) {
  settings_.max_in_flight = 2;
  settings_.max_pending = 3;
  settings_.queue_age = {seconds(100), seconds(100)};
  back_end_.takes = milliseconds(5);
  back_end_.answer = [](const std::string&) { return absl::OkStatus(); };
  int refused = 0;
  for (const absl::Status& status : Run(4, 3)) {
    if (status.ok()) continue;
    EXPECT_EQ(ReasonOf(status), "UPSTREAM_OVERLOADED");
    ++refused;
  }
  EXPECT_GT(refused, 0);
  EXPECT_LE(back_end_.most_at_once, 2);
}

}  // namespace
}  // namespace frontdesk::upstream
