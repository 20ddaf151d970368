#include "gateway/policy/limit.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <algorithm>

#include "absl/container/inlined_vector.h"
#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/limit/memory_store.h"
#include "gateway/limit/redis_store.h"
#include "gateway/policy/limit_key.h"

namespace frontdesk::policy {
namespace {

// Rounded up: who comes back then is not too early.
int64_t Seconds(Duration time) { return std::chrono::ceil<std::chrono::seconds>(time).count(); }

absl::Status Limited(const limit::Decision& decision) {
  Failure failure(absl::StatusCode::kResourceExhausted, "RATE_LIMITED",
                  "more requests than are allowed: try again later");
  if (decision.retry_after != Duration::max()) {
    failure.Header("Retry-After", Cat(std::max<int64_t>(Seconds(decision.retry_after), 1)));
  }
  return failure;
}

absl::Status Unavailable() {
  return Failure(absl::StatusCode::kUnavailable, "LIMITS_UNAVAILABLE",
                 "it can't be told whether this request is within its limits", Origin::kGateway)
      .NeverSent()
      .Header("Retry-After", "1");
}

// Of a decision, which is noted.
absl::Status Outcome(const limit::Decision& decision, const LimitHost& host,
                     limit::Decision& noted) {
  switch (decision.outcome) {
    case limit::Decision::Outcome::kAllowed:
      if (!noted.rule || decision.remaining < noted.remaining) noted = decision;
      return absl::OkStatus();
    case limit::Decision::Outcome::kLimited:
      noted = decision;
      host.limits->OnLimited(*decision.rule);
      return Limited(decision);
    case limit::Decision::Outcome::kUnavailable:
      break;
  }
  host.limits->OnUnavailable();
  return Unavailable();
}

// A counter or gauge without labels.
prometheus::MetricFamily One(const char* name, const char* help, prometheus::MetricType type,
                             double value) {
  prometheus::MetricFamily family{name, help, type, {}};
  prometheus::ClientMetric metric;
  (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
  return family;
}

}  // namespace

Limits::Limits(const std::vector<limit::Rule>& rules, limit::MemoryStore* memory,
               const limit::SharedLimits* shared, std::optional<size_t> every_address)
    : rules_(rules),
      memory_(memory),
      shared_(shared),
      every_address_(every_address ? &rules[*every_address] : nullptr),
      limited_(std::make_unique<std::atomic<uint64_t>[]>(rules.size())) {}

Limits::~Limits() = default;

Task<absl::Status> TakeLimits(Exchange& exchange, std::span<const route::Route::Limit> limits,
                              const LimitHost& host) {
  absl::InlinedVector<std::string, 4> keys;
  for (const route::Route::Limit& limit : limits) keys.push_back(LimitKey(exchange, limit));
  absl::InlinedVector<limit::Ask, 4> asks;
  for (size_t i = 0; i < limits.size(); ++i) {
    asks.push_back({&host.limits->rule(LimitRule(exchange, limits[i])), keys[i],
                    LimitCost(exchange, limits[i])});
  }
  std::optional<limit::Decision> decision = host.store->TakeNow(asks, exchange.call.loop.Now());
  if (!decision) decision = co_await host.store->Take(asks);
  co_return Outcome(*decision, host, exchange.limit);
}

absl::Status TakeOfAddress(std::string_view client_address, TimePoint now, const LimitHost& host,
                           limit::Decision& noted) {
  if (!host.limits || !host.limits->every_address()) return absl::OkStatus();
  const std::string key = AddressKey(client_address);
  const limit::Ask ask{host.limits->every_address(), key, 1};
  return Outcome(host.limits->memory().TakeAll({&ask, 1}, now), host, noted);
}

void AddLimitHeaders(const limit::Decision& decision, http::ResponseHead& head) {
  if (!decision.rule) return;
  const BucketRule& rule = decision.rule->bucket;
  head.headers.emplace_back("RateLimit-Limit", Cat(rule.burst()));
  head.headers.emplace_back("RateLimit-Remaining", Cat(decision.remaining));
  head.headers.emplace_back("RateLimit-Reset", Cat(Seconds(decision.reset)));
  head.headers.emplace_back("RateLimit-Policy", Cat(rule.requests(), ";w=", Seconds(rule.per()),
                                                    ";burst=", rule.burst()));
}

std::vector<prometheus::MetricFamily> Limits::Collect() const {
  using prometheus::MetricType;
  if (rules_.empty()) return {};
  prometheus::MetricFamily limited{"frontdesk_limit_refused_total",
                                   "Requests that came more often than a limit allows.",
                                   MetricType::Counter,
                                   {}};
  for (const limit::Rule& rule : rules_) {
    prometheus::ClientMetric metric;
    metric.label.push_back({"limit", rule.name});
    metric.counter.value = static_cast<double>(limited_[rule.id].load(std::memory_order_relaxed));
    limited.metric.push_back(std::move(metric));
  }
  std::vector<prometheus::MetricFamily> all;
  all.push_back(std::move(limited));
  const auto count = [&all](const char* name, const char* help, uint64_t value) {
    all.push_back(One(name, help, MetricType::Counter, static_cast<double>(value)));
  };
  count("frontdesk_limit_unavailable_total", "Requests refused because nobody could count them.",
        unavailable_.load(std::memory_order_relaxed));
  if (memory_) {
    count("frontdesk_limit_evicted_total", "Buckets forgotten before they were full again.",
          memory_->evicted());
    count("frontdesk_limit_strangers_total", "Requests counted with others for want of memory.",
          memory_->shared());
  }
  if (shared_) {
    all.push_back(One("frontdesk_limit_redis_up", "Workers whose connection to Redis works.",
                      MetricType::Gauge, static_cast<double>(shared_->answering())));
    count("frontdesk_limit_redis_calls_total", "Calls of Redis.", shared_->calls());
    count("frontdesk_limit_redis_failures_total", "Calls of Redis that failed or took too long.",
          shared_->failures());
  }
  return all;
}

}  // namespace frontdesk::policy
