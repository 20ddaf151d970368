#include "gateway/server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "gateway/base/seed.h"
#include "gateway/base/text.h"
#include "gateway/base/version.h"
#include "gateway/config/compile.h"
#include "gateway/config/host_port.h"
#include "gateway/config/upstreams.h"
#include "gateway/contract/value_rules.h"
#include "gateway/observe/log.h"
#include "gateway/upstream/canary.h"
#include "gateway/upstream/random.h"

namespace frontdesk {
namespace {

// For the first look-up of every end point's name.
constexpr std::chrono::seconds kFirstLookUps{5};
// For the keys of every issuer; until they are there its tokens are answered 503.
constexpr std::chrono::seconds kFirstKeys{5};
// How soon who waits for them hears that the process shall end.
constexpr std::chrono::milliseconds kHear{50};

identity::UnixTime TimeOfDay() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// Of the listener and of each upstream with TLS.
std::vector<std::shared_ptr<tls::Credentials>> CredentialsOf(const config::Snapshot& snapshot) {
  std::vector<std::shared_ptr<tls::Credentials>> all;
  if (snapshot.listen_tls) {
    all.push_back(tls::Credentials::OfServer("listen", *snapshot.listen_tls,
                                             std::make_shared<tls::TicketKeys>()));
  }
  for (const upstream::UpstreamSettings& upstream : snapshot.upstreams) {
    if (upstream.tls) all.push_back(upstream.tls);
  }
  return all;
}

// The files were good when they were checked, a moment ago.
absl::Status LoadAll(const std::vector<std::shared_ptr<tls::Credentials>>& credentials) {
  for (const auto& one : credentials) {
    absl::Status loaded = one->Load();
    if (!loaded.ok()) return loaded;
  }
  return absl::OkStatus();
}

// As many descriptors as the system allows: each client and each call's connection needs one.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string_view TypeOf(const contract::Method& method) {
  if (method.client_streaming) return method.server_streaming ? "bidi_stream" : "client_stream";
  return method.server_streaming ? "server_stream" : "unary";
}

std::vector<observe::MethodId> AddSeries(const config::Snapshot& snapshot,
                                         observe::Metrics& metrics) {
  for (auto& route : snapshot.routes) {
    route->metrics_id = metrics.AddRoute(route->binding->http_method, route->binding->path.text,
                                         route->api ? std::string_view(route->api->name) : "");
  }
  std::vector<observe::MethodId> method_ids;
  for (const contract::Method& method : snapshot.contract->methods()) {
    method_ids.push_back(metrics.AddMethod(method.service, method.name, TypeOf(method)));
  }
  return method_ids;
}

// What is gone from the file is not gone from here.
void TellWhatStays(const std::vector<config::VersionPercent>& percents,
                   const upstream::Clusters& clusters) {
  for (const auto& stable : clusters.all()) {
    const upstream::Canary* const canary = clusters.CanaryOf(*stable);
    for (size_t version = 1; canary && version < canary->size(); ++version) {
      const auto is_it = [&](const config::VersionPercent& one) {
        return one.upstream == stable->settings().name && one.version == canary->name(version);
      };
      if (std::any_of(percents.begin(), percents.end(), is_it)) continue;
      observe::LogWarn(Cat(stable->settings().name, '@', canary->name(version),
                           " is no longer in the file and keeps ",
                           contract::NumberText(canary->percent(version)), " % until a restart"));
    }
  }
}

// The shares of callers that versions get, as the file has them now. False when it can't be read.
bool TakePercents(const std::string& config_file, upstream::Clusters& clusters) {
  contract::Findings findings;
  const auto percents = config::ReadPercents(config_file, findings);
  if (!percents) {
    observe::LogWarn(Cat("versions keep their callers, the file is not right: ",
                         findings.all().front().ToString()));
    return false;
  }
  for (const config::VersionPercent& one : *percents) {
    const std::string name = Cat(one.upstream, '@', one.version);
    if (clusters.SetPercent(one.upstream, one.version, one.percent)) {
      observe::LogInfo(Cat(name, " has ", contract::NumberText(one.percent), " % of the callers"));
    } else {
      observe::LogWarn(Cat(name, " is new: it is there after a restart"));
    }
  }
  TellWhatStays(*percents, clusters);
  return true;
}

// What a restart would make of the files as they are now.
void TellWhatWaits(const std::string& config_file, const std::vector<std::string>& proto_path,
                   const compose::Registry& code, const config::Snapshot& in_force) {
  contract::Findings findings;
  const auto next = config::Compile(config_file, proto_path, code, findings);
  if (!next) {
    const contract::Findings sorted = findings.Sorted();
    observe::LogWarn(Cat("SIGHUP: a restart would fail, the file or its contract is not right: ",
                         sorted.all().front().ToString()));
  } else if (next->log_fault) {
    observe::LogWarn(Cat("SIGHUP: a restart would fail: ", next->log_fault->ToString()));
  } else if (next->made_of != in_force.made_of) {
    observe::LogWarn(
        "SIGHUP: the file or its contract has changed: other changes wait for a restart");
  } else {
    observe::LogInfo("SIGHUP: nothing else has changed");
  }
}

// `is_there` waits for as long as it is told. Asked until it says so, `patience` is over or the
// process shall end.
bool WaitUnlessStopped(Duration patience, const std::function<bool(Duration)>& is_there) {
  const TimePoint end = Clock::now() + patience;
  bool there = false;
  while (!there && !StopIsPending() && Clock::now() < end) there = is_there(kHear);
  return there;
}

void TellMissingKeys(const std::vector<identity::KeySourceStatus>& sources) {
  std::string missing;
  for (const identity::KeySourceStatus& source : sources) {
    if (source.there) continue;
    missing += Cat(missing.empty() ? "" : "; ", source.name,
                   source.error.empty() ? "" : Cat(" (", source.error, ")"));
  }
  if (missing.empty()) return;  // they came a moment later
  observe::LogWarn(Cat("ready, though keys are still being fetched, and whoever needs them is ",
                       "answered 503: ", missing));
}

// A rehearsal that somebody forgot looks like an outage.
void TellFaults(const config::Snapshot& snapshot) {
  std::set<const contract::Method*> told;
  for (const auto& route : snapshot.routes) {
    if (!route->fault.on || !told.insert(route->method).second) continue;
    const auto place = contract::PlaceOfValue(route->places, "fault");
    observe::LogWarn(Cat("trouble is made on purpose for ", route->method->path.substr(1),
                         ": its `fault` is on", place ? Cat(", ", place->ToString()) : ""));
  }
}

// So does a caller whom nobody has proved.
void TellDevelopment(const config::Snapshot& snapshot) {
  if (!snapshot.chain.auth.development_caller) return;
  observe::LogWarn(Cat("everybody without a credential is ",
                       snapshot.chain.auth.development_caller->sub,
                       ": auth.development_caller is for development only"));
}

}  // namespace

