// A transport that does what the test says: it notes what is asked of it, and a call ends only by
// the test's hand.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

class FakeTransport final : public Transport {
 public:
  struct Call final : OutgoingCall {
    Call(FakeTransport& owner, const CallSpec& spec, CallEvents& to)
        : transport(owner),
          path(spec.path),
          deadline(spec.deadline),
          limit(spec.max_reply_bytes),
          previous_attempts(spec.previous_attempts),
          events(to) {
      transport.live.push_back(this);
    }
    ~Call() override { std::erase(transport.live, this); }
    void Send(std::string_view message, bool last) override {
      sent.emplace_back(message);
      closed = last;
    }
    void Cancel() override {}
    bool IsHeld() const override { return held; }

    void Answer(std::string message) {
      events.OnMessage(std::move(message));
      events.OnDone(absl::OkStatus(), {});
    }
    void Fail(absl::Status status) { events.OnDone(std::move(status), {}); }

    FakeTransport& transport;
    std::string path;
    TimePoint deadline;
    size_t limit;
    uint32_t previous_attempts;
    CallEvents& events;
    std::vector<std::string> sent;
    bool closed = false;
    bool held = false;
  };

  FakeTransport(std::string at, Owner& to_tell) : address(std::move(at)), owner(to_tell) {}

  std::unique_ptr<OutgoingCall> Start(const CallSpec& spec, CallEvents& events) override {
    ++started;
    return std::make_unique<Call>(*this, spec, events);
  }
  Readiness readiness() const override { return now; }
  void Connect() override { ++connects; }
  const absl::Status& last_failure() const override { return failure; }
  size_t in_flight() const override { return live.size(); }
  size_t connections() const override { return now == Readiness::kReady ? 1 : 0; }
  void Drain() override { drained = true; }

  void Become(Readiness readiness) {
    now = readiness;
    owner.OnReadiness(*this);
  }

  const std::string address;
  Owner& owner;
  Readiness now = Readiness::kReady;
  absl::Status failure;
  std::vector<Call*> live;
  int started = 0;
  int connects = 0;
  bool drained = false;
};

}  // namespace frontdesk::upstream
