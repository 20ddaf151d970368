#include "gateway/upstream/watched_name.h"

#include <algorithm>
#include <utility>

namespace frontdesk::upstream {
namespace {

constexpr Duration kFirstRetry = std::chrono::seconds(1);
constexpr Duration kLastRetry = std::chrono::seconds(30);
constexpr Duration kMostJitter = std::chrono::milliseconds(500);
constexpr Duration kLeastWait = std::chrono::milliseconds(500);

// Of a host that was found: the addresses of a kind that nobody could tell stay.
void KeepUntold(const DnsTarget& before, DnsTarget& target) {
  for (const auto& address : before.addresses) {
    if (!(address.is_v4() ? target.v4 : target.v6).ok()) target.addresses.push_back(address);
  }
  std::sort(target.addresses.begin(), target.addresses.end());
}

// What of the answer can be used, completed by what was known before. Says what is missing.
absl::Status Merge(DnsAnswer answer, std::vector<DnsTarget>& known) {
  if (!answer.status.ok()) return answer.status;
  absl::Status failure;
  std::vector<DnsTarget> merged;
  for (DnsTarget& target : answer.targets) {
    for (const absl::Status& missing : {target.status, target.v4, target.v6}) {
      failure.Update(missing);
    }
    const auto before = std::find_if(known.begin(), known.end(), [&](const DnsTarget& one) {
      return one.host == target.host && one.port == target.port;
    });
    if (!target.status.ok()) {
      if (before == known.end()) continue;
      target.addresses = before->addresses;
      target.left_out = before->left_out;
    } else if (before != known.end()) {
      KeepUntold(*before, target);
    }
    merged.push_back(std::move(target));
  }
  if (!merged.empty()) known = std::move(merged);
  return failure;
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
  Duration wait = first;
  for (uint32_t i = 1; i < failures && wait < last; ++i) wait *= 2;
  wait = std::min(wait, last);
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
  failure_ = Merge(std::move(answer), targets_);
  failures_ = failure_.ok() ? 0 : failures_ + 1;
  ++rounds_;
  last_ = loop_.Now();
  const double random = random_();
  Duration wait = WaitAfterAnswer(refresh_, ttl, random);
  // A part that was found lasts no longer because another one was not.
  if (!failure_.ok()) wait = std::min(wait, WaitAfterFailure(refresh_, failures_, random));
  next_ = last_ + wait;
  loop_.Arm(*this, next_);
  looked_up_();
}

}  // namespace frontdesk::upstream
