#include "gateway/config/check_upstream.h"

#include <algorithm>
#include <array>

#include "gateway/base/text.h"
#include "gateway/config/check_config.h"
#include "gateway/config/field_path.h"
#include "gateway/config/host_port.h"
#include "gateway/config/load_message.h"
#include "gateway/contract/call_policy_check.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::config {
namespace {

using contract::DurationText;
using contract::NumberRule;
using contract::ParseDuration;
using contract::Quoted;
using contract::TimeRule;
using std::chrono::milliseconds;
using v1::Upstream;

constexpr double kMany = 1'000'000;
constexpr std::string_view kSrv = "srv://";

constexpr std::array kNumbers = {
    NumberRule{"connections", 1, 256},
    NumberRule{"max_message_bytes", 1, 4294967295},
    NumberRule{"max_pending", 1, kMany},
    NumberRule{"max_in_flight", 1, kMany},
    NumberRule{"retry_budget.budget_percent", 0, 100},
    NumberRule{"retry_budget.min_retries_per_second", 0, kMany},
    NumberRule{"outlier_detection.consecutive_failures", 0, kMany},
    NumberRule{"outlier_detection.max_ejection_percent", 0, 100},
    NumberRule{"outlier_detection.panic_threshold", 0, 100},
    NumberRule{"outlier_detection.success_rate_stdev_factor", 0, 100},
    NumberRule{"outlier_detection.success_rate_minimum_hosts", 1, kMany},
    NumberRule{"outlier_detection.success_rate_request_volume", 1, kMany},
    NumberRule{"health_check.unhealthy_threshold", 1, 100},
    NumberRule{"health_check.healthy_threshold", 1, 100},
    NumberRule{"adaptive_concurrency.min", 1, kMany},
    NumberRule{"adaptive_concurrency.initial", 1, kMany},
    NumberRule{"adaptive_concurrency.max", 1, kMany},
    NumberRule{"adaptive_concurrency.tolerance", 1, 100},
};
// That they are times at all is found when they are read.
constexpr std::array kTimes = {
    TimeRule{"timeout"},
    TimeRule{"connect_timeout"},
    TimeRule{"keepalive_timeout"},
    TimeRule{"health_check.timeout"},
    TimeRule{"max_queue_age", std::chrono::microseconds(1), std::chrono::minutes(1)},
    TimeRule{"outlier_detection.interval", milliseconds(100), std::chrono::hours(1)},
    TimeRule{"outlier_detection.base_ejection_time", milliseconds(1)},
    TimeRule{"outlier_detection.max_ejection_time", milliseconds(1)},
    TimeRule{"health_check.interval", milliseconds(10), std::chrono::hours(1)},
    TimeRule{"slow_start", milliseconds(1)},
    TimeRule{"dns_refresh", milliseconds(10)},
    TimeRule{"keepalive_interval", milliseconds(10)},
    TimeRule{"max_connection_age", milliseconds(10), std::chrono::hours(24 * 365)},
};
constexpr NumberRule kWeight{"weight", 1, 1000};

std::string WrongEndpoint(const std::string& text, Upstream::Transport transport) {
  const size_t scheme = text.find("://");
  if (text.starts_with(kSrv)) {
    if (transport == Upstream::GRPC) return "transport: grpc takes no SRV records";
    return upstream::ParseEndpoint(text).ok()
               ? ""
               : Cat("expected a name behind \"srv://\", without a port, got ", Quoted(text));
  }
  if (transport == Upstream::GRPC && scheme != std::string::npos && scheme > 0) return "";
  const auto address = ParseHostPort(text);
  if (address && address->port != 0) return "";
  std::string why = Cat("expected \"host:port\", got ", Quoted(text));
  if (scheme != std::string::npos) {
    const std::string_view rest = std::string_view(text).substr(scheme + 3);
    const auto inner = ParseHostPort(rest.substr(0, rest.find('/')));
    why += inner ? Cat(" (did you mean ", Quoted(rest.substr(0, rest.find('/'))), "?)")
                 : std::string(" (only transport: grpc takes targets with a scheme)");
  }
  return why;
}

// Of an Upstream, or of a version of one.
template <class From>
bool HasSrv(const From& from) {
  const auto is_srv = [](const std::string& address) { return address.starts_with(kSrv); };
  return std::any_of(from.endpoints().begin(), from.endpoints().end(), is_srv) ||
         std::any_of(from.weighted().begin(), from.weighted().end(),
                     [&](const Upstream::Endpoint& one) { return is_srv(one.address()); });
}

bool HasSrvAnywhere(const Upstream& upstream) {
  const auto& versions = upstream.canary().versions();
  return HasSrv(upstream) ||
         std::any_of(versions.begin(), versions.end(), HasSrv<Upstream::Canary::Version>);
}

}  // namespace

