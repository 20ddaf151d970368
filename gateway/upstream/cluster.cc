#include "gateway/upstream/cluster.h"

#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/upstream/canary.h"
#include "gateway/upstream/cluster_log.h"
#include "gateway/upstream/cluster_view.h"

namespace frontdesk::upstream {
namespace {

Duration::rep Ticks(TimePoint time) { return time.time_since_epoch().count(); }

// As LeaveRoom() goes on.
size_t FirstLimit(const UpstreamSettings& settings) {
  if (!settings.adaptive.on) return settings.max_in_flight;
  const size_t limit = GradientLimit(settings.adaptive.gradient).limit();
  return std::min(limit, settings.max_in_flight);
}

}  // namespace

std::vector<FoundEndpoint> StaticEndpoints(const UpstreamSettings& settings) {
  std::vector<FoundEndpoint> found;
  for (const EndpointSettings& endpoint : settings.endpoints) {
    FoundEndpoint one{.weight = endpoint.weight, .zone = endpoint.zone};
    one.target.authority = endpoint.address;
    if (settings.transport == TransportKind::kGrpc) {
      one.target.uri = endpoint.address;
    } else {
      const absl::StatusOr<Endpoint> parsed = ParseEndpoint(endpoint.address);
      if (!parsed.ok() || !parsed->address) continue;
      one.target.host = parsed->host;
      one.target.port = parsed->port;
    }
    found.push_back(std::move(one));
  }
  return found;
}

Cluster::Cluster(UpstreamSettings settings, TimePoint now)
    : settings_(std::move(settings)),
      limited_(settings_.adaptive.on || settings_.max_in_flight < Admission::kUnlimited),
      room_(FirstLimit(settings_), settings_.max_pending, settings_.queue_age),
      next_comparison_(Ticks(now + settings_.outlier.interval)),
      endpoints_(std::make_shared<Endpoints>()),
      budget_(settings_.retry_budget),
      gradient_(settings_.adaptive.gradient) {
  Publish(StaticEndpoints(settings_), now);
}

std::shared_ptr<const Endpoints> Cluster::endpoints() const {
  const MutexLock lock(mutex_);
  return endpoints_;
}

absl::Status Cluster::failure() const {
  const MutexLock lock(mutex_);
  return failure_;
}

void Cluster::Publish(const std::vector<FoundEndpoint>& found, TimePoint now) {
  if (found.empty()) return;
  // Of a file that was checked, and of names, there are not; of settings by hand there may be.
  if (found.size() > kMostEndpoints) LogTooMany(settings_.name, found.size());
  {
    const MutexLock lock(mutex_);
    auto next = std::make_shared<Endpoints>();
    for (const FoundEndpoint& one : found) {
      if (next->size() == kMostEndpoints) break;
      const auto known = std::find_if(
          endpoints_->begin(), endpoints_->end(),
          [&](const PublishedEndpoint& before) { return before.state->target == one.target; });
      next->push_back({known != endpoints_->end()
                           ? known->state
                           : std::make_shared<EndpointState>(one.target, settings_, now),
                       one.weight, one.zone});
    }
    endpoints_ = std::move(next);
    failure_ = absl::OkStatus();
  }
  Changed();
}

void Cluster::PublishFailure(absl::Status why) {
  {
    const MutexLock lock(mutex_);
    failure_ = std::move(why);
  }
  Changed();
}

void Cluster::SetHealthy(EndpointState& endpoint, bool healthy, TimePoint now) {
  // First the time: who sees it well knows since when.
  if (healthy && !endpoint.healthy()) {
    endpoint.well_since_.store(Ticks(now), std::memory_order_relaxed);
  }
  if (endpoint.healthy_.exchange(healthy) != healthy) Changed();
}

void Cluster::Changed() {
  version_.fetch_add(1, std::memory_order_release);
  const MutexLock lock(watch_mutex_);
  for (const auto& [id, changed] : watches_) changed();
}

uint64_t Cluster::Watch(std::function<void()> changed) {
  const MutexLock lock(watch_mutex_);
  watches_.emplace(next_watch_, std::move(changed));
  return next_watch_++;
}

void Cluster::Unwatch(uint64_t watch) {
  const MutexLock lock(watch_mutex_);
  watches_.erase(watch);
}

void Cluster::RecordAttempt(EndpointState& endpoint, Breaker::Ticket ticket, Verdict verdict,
                            Duration took, TimePoint now) {
  if (const auto changed = RecordVerdict(endpoint.breaker, std::move(ticket), verdict, took, now)) {
    if (changed->state(now) == Breaker::State::kOpen) {
      breakers_opened_.fetch_add(1, std::memory_order_relaxed);
    }
    LogBreaker(Cat(settings_.name, " at ", AddressOf(endpoint.target)), *changed, now);
  }
  if (!settings_.outlier.on || !IsJudged(verdict)) return;
  bool failed_often = false;
  {
    const MutexLock lock(endpoint.mutex_);
    failed_often = endpoint.outlier_.Record(verdict == Verdict::kGood, now, settings_.outlier);
  }
  if (failed_often) {
    Eject(endpoint, Cat(settings_.outlier.consecutive_failures, " failures in a row"), now);
  }
  if (Ticks(now) >= next_comparison_.load(std::memory_order_relaxed)) CompareSuccessRates(now);
}

void Cluster::RecordConnection(EndpointState& endpoint, Connection before, Connection now,
                               std::string_view why, TimePoint at) {
  // Whoever reads it has the address already.
  const std::string address = AddressOf(endpoint.target);
  const std::string itself = Cat(address, ": ");
  if (why.starts_with(itself)) why.remove_prefix(itself.size());
  ConnectFailures failures;  // until now
  Reachability::News news;
  {
    const MutexLock lock(endpoint.mutex_);
    failures = endpoint.reached_.failures();
    news = endpoint.reached_.Change(before, now, why, at);
  }
  if (news == Reachability::News::kNone) return;
  if (news == Reachability::News::kUnreachable) return LogUnreachable(settings_.name, address, why);
  // Workers read their clocks by themselves.
  LogConnected(settings_.name, address, std::max(at - failures.first, Duration::zero()));
}

size_t Cluster::CountEjected(const Endpoints& endpoints, TimePoint now) const {
  return static_cast<size_t>(
      std::count_if(endpoints.begin(), endpoints.end(),
                    [&](const PublishedEndpoint& one) { return one.state->ejected(now); }));
}

void Cluster::Eject(EndpointState& endpoint, std::string_view why, TimePoint now) {
  const std::shared_ptr<const Endpoints> all = endpoints();
  {
    // One at a time, so that two workers together do not eject more than may be.
    const MutexLock lock(eject_mutex_);
    if (endpoint.ejected(now)) return;
    if (!MayEject(CountEjected(*all, now), all->size(), settings_.outlier)) return;
    const MutexLock own(endpoint.mutex_);
    endpoint.outlier_.Eject(now, settings_.outlier);
    endpoint.ejected_until_.store(Ticks(endpoint.outlier_.until()), std::memory_order_relaxed);
    endpoint.away_ = true;
  }
  ejections_.fetch_add(1, std::memory_order_relaxed);
  LogEjected(settings_.name, AddressOf(endpoint.target), endpoint.ejected_until() - now, why);
  Changed();
}

void Cluster::NoticeChanges(TimePoint now) {
  const std::shared_ptr<const Endpoints> all = endpoints();
  size_t usable = 0;
  std::vector<const EndpointState*> back;
  bool panic = false;
  bool changed = false;
  {
    const MutexLock lock(notice_mutex_);
    // Workers read their clocks before they come here: what was over for one is over for all.
    noticed_at_ = std::max(noticed_at_, now);
    for (const PublishedEndpoint& one : *all) {
      EndpointState& state = *one.state;
      const MutexLock own(state.mutex_);
      if (state.usable(noticed_at_)) ++usable;
      if (!state.away_ || state.ejected(noticed_at_)) continue;
      state.away_ = false;
      back.push_back(&state);
    }
    panic = InPanic(usable, all->size(), settings_.outlier);
    changed = std::exchange(panic_, panic) != panic;
  }
  // Writing takes its time, and others need the locks.
  for (const EndpointState* state : back) LogBack(settings_.name, AddressOf(state->target));
  if (changed) LogPanic(panic, settings_.name, usable, all->size());
}

void Cluster::CompareSuccessRates(TimePoint now) {
  Duration::rep due = next_comparison_.load();
  // Whoever comes first compares.
  if (Ticks(now) < due ||
      !next_comparison_.compare_exchange_strong(due, Ticks(now + settings_.outlier.interval))) {
    return;
  }
  const std::shared_ptr<const Endpoints> all = endpoints();
  std::vector<Outlier::Sample> samples;
  for (const PublishedEndpoint& one : *all) {
    const MutexLock lock(one.state->mutex_);
    samples.push_back(one.state->outlier_.TakeSample());
  }
  for (const size_t low : LowSuccessRates(samples, settings_.outlier)) {
    const auto [calls, ok] = samples[low];
    Eject(*(*all)[low].state,
          Cat(calls - ok, " of ", calls, " calls failed, more than at the other end points"), now);
  }
}

void Cluster::CountCall(TimePoint now) {
  const MutexLock lock(budget_mutex_);
  budget_.OnCall(now);
}

bool Cluster::TakeRetry(TimePoint now) {
  const MutexLock lock(budget_mutex_);
  return budget_.Take(now);
}

void Cluster::LeaveRoom(Load load, Duration took, TimePoint now) {
  if (settings_.adaptive.on && load != Load::kNothing) {
    const size_t in_flight = room_.in_flight();
    uint32_t limit = 0;
    {
      const MutexLock lock(gradient_mutex_);
      gradient_.Record(took, in_flight, load == Load::kDropped, now);
      limit = gradient_.limit();
    }
    const size_t most = std::min<size_t>(limit, settings_.max_in_flight);
    if (most != room_.limit()) room_.SetLimit(most);
  }
  room_.Leave();
}

bool Cluster::EnterQueue() {
  if (waiting_.fetch_add(1, std::memory_order_relaxed) < settings_.max_pending) return true;
  LeaveQueue();
  return false;
}

MethodState& Cluster::Method(const contract::MethodName& method) {
  const MutexLock lock(mutex_);
  std::unique_ptr<MethodState>& state = methods_[method.path];
  if (!state) {
    const auto said = settings_.methods.find(method.path);
    const bool from_settings = said != settings_.methods.end();
    const CallPolicy otherwise = method.declared ? method.declared->calls : CallPolicy();
    state = std::make_unique<MethodState>(from_settings ? said->second : otherwise, from_settings);
  }
  return *state;
}

Clusters::Clusters(const std::vector<UpstreamSettings>& upstreams, TimePoint now) {
  for (const UpstreamSettings& settings : upstreams) {
    UpstreamSettings own = settings;
    if (!settings.canary.versions.empty()) {
      own.version_of = settings.name;
      own.version = kStable;
    }
    Cluster& cluster = *clusters_.emplace_back(std::make_unique<Cluster>(std::move(own), now));
    for (const std::string& service : settings.services) by_service_[service] = &cluster;
    if (!settings.canary.versions.empty()) AddVersions(settings, cluster, now);
  }
}

Clusters::~Clusters() = default;

void Clusters::AddVersions(const UpstreamSettings& settings, Cluster& stable, TimePoint now) {
  std::vector<Cluster*> versions = {&stable};
  for (const VersionSettings& version : settings.canary.versions) {
    UpstreamSettings own = settings;
    own.name = Cat(settings.name, '@', version.name);
    own.version_of = settings.name;
    own.version = version.name;
    own.endpoints = version.endpoints;
    if (version.max_in_flight > 0) own.max_in_flight = version.max_in_flight;
    versions.push_back(
        clusters_.emplace_back(std::make_unique<Cluster>(std::move(own), now)).get());
  }
  canaries_.push_back(std::make_unique<Canary>(settings.canary, std::move(versions)));
}

Canary* Clusters::CanaryOf(const Cluster& stable) const {
  for (const auto& canary : canaries_) {
    if (&canary->cluster(0) == &stable) return canary.get();
  }
  return nullptr;
}

bool Clusters::SetPercent(std::string_view upstream, std::string_view version, double percent) {
  for (const auto& canary : canaries_) {
    if (canary->cluster(0).settings().name == upstream) return canary->SetPercent(version, percent);
  }
  return false;
}

Cluster* Clusters::Find(std::string_view service) const {
  const auto found = by_service_.find(Absl(service));
  return found == by_service_.end() ? nullptr : found->second;
}

}  // namespace frontdesk::upstream
