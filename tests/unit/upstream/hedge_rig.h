// Hedged calls at two end points that do as a test says.
#pragma once

#include <algorithm>
#include <string>

#include "gateway/upstream/grpc_wire.h"
#include "tests/unit/upstream/chain.h"

namespace frontdesk::upstream {

class Hedge : public Chain {
 protected:
  Hedge() {
    settings_.endpoints = {"127.0.0.1:1", "127.0.0.1:2"};
    policy().hedge.on = true;
    policy().hedge.delay = milliseconds(2);
  }
  void RunUntilLive(size_t count) {
    RunUntil([&] { return Live().size() == count; });
  }
  // A chain that has not seen anything.
  void Renew() {
    channels_.reset();
    clusters_.reset();
    transports_.clear();
    counts_ = {};
  }
  // Fails so many attempts, each as soon as it is made, and answers the next. How many there were.
  int Attempts(Pending& pending, int failures, const absl::Status& failure) {
    for (int attempts = 0;; ++attempts) {
      RunUntil([&] { return pending.result.has_value() || !Live().empty(); });
      if (pending.result) return attempts;
      if (attempts < failures) {
        Live()[0]->Fail(failure);
      } else {
        Live()[0]->Answer("reply");
      }
      Turn();
    }
  }
  FakeTransport::Call& LiveOf(const std::string& request) {
    const auto live = Live();
    return **std::find_if(live.begin(), live.end(),
                          [&](const auto* call) { return call->sent[0] == request; });
  }
  int Started() const {
    int started = 0;
    for (const auto& [address, transport] : transports_) started += transport->started;
    return started;
  }
  void Pass(Duration time) {
    const TimePoint until = Clock::now() + time;
    while (Clock::now() < until) Turn();
  }
};

inline absl::Status Down() { return BackendStatus(14, "down", ""); }
inline absl::Status NeverProcessed() {
  return Failure(absl::StatusCode::kUnavailable, "UPSTREAM_RESET", "goes away", Origin::kUpstream)
      .NeverSent();
}

}  // namespace frontdesk::upstream