void UpstreamChecker::Add(const std::string& path, std::string_view text) {
  if (findings_.size() < kMaxFindings) findings_.Add(loaded_.PlaceOf(path), path, text);
}

template <class From>
void UpstreamChecker::CheckEndpoints(const std::string& path, const From& upstream,
                                     Upstream::Transport transport, Seen& seen) {
  if (!loaded_.Has(path + ".endpoints") && !loaded_.Has(path + ".weighted") &&
      !HasUnknownKey(findings_, path)) {
    Add(path, "has no endpoints");
  }
  constexpr int kMost = upstream::kMostEndpoints;
  const int first = upstream.endpoints_size();
  if (const int all = first + upstream.weighted_size(); all > kMost) {
    Add(kMost < first ? Cat(path, ".endpoints[", kMost, "]")
                      : Cat(path, ".weighted[", kMost - first, "]"),
        Cat("is one of ", all, " end points; an upstream has ", kMost, " at most"));
  }
  for (int i = 0; i < upstream.endpoints_size(); ++i) {
    CheckEndpoint(Cat(path, ".endpoints[", i, "]"), upstream.endpoints(i), transport, seen);
  }
  for (int i = 0; i < upstream.weighted_size(); ++i) {
    const std::string here = Cat(path, ".weighted[", i, "]");
    contract::CheckValues(upstream.weighted(i), {&kWeight, 1}, {},
                          [&](const std::vector<int>&, std::string_view name,
                              std::string_view text) { Add(Cat(here, '.', name), text); });
    if (loaded_.Has(here + ".address")) {
      CheckEndpoint(here + ".address", upstream.weighted(i).address(), transport, seen);
    } else if (!HasUnknownKey(findings_, here)) {
      Add(here, "has no address");
    }
  }
}

void UpstreamChecker::Check(const std::string& path, const Upstream& upstream) {
  CheckServices(path, upstream);
  Seen seen;
  CheckEndpoints(path, upstream, upstream.transport(), seen);
  const auto& versions = upstream.canary().versions();
  for (int i = 0; i < versions.size(); ++i) {
    CheckEndpoints(Cat(path, ".canary.versions[", i, ']'), versions[i], upstream.transport(), seen);
  }
  if (upstream.has_canary()) CheckCanary(path, upstream);
  contract::CheckValues(upstream, kNumbers, kTimes,
                        [&](const std::vector<int>&, std::string_view name, std::string_view text) {
                          Add(Cat(path, '.', name), text);
                        });
  CheckTogether(path, upstream);
  if (upstream.has_breaker()) CheckBreaker(path, upstream);
}

void UpstreamChecker::CheckServices(const std::string& path, const Upstream& upstream) {
  if (!loaded_.Has(path + ".services") && !HasUnknownKey(findings_, path))
    Add(path, "has no services");
  for (int i = 0; i < upstream.services_size(); ++i) {
    const std::string& service = upstream.services(i);
    const std::string here = Cat(path, ".services[", i, "]");
    if (!IsDottedName(service)) {
      Add(here, Cat("expected a service such as \"shop.order.v1.Orders\", got ", Quoted(service)));
      continue;
    }
    const auto [first, added] = home_.try_emplace(service, here);
    if (added) continue;
    Add(here, Cat(service, " has a place already: ", first->second, " at ",
                  loaded_.PlaceOf(first->second).ToString()));
  }
}

void UpstreamChecker::CheckEndpoint(const std::string& path, const std::string& address,
                                    Upstream::Transport transport, Seen& seen) {
  if (address.empty()) return;  // was found when it was read
  const std::string wrong = WrongEndpoint(address, transport);
  if (!wrong.empty()) Add(path, wrong);
  if (++seen[address] > 1) Add(path, Cat(Quoted(address), " stands here twice"));
}

