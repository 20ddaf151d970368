// Back ends for tests of generated clients, and what both transports have in common.
#pragma once

#include <gtest/gtest.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "gateway/base/text.h"
#include "gateway/client/runtime.h"
#include "tests/support/light_backend.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk {

using testing_support::LightBackend;
using testing_support::LightBehaviour;
using upstream::TransportKind;

// Answers so many calls with UNAVAILABLE, and those after them.
class BackEnd {
 public:
  explicit BackEnd(int failures) : failures_(failures) {}

  std::string address() const { return server_.address(); }
  int calls() const { return calls_; }
  std::string last_attempts() const {
    const std::lock_guard lock(mutex_);
    return last_attempts_;
  }

 private:
  void Serve(testing_support::ScriptedConnection& connection) {
    if (!connection.Handshake()) return;
    while (const auto request = connection.NextRequest()) {
      {
        const std::lock_guard lock(mutex_);
        last_attempts_ = request->Field("grpc-previous-rpc-attempts");
      }
      if (calls_++ < failures_) {
        connection.Headers(
            request->stream,
            {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "14"}},
            testing_support::kEnd);
      } else {
        connection.Answer(request->stream, "");
      }
    }
  }

  const int failures_;
  std::atomic<int> calls_{0};
  mutable std::mutex mutex_;
  std::string last_attempts_;
  testing_support::ScriptedH2Server server_{
      [this](testing_support::ScriptedConnection& connection, int) { Serve(connection); }};
};

// Echoes, on a thread of its own, as well or badly as it is told.
class Echo {
 public:
  explicit Echo(const LightBehaviour& behaviour = {}) {
    testing_support::LightBackendOptions options;
    options.echo = true;
    options.behaviour = behaviour;
    server_.emplace(loop_, options);
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~Echo() {
    loop_.Stop();
    thread_.join();
  }

  std::string address() const { return Cat("127.0.0.1:", server_->port()); }
  void Behave(const LightBehaviour& behaviour) {
    Do([&] { server_->Behave(behaviour); });
  }
  uint64_t calls() {
    uint64_t calls = 0;
    Do([&] { calls = server_->calls(); });
    return calls;
  }

 private:
  template <class Work>
  void Do(const Work& work) {
    std::promise<void> done;
    loop_.Post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  Loop loop_;
  std::optional<LightBackend> server_;
  std::thread thread_;
};

inline LightBehaviour Failing() {
  LightBehaviour behaviour;
  behaviour.answer = LightBehaviour::Answer::kStatus;
  return behaviour;
}

inline LightBehaviour Silent() {
  LightBehaviour behaviour;
  behaviour.answer = LightBehaviour::Answer::kNever;
  return behaviour;
}

// Waits until it holds; false when it does not within ten seconds.
template <class Holds>
bool Eventually(const Holds& holds) {
  const TimePoint end = Clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// A metric of the client's, of all series of that name together.
inline double Metric(const client::Runtime& runtime, const std::string& name) {
  double sum = 0;
  for (const prometheus::MetricFamily& family : runtime.metrics()->Collect()) {
    if (family.name != name) continue;
    for (const prometheus::ClientMetric& one : family.metric) {
      sum += family.type == prometheus::MetricType::Counter ? one.counter.value : one.gauge.value;
    }
  }
  return sum;
}

struct Over {
  TransportKind transport;
  size_t loops;  // what is known of back ends is known to all of them
};

// By transport, in one loop and in four.
class OverBoth : public ::testing::TestWithParam<Over> {
 protected:
  template <class... BackEnds>
  client::RuntimeOptions To(const BackEnds&... back_ends) {
    upstream::UpstreamSettings settings;
    settings.name = "shop";
    settings.services = {"shop.order.v1.Orders", "market.v1.Stalls"};
    settings.transport = GetParam().transport;
    (settings.endpoints.emplace_back(back_ends.address()), ...);
    client::RuntimeOptions options;
    options.loops = GetParam().loops;
    options.upstreams = {settings};
    return options;
  }
  // Nothing but what a row is about keeps calls away.
  static void WithoutJudgement(client::RuntimeOptions& options) {
    options.upstreams[0].breaker.on = false;
    options.upstreams[0].outlier.on = false;
  }
};

inline std::string NameOf(const ::testing::TestParamInfo<Over>& over) {
  const std::string transport = over.param.transport == TransportKind::kH2 ? "h2" : "grpc";
  return transport + (over.param.loops == 1 ? "" : "_four_loops");
}
inline const auto kOverBoth =
    ::testing::Values(Over{TransportKind::kH2, 1}, Over{TransportKind::kGrpc, 1},
                      Over{TransportKind::kH2, 4}, Over{TransportKind::kGrpc, 4});

}  // namespace frontdesk
