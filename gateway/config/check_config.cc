#include "gateway/config/check_config.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/config/apis.h"
#include "gateway/config/auth.h"
#include "gateway/config/check_upstream.h"
#include "gateway/config/field_path.h"
#include "gateway/config/headers.h"
#include "gateway/config/host_port.h"
#include "gateway/config/load_message.h"
#include "gateway/config/scalar.h"
#include "gateway/config/tls.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/limit_check.h"
#include "gateway/contract/value_rules.h"
#include "gateway/http/server_limits.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using contract::TimeRule;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using v1::Config;
using v1::Policy;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kGiB = 1 << 30;
constexpr std::chrono::hours kYear{24 * 365};

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Fields in the order of a map's keys, so that findings always come in the same order.
template <class Map>
auto Sorted(const Map& map) {
  std::map<std::string, const typename Map::mapped_type*> sorted;
  for (const auto& [key, value] : map) sorted.emplace(key, &value);
  return sorted;
}

class Checker {
 public:
  Checker(const LoadedConfig& loaded, Findings& findings)
      : loaded_(loaded), config_(loaded.config), findings_(findings) {}

  void Run() {
    CheckListeners();
    CheckTlsShape(loaded_, findings_);
    CheckLimits(config_.limits());
    CheckLoad();
    CheckDns();
    CheckRedis();
    CheckAuth(loaded_, findings_);
    CheckHeaders(loaded_, findings_);
    UpstreamChecker upstreams(loaded_, findings_);
    for (const auto& [name, upstream] : Sorted(config_.upstreams())) {
      upstreams.Check(Cat("upstreams.", name), *upstream);
    }
    for (const auto& [name, policy] : Sorted(config_.methods())) {
      CheckMethod(name, Cat("methods.", name), *policy);
    }
    CheckApis(loaded_, findings_);
    for (const auto& [api, from] : Sorted(config_.apis())) {
      CheckPolicy(Cat("apis.", api, ".policy"), from->policy());
      for (const auto& [name, policy] : Sorted(from->methods())) {
        CheckMethod(name, Cat("apis.", api, ".methods.", name), *policy);
      }
    }
  }

 private:
  void Add(const std::string& path, std::string_view text) {
    if (findings_.size() < kMaxFindings) findings_.Add(loaded_.PlaceOf(path), path, text);
  }

  // Only what the file says is checked: built-in defaults hold by themselves.
  void Range(const Message& message, const std::string& path, const std::string& field,
             uint64_t least, uint64_t most) {
    const auto& descriptor = *message.GetDescriptor()->FindFieldByName(field);
    const auto& reflection = *message.GetReflection();
    if (!reflection.HasField(message, &descriptor)) return;
    const uint64_t value = descriptor.cpp_type() == FieldDescriptor::CPPTYPE_UINT64
                               ? reflection.GetUInt64(message, &descriptor)
                               : reflection.GetUInt32(message, &descriptor);
    if (value >= least && value <= most) return;
    Add(Cat(path, ".", field), Cat("must be between ", least, " and ", most, ", got ", value));
  }

  void Times(const Message& message, const std::string& path, std::span<const TimeRule> rules);
  void CheckListeners();
  void CheckLimits(const Config::Limits& limits);
  void CheckLoad();
  void CheckDns();
  void CheckRedis();
  void CheckMethod(const std::string& name, const std::string& path, const Policy& policy);
  void CheckPolicy(const std::string& path, const Policy& policy);
  // The address, or nothing, and a finding, when it can't be listened on.
  std::optional<HostPort> Listener(const std::string& path, const std::string& text);

  const LoadedConfig& loaded_;
  const Config& config_;
  Findings& findings_;
};

std::optional<HostPort> Checker::Listener(const std::string& path, const std::string& text) {
  std::optional<HostPort> address = ParseHostPort(text);
  if (address && address->numeric) return address;
  const bool localhost = address && contract::LowerCase(address->host) == "localhost";
  Add(path,
      Cat("expected an address such as \"127.0.0.1:8080\" or \"[::1]:8080\", got ", Quoted(text),
          localhost ? Cat(" (did you mean \"127.0.0.1:", address->port, "\"?)") : ""));
  return std::nullopt;
}