// As the policy of a method, of which it is a part.
void UpstreamChecker::CheckBreaker(const std::string& path, const Upstream& upstream) {
  v1::Policy policy;
  *policy.mutable_breaker() = upstream.breaker();
  contract::PolicyPlaces places;
  contract::EachLeaf(policy, [&](const std::string& name, const std::vector<int>&) {
    places[name] = loaded_.PlaceOf(Cat(path, '.', name));
  });
  contract::CheckCallValues(
      policy, [&](const std::vector<int>&, std::string_view name, std::string_view text) {
        Add(Cat(path, '.', name), text);
      });
  const contract::CallTime time{
      ParseDuration(upstream.timeout()).value_or(upstream::UpstreamSettings().timeout)};
  contract::CheckTogether(
      policy, places, time,
      [&](const std::string& name, std::string_view text) { Add(Cat(path, '.', name), text); });
}

void UpstreamChecker::CheckTogether(const std::string& path, const Upstream& upstream) {
  const auto& outlier = upstream.outlier_detection();
  CheckOrder(path, "outlier_detection.base_ejection_time",
             outlier.has_base_ejection_time() ? outlier.base_ejection_time()
                                              : DurationText(OutlierSettings().base_ejection_time),
             "outlier_detection.max_ejection_time",
             outlier.has_max_ejection_time() ? outlier.max_ejection_time()
                                             : DurationText(OutlierSettings().max_ejection_time));
  const auto& check = upstream.health_check();
  CheckOrder(
      path, "health_check.timeout",
      check.has_timeout() ? check.timeout() : DurationText(upstream::HealthCheckSettings().timeout),
      "health_check.interval",
      check.has_interval() ? check.interval()
                           : DurationText(upstream::HealthCheckSettings().interval));
  const auto& adaptive = upstream.adaptive_concurrency();
  const uint32_t min = adaptive.has_min() ? adaptive.min() : GradientSettings().min;
  const uint32_t initial = adaptive.has_initial() ? adaptive.initial() : GradientSettings().initial;
  const uint32_t max = adaptive.has_max() ? adaptive.max() : GradientSettings().max;
  if (min > initial || initial > max) {
    Add(path + ".adaptive_concurrency",
        Cat("needs min <= initial <= max, got ", min, ", ", initial, " and ", max));
  }
  if (upstream.has_keepalive_timeout() && !upstream.has_keepalive_interval()) {
    Add(path + ".keepalive_timeout", "has no meaning without `keepalive_interval`");
  }
  // Else whoever forges an SRV record chooses whose certificate is good (RFC 6125, section 6.2.1).
  if (upstream.has_tls() && upstream.tls().server_name().empty() && HasSrvAnywhere(upstream) &&
      !HasUnknownKey(findings_, path + ".tls")) {
    Add(path + ".tls.server_name",
        "is needed with srv:// end points: names that DNS answers with prove nothing");
  }
  if (upstream.transport() == Upstream::GRPC) {
    const auto h2_only = [&](bool has, std::string_view name) {
      if (has) Add(Cat(path, '.', name), "transport: grpc has none: only transport: h2 does");
    };
    h2_only(upstream.has_health_check(), "health_check");
    h2_only(upstream.has_dns_refresh(), "dns_refresh");
    h2_only(upstream.has_max_connection_age(), "max_connection_age");
    if (upstream.endpoints_size() + upstream.weighted_size() == 1) {
      const auto to_choose = [&](bool has, std::string_view name) {
        if (has) {
          Add(Cat(path, '.', name),
              "transport: grpc chooses among the addresses of its one end point itself");
        }
      };
      const bool ejects = outlier.has_enabled() ? outlier.enabled() : true;
      to_choose(upstream.has_outlier_detection() && ejects, "outlier_detection");
      to_choose(upstream.has_slow_start(), "slow_start");
    }
  }
}

void UpstreamChecker::CheckOrder(const std::string& path, const std::string& less,
                                 const std::string& less_text, const std::string& more,
                                 const std::string& more_text) {
  const std::string here = Cat(path, '.', less);
  const std::string there = Cat(path, '.', more);
  if (!loaded_.Has(here) && !loaded_.Has(there)) return;
  const auto one = ParseDuration(less_text);
  const auto other = ParseDuration(more_text);
  if (!one || !other || *one <= *other) return;
  const auto named = [&](const std::string& at, const std::string& text) {
    return Cat(at.substr(at.rfind('.') + 1), ' ', text, loaded_.Has(at) ? "" : " (the default)");
  };
  Add(loaded_.Has(here) ? here : there,
      Cat(named(here, less_text), " is longer than ", named(there, more_text)));
}

}  // namespace frontdesk::config
