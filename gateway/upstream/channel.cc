#include "gateway/upstream/channel.h"

#include <algorithm>
#include <utility>

#include "gateway/base/mechanism/outlier.h"
#include "gateway/base/text.h"
#include "gateway/upstream/grpc_transport.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/h2_transport.h"

namespace frontdesk::upstream {
namespace {

using Readiness = Transport::Readiness;

// So many are looked at for one pick, from a place that moves on: two at random among them are as
// good as two among all.
constexpr size_t kLook = 8;
constexpr std::chrono::milliseconds kLookAgain{10};

bool MayBeReady(Readiness readiness) {
  return readiness == Readiness::kIdle || readiness == Readiness::kConnecting ||
         readiness == Readiness::kReady || readiness == Readiness::kFull;
}

}  // namespace

std::unique_ptr<Transport> MakeTransport(Loop& loop, const UpstreamSettings& settings,
                                         const EndpointTarget& target, const Random& random,
                                         Transport::Owner& owner) {
  if (settings.transport == TransportKind::kGrpc) {
    return std::make_unique<GrpcTransport>(loop, settings, target, owner);
  }
  return std::make_unique<H2Transport>(loop, settings, target, random, owner);
}

Channel::Channel(Loop& loop, Cluster& cluster, const Random& random, TransportMaker make)
    : loop_(loop),
      cluster_(cluster),
      random_(random),
      make_(std::move(make)),
      opened_at_(loop.Now()),
      self_(std::make_shared<Channel*>(this)) {
  watch_ = cluster_.Watch([&loop, self = std::weak_ptr<Channel*>(self_)] {
    loop.Post([self] {
      // Destroyed only on this thread: it is there as long as the pointer is.
      if (const auto channel = self.lock()) (*channel)->loop_.FlushSoon(**channel);
    });
  });
}

Channel::~Channel() {
  cluster_.Unwatch(watch_);
  // They may have a last word.
  leaving_.clear();
  usable_.clear();
  lanes_.clear();
}

void Channel::Refresh(TimePoint now) {
  const uint64_t version = cluster_.version();
  if (version == seen_version_ && now < next_look_) return;
  if (version != seen_version_) Sync(now);
  seen_version_ = version;
  FindUsable(now);
  cluster_.NoticeChanges(now);
}

void Channel::Sync(TimePoint) {
  const std::shared_ptr<const Endpoints> all = cluster_.endpoints();
  LaneList before = std::exchange(lanes_, {});
  for (const PublishedEndpoint& one : *all) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const auto& lane) {
      return lane && lane->state == one.state;
    });
    std::shared_ptr<Lane> lane;
    if (known != before.end()) {
      lane = std::move(*known);
    } else {
      lane = std::make_shared<Lane>();
      lane->state = one.state;
      lane->transport = make_(loop_, cluster_.settings(), one.state->target, random_,
                              static_cast<Transport::Owner&>(*this));
      if (draining_) lane->transport->Drain();
    }
    lane->weight = one.weight;
    lane->zone = one.zone;
    lanes_.push_back(std::move(lane));
  }
  for (std::shared_ptr<Lane>& lane : before) {
    if (!lane) continue;
    lane->transport->Drain();
    leaving_.push_back(std::move(lane));
  }
  if (!leaving_.empty()) loop_.FlushSoon(*this);
}

// Who may be called at all: not ejected and not unhealthy, unless that leaves so few that the
// judgement itself is doubtful; and of our own zone, while it has enough of them.
void Channel::FindUsable(TimePoint now) {
  const UpstreamSettings& settings = cluster_.settings();
  next_look_ = TimePoint::max();
  usable_.clear();
  for (const auto& lane : lanes_) {
    if (lane->state->usable(now)) usable_.push_back(lane);
    if (lane->state->ejected(now)) next_look_ = std::min(next_look_, lane->state->ejected_until());
  }
  if (InPanic(usable_.size(), lanes_.size(), settings.outlier)) usable_ = lanes_;
  if (settings.zone.empty()) return;
  const auto in_zone = [&](const auto& lane) { return lane->zone == settings.zone; };
  const auto all = static_cast<size_t>(std::count_if(lanes_.begin(), lanes_.end(), in_zone));
  const auto well = static_cast<size_t>(std::count_if(usable_.begin(), usable_.end(), in_zone));
  if (well == 0 || InPanic(well, all, settings.outlier)) return;
  std::erase_if(usable_, [&](const auto& lane) { return !in_zone(lane); });
}

double Channel::Cost(const Lane& lane, TimePoint now) const {
  // Below this, differences are noise, and would keep calls away from equals.
  constexpr double kNoise = 1e6;
  const double latency = lane.latency.nanos(now);
  return LoadCost(latency > 0 ? std::max(latency, kNoise) : 0, lane.transport->in_flight(),
                  lane.weight);
}

void Channel::FindReady(const EndpointState* avoid, TimePoint now) {
  const Duration slow_start = cluster_.settings().slow_start;
  ready_.clear();
  std::shared_ptr<Lane> avoided;
  std::shared_ptr<Lane> young;
  const size_t size = usable_.size();
  const size_t first = size > kLook ? turn_ % size : 0;
  turn_ += kLook;
  for (size_t i = 0; i < size; ++i) {
    if (i >= kLook && i % kLook == 0 && !ready_.empty()) break;
    const std::shared_ptr<Lane>& lane = usable_[(first + i) % size];
    if (lane->transport->readiness() != Readiness::kReady) {
      lane->transport->Connect();
      if (lane->transport->readiness() != Readiness::kReady) continue;
    }
    if (!lane->state->breaker.MayAdmit(now)) continue;
    if (lane->state.get() == avoid) {
      avoided = lane;
    } else if (slow_start > Duration::zero() && now - lane->state->since < slow_start &&
               random_() > SlowStartFactor(now - lane->state->since, slow_start)) {
      young = lane;
    } else {
      ready_.push_back(lane);
    }
  }
  if (ready_.empty() && young) ready_.push_back(std::move(young));
  if (ready_.empty() && avoided) ready_.push_back(std::move(avoided));
}

