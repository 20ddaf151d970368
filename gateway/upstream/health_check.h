// Asking end points how they are: grpc.health.v1.Health/Check, from time to time.
// (github.com/grpc/grpc/blob/master/doc/health-checking.md)
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/base/loop.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/h2_transport.h"

namespace frontdesk::upstream {

// Healthy until so many checks in a row say otherwise, and the other way round. A plain value.
class HealthCount {
 public:
  explicit HealthCount(const HealthCheckSettings& settings)
      : unhealthy_threshold_(settings.unhealthy_threshold),
        healthy_threshold_(settings.healthy_threshold) {}

  bool healthy() const { return healthy_; }
  // True when that changed healthy().
  bool Record(bool good);

 private:
  const uint32_t unhealthy_threshold_;  // 0 is like 1
  const uint32_t healthy_threshold_;
  bool healthy_ = true;
  uint32_t against_ = 0;  // in a row, of what would change it
};

// Serialised HealthCheckRequest.
std::string HealthCheckRequest(std::string_view service);
// What a serialised HealthCheckResponse says; "" for SERVING.
std::string TroubleOf(std::string_view health_check_response);

// Checks one end point over a connection of its own, the first time at once. On one loop.
class EndpointCheck final : private Transport::Owner, private CallEvents {
 public:
  struct Outcome {
    std::string trouble;  // "" when it is well
    // Answers, but has no such service to ask: counts as well.
    bool unimplemented = false;
  };
  // May not destroy the check.
  using Told = std::function<void(const Outcome&)>;

  // `settings` outlives it.
  EndpointCheck(Loop& loop, const UpstreamSettings& settings, const EndpointTarget& target,
                const Random& random, Told told);
  EndpointCheck(const EndpointCheck&) = delete;
  EndpointCheck& operator=(const EndpointCheck&) = delete;
  ~EndpointCheck() override;

 private:
  void Begin();
  // Asks as soon as there is a connection, or ends without one.
  void Step();
  void Ask();
  void OnTimeout() { NoAnswer("no answer in time"); }
  // Counts, unless this process stood still meanwhile: then it is asked again at once.
  void NoAnswer(std::string trouble);
  void End(const Outcome& outcome);
  // `next` is when it is asked again.
  void Rest(TimePoint next);

  void OnReadiness(Transport&) override;
  void OnHeaders(Metadata) override {}
  void OnMessage(std::string message) override { reply_ = std::move(message); }
  void OnDone(absl::Status status, Metadata trailers) override;

  Loop& loop_;
  const UpstreamSettings& settings_;
  const Random random_;
  const Told told_;
  bool checking_ = false;
  TimePoint began_{};
  std::string reply_;
  MemberTimer<EndpointCheck, &EndpointCheck::Begin> begin_timer_;
  MemberTimer<EndpointCheck, &EndpointCheck::Step> step_timer_;
  MemberTimer<EndpointCheck, &EndpointCheck::OnTimeout> timeout_timer_;
  H2Transport transport_;
  std::unique_ptr<OutgoingCall> call_;  // goes before its transport
};

// Checks every end point that one upstream has, as they come and go. On one loop, but what it finds
// is for every thread: Cluster::SetHealthy().
class UpstreamHealth {
 public:
  // Does nothing where health checks are off.
  UpstreamHealth(Loop& loop, const Random& random, Cluster& cluster);
  UpstreamHealth(const UpstreamHealth&) = delete;
  UpstreamHealth& operator=(const UpstreamHealth&) = delete;
  ~UpstreamHealth();

 private:
  struct Checked {
    std::shared_ptr<EndpointState> state;
    HealthCount count;
    std::unique_ptr<EndpointCheck> check;
  };

  // Any thread: looks at the set soon.
  void OnChange();
  void Sync();
  void OnOutcome(Checked& checked, const EndpointCheck::Outcome& outcome);

  Loop& loop_;
  const Random random_;
  Cluster& cluster_;
  const UpstreamSettings settings_;  // of the checks' connections
  bool said_unimplemented_ = false;
  uint64_t watch_ = 0;
  // What was posted to the loop does nothing once this is gone.
  std::shared_ptr<UpstreamHealth*> self_;
  std::map<const EndpointState*, std::unique_ptr<Checked>> checked_;
};

}  // namespace frontdesk::upstream
