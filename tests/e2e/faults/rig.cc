#include "tests/e2e/faults/rig.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "gateway/base/text.h"

namespace frontdesk::faults {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::LightBackendOptions;
using testing_support::OpenLoad;

namespace {

constexpr int kServices = 7;  // of the contract

class At final : private Timer {
 public:
  At(Loop& loop, Duration after, std::function<void()> act) : act_(std::move(act)) {
    loop.Arm(*this, Clock::now() + after);
  }

 private:
  void OnTimer() override { act_(); }
  const std::function<void()> act_;
};

// A back end, a client and a gateway of many connections each.
void RaiseFileLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

std::string AddressOf(int endpoint) { return Cat("127.250.0.", endpoint + 1); }

void Pin(int core) {
  if (core < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(core), &set);
  sched_setaffinity(0, sizeof set, &set);
}

Rig::Rig(const Topology& topology, const Scale& scale) : scale_(scale), topology_(topology) {
  RaiseFileLimit();
  for (int service = 0; service < topology.services; ++service) {
    auto& endpoints = backends_.emplace_back();
    for (int i = 0; i < topology.endpoints; ++i) {
      LightBackendOptions options;
      if (topology.named) options.address = AddressOf(i);
      if (topology.named && i > 0) options.port = endpoints.front()->port();
      options.echo = true;
      options.remember = true;
      options.behaviour = topology.behaviour;
      endpoints.push_back(std::make_unique<LightBackend>(loop_, options));
    }
  }
  if (topology.named) dns_.emplace().SetHost(kBackEnds, {AddressOf(0)});
  // A child has its parent's core from the start, with all its threads.
  Pin(scale.gateway_core);
  gateway_.emplace(testing_support::WriteTempFile("faults.yaml", Config(topology)));
  Pin(scale.own_core);
  WarmUp();
}

Rig::~Rig() { gateway_.reset(); }

std::string Rig::Config(const Topology& topology) const {
  std::string yaml = Cat("listen: {address: \"127.0.0.1:0\", workers: ", topology.workers,
                         topology.listen.empty() ? "" : ", ", topology.listen,
                         "}\nadmin: {address: \"127.0.0.1:0\"}\ndescriptor_set: " FAULTS_CONTRACT
                         "\nlog: {access: off}\ndrain: {grace: 10ms}\n",
                         topology.extra);
  if (dns_) yaml += Cat("dns: {servers: [\"", dns_->address(), "\"]}\n");
  yaml += "upstreams:\n";
  const int of_each = topology.together ? kServices : 1;
  for (int first = 0; first < kServices; first += of_each) {
    std::string services;
    for (int i = first; i < first + of_each; ++i) {
      services += Cat(services.empty() ? "" : ", ", "frontdesk.faults.S", i + 1);
    }
    yaml += Cat("  u", first + 1, ": {services: [", services, "], endpoints: [", Endpoints(first),
                "], transport: ", transport(), topology.upstream.empty() ? "" : ", ",
                topology.upstream, "}\n");
  }
  return yaml;
}

std::string Rig::Endpoints(int service) const {
  // The discard port, on which nobody listens.
  if (service >= topology_.services) return "\"127.0.0.1:9\"";
  const auto& backends = backends_[static_cast<size_t>(service)];
  if (dns_) return Cat('"', kBackEnds, ':', backends.front()->port(), '"');
  std::string endpoints;
  for (const auto& backend : backends) {
    endpoints += Cat(endpoints.empty() ? "" : ", ", "\"127.0.0.1:", backend->port(), '"');
  }
  return endpoints;
}

// What the first requests make the process touch and open is no fault's doing.
void Rig::WarmUp() {
  LoadPlan plan;
  plan.rate = 200;
  plan.length = milliseconds(500);
  plan.routes = Gets();
  Load(plan);
  if (full()) {
    plan.rate = HalfOfCapacity();
    plan.length = seconds(2);
    Load(plan);
  }
  Forget();
  warmed_up_ = OfGateway();
  answered_.clear();
  played_.clear();
  files_at_first_ = files();
  bytes_at_first_ = bytes();
}

LightBackend& Rig::backend(int service, int endpoint) {
  return *backends_.at(static_cast<size_t>(service)).at(static_cast<size_t>(endpoint));
}

void Rig::Each(const std::function<void(LightBackend&)>& act) {
  for (auto& endpoints : backends_) {
    for (auto& backend : endpoints) act(*backend);
  }
}

void Rig::Behave(const LightBehaviour& behaviour) {
  Each([&](LightBackend& backend) { backend.Behave(behaviour); });
}

bool Rig::Drop(LightBackend& backend, bool on) {
  if (!scale_.iptables) return backend.Drop(on);
  bool done = true;
  for (const char* side : {"--dport", "--sport"}) {
    const std::string command =
        Cat("iptables ", on ? "-A" : "-D", " INPUT -p tcp ", side, ' ', backend.port(), " -j DROP");
    done = std::system(command.c_str()) == 0 && done;
  }
  return done;
}

LoadRoute Rig::Get(int service) const {
  return {.name = Cat("get", service + 1), .target = Cat('/', service + 1, "/{id}")};
}

std::vector<LoadRoute> Rig::Gets() const {
  std::vector<LoadRoute> routes;
  for (int service = 0; service < topology_.services; ++service) routes.push_back(Get(service));
  return routes;
}

LoadRoute Rig::Put(int service) const {
  return {.name = Cat("put", service + 1),
          .target = Cat('/', service + 1),
          .method = "POST",
          .headers = "content-type: application/json\r\n",
          .body = "{\"id\": \"{id}\"}"};
}

LoadRoute Rig::Page() const { return {.name = "page", .target = "/page/{id}"}; }

double Rig::HalfOfCapacity() {
  if (!full()) return 400;
  if (half_ == 0) half_ = Closed(256, seconds(2)).goodput() / 2;
  return half_;
}

LoadReport Rig::Closed(size_t connections, Duration length, std::vector<LoadRoute> routes) {
  LoadPlan plan;
  plan.routes = routes.empty() ? Gets() : std::move(routes);
  plan.port = gateway_->port();
  plan.ids = Cat("load", loads_++);
  plan.connections = connections;
  plan.length = length;
  const LoadReport report = testing_support::RunLoad(loop_, plan);
  Count(report);
  return report;
}

LoadReport Rig::Load(LoadPlan plan, std::vector<Event> events) {
  std::vector<LoadPlan> plans;
  plans.push_back(std::move(plan));
  return Loads(std::move(plans), std::move(events)).front();
}

std::vector<LoadReport> Rig::Loads(std::vector<LoadPlan> plans, std::vector<Event> events) {
  std::vector<std::unique_ptr<OpenLoad>> loads;
  std::vector<bool> is_counted;  // probes are not, by the gateway
  for (LoadPlan& plan : plans) {
    const bool half = plan.rate == 0;
    is_counted.push_back(plan.port == 0);
    if (plan.port == 0) plan.port = gateway_->port();
    if (half) plan.rate = HalfOfCapacity();
    // Others ask beside it, for health.
    if (&plan == plans.data()) Played(half, plan.rate);
    plan.ids = Cat("load", loads_++);
    loads.push_back(std::make_unique<OpenLoad>(loop_, plan));
  }
  std::vector<std::unique_ptr<At>> armed;
  for (Event& event : events) {
    armed.push_back(std::make_unique<At>(loop_, event.at, std::move(event.happens)));
  }
  for (const auto& load : loads) load->Start();
  loop_.RunUntil([&] {
    return std::all_of(loads.begin(), loads.end(), [](const auto& load) { return load->done(); });
  });
  std::vector<LoadReport> reports;
  for (size_t i = 0; i < loads.size(); ++i) {
    reports.push_back(loads[i]->report());
    if (is_counted[i]) Count(reports.back());
  }
  return reports;
}

void Rig::Played(bool half, double rate) {
  std::string load = Cat(static_cast<int>(rate), "/s");
  if (half && full()) load = Cat("50 % (", load, ')');
  if (std::find(played_.begin(), played_.end(), load) == played_.end()) played_.push_back(load);
}

std::string Rig::LoadPlayed() const {
  std::string text;
  for (const std::string& load : played_) text += Cat(text.empty() ? "" : ", then ", load);
  if (transport() != "h2") text += Cat(", transport: ", transport());
  return text;
}

void Rig::Count(const LoadReport& report) {
  const RouteReport total = report.Total();
  crossed_ += total.crossed;
  for (const LoadSample& sample : total.samples) {
    if (sample.status > 0) {
      ++answered_[sample.status];
    } else {
      ++unanswered_;
    }
  }
  for (const auto& [id, at] : report.left) left_.push_back(id);
}

Accounts Rig::OfGateway() {
  std::optional<Metrics> now;
  const auto quiet = [&] {
    now.emplace(metrics());
    return now->Sum("http_server_active_requests") == 0;
  };
  Until(quiet, seconds(5));
  Accounts counts;
  for (int status = 200; status < 600; ++status) {
    const uint64_t requests = now->Count("http_server_request_duration_seconds_count",
                                         {Cat("http_response_status_code=\"", status, '"')});
    if (requests > 0) counts.requests[status] = requests;
  }
  counts.calls_ok = now->Count("grpc_client_handled_total", {"grpc_code=\"OK\""});
  counts.most_attempts = now->Count("grpc_client_started_total") -
                         now->Count("frontdesk_upstream_breaker_refused_total") +
                         now->Count("frontdesk_upstream_retries_total") +
                         now->Count("frontdesk_upstream_hedges_total");
  return counts;
}

Accounts Rig::TakeAccounts() {
  Accounts counts = OfGateway();
  for (const auto& [status, before] : warmed_up_.requests) counts.requests[status] -= before;
  counts.calls_ok -= warmed_up_.calls_ok;
  counts.most_attempts -= warmed_up_.most_attempts;
  counts.answered = answered_;
  counts.unanswered = unanswered_;
  const auto is_known = [&](const std::string& id) {
    bool known = false;
    Each([&](LightBackend& backend) { known = known || backend.seen().contains(id); });
    return known;
  };
  counts.left = static_cast<uint64_t>(std::count_if(left_.begin(), left_.end(), is_known));
  counts.calls = Calls();
  return counts;
}

void Rig::Wait(Duration time) {
  Until([] { return false; }, time);
}

bool Rig::Until(const std::function<bool()>& holds, Duration time) {
  const TimePoint end = Clock::now() + time;
  bool tick = true;
  std::optional<At> timer;
  while (!holds() && Clock::now() < end) {
    tick = false;
    timer.emplace(loop_, milliseconds(10), [&] { tick = true; });
    loop_.RunUntil([&] { return tick; });
  }
  return holds();
}

uint64_t Rig::Calls() {
  uint64_t calls = 0;
  Each([&](LightBackend& backend) { calls += backend.calls(); });
  return calls;
}

void Rig::Forget() {
  Each([](LightBackend& backend) { backend.Forget(); });
}

uint64_t Rig::Duplicates(const std::vector<const LightBackend*>& backends) {
  std::map<std::string, uint64_t> counts;
  for (const LightBackend* backend : backends) {
    for (const auto& [id, calls] : backend->seen()) {
      if (id.find("-put") != std::string::npos) counts[id] += calls.count;
    }
  }
  return static_cast<uint64_t>(std::count_if(counts.begin(), counts.end(),
                                             [](const auto& entry) { return entry.second > 1; }));
}

uint64_t Rig::Duplicates() {
  std::vector<const LightBackend*> all;
  Each([&](LightBackend& backend) { all.push_back(&backend); });
  return Duplicates(all);
}

void Rig::Heal() {
  Each([&](LightBackend& backend) {
    backend.Drop(false);
    backend.Listen();
    backend.Behave(topology_.behaviour);
  });
}

}  // namespace frontdesk::faults
