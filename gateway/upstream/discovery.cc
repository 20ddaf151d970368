#include "gateway/upstream/discovery.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "gateway/base/text.h"
#include "gateway/observe/log.h"
#include "gateway/upstream/cluster_log.h"
#include "gateway/upstream/cluster_view.h"
#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {
namespace {

// Of what changed, in one line of the log.
constexpr size_t kMostNamed = 8;

auto KeyOf(const FoundEndpoint& endpoint) {
  return std::tie(endpoint.target.host, endpoint.target.port, endpoint.target.authority);
}

std::set<std::string> AddressTexts(const std::vector<FoundEndpoint>& endpoints) {
  std::set<std::string> texts;
  for (const FoundEndpoint& endpoint : endpoints) texts.insert(AddressOf(endpoint.target));
  return texts;
}

// Of a part that is missing the reasons may change as they like.
bool SaysTheSame(const LookupOutcome& a, const LookupOutcome& b) {
  if (a.failure.ok() || b.failure.ok()) return a.failure.ok() == b.failure.ok();
  if (a.found || b.found) return a.found == b.found && a.missing == b.missing;
  return a.failure == b.failure;
}

// An SRV record's weight is a part of what was configured for the name.
uint32_t Product(uint32_t configured, uint32_t of_record) {
  return static_cast<uint32_t>(std::min<uint64_t>(uint64_t{configured} * of_record, 1u << 30));
}

void AppendFound(const EndpointSettings& configured, bool srv, const DnsTarget& target,
                 std::vector<FoundEndpoint>& found) {
  for (const auto& address : target.addresses) {
    FoundEndpoint one{.weight = Product(configured.weight, target.weight), .zone = configured.zone};
    one.target.authority = srv ? Cat(target.host, ':', target.port) : configured.address;
    one.target.host = address.to_string();
    one.target.port = target.port;
    found.push_back(std::move(one));
  }
}

// Who serves now and is still named goes on, whatever else is named beside it. `found` stays
// sorted.
void KeepThoseInUse(const std::vector<FoundEndpoint>& in_use, size_t most,
                    std::vector<FoundEndpoint>& found) {
  const auto by_key = [](const auto& a, const auto& b) { return KeyOf(a) < KeyOf(b); };
  std::vector<FoundEndpoint> sorted = in_use;
  std::sort(sorted.begin(), sorted.end(), by_key);
  std::stable_partition(found.begin(), found.end(), [&](const FoundEndpoint& one) {
    return std::binary_search(sorted.begin(), sorted.end(), one, by_key);
  });
  found.resize(most);
  std::sort(found.begin(), found.end(), by_key);
}

}  // namespace

UpstreamDiscovery::UpstreamDiscovery(Loop& loop, const DnsSettings& dns, const Random& random,
                                     Cluster& cluster, std::function<void()> looked_up)
    : loop_(loop),
      cluster_(cluster),
      looked_up_(std::move(looked_up)),
      fixed_(StaticEndpoints(cluster.settings())),
      published_(fixed_) {
  const UpstreamSettings& settings = cluster.settings();
  if (settings.transport != TransportKind::kH2) return;
  std::string refused;
  for (const EndpointSettings& configured : settings.endpoints) {
    const absl::StatusOr<Endpoint> parsed = ParseEndpoint(configured.address);
    if (!parsed.ok()) {
      refused += Cat(refused.empty() ? "" : "; ", Std(parsed.status().message()));
    } else if (!parsed->address) {
      AddName(dns, random, configured, *parsed);
    }
  }
  if (!refused.empty()) observe::LogError(Cat(settings.name, ": ", refused));
  // What will never be found is not to be waited for.
  if (names_.empty() && fixed_.empty()) {
    cluster_.PublishFailure(
        Unreachable(Cat("the upstream has no end point", refused.empty() ? "" : ": ", refused)));
  }
}

void UpstreamDiscovery::AddName(const DnsSettings& dns, const Random& random,
                                const EndpointSettings& configured, const Endpoint& parsed) {
  Name& name =
      *names_.emplace_back(std::make_unique<Name>(Name{configured, parsed.srv, "", {}, {}}));
  name.watched =
      std::make_unique<WatchedName>(loop_, dns, random, parsed, cluster_.settings().dns_refresh,
                                    [this, &name] { OnLookedUp(name); });
}

void UpstreamDiscovery::Start() {
  for (const auto& name : names_) name->watched->Start();
}

bool UpstreamDiscovery::settled() const {
  return std::all_of(names_.begin(), names_.end(),
                     [](const auto& name) { return name->watched->rounds() > 0; });
}

void UpstreamDiscovery::OnLookedUp(Name& name) {
  LogOutcome(name);
  Publish();
  looked_up_();
}