void Checker::CheckListeners() {
  const auto& listen = config_.listen();
  Range(listen, "listen", "workers", 1, 1024);
  Range(listen, "listen", "backlog", 1, 65535);
  Range(listen, "listen", "trusted_hops", 0, 100);
  const bool says_admin = config_.admin().has_address();
  const std::optional<HostPort> front = listen.has_address()
                                            ? Listener("listen.address", listen.address())
                                            : ParseHostPort(kUsualListen);
  const std::optional<HostPort> admin = says_admin
                                            ? Listener("admin.address", config_.admin().address())
                                            : ParseHostPort(kUsualAdmin);

  if (admin && !admin->loopback) {
    Add("admin.address", Cat("must be a loopback address: whoever reaches it controls the gateway; "
                             "got ",
                             Quoted(config_.admin().address())));
  }
  if (front && admin && Collide(*front, *admin)) {
    Add(says_admin ? "admin.address" : "listen.address",
        !says_admin ? Cat("is that of admin.address as well, by default ", kUsualAdmin)
        : listen.has_address()
            ? "is that of listen.address as well"
            : Cat("is that of listen.address as well, by default ", kUsualListen));
  }
  if (config_.auth().has_development_caller() && front && !front->loopback) {
    Add("auth.development_caller",
        Cat("makes everybody this caller and is refused on any address but loopback; "
            "listen.address is ",
            Quoted(listen.address())));
  }
  for (const auto& [name, provider] : Sorted(config_.auth().providers())) {
    if (!provider->has_signing_key_file() || !front || front->loopback) continue;
    Add(Cat("auth.providers.", name, ".signing_key_file"),
        Cat("is for demos and refused on any address but loopback: whoever reads the file is "
            "everybody; listen.address is ",
            Quoted(listen.address())));
  }
  if (listen.trusted_hops() == 0) return;
  // Behind a proxy on this machine everybody comes from loopback.
  constexpr std::string_view kProxied =
      "is for this machine alone, and listen.trusted_hops says that others come by a proxy";
  if (config_.auth().has_development_caller()) Add("auth.development_caller", kProxied);
  for (const auto& [name, provider] : Sorted(config_.auth().providers())) {
    if (!provider->has_signing_key_file()) continue;
    Add(Cat("auth.providers.", name, ".signing_key_file"), kProxied);
  }
}

// That they are times at all is found when they are read.
void Checker::Times(const Message& message, const std::string& path,
                    std::span<const TimeRule> rules) {
  contract::CheckValues(message, {}, rules,
                        [&](const std::vector<int>&, std::string_view name, std::string_view text) {
                          Add(Cat(path, '.', name), text);
                        });
}

