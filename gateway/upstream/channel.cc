#include "gateway/upstream/channel.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/base/failure.h"
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
constexpr std::chrono::milliseconds kLookAgain{1};

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
      age_(cluster.settings().queue_age),
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
  lanes_.clear();
}

void Channel::Refresh(TimePoint now) {
  const uint64_t version = cluster_.version();
  if (version == seen_version_ && now < next_look_) return;
  if (version != seen_version_) Sync();
  seen_version_ = version;
  FindUsable(now);
  cluster_.NoticeChanges(now);
}

void Channel::Sync() {
  const std::shared_ptr<const Endpoints> all = cluster_.endpoints();
  LaneList before = std::exchange(lanes_, {});
  for (const PublishedEndpoint& one : *all) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const auto& lane) {
      return lane && lane->state == one.state;
    });
    std::unique_ptr<Lane> lane;
    if (known != before.end()) {
      lane = std::move(*known);
    } else {
      lane = std::make_unique<Lane>(loop_, cluster_, one.state, static_cast<Lane::Owner&>(*this));
      lane->transport = make_(loop_, cluster_.settings(), one.state->target, random_, *lane);
      if (draining_) lane->transport->Drain();
    }
    lane->weight = one.weight;
    lane->zone = one.zone;
    lanes_.push_back(std::move(lane));
  }
  for (std::unique_ptr<Lane>& lane : before) {
    if (!lane) continue;
    lane->transport->Drain();
    leaving_.push_back(std::move(lane));
  }
  if (!leaving_.empty()) loop_.FlushSoon(*this);
}

// Who may be called: not ejected and not unhealthy, unless that leaves so few that the judgement
// itself is doubtful; first those of our own zone, while it has enough of them.
void Channel::FindUsable(TimePoint now) {
  const UpstreamSettings& settings = cluster_.settings();
  next_look_ = TimePoint::max();
  all_.clear();
  usable_.clear();
  for (const auto& lane : lanes_) {
    all_.push_back(lane.get());
    if (lane->state->usable(now)) usable_.push_back(lane.get());
    if (lane->state->ejected(now)) next_look_ = std::min(next_look_, lane->state->ejected_until());
  }
  if (InPanic(usable_.size(), all_.size(), settings.outlier)) usable_ = all_;
  preferred_ = usable_;
  if (!settings.zone.empty()) {
    const auto in_zone = [&](const Lane* lane) { return lane->zone == settings.zone; };
    const auto all = static_cast<size_t>(std::count_if(all_.begin(), all_.end(), in_zone));
    const auto well = static_cast<size_t>(std::count_if(usable_.begin(), usable_.end(), in_zone));
    if (well > 0 && !InPanic(well, all, settings.outlier)) {
      std::erase_if(preferred_, [&](const Lane* lane) { return !in_zone(lane); });
    }
  }
  weighted_ = std::any_of(all_.begin(), all_.end(),
                          [&](const Lane* lane) { return lane->weight != all_[0]->weight; });
}

double Channel::Cost(const Lane& lane, TimePoint now) const {
  // Below this, differences are noise, and would keep calls away from equals.
  constexpr double kNoise = 1e6;
  constexpr double kUnknown = 1e9;  // what LoadCost() takes it for
  // So many times as long as usual says that it hangs; more would only keep calls away from who has
  // one long call.
  constexpr double kHangs = 16;
  const double known = lane.latency.nanos(now);
  auto silence = static_cast<double>(lane.silence.length(now).count());
  // Else it counts for nothing, and what is usual need not be worked out.
  if (silence > known) {
    const double usual = lane.answers.nanos(now);
    if (usual > 0) silence = std::min(silence, kHangs * std::max(usual, kNoise));
  }
  const bool unknown = known == 0 && silence <= kUnknown;
  return LoadCost(unknown ? 0 : std::max({known, silence, kNoise}), lane.transport->in_flight(),
                  lane.weight);
}

void Channel::FindReady(const std::vector<Lane*>& from, const EndpointState* avoid, TimePoint now) {
  const Duration slow_start = cluster_.settings().slow_start;
  ready_.clear();
  young_.clear();
  avoided_ = nullptr;
  const size_t size = from.size();
  // By weight all must be looked at: a share is a share of all.
  const size_t enough = weighted_ ? size : kLook;
  const size_t first = size > enough ? turn_ % size : 0;
  for (size_t i = 0; i < size && ready_.size() < enough; ++i, ++turn_) {
    Lane* const lane = from[(first + i) % size];
    if (lane->Look() != Readiness::kReady) {
      lane->transport->Connect();
      if (lane->Look() != Readiness::kReady) continue;
    }
    if (!lane->state->breaker.MayAdmit(now)) continue;
    if (lane->state.get() == avoid) {
      avoided_ = lane;
      continue;
    }
    const Duration age = now - lane->state->since();
    const bool young = age < slow_start && random_() > SlowStartFactor(age, slow_start);
    (young ? young_ : ready_).push_back(lane);
  }
  if (ready_.empty()) ready_.swap(young_);
}

