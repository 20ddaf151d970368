#include "gateway/config/limits.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/base/text.h"
#include "gateway/config/call_policy.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/limit_check.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using contract::Method;
using Limit = v1::Policy::Limit;
using Key = route::Route::Limit::Key;

BucketRule ToBucketRule(const Limit& limit) {
  return BucketRule(limit.requests(), ToDuration(limit.per(), std::chrono::seconds(1)),
                    limit.burst());
}

bool Alike(const Limit& one, const Limit& other) {
  const BucketRule a = ToBucketRule(one), b = ToBucketRule(other);
  return one.key() == other.key() && a.requests() == b.requests() && a.per() == b.per() &&
         a.burst() == b.burst();
}

Key ToKey(Limit::Key key) {
  switch (key) {
    case Limit::CALLER:
      return Key::kCaller;
    case Limit::ADDRESS:
      return Key::kAddress;
    case Limit::HEADER:
      return Key::kHeader;
    case Limit::FIELD:
      return Key::kField;
    default:
      return Key::kRoute;
  }
}

// Without the end of its last line.
std::optional<std::string> ReadPassword(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return std::nullopt;
  std::string password = text.str();
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  return password;
}

}  // namespace

std::optional<size_t> LimitRules::RuleOf(const std::string& own, const std::string& path,
                                         const Limit& limit, const contract::Place& place,
                                         std::vector<limit::Rule>& rules) {
  const auto make = [&](std::string name) {
    const auto id = static_cast<uint32_t>(rules.size());
    rules.push_back({id, std::move(name), ToBucketRule(limit)});
    return rules.size() - 1;
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

bool LimitRules::Place(const Limit& from, route::Route::Limit limit, route::Route& route) {
  switch (limit.key) {
    case Key::kField:
      return false;
    case Key::kAddress:
      route.limits_by_address.push_back(std::move(limit));
      return true;
    case Key::kHeader:
      limit.header = contract::LowerCase(from.of());
      [[fallthrough]];
    case Key::kCaller:
    case Key::kRoute:
      route.limits_by_caller.push_back(std::move(limit));
      return true;
  }
  return false;
}

void LimitRules::Add(const Method& method, const v1::Policy& policy,
                     const contract::PolicyPlaces& places, const std::string& api,
                     std::vector<limit::Rule>& rules, route::Route& route) {
  const contract::Place place = contract::PlaceOfValue(places, "limit").value_or(method.place);
  for (int i = 0; i < policy.limit_size(); ++i) {
    const Limit& from = policy.limit(i);
    const std::string path = Cat(method.full_name, ".limit[", i, "]");
    // Told apart from names, which have no '/'.
    const std::string own =
        Cat(api.empty() ? "" : Cat("apis.", api, '/'), method.path.substr(1), '/', i);
    const std::optional<size_t> rule = RuleOf(own, path, from, place, rules);
    if (!rule) continue;
    route::Route::Limit limit{.key = ToKey(from.key()), .rule = *rule};
    if (from.has_cost()) limit.cost = from.cost();
    if (Place(from, limit, route)) continue;
    auto field = contract::ResolveLimitField(from.of(), *method.input);
    if (!field.ok()) {
      findings_.Add(place, Cat(path, ".of"), Std(field.status().message()));
      continue;
    }
    limit.field = *std::move(field);
    route.limits_by_field.push_back(std::move(limit));
  }
}

void LimitRules::AddOfApi(const std::string& path, const Limit& from, const contract::Place& place,
                          std::vector<limit::Rule>& rules, route::Route& route) {
  const std::optional<size_t> rule = RuleOf(path, path, from, place, rules);
  if (!rule) return;
  route::Route::Limit limit{.key = ToKey(from.key()), .rule = *rule};
  if (from.has_cost()) limit.cost = from.cost();
  Place(from, std::move(limit), route);  // never by FIELD: that was checked
}

void ToLimitStore(const LoadedConfig& loaded, const std::string& config_file, Snapshot& snapshot,
                  Findings& findings) {
  const v1::Config& config = loaded.config;
  const auto& limits = config.rate_limits();
  if (limits.has_bytes()) snapshot.limit_bytes = limits.bytes();
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
  settings.redis.timeout = ToDuration(from.timeout(), settings.redis.timeout);
  if (from.has_password_file()) {
    const auto path = std::filesystem::path(config_file).parent_path() / from.password_file();
    const std::optional<std::string> password = ReadPassword(path);
    if (!password || password->empty()) {
      findings.Add(loaded.PlaceOf("redis.password_file"), "redis.password_file",
                   password ? Cat(path.string(), " is empty") : Cat("cannot read ", path.string()));
    } else {
      settings.redis.password = *password;
    }
  }
  snapshot.redis_address = from.address();
  snapshot.shared_limits = std::move(settings);
}

}  // namespace frontdesk::config