void Checker::CheckLimits(const Config::Limits& limits) {
  constexpr std::array kTimes = {TimeRule{"header_timeout"}, TimeRule{"idle_timeout"},
                                 TimeRule{"send_timeout"}};
  Times(limits, "limits", kTimes);
  constexpr std::array kDrain = {TimeRule{"grace", std::chrono::nanoseconds(1), kYear},
                                 TimeRule{"timeout", std::chrono::nanoseconds(1), kYear}};
  Times(config_.drain(), "drain", kDrain);
  Range(limits, "limits", "header_bytes", 1024, kMiB);
  Range(limits, "limits", "header_fields", 1, 10'000);
  Range(limits, "limits", "target_bytes", 64, kMiB);
  Range(limits, "limits", "body_bytes", 0, 4 * kGiB - 1);
  Range(limits, "limits", "body_rate", 0, kGiB);
  Range(limits, "limits", "json_depth", 1, 1000);
  Range(limits, "limits", "connections", 1, 1'000'000);
  Range(limits, "limits", "idempotency_entries", 1, 100'000'000);
  Range(limits, "limits", "idempotency_bytes", 1 << 20, 1024 * kGiB);
}

void Checker::CheckLoad() {
  for (const auto& [name, bulkhead] : Sorted(config_.bulkheads())) {
    const std::string path = Cat("bulkheads.", name);
    if (!loaded_.Has(path + ".max_in_flight") && !HasUnknownKey(findings_, path)) {
      Add(path, "has no max_in_flight");
    }
    Range(*bulkhead, path, "max_in_flight", 1, 1'000'000);
    Range(*bulkhead, path, "max_pending", 0, 1'000'000);
  }
  Range(config_.overload(), "overload", "max_in_flight", 1, 10'000'000);
  const uint64_t largest = config_.limits().has_body_bytes() ? config_.limits().body_bytes()
                                                             : http::ServerLimits().body_bytes;
  // The last tenth is not for everybody.
  Range(config_.overload(), "overload", "max_body_bytes", largest * 10 / 9 + 1, 1024 * kGiB);
  constexpr std::array kTimes = {
      TimeRule{"max_queue_age", std::chrono::milliseconds(1), std::chrono::minutes(1)}};
  Times(config_.overload(), "overload", kTimes);
}

void Checker::CheckDns() {
  std::set<std::string> seen;
  for (int i = 0; i < config_.dns().servers_size(); ++i) {
    const std::string& server = config_.dns().servers(i);
    const std::string path = Cat("dns.servers[", i, "]");
    const std::optional<HostPort> address = ParseHostPort(server);
    if (!address || !address->numeric || address->port == 0) {
      Add(path, Cat("expected an address such as \"127.0.0.1:53\" or \"[::1]:53\", got ",
                    Quoted(server)));
    } else if (!seen.insert(server).second) {
      Add(path, Cat(Quoted(server), " stands here twice"));
    }
  }
}

void Checker::CheckRedis() {
  Range(config_.rate_limits(), "rate_limits", "bytes", kMiB, 1024 * kGiB);
  if (config_.rate_limits().has_by_address()) {
    Findings found;
    contract::CheckLimitQuota(config_.rate_limits().by_address(), Policy::Limit(),
                              [&](int, std::string_view name, std::string_view text) {
                                const std::string path = Cat("rate_limits.by_address.", name);
                                found.Add(loaded_.PlaceOf(path), path, text);
                              });
    AddNew(found, findings_);
  }
  if (!config_.has_redis()) {
    if (config_.rate_limits().store() == Config::RateLimits::REDIS) {
      Add("rate_limits.store", "has no meaning without `redis`");
    }
    return;
  }
  const Config::Redis& redis = config_.redis();
  if (!loaded_.Has("redis.address")) {
    if (!HasUnknownKey(findings_, "redis")) Add("redis", "has no address");
  } else if (const auto address = ParseHostPort(redis.address()); !address || address->port == 0) {
    Add("redis.address", Cat("expected an address such as \"127.0.0.1:6379\" or "
                             "\"redis.internal:6379\", got ",
                             Quoted(redis.address())));
  }
  constexpr std::array kTimes = {
      TimeRule{"timeout", std::chrono::milliseconds(1), std::chrono::seconds(1)}};
  Times(redis, "redis", kTimes);
  Range(redis, "redis", "database", 0, 1'000'000);
  Range(redis, "redis", "instances", 1, 10'000);
  if (redis.has_instances() && redis.on_error() == Config::Redis::CLOSED) {
    Add("redis.instances", "has no meaning with `on_error: closed`: no gateway counts by itself");
  }
  if (redis.key_prefix().size() > 100) Add("redis.key_prefix", "is longer than 100 bytes");
}

void Checker::CheckMethod(const std::string& name, const std::string& path, const Policy& policy) {
  const std::string_view text = name;
  const size_t slash = text.find('/');
  const bool method_fits =
      slash == std::string_view::npos ||
      (IsDottedName(text.substr(slash + 1)) && text.find('.', slash) == std::string_view::npos);
  if (!method_fits || !IsDottedName(text.substr(0, slash))) {
    Add(path, "expected \"package.Service\" or \"package.Service/Method\"");
  }
  CheckPolicy(path, policy);
}

void Checker::CheckPolicy(const std::string& path, const Policy& policy) {
  // Beyond what a YAML number may be; the rest is checked as in the contract.
  Range(policy, path, "max_request_bytes", 0, 4 * kGiB - 1);
  Range(policy, path, "max_response_bytes", 0, 4 * kGiB - 1);
  const auto place_of = [&](const std::vector<int>& field) {
    return loaded_.PlaceOf(Cat(path, '.', FieldPath(*Policy::descriptor(), field)));
  };
  Findings found;
  contract::CheckPolicy(policy, path, place_of, found);
  AddNew(found, findings_);
  const Config::Auth& auth = config_.auth();
  if (policy.has_csrf() && auth.cookie().empty() && !auth.has_client_certificates() &&
      auth.development_caller().empty()) {
    Add(Cat(path, ".csrf"),
        "has no meaning without auth.cookie or auth.client_certificates: nobody is known by what "
        "browsers send by themselves");
  }
}

}  // namespace

bool IsDottedName(std::string_view name) {
  bool begins = true;
  for (const char c : name) {
    if (c == '.' ? begins : !(IsAlpha(c) || (!begins && IsDigit(c)))) return false;
    begins = c == '.';
  }
  return !begins;
}

void CheckConfig(const LoadedConfig& loaded, Findings& findings) {
  Checker(loaded, findings).Run();
}

}  // namespace frontdesk::config
