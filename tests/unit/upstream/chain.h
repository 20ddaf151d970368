// The whole chain of a call over fake transports, on a loop that the test turns.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/channels.h"
#include "tests/support/run_on_loop.h"
#include "tests/unit/upstream/fake_transport.h"

namespace frontdesk::upstream {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct CountingObserver final : CallObserver {
  void OnStart() override { ++started; }
  void OnEnd(absl::StatusCode code, Duration) override { codes.push_back(code); }
  void OnRetry(RetryEvent event) override { ++retries[event]; }
  void OnRefused() override { ++refused; }

  int started = 0;
  std::vector<absl::StatusCode> codes;
  std::map<RetryEvent, int> retries;
  int refused = 0;
};

class Chain : public ::testing::Test {
 protected:
  Chain() {
    settings_.name = "s";
    settings_.services = {"s.S"};
    settings_.endpoints = {"127.0.0.1:1"};
    settings_.max_message_bytes = 1000;
    settings_.timeout = seconds(15);
    policy().retry.backoff = {milliseconds(1), milliseconds(1), 1};
  }

  CallPolicy& policy() { return settings_.methods["/s.S/M"]; }
  static contract::MethodName Named(contract::Idempotency level) { return {"s.S", "M", level}; }

  // Made with the first call; settings_ count until then.
  Channels& channels() {
    if (!channels_) {
      clusters_.emplace(std::vector<UpstreamSettings>{settings_}, loop_.Now());
      channels_.emplace(
          loop_, *clusters_, [this] { return random_(); },
          [this](const contract::MethodName&) { return &counts_; },
          [this](Loop&, const UpstreamSettings&, const EndpointTarget& target, const Random&,
                 Transport::Owner& owner) {
            auto transport = std::make_unique<FakeTransport>(target.authority, owner);
            transports_[target.authority] = transport.get();
            if (on_transport_) on_transport_(*transport);
            return transport;
          });
    }
    return *channels_;
  }
  Cluster& cluster() {
    channels();
    return *clusters_->all()[0];
  }

  // A call on its way.
  struct Pending {
    Cancellation cancel;
    CallContext context;
    contract::MethodName method;
    std::string request;
    CallOptions options;
    std::optional<absl::StatusOr<UnaryReply>> result;

    explicit Pending(Loop& loop) : context{loop, cancel} {}
  };
  Pending& Start(contract::Idempotency level = contract::Idempotency::kUnknown,
                 CallOptions options = {}, std::string request = "request") {
    Pending& call = calls_.emplace_back(loop_);
    call.context.deadline = deadline_;
    call.context.client_deadline = client_deadline_;
    call.context.whole = whole_;
    call.context.metadata = metadata_;
    call.method = Named(level);
    call.request = std::move(request);
    call.options = options;
    testing_support::internal::Finish(
        channels().Unary(call.context, call.method, call.request, call.options), &call.result);
    return call;
  }
  absl::StatusOr<UnaryReply>& ResultOf(Pending& call) {
    RunUntil([&] { return call.result.has_value(); });
    return *call.result;
  }
  void RunUntil(const std::function<bool()>& done) {
    loop_.Post([] {});  // the loop waits for events, and this was none
    loop_.RunUntil(done);
  }
  void Turn() {
    bool turned = false;
    loop_.Post([&] { turned = true; });
    loop_.RunUntil([&] { return turned; });
  }
  // The calls that are at end points now, in the order of the end points.
  std::vector<FakeTransport::Call*> Live() {
    std::vector<FakeTransport::Call*> all;
    for (const auto& [address, transport] : transports_) {
      all.insert(all.end(), transport->live.begin(), transport->live.end());
    }
    return all;
  }
  FakeTransport::Call& NextLive() {
    RunUntil([&] { return !Live().empty(); });
    return *Live()[0];
  }

  Loop loop_;
  UpstreamSettings settings_;
  TimePoint deadline_ = TimePoint::max();
  bool client_deadline_ = false;
  Duration whole_{};
  Metadata metadata_;
  std::function<double()> random_ = [] { return 0.0; };
  std::function<void(FakeTransport&)> on_transport_;
  CountingObserver counts_;
  std::map<std::string, FakeTransport*> transports_;
  std::optional<Clusters> clusters_;
  std::optional<Channels> channels_;
  std::deque<Pending> calls_;
};

}  // namespace frontdesk::upstream
