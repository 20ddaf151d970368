// Back ends for tests of generated clients, and what both transports have in common.
#pragma once

#include <gtest/gtest.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <atomic>
#include <mutex>
#include <string>

#include "gateway/base/text.h"
#include "gateway/client/runtime.h"
#include "tests/support/echo_backend.h"
#include "tests/support/eventually.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk {

using Echo = testing_support::EchoBackend;
using testing_support::Eventually;
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
