// The verb `serve`: every part of the running program, wired by hand.
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gateway/admin/admin.h"
#include "gateway/base/seed.h"
#include "gateway/base/spare_memory.h"
#include "gateway/base/text.h"
#include "gateway/base/version.h"
#include "gateway/config/compile.h"
#include "gateway/config/host_port.h"
#include "gateway/config/upstreams.h"
#include "gateway/contract/value_rules.h"
#include "gateway/identity/key_metrics.h"
#include "gateway/limit/redis_store.h"
#include "gateway/observe/log.h"
#include "gateway/tell.h"
#include "gateway/tls/credentials_metrics.h"
#include "gateway/upstream/cluster_metrics.h"
#include "gateway/upstream/control_loop.h"
#include "gateway/upstream/random.h"
#include "gateway/verbs.h"
#include "gateway/worker.h"

namespace frontdesk {
namespace {

using std::chrono::milliseconds;
using Workers = std::vector<std::unique_ptr<Worker>>;

// How long a connection may be open at the end before its request is here.
constexpr milliseconds kFirstRequest{500};
// For the first look-up of every end point's name.
constexpr std::chrono::seconds kFirstLookUps{5};
// For the keys of every issuer; until they are there its tokens are answered 503.
constexpr std::chrono::seconds kFirstKeys{5};
// What may pass after the last word in the log.
constexpr std::chrono::seconds kFreeing{3};
// What the last handshakes may take before the port closes: a round trip of a far client.
constexpr milliseconds kHandshake{300};

identity::UnixTime TimeOfDay() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// And SIGHUP, which opens the access log anew, after it was moved away, and reads certificates that
// have changed, and the shares of callers that versions of upstreams get.
sigset_t AllSignals() {
  sigset_t signals = StopSignals();
  sigaddset(&signals, SIGHUP);
  return signals;
}

// The signal that came before the time was over, or 0.
int WaitForSignal(const sigset_t& signals, Duration patience) {
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(patience).count();
  const timespec timeout{static_cast<time_t>(nanos / 1000000000),
                         static_cast<long>(nanos % 1000000000)};
  return std::max(0, sigtimedwait(&signals, nullptr, &timeout));
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

void RegisterSeries(config::Snapshot& snapshot, observe::Metrics& metrics,
                    std::vector<observe::MethodId>& method_ids) {
  for (auto& route : snapshot.routes) {
    route->metrics_id = metrics.AddRoute(route->binding->http_method, route->binding->path.text,
                                         route->api ? std::string_view(route->api->name) : "");
  }
  for (const contract::Method& method : snapshot.contract->methods()) {
    method_ids.push_back(metrics.AddMethod(method.service, method.name, TypeOf(method)));
  }
}

// Every worker listens, or none: the first failure is the answer.
absl::Status OpenAll(Workers& workers, const config::HostPort& address, int backlog) {
  absl::Status free = http::CheckPortIsFree(address.host, address.port);
  if (!free.ok()) return free;
  uint16_t port = address.port;
  for (auto& worker : workers) {
    absl::Status opened = worker->Open(address.host, port, backlog);
    if (!opened.ok()) return opened;
    port = worker->port();  // a free one, when 0 was asked for
  }
  return absl::OkStatus();
}

// A loop that does not answer is stuck: something on it blocks or never ends.
std::string StuckWorkers(Workers& workers) {
  std::string stuck;
  for (size_t i = 0; i < workers.size(); ++i) {
    if (!workers[i]->AskConnections(milliseconds(500))) stuck += Cat("worker ", i, " is stuck; ");
  }
  return stuck;
}

// Not ready at once, so that a balancer looks elsewhere; the port stays open for the grace; then
// what is in flight may finish, undos included. A second signal ends the present wait.
void Drain(Workers& workers, const http::ConnectionShare& connections, Shared& shared) {
  const config::Snapshot& snapshot = *shared.snapshot;
  const sigset_t signals = StopSignals();
  observe::LogInfo("draining");
  shared.ready.store(false);
  for (auto& worker : workers) worker->Post([](Worker& w) { w.listener().Drain(); });
  WaitForSignal(signals, snapshot.drain_grace);
  for (auto& worker : workers) worker->Post([](Worker& w) { w.listener().StopNewcomers(); });
  std::this_thread::sleep_for(kHandshake);  // a second signal waits: this is short
  for (auto& worker : workers) worker->Post([](Worker& w) { w.listener().StopAccepting(); });
  // Each answers after it has stopped accepting: from now on connections only become fewer.
  const std::string stuck = StuckWorkers(workers);
  if (!stuck.empty()) observe::LogError(stuck);
  const TimePoint limit = Clock::now() + snapshot.drain_timeout;
  // What goes on without a client was started by a connection: it is counted before that one ends.
  const auto busy = [&] { return connections.total() > 0 || shared.detached > 0; };
  while (busy() && Clock::now() < limit) {
    for (auto& worker : workers) {
      worker->Post([](Worker& w) { w.listener().CloseIdle(kFirstRequest); });
    }
    if (WaitForSignal(signals, milliseconds(20))) break;
  }
  for (auto& worker : workers) worker->Stop();
  for (auto& worker : workers) worker->Join();
}

// With what discovery knows.
std::vector<upstream::ClusterView> WithNames(std::vector<upstream::ClusterView> views,
                                             const upstream::ControlLoop& control) {
  const TimePoint now = Clock::now();
  for (const upstream::DiscoveryStatus& status : control.discovery()) {
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

// Null when it is switched off.
absl::StatusOr<std::unique_ptr<observe::AccessLog>> OpenLog(const config::Snapshot& snapshot,
                                                            observe::Metrics& metrics) {
  if (!snapshot.access_log) return std::unique_ptr<observe::AccessLog>();
  observe::MetricsShard* shard = &metrics.AddShard();
  if (snapshot.access_log_file.empty()) return observe::AccessLog::OpenFd(STDERR_FILENO, shard);
  return observe::AccessLog::OpenFile(snapshot.access_log_file, shard);
}

// `workers` stays where it is: each worker reaches the others through it.
void MakeWorkers(Shared& shared, http::ConnectionShare& connections, Workers& workers) {
  workers.resize(shared.snapshot->workers);
  for (size_t i = 0; i < workers.size(); ++i) {
    workers[i] = std::make_unique<Worker>(
        shared, connections, i, [&workers](size_t to, http::Accepted accepted) {
          workers[to]->Post([accepted = std::move(accepted)](Worker& worker) {
            worker.listener().Adopt(accepted);
          });
        });
  }
}

// Tells `targets` where Redis is; its name, if it has one, is looked up by whoever gets it.
std::vector<upstream::WatchedHost> FindRedis(const std::string& address,
                                             limit::RedisTargets& targets) {
  const config::HostPort at = *config::ParseHostPort(address);
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

// The shares of callers that versions get, as the file has them now.
void TakePercents(const std::string& config_file, upstream::Clusters& clusters) {
  contract::Findings findings;
  const auto percents = config::ReadPercents(config_file, findings);
  if (!percents) {
    observe::LogWarn(Cat("versions keep their callers, the file is not right: ",
                         findings.all().front().ToString()));
    return;
  }
  for (const config::VersionPercent& one : *percents) {
    const std::string name = Cat(one.upstream, '@', one.version);
    if (clusters.SetPercent(one.upstream, one.version, one.percent)) {
      observe::LogInfo(Cat(name, " has ", contract::NumberText(one.percent), " % of the callers"));
    } else {
      observe::LogWarn(Cat(name, " is new: it is there after a restart"));
    }
  }
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

}  // namespace

int Serve(const VerbOptions& options) {
  contract::Findings findings;
  std::unique_ptr<config::Snapshot> snapshot =
      config::Compile(options.config, options.proto_path, *options.code, findings);
  if (!snapshot) {
    Tell(findings, SourcesOf(options.proto_path), options.json);
    return kFindings;
  }
  // Blocked before any thread starts, so that only this one is told.
  const sigset_t signals = AllSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();

  observe::Metrics metrics(kVersion, __VERSION__);
  policy::MemoryIdempotencyStore idempotency(snapshot->idempotency);
  policy::InFlight in_flight(snapshot->overload);
  policy::Bulkheads bulkheads(snapshot->bulkheads, snapshot->overload.max_queue_age);
  // Limits are counted in one of both.
  std::unique_ptr<limit::MemoryStore> limits_in_memory;
  std::unique_ptr<limit::SharedLimits> shared_limits;
  std::vector<upstream::WatchedHost> watched;
  if (snapshot->limit_rules.empty()) {
    // Nothing is counted.
  } else if (snapshot->shared_limits) {
    shared_limits = std::make_unique<limit::SharedLimits>(*snapshot->shared_limits);
    watched = FindRedis(snapshot->redis_address, shared_limits->targets());
  } else {
    limits_in_memory = std::make_unique<limit::MemoryStore>(snapshot->limit_bytes);
  }
  const std::vector<limit::Rule>& rules = snapshot->limit_rules;
  policy::Limits limits(rules, shared_limits ? &shared_limits->own() : limits_in_memory.get(),
                        shared_limits.get(), snapshot->address_rule);
  metrics.AddSource(limits);
  policy::Authenticator authenticator(snapshot->chain.auth, TimeOfDay, upstream::MakeRandom,
                                      SecretSeed());
  const auto keys = [&authenticator] { return authenticator.Describe(Clock::now()); };
  const identity::KeyMetrics key_metrics(keys);
  metrics.AddSource(key_metrics);
  const identity::IntrospectionMetrics introspections(
      [&authenticator] { return authenticator.DescribeIntrospection(); });
  metrics.AddSource(introspections);
  metrics.AddSource(in_flight);
  metrics.AddSource(bulkheads);
  Shared shared{.code = *options.code,
                .idempotency = idempotency,
                .in_flight = in_flight,
                .authenticator = authenticator,
                .bulkheads = bulkheads,
                .limits_in_memory = limits_in_memory.get(),
                .shared_limits = shared_limits.get(),
                .limits = &limits,
                .metrics = metrics};
  RegisterSeries(*snapshot, metrics, shared.method_ids);
  shared.snapshot = std::move(snapshot);
  const config::Snapshot& in_force = *shared.snapshot;
  TellFaults(in_force);
  shared.clusters = std::make_unique<upstream::Clusters>(in_force.upstreams, Clock::now());
  const auto views = [&shared] { return shared.clusters->Describe(Clock::now()); };
  const upstream::ClusterMetrics upstream_metrics(views);
  metrics.AddSource(upstream_metrics);
  const absl::StatusOr<std::unique_ptr<observe::AccessLog>> log = OpenLog(in_force, metrics);
  if (!log.ok()) {
    observe::LogError(Cat("cannot write the access log: ", Std(log.status().message())));
    return kFindings;
  }
  shared.log = log->get();
  if (in_force.chain.auth.development_caller) {
    observe::LogWarn(Cat("everybody without a credential is ",
                         in_force.chain.auth.development_caller->sub,
                         ": auth.development_caller is for development only"));
  }
  authenticator.Start();

  const auto credentials = CredentialsOf(in_force);
  if (const absl::Status loaded = LoadAll(credentials); !loaded.ok()) {
    observe::LogError(Std(loaded.message()));
    return kFindings;
  }
  const auto certificates = [&credentials] {
    std::vector<tls::CredentialsView> all;
    for (const auto& one : credentials) all.push_back(one->Describe());
    return all;
  };
  const tls::CredentialsMetrics certificate_metrics(certificates);
  metrics.AddSource(certificate_metrics);

  upstream::ControlLoop control(*shared.clusters, in_force.dns, std::move(watched), credentials);
  http::ConnectionShare connections(in_force.workers, in_force.limits.connections);
  Workers workers;
  MakeWorkers(shared, connections, workers);
  if (in_force.listen_tls) {
    for (auto& worker : workers) {
      worker->listener().Secure(*credentials.front(), in_force.handshake_timeout);
    }
  }
  const config::HostPort address = *config::ParseHostPort(in_force.listen_address);
  const absl::Status opened = OpenAll(workers, address, in_force.backlog);
  if (!opened.ok()) {
    observe::LogError(Std(opened.message()));
    return kFindings;
  }
  absl::StatusOr<std::unique_ptr<admin::Admin>> admin = admin::Admin::Start(
      in_force.admin_address, {.ready = shared.ready,
                               .metrics = metrics,
                               .version = kVersion,
                               .compiler = __VERSION__,
                               .trouble = [&workers] { return StuckWorkers(workers); },
                               .upstreams = [&] { return WithNames(views(), control); },
                               .certificates = certificates,
                               .keys = keys});
  if (!admin.ok()) {
    observe::LogError(Std(admin.status().message()));
    return kFindings;
  }
  for (auto& worker : workers) worker->Start();
  // Who is told to be ready is called at once: by then it is known whom to ask.
  if (!control.WaitUntilSettled(kFirstLookUps)) {
    observe::LogWarn("ready, though the names of some end points are still being looked up");
  }
  if (!authenticator.WaitForKeys(kFirstKeys)) {
    observe::LogWarn("ready, though the keys of some issuers are still being fetched");
  }
  shared.ready.store(true);
  std::cout << "ready: serving " << (in_force.listen_tls ? "TLS " : "") << "on " << address.host
            << ':' << workers[0]->port() << ", admin on "
            << config::ParseHostPort(in_force.admin_address)->host << ':' << (*admin)->port()
            << std::endl;

  SpareMemory spare_memory;  // of what was read and compiled, and what threads that ended left
  while (true) {
    const int signal = WaitForSignal(signals, SpareMemory::kLook);
    spare_memory.Look();
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal != SIGHUP) continue;
    if (shared.log) shared.log->Reopen();
    control.RefreshCredentials();
    if (in_force.version_headers) TakePercents(options.config, *shared.clusters);
  }
  Drain(workers, connections, shared);
  observe::LogInfo("stopped");
  // What is left is to free memory, which threads of gRPC C++ might hold up.
  std::thread([] {
    std::this_thread::sleep_for(kFreeing);
    std::_Exit(kFine);
  }).detach();
  return kFine;
}

}  // namespace frontdesk