void UpstreamDiscovery::LogOutcome(Name& name) {
  const LookupOutcome& outcome = name.watched->outcome();
  name.error = Std(outcome.failure.message());
  // Once, not with every try.
  if (SaysTheSame(outcome, name.said)) return;
  const std::string& upstream = cluster_.settings().name;
  const std::string& address = name.configured.address;
  if (outcome.failure.ok()) {
    observe::LogInfo(
        Cat(upstream, ": ", address, name.said.found ? " is found in full" : " is found again"));
  } else if (outcome.found) {
    observe::LogInfo(Cat(upstream, ": ", address, " was found only in part: ", name.error,
                         outcome.kept ? "; what was known of the rest stays" : ""));
  } else {
    observe::LogWarn(Cat(upstream, ": cannot look up ", address, ": ", name.error,
                         outcome.kept ? "; what was found before stays" : ""));
  }
  name.said = outcome;
}

std::vector<FoundEndpoint> UpstreamDiscovery::Found() {
  std::vector<FoundEndpoint> found;
  size_t left_out = 0;
  for (const auto& name : names_) {
    for (const DnsTarget& target : name->watched->targets()) {
      AppendFound(name->configured, name->srv, target, found);
      left_out += target.left_out;
    }
  }
  // In an order that the answers' order does not change; the same one twice counts once.
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return KeyOf(a) < KeyOf(b); });
  found.erase(std::unique(found.begin(), found.end(),
                          [](const auto& a, const auto& b) { return KeyOf(a) == KeyOf(b); }),
              found.end());
  const size_t most = kMostEndpoints - std::min(kMostEndpoints, fixed_.size());
  if (found.size() > most) {
    left_out += found.size() - most;
    KeepThoseInUse(published_, most, found);
  }
  found.insert(found.begin(), fixed_.begin(), fixed_.end());
  if (left_out > 0 && !std::exchange(said_too_many_, true)) {
    LogTooMany(cluster_.settings().name, found.size() + left_out);
  }
  return found;
}

void UpstreamDiscovery::Publish() {
  std::vector<FoundEndpoint> found = Found();
  if (found.empty()) return PublishFailure();
  failure_.clear();
  if (found == published_) return;
  LogChange(found);
  published_ = std::move(found);
  cluster_.Publish(published_, loop_.Now());
}

void UpstreamDiscovery::PublishFailure() {
  if (!settled()) return;
  std::string text;
  for (const auto& name : names_) {
    text += Cat(text.empty() ? "" : "; ", name->configured.address, ": ", name->error);
  }
  if (text == failure_) return;
  cluster_.PublishFailure(Unreachable(Cat("no end point: ", text)));
  failure_ = std::move(text);
}

void UpstreamDiscovery::LogChange(const std::vector<FoundEndpoint>& found) {
  const std::set<std::string> before = AddressTexts(published_);
  const std::set<std::string> now = AddressTexts(found);
  std::vector<std::string> changes;
  const auto note = [&](const auto& of, const auto& without, char sign) {
    for (const std::string& text : of) {
      if (!without.contains(text)) changes.push_back(sign + text);
    }
  };
  note(now, before, '+');
  note(before, now, '-');
  std::string text;
  for (size_t i = 0; i < std::min(changes.size(), kMostNamed); ++i) {
    text += Cat(i == 0 ? "" : ", ", changes[i]);
  }
  if (changes.size() > kMostNamed) text += Cat(" and ", changes.size() - kMostNamed, " more");
  observe::LogInfo(Cat(cluster_.settings().name, ": ", found.size(),
                       found.size() == 1 ? " end point (" : " end points (",
                       text.empty() ? "other weights or names" : text, ')'));
}

std::vector<DiscoveryStatus> UpstreamDiscovery::status() const {
  std::vector<DiscoveryStatus> all;
  for (const auto& name : names_) {
    const WatchedName& watched = *name->watched;
    DiscoveryStatus one{.upstream = cluster_.settings().name,
                        .name = name->configured.address,
                        .error = name->error,
                        .looked_up = watched.rounds() > 0,
                        .last = watched.last(),
                        .next = watched.next()};
    for (const DnsTarget& target : watched.targets()) one.endpoints += target.addresses.size();
    all.push_back(std::move(one));
  }
  return all;
}

Discovery::Discovery(Loop& loop, const Clusters& clusters, const Random& random,
                     const DnsSettings& dns) {
  for (const auto& cluster : clusters.all()) {
    auto upstream =
        std::make_unique<UpstreamDiscovery>(loop, dns, random, *cluster, [this] { OnLookedUp(); });
    if (upstream->has_names()) upstreams_.push_back(std::move(upstream));
  }
}

void Discovery::Start(std::function<void()> settled) {
  settled_ = std::move(settled);
  for (const auto& upstream : upstreams_) upstream->Start();
  OnLookedUp();
}

void Discovery::OnLookedUp() {
  std::vector<DiscoveryStatus> status;
  bool all_settled = true;
  for (const auto& upstream : upstreams_) {
    std::vector<DiscoveryStatus> one = upstream->status();
    std::move(one.begin(), one.end(), std::back_inserter(status));
    all_settled = all_settled && upstream->settled();
  }
  {
    const MutexLock lock(mutex_);
    status_ = std::move(status);
  }
  if (all_settled && settled_) std::exchange(settled_, nullptr)();
}

std::vector<DiscoveryStatus> Discovery::status() const {
  const MutexLock lock(mutex_);
  return status_;
}

}  // namespace frontdesk::upstream
