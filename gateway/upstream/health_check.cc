#include "gateway/upstream/health_check.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/contract/wire.h"
#include "gateway/observe/log.h"
#include "gateway/upstream/cluster_view.h"
#include "gateway/upstream/verdict.h"

namespace frontdesk::upstream {
namespace {

constexpr std::string_view kCheck = "/grpc.health.v1.Health/Check";
constexpr uint32_t kServiceField = 1;
constexpr uint32_t kStatusField = 1;
constexpr size_t kMaxReply = 1024;  // two bytes, unless somebody adds fields

// Of grpc.health.v1.HealthCheckResponse.ServingStatus.
constexpr uint64_t kServing = 1;
constexpr std::string_view kStatusNames[] = {"UNKNOWN", "SERVING", "NOT_SERVING",
                                             "SERVICE_UNKNOWN"};

// One connection is enough, and one that lasts from check to check.
UpstreamSettings SettingsOfChecks(UpstreamSettings settings) {
  settings.connections = 1;
  settings.idle_timeout = std::max(settings.idle_timeout, 2 * settings.health_check.interval);
  return settings;
}

}  // namespace

bool HealthCount::Record(bool good) {
  if (good == healthy_) {
    against_ = 0;
    return false;
  }
  const uint32_t threshold = healthy_ ? unhealthy_threshold_ : healthy_threshold_;
  if (++against_ < threshold) return false;
  healthy_ = good;
  against_ = 0;
  return true;
}

std::string HealthCheckRequest(std::string_view service) {
  std::string bytes;
  if (service.empty()) return bytes;
  contract::AppendTag(bytes, kServiceField, contract::WireType::kBytes);
  contract::AppendVarint(bytes, service.size());
  bytes += service;
  return bytes;
}

std::string TroubleOf(std::string_view health_check_response) {
  uint64_t status = 0;  // the last one counts
  contract::WireReader reader(health_check_response);
  while (reader.Next()) {
    const contract::WireField& field = reader.field();
    if (field.number == kStatusField && field.type == contract::WireType::kVarint) {
      status = field.varint;
    }
  }
  if (reader.failed()) return "the answer is no HealthCheckResponse";
  if (status == kServing) return "";
  if (status < std::size(kStatusNames)) return std::string(kStatusNames[status]);
  return Cat("status ", status);
}

EndpointCheck::EndpointCheck(Loop& loop, const UpstreamSettings& settings,
                             const EndpointTarget& target, const Random& random, Told told)
    : loop_(loop),
      settings_(settings),
      random_(random),
      told_(std::move(told)),
      begin_timer_(*this),
      step_timer_(*this),
      timeout_timer_(*this),
      transport_(loop, settings, target, random, static_cast<Transport::Owner&>(*this)) {
  loop_.Arm(begin_timer_, loop_.Now());
}

EndpointCheck::~EndpointCheck() = default;

void EndpointCheck::Begin() {
  checking_ = true;
  began_ = loop_.Now();
  loop_.Arm(timeout_timer_, began_ + settings_.health_check.timeout);
  if (transport_.readiness() == Transport::Readiness::kReady) return Ask();
  // Failing so far it may be, but that is known; what matters is how this attempt ends.
  transport_.Connect();
}

void EndpointCheck::OnReadiness(Transport&) {
  // Calls must not start from in here.
  if (checking_ && !call_) loop_.Arm(step_timer_, loop_.Now());
}

void EndpointCheck::Step() {
  if (!checking_ || call_) return;
  switch (transport_.readiness()) {
    case Transport::Readiness::kReady:
      return Ask();
    case Transport::Readiness::kFailing:
      return NoAnswer(std::string(Std(transport_.last_failure().message())));
    default:
      return transport_.Connect();
  }
}

void EndpointCheck::Ask() {
  reply_.clear();
  CallSpec spec;
  spec.path = kCheck;
  spec.deadline = began_ + settings_.health_check.timeout;
  spec.max_reply_bytes = kMaxReply;
  call_ = transport_.Start(spec, *this);
  call_->Send(HealthCheckRequest(settings_.health_check.service), true);
}

void EndpointCheck::OnDone(absl::Status status, Metadata) {
  Outcome outcome;
  if (status.ok()) {
    outcome.trouble = TroubleOf(reply_);
  } else if (status.code() == absl::StatusCode::kUnimplemented) {
    outcome.unimplemented = true;
  } else {
    outcome.trouble =
        Cat(Std(absl::StatusCodeToString(status.code())), ": ", Std(status.message()));
    // A connection that broke, or a time that was over, is no answer.
    if (WasLost(status) || status.code() == absl::StatusCode::kDeadlineExceeded) {
      return NoAnswer(std::move(outcome.trouble));
    }
  }
  End(outcome);
}

void EndpointCheck::NoAnswer(std::string trouble) {
  if (loop_.StalledSince(began_)) return Rest(loop_.Now());
  End({.trouble = std::move(trouble)});
}

void EndpointCheck::End(const Outcome& outcome) {
  // End points that joined together need not be asked together.
  const Duration interval = settings_.health_check.interval;
  const Duration jitter = std::chrono::duration_cast<Duration>(interval * (random_() / 10));
  Rest(std::max(loop_.Now(), began_ + interval - jitter));
  told_(outcome);
}

void EndpointCheck::Rest(TimePoint next) {
  checking_ = false;
  step_timer_.Disarm();
  timeout_timer_.Disarm();
  call_.reset();  // which cancels it, if this is before its end
  loop_.Arm(begin_timer_, next);
}

UpstreamHealth::UpstreamHealth(Loop& loop, const Random& random, Cluster& cluster)
    : loop_(loop),
      random_(random),
      cluster_(cluster),
      settings_(SettingsOfChecks(cluster.settings())),
      self_(std::make_shared<UpstreamHealth*>(this)) {
  // gRPC C++ checks its own sub-channels.
  if (!settings_.health_check.on || settings_.transport != TransportKind::kH2) return;
  watch_ = cluster_.Watch([this] { OnChange(); });
  Sync();
}

UpstreamHealth::~UpstreamHealth() {
  if (watch_ != 0) cluster_.Unwatch(watch_);
}

void UpstreamHealth::OnChange() {
  loop_.Post([weak = std::weak_ptr<UpstreamHealth*>(self_)] {
    if (const auto self = weak.lock()) (*self)->Sync();
  });
}

void UpstreamHealth::Sync() {
  const std::shared_ptr<const Endpoints> endpoints = cluster_.endpoints();
  std::set<const EndpointState*> present;
  for (const PublishedEndpoint& endpoint : *endpoints) {
    present.insert(endpoint.state.get());
    std::unique_ptr<Checked>& checked = checked_[endpoint.state.get()];
    if (checked) continue;
    checked =
        std::make_unique<Checked>(Checked{endpoint.state, HealthCount(settings_.health_check), {}});
    checked->check = std::make_unique<EndpointCheck>(
        loop_, settings_, endpoint.state->target, random_,
        [this, at = checked.get()](const EndpointCheck::Outcome& outcome) {
          OnOutcome(*at, outcome);
        });
  }
  std::erase_if(checked_, [&](const auto& one) { return !present.contains(one.first); });
}

void UpstreamHealth::OnOutcome(Checked& checked, const EndpointCheck::Outcome& outcome) {
  const std::string who = Cat(settings_.name, ": ", AddressOf(checked.state->target));
  if (outcome.unimplemented && !std::exchange(said_unimplemented_, true)) {
    observe::LogInfo(
        Cat(who, " has no grpc.health.v1.Health: that it answers is taken for healthy"));
  }
  if (!checked.count.Record(outcome.trouble.empty())) return;
  const bool healthy = checked.count.healthy();
  if (healthy) {
    observe::LogInfo(Cat(who, " is healthy again"));
  } else {
    observe::LogWarn(Cat(who, " is unhealthy: ", outcome.trouble));
  }
  cluster_.SetHealthy(*checked.state, healthy, loop_.Now());
}

}  // namespace frontdesk::upstream