size_t Channel::Choose(TimePoint now) const {
  if (ready_.size() == 1) return 0;
  const auto draw = [&](size_t of) {
    return std::min(of - 1, static_cast<size_t>(random_() * static_cast<double>(of)));
  };
  if (weighted_) {
    // By weight alone, so that each has the share that was asked for.
    double all = 0;
    for (const Lane* lane : ready_) all += lane->weight;
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

Lane* Channel::Pick(const EndpointState* avoid, TimePoint now, Breaker::Ticket& ticket) {
  Refresh(now);
  FindReady(preferred_, avoid, now);
  if (ready_.empty() && preferred_.size() < usable_.size()) FindReady(usable_, avoid, now);
  // Who was judged may have come back before its time.
  if (ready_.empty() && usable_.size() < all_.size() && !NoHopeIn(usable_, now).ok()) {
    FindReady(all_, avoid, now);
  }
  if (ready_.empty() && avoided_) ready_.push_back(avoided_);
  while (!ready_.empty()) {
    const size_t index = Choose(now);
    Lane& lane = *ready_[index];
    ticket = lane.state->breaker.Admit(now);
    if (ticket.admitted()) return &lane;
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
  absl::Status why = NoHopeIn(usable_, now);
  if (why.ok() || usable_.size() == all_.size() || !NoHopeIn(all_, now).ok()) return why;
  return absl::OkStatus();
}

absl::Status Channel::NoHopeIn(const std::vector<Lane*>& lanes, TimePoint now) const {
  Duration until_probe = Duration::max();
  const absl::Status* last = nullptr;
  for (const Lane* lane : lanes) {
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
  place.lane_ = Pick(place.avoid_, now, place.ticket_);
  if (place.lane_) {
    place.lane_->silence.OnCall(now);
    return true;
  }
  place.status_ = NoHope(now);
  return !place.status_.ok();
}

void Channel::OnReadiness() {
  if (!waiting_.empty() || !leaving_.empty()) loop_.FlushSoon(*this);
}

void Channel::Flush() {
  Refresh(loop_.Now());
  std::erase_if(leaving_, [](const auto& lane) {
    return lane->silence.calls() == 0 && lane->transport->in_flight() == 0 &&
           lane->transport->connections() == 0;
  });
  // One after another: each takes its stream before the next one looks.
  while (!waiting_.empty()) {
    Place& place = waiting_.front();
    if (!Try(place)) break;
    place.LeaveQueue();
    place.waiter_.resume();
  }
  if (waiting_.empty()) return;
  EndTheOld(loop_.Now());
  loop_.Arm(*this, loop_.Now() + kLookAgain);
}

bool Channel::AllFull(TimePoint now) const {
  // Who was judged counts only where it is asked.
  const std::vector<Lane*>& asked = NoHopeIn(usable_, now).ok() ? usable_ : all_;
  bool full = false;
  for (const Lane* lane : asked) {
    if (!lane->state->breaker.MayAdmit(now)) continue;
    const Readiness readiness = lane->transport->readiness();
    if (readiness == Readiness::kIdle || readiness == Readiness::kConnecting) return false;
    if (readiness == Readiness::kFull) full = true;
  }
  return full;
}

// Connecting has its own time. Waiting for a stream means that the back end has enough to do, and
// then a queue that stands only makes everybody late.
void Channel::EndTheOld(TimePoint now) {
  if (!AllFull(now)) {
    not_full_at_ = now;
    return;
  }
  // Who would be too old at the next look is told now.
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    Place& place = *at++;
    const Duration most = age_.Limit(now, place.priority_) - kLookAgain;
    if (now - std::max(place.arrived_, not_full_at_) < most) continue;
    place.End(Overloaded(Cat(cluster_.settings().name, " has no stream for more calls")));
  }
}

bool Channel::MayServe() {
  const TimePoint now = loop_.Now();
  Refresh(now);
  bool may = false;
  for (Lane* const lane : all_) {
    if (!MayBeReady(lane->Look())) {
      lane->transport->Connect();
    } else if (lane->state->usable(now) && lane->state->breaker.MayAdmit(now)) {
      may = true;
    }
  }
  return may;
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

Channel::Place::~Place() {
  LeaveQueue();
  if (lane_ == nullptr) return;
  lane_->silence.OnEnd();
  if (lane_->silence.calls() == 0 && !channel_.leaving_.empty()) {
    channel_.loop_.FlushSoon(channel_);
  }
}

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
  arrived_ = channel_.loop_.Now();
  channel_.age_.OnJoin(channel_.waiting_.empty(), arrived_);
  // Behind all of its own priority: mostly the last of them.
  auto before = channel_.waiting_.end();
  while (before != channel_.waiting_.begin() && std::prev(before)->priority_ > priority_) --before;
  channel_.waiting_.insert(before, *this);
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

void Channel::Place::OnTimer() {
  End(DeadlineExceeded("no end point took the call in time").NeverSent());
}

void Channel::Place::OnCancel(const absl::Status& reason) { End(reason); }

}  // namespace frontdesk::upstream
