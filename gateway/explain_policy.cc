#include "gateway/explain_policy.h"

#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/value_rules.h"
#include "gateway/contract/version_check.h"
#include "gateway/explain_auth.h"
#include "gateway/explain_calls.h"
#include "gateway/explain_rules.h"

namespace frontdesk {
namespace {

using nlohmann::ordered_json;

// "1000 per 1s, burst 2000"
std::string QuotaText(const limit::Rule& rule) {
  return Cat(rule.bucket.requests(), " per ", contract::DurationText(rule.bucket.per()), ", burst ",
             rule.bucket.burst());
}

// "searches: 10 per 1s, burst 20, by caller, cost 2; plan gold: 1000 per 1s, burst 1000; in Redis"
std::string LimitText(const config::Snapshot& snapshot, const route::Route::Limit& limit) {
  using Key = route::Route::Limit::Key;
  const limit::Rule& rule = snapshot.limit_rules[limit.rule];
  const auto by = [&]() -> std::string {
    switch (limit.key) {
      case Key::kCaller:
        return ", by caller";
      case Key::kAddress:
        return ", by address";
      case Key::kRoute:
        return "";
      case Key::kHeader:
        return Cat(", by header ", limit.of);
      case Key::kClaim:
        return Cat(", by claim ", limit.of);
      case Key::kField:
        return Cat(", by field ", limit.of);
      case Key::kApiKey:
        return ", by API key";
    }
    return "";
  };
  std::string text = Cat(rule.name, ": ", QuotaText(rule), by());
  if (limit.cost > 0) text += Cat(", cost ", limit.cost);
  if (!limit.lists.empty()) {
    text += Cat(limit.cost > 0 ? " and " : ", cost ", limit.per_element, " per element");
  }
  for (const auto& tier : limit.tiers) {
    text += Cat("; ", limit.tier_claim, ' ', tier.value, ": ",
                QuotaText(snapshot.limit_rules[tier.rule]));
  }
  return Cat(text, snapshot.shared_limits ? "; in Redis" : "");
}

// What pages in browsers may do: what is off is left out, but for the way in by a cookie.
template <class Add>
void AddBrowsers(const route::Route& route, const Add& add) {
  if (route.cors) {
    const route::Cors& cors = *route.cors;
    add("cors.allow_origins", cors.origins.Patterns());
    add("cors.allow_headers", cors.allow_headers);
    add("cors.expose_headers", cors.expose_headers);
    add("cors.allow_credentials", cors.credentials);
    add("cors.allow_private_network", cors.private_network);
    add("cors.max_age", Cat(cors.max_age, "s"));
  }
  add("csrf.enabled", route.csrf);
  if (!route.csrf_origins.empty()) add("csrf.allow_origins", route.csrf_origins.Patterns());
}

template <class Add>
void AddVersion(const contract::Method& method, const v1::Policy::Version& version,
                const Add& add) {
  if (version.has_deprecated_since()) add("version.deprecated_since", version.deprecated_since());
  if (version.has_sunset()) add("version.sunset", version.sunset());
  if (version.has_successor()) add("version.successor", contract::SuccessorOf(method, version));
  if (version.has_documentation()) add("version.documentation", version.documentation());
  if (version.has_retired()) add("version.retired", version.retired());
  if (version.has_retired_since()) add("version.retired_since", version.retired_since());
}

}  // namespace

ordered_json PolicyToJson(const config::Snapshot& snapshot, const route::Route& route) {
  ordered_json out = ordered_json::object();
  const auto add = [&](const char* name, ordered_json value) {
    out[name] = Explained(std::move(value), route.places, name);
  };
  add("timeout", contract::DurationText(route.timeout));
  add("max_request_bytes", route.max_request_bytes);
  add("max_response_bytes", route.max_response_bytes);
  add("success_status", route.success_status);
  add("print.defaults", route.print_defaults);
  add("print.proto_names", route.proto_names);
  add("print.enum_numbers", route.enum_numbers);
  add("parse.ignore_unknown_fields", route.ignore_unknown_fields);
  add("parse.ignore_unknown_parameters", route.ignore_unknown_parameters);
  add("parse.last_key_wins", route.last_key_wins);
  add("path.keep_reserved_encoded", route.keep_reserved_encoded);
  add("path.ignore_trailing_slash", route.ignore_trailing_slash);
  const auto& once = route.idempotency;
  if (once.on) {
    add("idempotency.required", once.required);
    add("idempotency.ttl", contract::DurationText(once.ttl));
  }
  add("priority", PriorityName(route.priority));
  if (route.bulkhead >= 0) {
    const auto& bulkhead = snapshot.bulkheads[static_cast<size_t>(route.bulkhead)];
    add("bulkhead", Cat(bulkhead.name, " (max_in_flight ", bulkhead.max_in_flight, ", max_pending ",
                        bulkhead.max_pending, ")"));
  }
  if (snapshot.address_rule) {
    add("rate_limits.by_address", QuotaText(snapshot.limit_rules[*snapshot.address_rule]));
  }
  std::vector<std::string> limits;
  for (const auto* each :
       {&route.limits_by_address, &route.limits_by_caller, &route.limits_by_field}) {
    for (const route::Route::Limit& limit : *each) limits.push_back(LimitText(snapshot, limit));
  }
  if (!limits.empty()) add("limit", limits);
  const route::Route::Fault& fault = route.fault;
  if (fault.on && fault.delay > Duration::zero()) {
    add("fault.delay", contract::DurationText(fault.delay));
    add("fault.delay_percent", fault.delay_percent);
  }
  if (fault.on && fault.abort != absl::StatusCode::kOk) {
    add("fault.abort", absl::StatusCodeToString(fault.abort));
    add("fault.abort_percent", fault.abort_percent);
  }
  ExplainAuth(route.auth, add);
  AddBrowsers(route, add);
  if (route.version) AddVersion(*route.method, route.version->policy, add);
  if (route.header_rules) add("header_rules", HeaderRuleTexts(route));
  add("request_headers", route.request_headers);
  add("response_headers", route.response_headers);
  return out;
}

}  // namespace frontdesk
