#include "gateway/config/limits.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "gateway/base/read_file.h"
#include "gateway/base/text.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/limit_check.h"
#include "gateway/contract/to_call_policy.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using contract::Method;
using Limit = v1::Policy::Limit;
using Key = route::Route::Limit::Key;

BucketRule ToBucketRule(const Limit& limit) {
  return BucketRule(limit.requests(), contract::ToDuration(limit.per(), std::chrono::seconds(1)),
                    limit.burst());
}

// `per` where the tier says nothing is the limit's.
BucketRule ToBucketRule(const Limit::Tier& tier, const Limit& limit) {
  const std::string& per = tier.has_per() ? tier.per() : limit.per();
  return BucketRule(tier.requests(), contract::ToDuration(per, std::chrono::seconds(1)),
                    tier.burst());
}

bool Alike(const BucketRule& a, const BucketRule& b) {
  return a.requests() == b.requests() && a.per() == b.per() && a.burst() == b.burst();
}

// Fields have other names in other requests; what else a limit is of is one thing.
bool Alike(const Limit& one, const Limit& other) {
  const auto& tiers = one.tiers();
  const auto& others = other.tiers();
  if (one.key() != other.key() || !Alike(ToBucketRule(one), ToBucketRule(other)) ||
      (one.of() != other.of() && one.key() != Limit::FIELD) || tiers.claim() != others.claim() ||
      tiers.tier_size() != others.tier_size()) {
    return false;
  }
  for (int i = 0; i < tiers.tier_size(); ++i) {
    if (tiers.tier(i).value() != others.tier(i).value() ||
        !Alike(ToBucketRule(tiers.tier(i), one), ToBucketRule(others.tier(i), other))) {
      return false;
    }
  }
  return true;
}

Key ToKey(Limit::Key key) {
  switch (key) {
    case Limit::CALLER:
      return Key::kCaller;
    case Limit::ADDRESS:
      return Key::kAddress;
    case Limit::HEADER:
      return Key::kHeader;
    case Limit::CLAIM:
      return Key::kClaim;
    case Limit::API_KEY:
      return Key::kApiKey;
    case Limit::FIELD:
      return Key::kField;
    default:
      return Key::kRoute;
  }
}

void ToCost(const Limit& from, const Method& method, route::Route::Limit& to) {
  const uint32_t unit = from.has_cost() ? from.cost() : 1;
  contract::LimitCost cost = contract::CostOf(from, method);
  to.cost = static_cast<uint32_t>(
      std::min<uint64_t>(uint64_t{unit} * cost.times, std::numeric_limits<uint32_t>::max()));
  if (!cost.lists.empty()) to.per_element = unit;
  to.lists = std::move(cost.lists);
}

// Their rules stand behind the limit's own.
void ToTiers(const Limit& from, route::Route::Limit& to) {
  to.tier_claim = from.tiers().claim();
  for (const Limit::Tier& tier : from.tiers().tier()) {
    to.tiers.push_back({tier.value(), to.rule + to.tiers.size() + 1});
  }
}

}  // namespace

std::optional<size_t> LimitRules::RuleOf(const std::string& own, const std::string& path,
                                         const Limit& limit, const contract::Place& place,
                                         std::vector<limit::Rule>& rules) {
  const auto make = [&](const std::string& name) {
    const size_t first = rules.size();
    rules.push_back({static_cast<uint32_t>(first), name, ToBucketRule(limit)});
    for (const Limit::Tier& tier : limit.tiers().tier()) {
      // Told apart from names of limits, which have no '='.
      rules.push_back({static_cast<uint32_t>(rules.size()), Cat(name, '=', tier.value()),
                       ToBucketRule(tier, limit)});
    }
    return first;
  };
  if (!limit.has_name()) {
    const auto [at, added] = own_.emplace(own, 0);
    if (added) at->second = make(own);
    return at->second;
  }
  const auto at = named_.find(limit.name());
  if (at == named_.end()) {
    const size_t rule = make(limit.name());
    named_.emplace(limit.name(), Named{rule, limit, place});
    return rule;
  }
  if (Alike(at->second.limit, limit)) return at->second.rule;
  findings_.Add(place, path,
                Cat("limit ", contract::Quoted(limit.name()), " is another one at ",
                    at->second.place.ToString(), ": of one name only the cost may differ"));
  return std::nullopt;
}

void LimitRules::Check(const Method& method, const v1::Policy& policy,
                       const contract::Place& place) {
  const auto tell = [&](std::string_view name, std::string_view text) {
    findings_.Add(place, Cat(method.full_name, '.', name), text);
  };
  contract::CheckLimitFields(policy, method, tell);
  if (policy.auth().access() != v1::Policy::Auth::PUBLIC) return;
  for (int i = 0; i < policy.limit_size(); ++i) {
    constexpr std::string_view kNobody = "is of known callers, and the method is PUBLIC";
    const Limit& limit = policy.limit(i);
    const bool known = limit.key() == Limit::CLAIM || limit.key() == Limit::API_KEY;
    if (known) tell(Cat("limit[", i, "].key"), kNobody);
    if (limit.has_tiers()) tell(Cat("limit[", i, "].tiers"), kNobody);
  }
}

