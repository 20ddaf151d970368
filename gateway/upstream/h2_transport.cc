#include "gateway/upstream/h2_transport.h"

#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {

H2Transport::H2Transport(Loop& loop, const UpstreamSettings& settings, const Random& random)
    : loop_(loop),
      settings_(settings),
      random_(random),
      last_failure_(Unreachable("the upstream has no end point")) {
  for (const std::string& text : settings.endpoints) {
    absl::StatusOr<Endpoint> endpoint = ParseEndpoint(text);
    if (!endpoint.ok()) {
      last_failure_ = Unreachable(Std(endpoint.status().message()));
      continue;
    }
    endpoints_.push_back(std::make_unique<H2Endpoint>());
    H2Endpoint& added = *endpoints_.back();
    added.authority = text;
    added.addresses = std::make_shared<Addresses>(loop, *std::move(endpoint));
    added.keepalive_interval = settings.keepalive_interval;
  }
  // First slots first: with several end points, each has one connection before any has two.
  for (size_t n = 0; n < std::max<size_t>(1, settings.connections); ++n) {
    for (const auto& endpoint : endpoints_) {
      slots_.push_back(std::make_unique<H2Slot>(loop_, settings_, random_, *endpoint, n == 0,
                                                static_cast<H2Slot::Owner&>(*this)));
    }
  }
}

H2Transport::~H2Transport() {
  for (const auto& endpoint : endpoints_) endpoint->addresses->Abandon();
}

std::unique_ptr<OutgoingCall> H2Transport::Start(const CallSpec& spec, CallEvents& events) {
  auto call = std::make_unique<H2Call>(static_cast<H2CallHost&>(*this), spec, events);
  ++in_flight_;
  if (draining_) {
    FailSoon(*call, Unreachable("the upstream is closing"));
  } else {
    Place(*call, nullptr);
  }
  return call;
}

void H2Transport::Place(H2Call& call, const H2Session* not_here) {
  H2Connection* connection = Pick(not_here);
  if (connection && waiting_.empty()) return connection->session().Start(call, loop_.Now());
  const bool hope =
      std::any_of(slots_.begin(), slots_.end(), [](const auto& slot) { return slot->promising(); });
  if (!hope) return FailSoon(call, last_failure_);
  if (queued_ >= settings_.max_pending) {
    return FailSoon(call, Overloaded(Cat(queued_, " calls wait already")));
  }
  ++queued_;
  call.SetQueued();
  waiting_.push_back(call);
}

H2Connection* H2Transport::Pick(const H2Session* not_here) {
  H2Connection* best = nullptr;
  H2Connection* refuser = nullptr;
  H2Slot* spare = nullptr;
  for (size_t i = 0; i < slots_.size(); ++i) {
    H2Slot& slot = *slots_[(turn_ + i) % slots_.size()];
    slot.Want();
    if (H2Connection* connection = slot.WithRoom()) {
      if (&connection->session() == not_here) {
        refuser = connection;
      } else if (!best || connection->session().streams() < best->session().streams()) {
        best = connection;
      }
    } else if (slot.idle() && slot.first()) {
      slot.Open();
    } else if (slot.idle()) {
      spare = &slot;
    }
  }
  ++turn_;
  if (spare && (!best || best->session().streams() > 0)) spare->Open();
  return best ? best : refuser;
}

void H2Transport::PlaceQueued() {
  while (!waiting_.empty()) {
    H2Connection* connection = Pick(nullptr);
    if (!connection) break;
    H2Call& call = waiting_.front();
    waiting_.pop_front();
    --queued_;
    connection->session().Start(call, loop_.Now());
  }
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
  PlaceQueued();  // may open a new connection
  const bool hope =
      std::any_of(slots_.begin(), slots_.end(), [](const auto& slot) { return slot->promising(); });
  if (!hope) FailQueued();
}

void H2Transport::FailQueued() {
  while (!waiting_.empty()) {
    --queued_;
    FailSoon(waiting_.front(), last_failure_);
  }
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
}

void H2Transport::Gone() {
  --in_flight_;
  DrainSlots();
}

void H2Transport::Drain() {
  draining_ = true;
  DrainSlots();
}

// Calls that were taken before still get their connection.
void H2Transport::DrainSlots() {
  if (!draining_ || queued_ > 0) return;
  for (const auto& slot : slots_) slot->Drain();
}

}  // namespace frontdesk::upstream