Server::Server(std::unique_ptr<config::Snapshot> snapshot, const compose::Registry& code)
    : snapshot_(std::move(snapshot)),
      metrics_(kVersion, __VERSION__),
      idempotency_(snapshot_->idempotency),
      in_flight_(snapshot_->overload),
      bulkheads_(snapshot_->bulkheads, snapshot_->overload.max_queue_age),
      authenticator_(snapshot_->chain.auth, TimeOfDay, upstream::MakeRandom, SecretSeed(),
                     snapshot_->dns),
      key_metrics_([this] { return authenticator_.Describe(Clock::now()); }),
      introspection_metrics_([this] { return authenticator_.DescribeIntrospection(); }),
      shared_{.code = code,
              .snapshot = snapshot_,
              .clusters = std::make_unique<upstream::Clusters>(snapshot_->upstreams, Clock::now()),
              .method_ids = AddSeries(*snapshot_, metrics_),
              .idempotency = idempotency_,
              .in_flight = in_flight_,
              .authenticator = authenticator_,
              .bulkheads = bulkheads_,
              .metrics = metrics_},
      upstream_metrics_([this] { return shared_.clusters->Describe(Clock::now()); }),
      credentials_(CredentialsOf(*snapshot_)),
      certificate_metrics_([this] { return Certificates(); }),
      connections_(snapshot_->workers, snapshot_->limits.connections) {
  MakeLimits();
  metrics_.AddSource(key_metrics_);
  metrics_.AddSource(introspection_metrics_);
  metrics_.AddSource(in_flight_);
  metrics_.AddSource(bulkheads_);
  metrics_.AddSource(upstream_metrics_);
  metrics_.AddSource(certificate_metrics_);
}

