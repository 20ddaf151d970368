#include "gateway/upstream/h2_transport.h"

#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/tls/session.h"
#include "gateway/upstream/cluster_view.h"
#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {

H2Transport::H2Transport(Loop& loop, const UpstreamSettings& settings, const EndpointTarget& target,
                         const Random& random, Transport::Owner& owner)
    : loop_(loop),
      settings_(settings),
      random_(random),
      owner_(owner),
      last_failure_(Unreachable("not connected")) {
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(target.host, no_address);
  if (no_address) {
    last_failure_ = Unreachable(Cat("\"", target.host, "\" is no address"));
    return;
  }
  endpoint_.authority = target.authority;
  endpoint_.address = {address, target.port};
  endpoint_.address_text = AddressOf(target);
  endpoint_.keepalive_interval = settings.keepalive_interval;
  if (settings.tls) {
    endpoint_.host = HostOf(target.authority);
    endpoint_.resumption = std::make_shared<tls::Resumption>();
  }
  for (size_t n = 0; n < std::max<size_t>(1, settings.connections); ++n) {
    slots_.push_back(std::make_unique<H2Slot>(loop_, settings_, random_, endpoint_,
                                              static_cast<H2Slot::Owner&>(*this)));
  }
}

H2Transport::~H2Transport() = default;

std::unique_ptr<OutgoingCall> H2Transport::Start(const CallSpec& spec, CallEvents& events) {
  auto call = std::make_unique<H2Call>(static_cast<H2CallHost&>(*this), spec, events);
  ++in_flight_;
  H2Connection* connection = draining_ ? nullptr : Pick();
  if (connection) {
    // There may be more for the next one.
    if (slots_.size() > 1 && connection->session().streams() > 0) Connect();
    connection->session().Start(*call, loop_.Now());
  } else if (draining_) {
    FailSoon(*call, Unreachable("the upstream is closing"));
  } else if (readiness() == Readiness::kFull) {
    FailSoon(*call, Overloaded("every stream is taken"));
  } else {
    FailSoon(*call, last_failure_);
  }
  return call;
}

H2Connection* H2Transport::Pick() {
  H2Connection* best = nullptr;
  for (size_t i = 0; i < slots_.size(); ++i) {
    H2Connection* connection = slots_[(turn_ + i) % slots_.size()]->open();
    if (!connection || !connection->HasRoom()) continue;
    if (!best || connection->session().streams() < best->session().streams()) best = connection;
  }
  ++turn_;
  return best;
}

Transport::Readiness H2Transport::readiness() const {
  if (draining_) return Readiness::kClosed;
  // Of the most usable slot.
  bool full = false;
  bool connecting = false;
  bool failing = slots_.empty();
  for (const auto& slot : slots_) {
    if (const H2Connection* connection = slot->open()) {
      if (connection->HasRoom()) return Readiness::kReady;
      full = true;
    } else if (slot->state() == H2Slot::State::kConnecting && !slot->failing()) {
      connecting = true;
    } else if (slot->state() != H2Slot::State::kIdle) {
      failing = true;  // a back end that failed must come back before anybody waits for it
    }
  }
  if (connecting) return Readiness::kConnecting;  // brings room, however full the others are
  if (full) return Readiness::kFull;
  return failing ? Readiness::kFailing : Readiness::kIdle;
}

void H2Transport::Connect() {
  if (draining_) return;
  H2Slot* spare = nullptr;
  for (const auto& slot : slots_) {
    switch (slot->state()) {
      case H2Slot::State::kConnecting:
        return;  // one at a time
      case H2Slot::State::kWaiting:
        return slot->Want();
      case H2Slot::State::kOpen:
        if (slot->open()->HasRoom() && slot->open()->session().streams() == 0) return;
        break;
      case H2Slot::State::kIdle:
        if (!spare) spare = slot.get();
        break;
    }
  }
  if (spare) spare->Open();
}

size_t H2Transport::connections() const {
  size_t open = 0;
  for (const auto& slot : slots_) open += slot->connections();
  return open;
}

void H2Transport::FailSoon(H2Call& call, absl::Status status) {
  if (call.is_linked()) call.unlink();
  call.SetFailing(std::move(status));
  failing_.push_back(call);
  loop_.FlushSoon(*this);
}

void H2Transport::OnLost(const absl::Status& why) {
  last_failure_ = why;
  if (!WasNeverSent(why)) last_failure_ = Unreachable(Std(why.message()));
  if (readiness() == Readiness::kFailing) return owner_.OnConnectFailed(*this);
  owner_.OnReadiness(*this);
}

// It worked, so that somebody is there: what failed beside the last one that did must not keep it
// from being replaced.
void H2Transport::OnUsefulEnd() {
  for (const auto& slot : slots_) {
    if (slot->open()) return;
  }
  for (const auto& slot : slots_) slot->Forgive();
}

void H2Transport::Flush() {
  // Those that fail from now on are told in the next round: events may start calls.
  H2CallList failing;
  failing.swap(failing_);
  while (!failing.empty()) {
    H2Call& call = failing.front();
    failing.pop_front();
    call.Fail(call.failing());
  }
  // Whoever waits for the last call to end sees no connection close after it.
  if (draining_ && in_flight_ == 0) owner_.OnReadiness(*this);
}

void H2Transport::Drain() {
  if (std::exchange(draining_, true)) return;
  for (const auto& slot : slots_) slot->Drain();
}

}  // namespace frontdesk::upstream
