#include "gateway/upstream/cluster_view.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/upstream/canary.h"
#include "gateway/upstream/cluster.h"

namespace frontdesk::upstream {
namespace {

// 50 as it is written in a configuration, 12.5 with its fraction.
std::string PercentText(double percent) {
  const auto tenths = static_cast<int64_t>(percent * 10 + 0.5);
  return tenths % 10 == 0 ? Cat(tenths / 10, '%') : Cat(tenths / 10, '.', tenths % 10, '%');
}

// "12 of 20 calls"; once they are out of the window, the share that was reached.
std::string Share(uint64_t part, uint64_t whole, double percent) {
  return whole != 0 ? Cat(part, " of ", whole, " calls") : Cat(PercentText(percent), " of calls");
}

Standing StandingOf(const EndpointView& view) {
  if (!view.healthy) return Standing::kUnhealthy;
  if (view.ejected_for > Duration::zero()) return Standing::kEjected;
  return view.connection == Connection::kFailing ? Standing::kUnreachable : Standing::kUsable;
}

void AddReachability(const Reachability& reached, TimePoint now, EndpointView& view) {
  view.connection = reached.connection();
  const ConnectFailures& failures = reached.failures();
  if (failures.count == 0) return;
  view.last_failure = {.why = failures.why,
                       .count = failures.count,
                       .since = std::max(now - failures.first, Duration::zero()),
                       .ago = std::max(now - failures.last, Duration::zero())};
}

EndpointView DescribeEndpoint(const PublishedEndpoint& one, TimePoint now) {
  const EndpointState& state = *one.state;
  EndpointView view;
  view.address = AddressOf(state.target);
  view.authority = state.target.authority;
  view.weight = one.weight;
  view.zone = one.zone;
  view.healthy = state.healthy();
  if (state.ejected(now)) view.ejected_for = state.ejected_until() - now;
  view.breaker = Look(state.breaker.Look(), now);
  return view;
}

// "/shop.order.v1.Orders/GetOrder"
MethodView DescribeMethod(std::string_view path, MethodState& method, TimePoint now) {
  MethodView view;
  const size_t slash = path.rfind('/');
  view.service = path.substr(1, slash - 1);
  view.name = path.substr(slash + 1);
  view.breaker = Look(method.breaker.Look(), now);
  if (method.policy.hedge.on && method.policy.hedge.percentile > 0) {
    view.hedge_percentile = method.policy.hedge.percentile;
    const MutexLock lock(method.mutex);
    view.hedge_latency = method.latency.Quantile(view.hedge_percentile / 100, now);
  }
  return view;
}

// "5 failures in a row"
std::string WhatOpened(const Breaker& breaker, TimePoint now) {
  const BreakerSettings& settings = breaker.settings();
  const Breaker::Seen seen = breaker.seen(now);
  switch (breaker.why()) {
    case Breaker::Trip::kNone:
      break;
    case Breaker::Trip::kConsecutive:
      return Cat(settings.consecutive_failures,
                 settings.consecutive_failures == 1 ? " failure" : " failures in a row");
    case Breaker::Trip::kErrorRatio:
      return Cat(Share(seen.failures, seen.calls, settings.error_percent), " failed");
    case Breaker::Trip::kSlowRatio:
      return Cat(Share(seen.slow, seen.calls, settings.slow_percent), " took ",
                 TimeText(settings.slow_call), " or longer");
  }
  return "";
}

}  // namespace

BreakerView Look(const Breaker& breaker, TimePoint now) {
  return {.on = breaker.settings().on,
          .state = breaker.state(now),
          .trip = breaker.why(),
          .why = WhyOpen(breaker, now),
          .until_probe = breaker.until_probe(now),
          .opened = breaker.opened(),
          .seen = breaker.seen(now)};
}

std::string WhyOpen(const Breaker& breaker, TimePoint now) {
  const std::string what = WhatOpened(breaker, now);
  return breaker.probe_failed() ? what + ", and a probe has failed since" : what;
}

std::string_view NameOf(Breaker::State state) {
  switch (state) {
    case Breaker::State::kClosed:
      return "closed";
    case Breaker::State::kOpen:
      return "open";
    case Breaker::State::kHalfOpen:
      return "half_open";
  }
  return "";
}

std::string_view NameOf(Breaker::Trip trip) {
  switch (trip) {
    case Breaker::Trip::kNone:
      break;
    case Breaker::Trip::kConsecutive:
      return "consecutive_failures";
    case Breaker::Trip::kErrorRatio:
      return "error_percent";
    case Breaker::Trip::kSlowRatio:
      return "slow_percent";
  }
  return "";
}

std::string_view NameOf(Standing standing) {
  switch (standing) {
    case Standing::kUsable:
      return "usable";
    case Standing::kUnreachable:
      return "unreachable";
    case Standing::kEjected:
      return "ejected";
    case Standing::kUnhealthy:
      return "unhealthy";
  }
  return "";
}

std::string_view NameOf(Connection connection) {
  switch (connection) {
    case Connection::kIdle:
      return "idle";
    case Connection::kConnecting:
      return "connecting";
    case Connection::kConnected:
      return "connected";
    case Connection::kFailing:
      return "failing";
  }
  return "";
}

std::string AddressOf(const EndpointTarget& target) {
  if (!target.uri.empty()) return target.uri;
  const bool v6 = target.host.find(':') != std::string::npos;
  return Cat(v6 ? "[" : "", target.host, v6 ? "]:" : ":", target.port);
}

std::string TimeText(Duration time) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  if (ms < 10'000) return ms % 1000 == 0 ? Cat(ms / 1000, 's') : Cat(ms, "ms");
  const auto tenths = (ms + 99) / 100;
  return tenths % 10 == 0 ? Cat(tenths / 10, 's') : Cat(tenths / 10, '.', tenths % 10, 's');
}

size_t ClusterView::Count(Standing standing) const {
  return static_cast<size_t>(
      std::count_if(endpoints.begin(), endpoints.end(),
                    [&](const EndpointView& one) { return one.standing == standing; }));
}

size_t ClusterView::Count(Breaker::State state) const {
  return static_cast<size_t>(std::count_if(
      endpoints.begin(), endpoints.end(),
      [&](const EndpointView& one) { return one.breaker.on && one.breaker.state == state; }));
}

ClusterView Cluster::Describe(TimePoint now) {
  ClusterView view;
  view.name = settings_.name;
  view.services = settings_.services;
  std::shared_ptr<const Endpoints> all;
  // Methods live as long as the cluster, so that nobody is held up while they are looked at.
  std::vector<std::pair<std::string, MethodState*>> methods;
  {
    const MutexLock lock(mutex_);
    all = endpoints_;
    view.discovery_failure = Std(failure_.message());
    for (const auto& [path, method] : methods_) methods.emplace_back(path, method.get());
  }
  for (const PublishedEndpoint& one : *all) {
    EndpointView& endpoint = view.endpoints.emplace_back(DescribeEndpoint(one, now));
    {
      const MutexLock lock(one.state->mutex_);
      endpoint.ejections = one.state->outlier_.ejections();
      AddReachability(one.state->reached_, now, endpoint);
    }
    endpoint.standing = StandingOf(endpoint);
  }
  // Who can't be connected to was not judged.
  const size_t well = view.Count(Standing::kUsable) + view.Count(Standing::kUnreachable);
  view.panic = InPanic(well, all->size(), settings_.outlier);
  for (const auto& [path, method] : methods) {
    view.methods.push_back(DescribeMethod(path, *method, now));
  }
  {
    const MutexLock lock(budget_mutex_);
    view.retries_left = std::max(0.0, budget_.left(now));
  }
  view.ejections = ejections_.load(std::memory_order_relaxed);
  view.breakers_opened = breakers_opened_.load(std::memory_order_relaxed);
  if (limited_) view.room = RoomView{room_.limit(), room_.in_flight(), room_.pending()};
  view.waiting_for_connection = waiting_.load(std::memory_order_relaxed);
  return view;
}

std::vector<ClusterView> Clusters::Describe(TimePoint now) const {
  std::vector<ClusterView> views;
  for (const auto& cluster : clusters_) {
    views.push_back(cluster->Describe(now));
    for (const auto& canary : canaries_) {
      for (size_t i = 0; i < canary->size(); ++i) {
        if (&canary->cluster(i) == cluster.get()) views.back().version = canary->Describe(i);
      }
    }
  }
  return views;
}

}  // namespace frontdesk::upstream