void Server::MakeLimits() {
  if (snapshot_->limit_rules.empty()) {
    // Nothing is counted.
  } else if (snapshot_->shared_limits) {
    shared_limits_ = std::make_unique<limit::SharedLimits>(*snapshot_->shared_limits);
  } else {
    limits_in_memory_ = std::make_unique<limit::MemoryStore>(snapshot_->limit_bytes);
  }
  limits_.emplace(snapshot_->limit_rules,
                  shared_limits_ ? &shared_limits_->own() : limits_in_memory_.get(),
                  shared_limits_.get(), snapshot_->address_rule);
  metrics_.AddSource(*limits_);
  shared_.limits_in_memory = limits_in_memory_.get();
  shared_.shared_limits = shared_limits_.get();
  shared_.limits = &*limits_;
}

absl::Status Server::Open() {
  RaiseDescriptorLimit();
  TellFaults(*snapshot_);
  TellDevelopment(*snapshot_);
  if (absl::Status log = OpenLog(); !log.ok()) return log;
  if (absl::Status loaded = LoadAll(credentials_); !loaded.ok()) return loaded;
  authenticator_.Start();
  control_ = std::make_unique<upstream::ControlLoop>(*shared_.clusters, snapshot_->dns, FindRedis(),
                                                     credentials_);
  MakeWorkers();
  if (absl::Status port = OpenPort(); !port.ok()) return port;
  return OpenAdmin();
}

absl::Status Server::OpenLog() {
  if (!snapshot_->access_log) return absl::OkStatus();
  observe::MetricsShard* shard = &metrics_.AddShard();
  const std::string& file = snapshot_->access_log_file;
  absl::StatusOr<std::unique_ptr<observe::AccessLog>> log =
      file.empty() ? observe::AccessLog::OpenFd(STDERR_FILENO, shard)
                   : observe::AccessLog::OpenFile(file, shard);
  if (!log.ok()) {
    return absl::Status(log.status().code(), Cat("cannot write the access log ", file, ": ",
                                                 Std(log.status().message())));
  }
  log_ = *std::move(log);
  shared_.log = log_.get();
  return absl::OkStatus();
}

std::vector<upstream::WatchedHost> Server::FindRedis() {
  if (!shared_limits_) return {};
  limit::RedisTargets& targets = shared_limits_->targets();
  const config::HostPort at = *config::ParseHostPort(snapshot_->redis_address);
  if (at.numeric) {
    targets.Set({{at.host, at.port}});
    return {};
  }
  const auto found = [&targets](const std::vector<upstream::DnsTarget>& hosts) {
    std::vector<limit::RedisTargets::Target> all;
    for (const upstream::DnsTarget& host : hosts) {
      for (const auto& one : host.addresses) all.push_back({one.to_string(), host.port});
    }
    targets.Set(std::move(all));
  };
  return {{{.host = at.host, .port = at.port}, found}};
}

void Server::MakeWorkers() {
  workers_.resize(snapshot_->workers);
  for (size_t i = 0; i < workers_.size(); ++i) {
    workers_[i] = std::make_unique<Worker>(
        shared_, connections_, i, [this](size_t to, std::function<void(http::Listener&)> work) {
          workers_[to]->Post([work = std::move(work)](Worker& worker) { work(worker.listener()); });
        });
    if (snapshot_->listen_tls) {
      workers_[i]->listener().Secure(*credentials_.front(), snapshot_->handshake_timeout);
    }
  }
}

