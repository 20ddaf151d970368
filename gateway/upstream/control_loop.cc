#include "gateway/upstream/control_loop.h"

#include <utility>

#include "gateway/upstream/random.h"

namespace frontdesk::upstream {
namespace {

// Of names without a setting of their own; that of upstreams has the same default.
constexpr std::chrono::seconds kRefresh{5};

}  // namespace

// What is made here belongs to the thread as soon as there is one, until it has ended.
ControlLoop::ControlLoop(const Clusters& clusters, const DnsSettings& dns,
                         std::vector<WatchedHost> hosts,
                         std::vector<std::shared_ptr<tls::Credentials>> credentials)
    : discovery_(loop_, clusters, MakeRandom(), dns),
      credentials_(loop_, std::move(credentials)),
      is_settled_(settled_.get_future().share()) {
  for (const auto& cluster : clusters.all()) {
    health_.push_back(std::make_unique<UpstreamHealth>(loop_, MakeRandom(), *cluster));
  }
  for (WatchedHost& host : hosts) {
    const size_t at = hosts_.size();
    hosts_.push_back(std::make_unique<WatchedName>(
        loop_, dns, MakeRandom(), host.name, kRefresh,
        [this, at, found = std::move(host.found)] { found(hosts_[at]->targets()); }));
    hosts_.back()->Start();
  }
  discovery_.Start([this] { settled_.set_value(); });
  thread_ = std::thread([this] { loop_.Run(); });
}

ControlLoop::~ControlLoop() {
  loop_.Stop();
  thread_.join();
}

void ControlLoop::RefreshCredentials() {
  loop_.Post([this] { credentials_.Look(true); });
}

bool ControlLoop::WaitUntilSettled(Duration patience) const {
  return is_settled_.wait_for(patience) == std::future_status::ready;
}

}  // namespace frontdesk::upstream
