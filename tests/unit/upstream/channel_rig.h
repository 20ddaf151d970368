// Calls through a channel to end points that do as a test says.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/upstream/chain.h"

namespace frontdesk::upstream {

class ChannelTest : public Chain {
 protected:
  ChannelTest() {
    auto engine = std::make_shared<std::mt19937>(7);
    random_ = [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
    policy().retry.max_attempts = 1;
    policy().breaker.on = false;
  }
  void EndPoints(int count) {
    settings_.endpoints.clear();
    for (int i = 1; i <= count; ++i) settings_.endpoints.emplace_back(Cat("127.0.0.1:", i));
  }
  // A channel that has not seen anything.
  void Renew() {
    channels_.reset();
    clusters_.reset();
    transports_.clear();
  }
  // One call, each attempt at it answered or failed at once by whoever gets it; who that was.
  std::string One(const std::function<absl::Status(const std::string&)>& answer = nullptr) {
    Pending& pending = Start(contract::Idempotency::kNoSideEffects);
    std::string who;
    while (true) {
      RunUntil([&] { return pending.result.has_value() || !Live().empty(); });
      if (pending.result) return who;
      FakeTransport::Call& call = *Live()[0];
      who = call.transport.address;
      const absl::Status status = answer ? answer(who) : absl::OkStatus();
      if (status.ok()) {
        call.Answer("reply");
      } else {
        call.Fail(status);
      }
      Turn();
    }
  }
  // So many calls at the same time, so that it does not matter how long they take here.
  std::map<std::string, int> AtOnce(
      int calls, const std::function<absl::Status(const std::string&)>& answer = nullptr) {
    std::map<std::string, int> counts;
    const size_t before = calls_.size();
    for (int i = 0; i < calls; ++i) Start(contract::Idempotency::kNoSideEffects);
    for (const FakeTransport::Call* call : Live()) ++counts[call->transport.address];
    while (!std::all_of(calls_.begin() + static_cast<std::ptrdiff_t>(before), calls_.end(),
                        [](const Pending& call) { return call.result.has_value(); })) {
      for (std::vector<FakeTransport::Call*> live = Live(); !live.empty(); live.pop_back()) {
        FakeTransport::Call& call = *live.back();
        const absl::Status status = answer ? answer(call.transport.address) : absl::OkStatus();
        if (status.ok()) {
          call.Answer("reply");
        } else {
          call.Fail(status);
        }
      }
      Turn();
    }
    return counts;
  }
  // Rounds of so many that even one which was slow once gets some, until `asked` has grown in
  // `rounds` of them.
  void Rounds(int rounds, const int& asked,
              const std::function<absl::Status(const std::string&)>& answer) {
    for (int tries = 0; rounds > 0 && tries < 100; ++tries) {
      const int before = asked;
      AtOnce(500, answer);
      rounds -= asked > before;
    }
  }
  std::map<std::string, int> Many(
      int calls, const std::function<absl::Status(const std::string&)>& answer = nullptr) {
    std::map<std::string, int> counts;
    for (int i = 0; i < calls; ++i) ++counts[One(answer)];
    return counts;
  }
};

}  // namespace frontdesk::upstream