// Every worker listens, or none: the first failure is the answer.
absl::Status Server::OpenPort() {
  const config::HostPort address = *config::ParseHostPort(snapshot_->listen_address);
  absl::Status free = http::CheckPortIsFree(address.host, address.port);
  if (!free.ok()) return free;
  uint16_t port = address.port;
  for (auto& worker : workers_) {
    absl::Status opened = worker->Open(address.host, port, snapshot_->backlog);
    if (!opened.ok()) return opened;
    port = worker->port();  // a free one, when 0 was asked for
  }
  return absl::OkStatus();
}

absl::Status Server::OpenAdmin() {
  absl::StatusOr<std::unique_ptr<admin::Admin>> admin = admin::Admin::Start(
      snapshot_->admin_address, {.ready = shared_.ready,
                                 .metrics = metrics_,
                                 .version = kVersion,
                                 .compiler = __VERSION__,
                                 .trouble = [this] { return StuckWorkers(workers_); },
                                 .upstreams = [this] { return Upstreams(); },
                                 .certificates = [this] { return Certificates(); },
                                 .keys = [this] { return authenticator_.Describe(Clock::now()); }});
  if (!admin.ok()) return admin.status();
  admin_ = *std::move(admin);
  return absl::OkStatus();
}

std::vector<upstream::ClusterView> Server::Upstreams() const {
  const TimePoint now = Clock::now();
  std::vector<upstream::ClusterView> views = shared_.clusters->Describe(now);
  for (const upstream::DiscoveryStatus& status : control_->discovery()) {
    for (upstream::ClusterView& view : views) {
      if (view.name != status.upstream) continue;
      view.names.push_back({.name = status.name,
                            .endpoints = status.endpoints,
                            .error = status.error,
                            .looked_up = status.looked_up,
                            .ago = now - status.last,
                            .next = std::max(status.next - now, Duration::zero())});
    }
  }
  return views;
}

std::vector<tls::CredentialsView> Server::Certificates() const {
  std::vector<tls::CredentialsView> all;
  for (const auto& one : credentials_) all.push_back(one->Describe());
  return all;
}

bool Server::Start() {
  for (auto& worker : workers_) worker->Start();
  // Who is told to be ready is called at once: by then it is known whom to ask.
  const bool names = WaitUnlessStopped(
      kFirstLookUps, [this](Duration patience) { return control_->WaitUntilSettled(patience); });
  const bool keys = WaitUnlessStopped(
      kFirstKeys, [this](Duration patience) { return authenticator_.WaitForKeys(patience); });
  if (StopIsPending()) return false;
  if (!names) {
    observe::LogWarn("ready, though the names of some end points are still being looked up");
  }
  if (!keys) TellMissingKeys(authenticator_.Describe(Clock::now()));
  shared_.ready.store(true);
  return true;
}

std::string Server::Addresses() const {
  return Cat(snapshot_->listen_tls ? "TLS " : "", "on ",
             config::ParseHostPort(snapshot_->listen_address)->host, ":", workers_[0]->port(),
             ", admin on ", config::ParseHostPort(snapshot_->admin_address)->host, ":",
             admin_->port());
}

void Server::Reload(const std::string& config_file, const std::vector<std::string>& proto_path) {
  std::string what;
  const auto tell = [&](std::string_view text) { what += Cat(what.empty() ? "" : ", ", text); };
  if (log_ && !snapshot_->access_log_file.empty()) tell("the access log is opened anew");
  if (!credentials_.empty()) tell("certificates are read again");
  if (snapshot_->version_headers) tell("percentages of versions are read again");
  observe::LogInfo(Cat("SIGHUP: ", what.empty() ? "nothing is read again" : what));
  if (log_) log_->Reopen();
  control_->RefreshCredentials();
  if (snapshot_->version_headers && !TakePercents(config_file, *shared_.clusters)) return;
  TellWhatWaits(config_file, proto_path, shared_.code, *snapshot_);
}

}  // namespace frontdesk
