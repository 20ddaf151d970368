#include "gateway/upstream/watched_name.h"

#include <algorithm>
#include <utility>

#include "gateway/base/mechanism/backoff.h"

namespace frontdesk::upstream {
namespace {

constexpr Duration kFirstRetry = std::chrono::seconds(1);
constexpr Duration kLastRetry = std::chrono::seconds(30);
constexpr Duration kMostJitter = std::chrono::milliseconds(500);
constexpr Duration kLeastWait = std::chrono::milliseconds(500);

// Of a host that was found: the addresses of a kind that nobody could tell stay. Whether there are
// any.
bool KeepUntold(const DnsTarget& before, DnsTarget& target) {
  const size_t found = target.addresses.size();
  for (const auto& address : before.addresses) {
    if (!(address.is_v4() ? target.v4 : target.v6).ok()) target.addresses.push_back(address);
  }
  std::sort(target.addresses.begin(), target.addresses.end());
  return target.addresses.size() > found;
}

// A host without any address says more than a kind that one has none of.
void NoteMissing(const std::vector<DnsTarget>& targets, LookupOutcome& outcome) {
  absl::Status kind;
  for (const DnsTarget& target : targets) {
    if (!target.status.ok()) {
      outcome.failure.Update(target.status);
      outcome.missing.insert(target.host);
      continue;
    }
    outcome.found = true;
    // Not of which host: those of a service come and go.
    if (!target.v4.ok()) outcome.missing.insert("A");
    if (!target.v6.ok()) outcome.missing.insert("AAAA");
    kind.Update(target.v4);
    kind.Update(target.v6);
  }
  outcome.failure.Update(kind);
}

// What of the answer can be used, completed by what was known before.
LookupOutcome Merge(DnsAnswer answer, std::vector<DnsTarget>& known) {
  LookupOutcome outcome;
  outcome.failure = answer.status;
  if (answer.status.ok()) NoteMissing(answer.targets, outcome);
  std::vector<DnsTarget> merged;
  for (DnsTarget& target : answer.targets) {
    const auto before = std::find_if(known.begin(), known.end(), [&](const DnsTarget& one) {
      return one.host == target.host && one.port == target.port;
    });
    if (!target.status.ok()) {
      if (before == known.end()) continue;
      target.addresses = before->addresses;
      target.left_out = before->left_out;
      outcome.kept = true;
    } else if (before != known.end() && KeepUntold(*before, target)) {
      outcome.kept = true;
    }
    merged.push_back(std::move(target));
  }
  if (merged.empty()) {
    outcome.kept = !known.empty();
  } else {
    known = std::move(merged);
  }
  return outcome;
}

}  // namespace

Duration WaitAfterAnswer(Duration refresh, Duration ttl, double random) {
  const Duration wait = std::clamp(ttl, std::min(refresh, kLeastWait), refresh);
  const Duration most = std::min(wait / 10, kMostJitter);
  return wait + std::chrono::duration_cast<Duration>(most * random);
}

Duration WaitAfterFailure(Duration refresh, uint32_t failures, double random) {
  const Duration first = std::min(refresh, kFirstRetry);
  const Duration last = std::clamp(refresh, first, kLastRetry);
  const Duration wait = Grown({first, last, 2}, failures);
  return wait - std::chrono::duration_cast<Duration>(wait * (random / 5));
}

WatchedName::WatchedName(Loop& loop, const DnsSettings& dns, const Random& random,
                         const Endpoint& name, Duration refresh, std::function<void()> looked_up)
    : loop_(loop),
      dns_(dns),
      random_(random),
      name_(name),
      refresh_(refresh),
      looked_up_(std::move(looked_up)) {}

WatchedName::~WatchedName() = default;

void WatchedName::OnTimer() {
  lookup_ = std::make_unique<DnsLookup>(loop_, dns_, name_,
                                        [this](DnsAnswer answer) { OnAnswer(std::move(answer)); });
}

void WatchedName::OnAnswer(DnsAnswer answer) {
  lookup_.reset();
  const Duration ttl = answer.ttl;
  const bool found_before = outcome_.found;
  outcome_ = Merge(std::move(answer), targets_);
  // Where a part is missing for good, the first time that nothing is found is a first time.
  if (outcome_.failure.ok() || outcome_.found != found_before) failures_ = 0;
  if (!outcome_.failure.ok()) ++failures_;
  ++rounds_;
  last_ = loop_.Now();
  const double random = random_();
  Duration wait = WaitAfterAnswer(refresh_, ttl, random);
  if (!outcome_.failure.ok()) {
    const Duration again = WaitAfterFailure(refresh_, failures_, random);
    // A part that was found lasts no longer because another one was not. Where there is none, the
    // time to live is of records that led nowhere.
    wait = outcome_.found ? std::min(wait, again) : again;
  }
  next_ = last_ + wait;
  loop_.Arm(*this, next_);
  looked_up_();
}

}  // namespace frontdesk::upstream