void LimitRules::Place(const Limit& from, size_t rule, const Method& method, route::Route& route) {
  route::Route::Limit limit{.key = ToKey(from.key()), .rule = rule, .of = from.of()};
  if (limit.key == Key::kHeader) limit.of = contract::LowerCase(from.of());
  if (limit.key == Key::kField) {
    auto field = contract::ResolveLimitField(from.of(), *method.input);
    if (!field.ok()) return;  // which was told
    limit.field = *std::move(field);
  }
  ToCost(from, method, limit);
  ToTiers(from, limit);
  const bool read = limit.key == Key::kField || !limit.lists.empty();
  auto& where = limit.key == Key::kAddress ? route.limits_by_address
                : read                     ? route.limits_by_field
                                           : route.limits_by_caller;
  where.push_back(std::move(limit));
}

void LimitRules::Add(const Method& method, const v1::Policy& policy,
                     const contract::PolicyPlaces& places, const std::string& api,
                     std::vector<limit::Rule>& rules, route::Route& route) {
  const contract::Place place = contract::PlaceOfValue(places, "limit").value_or(method.place);
  if (checked_.emplace(&method, api).second) Check(method, policy, place);
  for (int i = 0; i < policy.limit_size(); ++i) {
    // Told apart from names, which have no '/'.
    const std::string own =
        Cat(api.empty() ? "" : Cat("apis.", api, '/'), method.path.substr(1), '/', i);
    const std::string path = Cat(method.full_name, ".limit[", i, "]");
    const std::optional<size_t> rule = RuleOf(own, path, policy.limit(i), place, rules);
    if (rule) Place(policy.limit(i), *rule, method, route);
  }
}

void LimitRules::AddOfApi(const std::string& path, const Limit& from, const contract::Place& place,
                          std::vector<limit::Rule>& rules, route::Route& route) {
  if (checked_.emplace(route.method, path).second) {
    v1::Policy only;
    *only.add_limit() = from;
    contract::CheckLimitFields(only, *route.method, [&](std::string_view, std::string_view text) {
      findings_.Add(place, path, Cat("of ", route.method->full_name, ": ", text));
    });
  }
  const std::optional<size_t> rule = RuleOf(path, path, from, place, rules);
  if (!rule) return;
  for (const auto* limits :
       {&route.limits_by_address, &route.limits_by_caller, &route.limits_by_field}) {
    for (const route::Route::Limit& other : *limits) {
      if (other.rule != *rule) continue;
      findings_.Add(place, path,
                    Cat(route.method->full_name, " is counted in the limit ",
                        contract::Quoted(from.name()), " already: say `cost` there"));
      return;
    }
  }
  Place(from, *rule, *route.method, route);
}

void ToLimitStore(const LoadedConfig& loaded, const std::string& config_file, Snapshot& snapshot,
                  Findings& findings) {
  const v1::Config& config = loaded.config;
  const auto& limits = config.rate_limits();
  if (limits.has_bytes()) snapshot.limit_bytes = limits.bytes();
  if (limits.has_by_address()) {
    const auto& quota = limits.by_address();
    snapshot.address_rule = snapshot.limit_rules.size();
    // Told apart from names, which have no '/', and from methods, which have a dot before it.
    snapshot.limit_rules.push_back(
        {static_cast<uint32_t>(snapshot.limit_rules.size()), "rate_limits/by_address",
         BucketRule(quota.requests(), contract::ToDuration(quota.per(), std::chrono::seconds(1)),
                    quota.burst())});
  }
  const bool shared = limits.store() == v1::Config::RateLimits::REDIS ||
                      (config.has_redis() && limits.store() != v1::Config::RateLimits::MEMORY);
  if (!shared || !config.redis().has_address()) return;
  const v1::Config::Redis& from = config.redis();
  limit::SharedSettings settings;
  settings.name = from.address();
  settings.bytes = snapshot.limit_bytes;
  settings.open = from.on_error() != v1::Config::Redis::CLOSED;
  if (from.has_instances()) settings.instances = from.instances();
  if (from.has_key_prefix()) settings.key_prefix = from.key_prefix();
  settings.redis.database = from.database();
  settings.redis.timeout = contract::ToDuration(from.timeout(), settings.redis.timeout);
  if (from.has_password_file()) {
    const auto path = std::filesystem::path(config_file).parent_path() / from.password_file();
    const absl::StatusOr<std::string> password = ReadSecret(path);
    if (!password.ok() || password->empty()) {
      const std::string_view why = password.ok() ? "is empty" : Std(password.status().message());
      findings.Add(loaded.PlaceOf("redis.password_file"), "redis.password_file",
                   Cat(QuotedFile(path.string()), ": ", why));
    } else {
      settings.redis.password = *password;
    }
  }
  snapshot.redis_address = from.address();
  snapshot.shared_limits = std::move(settings);
}

}  // namespace frontdesk::config
