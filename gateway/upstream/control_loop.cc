#include "gateway/upstream/control_loop.h"

#include "gateway/upstream/random.h"

namespace frontdesk::upstream {

// What is made here belongs to the thread as soon as there is one, until it has ended.
ControlLoop::ControlLoop(const Clusters& clusters, const DnsSettings& dns)
    : discovery_(loop_, clusters, MakeRandom(), dns), is_settled_(settled_.get_future().share()) {
  for (const auto& cluster : clusters.all()) {
    health_.push_back(std::make_unique<UpstreamHealth>(loop_, MakeRandom(), *cluster));
  }
  discovery_.Start([this] { settled_.set_value(); });
  thread_ = std::thread([this] { loop_.Run(); });
}

ControlLoop::~ControlLoop() {
  loop_.Stop();
  thread_.join();
}

bool ControlLoop::WaitUntilSettled(Duration patience) const {
  return is_settled_.wait_for(patience) == std::future_status::ready;
}

}  // namespace frontdesk::upstream
