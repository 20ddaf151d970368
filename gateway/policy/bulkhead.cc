#include "gateway/policy/bulkhead.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include "gateway/base/failure.h"

namespace frontdesk::policy {

struct Bulkheads::Bulkhead {
  Bulkhead(const BulkheadSettings& settings, const QueueAgeSettings& age)
      : name(settings.name), door(settings.max_in_flight, settings.max_pending, age) {}

  const std::string name;
  Admission door;
  std::atomic<uint64_t> refused{0};
};

Bulkheads::Bulkheads(const std::vector<BulkheadSettings>& settings, Duration max_queue_age) {
  for (const BulkheadSettings& each : settings) {
    all_.push_back(std::make_unique<Bulkhead>(
        each, QueueAgeSettings{.max_age = max_queue_age, .interval = 2 * max_queue_age}));
  }
}

Bulkheads::~Bulkheads() = default;

absl::Status Bulkheads::Refuse(Bulkhead& bulkhead, const char* why) {
  bulkhead.refused.fetch_add(1, std::memory_order_relaxed);
  return Failure(absl::StatusCode::kUnavailable, "BULKHEAD_FULL", why, Origin::kGateway)
      .NeverSent()
      .Header("Retry-After", "1");
}

absl::Status Bulkheads::Peek(const route::Route& route) {
  if (route.bulkhead < 0) return absl::OkStatus();
  Bulkhead& bulkhead = *all_[static_cast<size_t>(route.bulkhead)];
  if (!bulkhead.door.WouldRefuse(route.priority)) return absl::OkStatus();
  return Refuse(bulkhead, "too many requests of this kind are under way");
}

Task<absl::StatusOr<Admission::Room>> Bulkheads::Enter(Exchange& exchange) {
  const int index = exchange.route->bulkhead;
  if (index < 0) co_return Admission::Room();
  Bulkhead& bulkhead = *all_[static_cast<size_t>(index)];
  upstream::CallContext& call = exchange.call;
  const Admission::Outcome outcome = co_await bulkhead.door.Enter(
      call.loop, exchange.route->priority, call.deadline, &call.cancel);
  switch (outcome) {
    case Admission::Outcome::kEntered:
      co_return Admission::Room(bulkhead.door);
    case Admission::Outcome::kFull:
      co_return Refuse(bulkhead, "too many requests of this kind are under way");
    case Admission::Outcome::kTooOld:
      co_return Refuse(bulkhead, "requests of this kind take too long to make room");
    case Admission::Outcome::kCancelled:
      co_return call.cancel.reason();
    case Admission::Outcome::kDeadline:
      break;
  }
  co_return DeadlineExceeded("the deadline passed before there was room").NeverSent();
}

std::vector<prometheus::MetricFamily> Bulkheads::Collect() const {
  if (all_.empty()) return {};
  using prometheus::MetricType;
  prometheus::MetricFamily in_flight{"frontdesk_bulkhead_in_flight",
                                     "Requests that hold room in a bulkhead.",
                                     MetricType::Gauge,
                                     {}};
  prometheus::MetricFamily pending{"frontdesk_bulkhead_pending",
                                   "Requests that wait for room in a bulkhead.",
                                   MetricType::Gauge,
                                   {}};
  prometheus::MetricFamily refused{"frontdesk_bulkhead_refused_total",
                                   "Requests for which a bulkhead had no room.",
                                   MetricType::Counter,
                                   {}};
  for (const auto& bulkhead : all_) {
    prometheus::ClientMetric metric;
    metric.label.push_back({"bulkhead", bulkhead->name});
    metric.gauge.value = static_cast<double>(bulkhead->door.in_flight());
    in_flight.metric.push_back(metric);
    metric.gauge.value = static_cast<double>(bulkhead->door.pending());
    pending.metric.push_back(metric);
    metric.counter.value = static_cast<double>(bulkhead->refused.load(std::memory_order_relaxed));
    refused.metric.push_back(metric);
  }
  return {std::move(in_flight), std::move(pending), std::move(refused)};
}

}  // namespace frontdesk::policy