size_t Channel::Choose(TimePoint now) const {
  if (ready_.size() == 1) return 0;
  const uint32_t weight = ready_[0]->weight;
  const bool equal = std::all_of(ready_.begin(), ready_.end(),
                                 [&](const auto& lane) { return lane->weight == weight; });
  const auto draw = [&](size_t of) {
    return std::min(of - 1, static_cast<size_t>(random_() * static_cast<double>(of)));
  };
  if (!equal) {
    // By weight alone, so that each has the share that was asked for.
    double all = 0;
    for (const auto& lane : ready_) all += lane->weight;
    double left = random_() * all;
    for (size_t i = 0; i < ready_.size(); ++i) {
      left -= ready_[i]->weight;
      if (left < 0) return i;
    }
    return ready_.size() - 1;
  }
  const size_t one = draw(ready_.size());
  size_t other = draw(ready_.size() - 1);
  if (other >= one) ++other;
  return Cost(*ready_[one], now) <= Cost(*ready_[other], now) ? one : other;
}

std::shared_ptr<Lane> Channel::Pick(const EndpointState* avoid, TimePoint now,
                                    Breaker::Admission& admitted) {
  Refresh(now);
  FindReady(avoid, now);
  while (!ready_.empty()) {
    const size_t index = Choose(now);
    std::shared_ptr<Lane> lane = ready_[index];
    admitted = lane->state->breaker.Admit(now);
    if (admitted != Breaker::Admission::kNo) {
      if (cluster_.settings().connections > 1 && lane->transport->in_flight() > 0) {
        lane->transport->Connect();
      }
      ready_.clear();
      return lane;
    }
    // Another worker's probe was faster.
    ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  return nullptr;
}

absl::Status Channel::NoHope(TimePoint now) const {
  if (draining_) return Unreachable("the upstream is closing");
  if (lanes_.empty()) {
    if (absl::Status why = cluster_.failure(); !why.ok()) return why;
    if (now - opened_at_ < cluster_.settings().connect_timeout) return absl::OkStatus();
    return Unreachable("no end point is known yet");
  }
  Duration until_probe = Duration::max();
  const absl::Status* last = nullptr;
  for (const auto& lane : usable_) {
    const bool may = lane->state->breaker.MayAdmit(now);
    if (may && MayBeReady(lane->transport->readiness())) return absl::OkStatus();
    if (!may) {
      until_probe = std::min(until_probe, lane->state->breaker.Look().until_probe(now));
    } else {
      last = &lane->transport->last_failure();
    }
  }
  if (last && !last->ok()) return *last;
  if (until_probe != Duration::max()) return BreakerOpen(cluster_.settings().name, until_probe);
  return Unreachable("no end point can be reached");
}

bool Channel::Try(Place& place) {
  const TimePoint now = loop_.Now();
  place.lane_ = Pick(place.avoid_, now, place.admitted_);
  if (place.lane_) return true;
  place.status_ = NoHope(now);
  return !place.status_.ok();
}

void Channel::OnReadiness(Transport&) {
  if (!waiting_.empty() || !leaving_.empty()) loop_.FlushSoon(*this);
}

void Channel::Flush() {
  Refresh(loop_.Now());
  std::erase_if(leaving_, [](const auto& lane) {
    return lane->transport->in_flight() == 0 && lane->transport->connections() == 0;
  });
  // One after another: each takes its stream before the next one looks.
  while (!waiting_.empty()) {
    Place& place = waiting_.front();
    if (!Try(place)) return loop_.Arm(*this, loop_.Now() + kLookAgain);
    place.LeaveQueue();
    place.waiter_.resume();
  }
}

size_t Channel::in_flight() const {
  size_t calls = 0;
  for (const auto& lane : lanes_) calls += lane->transport->in_flight();
  for (const auto& lane : leaving_) calls += lane->transport->in_flight();
  return calls;
}

void Channel::Drain() {
  draining_ = true;
  for (const auto& lane : lanes_) lane->transport->Drain();
  loop_.FlushSoon(*this);
}

Channel::Place::~Place() { LeaveQueue(); }

bool Channel::Place::await_ready() {
  if (cancel_.cancelled()) {
    status_ = cancel_.reason();
    return true;
  }
  // Who came first is served first.
  if (channel_.waiting_.empty() && channel_.Try(*this)) return true;
  if (!channel_.cluster_.EnterQueue()) {
    status_ = Overloaded(Cat(channel_.cluster_.settings().max_pending, " calls wait already"));
    return true;
  }
  queued_ = true;
  return false;
}

void Channel::Place::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  channel_.waiting_.push_back(*this);
  if (deadline_ != TimePoint::max()) channel_.loop_.Arm(*this, deadline_);
  if (!channel_.armed()) channel_.loop_.Arm(channel_, channel_.loop_.Now() + kLookAgain);
  Listen(cancel_);
}

void Channel::Place::LeaveQueue() {
  if (!std::exchange(queued_, false)) return;
  channel_.cluster_.LeaveQueue();
  if (is_linked()) unlink();
  Disarm();
  Unlisten();
}

void Channel::Place::End(absl::Status status) {
  status_ = std::move(status);
  LeaveQueue();
  channel_.loop_.Defer(waiter_);
}

void Channel::Place::OnTimer() { End(DeadlineExceeded().NeverSent()); }

void Channel::Place::OnCancel(const absl::Status& reason) { End(reason); }

}  // namespace frontdesk::upstream
