#include "gateway/contract/to_call_policy.h"

#include "gateway/contract/contract.h"

namespace frontdesk::contract {

Duration ToDuration(const std::string& text, Duration otherwise) {
  const auto parsed = ParseDuration(text);
  return parsed ? std::chrono::duration_cast<Duration>(*parsed) : otherwise;
}

Priority ToPriority(frontdesk::v1::Policy::Priority from) {
  switch (from) {
    case frontdesk::v1::Policy::CRITICAL:
      return Priority::kCritical;
    case frontdesk::v1::Policy::SHEDDABLE:
      return Priority::kSheddable;
    default:
      return Priority::kNormal;
  }
}

BreakerSettings ToBreaker(const frontdesk::v1::Policy::Breaker& from, BreakerSettings breaker) {
  if (from.has_enabled()) breaker.on = from.enabled();
  if (from.has_consecutive_failures()) breaker.consecutive_failures = from.consecutive_failures();
  if (from.has_error_percent()) breaker.error_percent = from.error_percent();
  breaker.slow_call = ToDuration(from.slow_call(), breaker.slow_call);
  if (from.has_slow_percent()) breaker.slow_percent = from.slow_percent();
  breaker.window = ToDuration(from.window(), breaker.window);
  if (from.has_minimum_calls()) breaker.minimum_calls = from.minimum_calls();
  breaker.open_time = ToDuration(from.open_time(), breaker.open_time);
  breaker.max_open_time = ToDuration(from.max_open_time(), breaker.max_open_time);
  if (from.has_probes()) breaker.probes = from.probes();
  return breaker;
}

CallPolicy ToCallPolicy(const frontdesk::v1::Policy& from, Idempotency level) {
  CallPolicy policy;
  const frontdesk::v1::Policy::Retry& retry = from.retry();
  if (retry.has_max_attempts()) policy.retry.max_attempts = retry.max_attempts();
  Backoff& backoff = policy.retry.backoff;
  backoff.initial = ToDuration(retry.initial_backoff(), backoff.initial);
  backoff.max = ToDuration(retry.max_backoff(), backoff.max);
  if (retry.has_backoff_multiplier()) backoff.multiplier = retry.backoff_multiplier();
  if (retry.retryable_status_codes_size() > 0) policy.retry.codes = {};
  for (const int code : retry.retryable_status_codes()) {
    policy.retry.codes.Add(static_cast<absl::StatusCode>(code));
  }
  policy.retry.per_attempt_timeout =
      ToDuration(retry.per_attempt_timeout(), policy.retry.per_attempt_timeout);

  const frontdesk::v1::Policy::Hedge& hedge = from.hedge();
  if (hedge.has_max_attempts()) policy.hedge.max_attempts = hedge.max_attempts();
  policy.hedge.delay = ToDuration(hedge.delay(), policy.hedge.delay);
  policy.hedge.percentile = hedge.percentile();
  policy.hedge.on =
      from.has_hedge() && policy.hedge.max_attempts > 1 && level == Idempotency::kNoSideEffects;

  policy.breaker = ToBreaker(from.breaker(), policy.breaker);
  policy.priority = ToPriority(from.priority());
  return policy;
}

DeclaredPolicy ToDeclaredPolicy(const frontdesk::v1::Policy& from, Idempotency level) {
  DeclaredPolicy policy;
  policy.calls = ToCallPolicy(from, level);
  policy.timeout = ToDuration(from.timeout(), policy.timeout);
  if (from.has_max_response_bytes()) policy.max_reply_bytes = from.max_response_bytes();
  return policy;
}

}  // namespace frontdesk::contract
