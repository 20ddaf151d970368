// The part of an upstream that one worker has: connections to its end points, and who of them gets
// the next attempt. What workers know together is cluster.h.
#pragma once

#include <boost/intrusive/list.hpp>
#include <coroutine>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "gateway/base/cancel.h"
#include "gateway/base/loop.h"
#include "gateway/base/mechanism/priority.h"
#include "gateway/base/mechanism/queue_age.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/lane.h"
#include "gateway/upstream/settings.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

using TransportMaker = std::function<std::unique_ptr<Transport>(
    Loop& loop, const UpstreamSettings& settings, const EndpointTarget& target,
    const Random& random, Transport::Owner& owner)>;
// The transport that the settings ask for.
std::unique_ptr<Transport> MakeTransport(Loop& loop, const UpstreamSettings& settings,
                                         const EndpointTarget& target, const Random& random,
                                         Transport::Owner& owner);

// One per upstream and worker, on its loop; outlives every call made through it. Opens nothing
// until it is used.
class Channel final : private Lane::Owner, private Flushable, private Timer {
 public:
  // `cluster` and `random` outlive it.
  Channel(Loop& loop, Cluster& cluster, const Random& random, TransportMaker make);
  ~Channel() override;

  Cluster& cluster() { return cluster_; }
  Loop& loop() { return loop_; }
  const Random& random() const { return random_; }

  // Where the next attempt goes: the better one, by latency and calls in flight, of two at random
  // among the end points that are connected and not ejected, unhealthy or kept away by their
  // breakers; `avoid` (which may be null) only if there is no other. Our own zone first; who is
  // ejected or unhealthy only when nobody else is left. Waits while there may be one soon, by
  // priority, and no longer than the age of the queue allows when it is for a stream. To be awaited
  // once, as a named local.
  class Place;

  // Whether a call has somewhere to go: an end point that is neither ejected nor unhealthy, let
  // through by its breaker, and connected or not yet known not to be. Goes on connecting to those
  // that failed.
  bool MayServe();

  size_t in_flight() const;
  // No new calls; connections close when their last call has ended.
  void Drain();

 private:
  using LaneList = std::vector<std::unique_ptr<Lane>>;
  using PlaceHook =
      boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

  // True: it has a lane, or there is no hope.
  bool Try(Place& place);
  Lane* Pick(const EndpointState* avoid, TimePoint now, Breaker::Ticket& ticket);
  // Those of `from` that may take an attempt now, into ready_, and that of `avoid` into avoided_;
  // connects the others.
  void FindReady(const std::vector<Lane*>& from, const EndpointState* avoid, TimePoint now);
  size_t Choose(TimePoint now) const;  // an index into ready_
  double Cost(const Lane& lane, TimePoint now) const;
  // OK while there may be an end point soon.
  absl::Status NoHope(TimePoint now) const;
  absl::Status NoHopeIn(const std::vector<Lane*>& lanes, TimePoint now) const;
  // Nothing but a stream that ends helps those who wait: no connection is being made that could.
  bool AllFull(TimePoint now) const;
  // Ends those that waited too long for a stream.
  void EndTheOld(TimePoint now);

  void Refresh(TimePoint now);
  void Sync();
  void FindUsable(TimePoint now);
  void OnReadiness() override;
  void Flush() override;
  // What waits may have become possible, or hopeless, by time alone.
  void OnTimer() override { loop_.FlushSoon(*this); }

  Loop& loop_;
  Cluster& cluster_;
  const Random& random_;
  const TransportMaker make_;
  const TimePoint opened_at_;
  uint64_t seen_version_ = 0;
  TimePoint next_look_{};  // when an ejection ends
  bool draining_ = false;
  LaneList lanes_;
  LaneList leaving_;              // no longer in the set; finishing their calls
  std::vector<Lane*> all_;        // of lanes_
  std::vector<Lane*> usable_;     // of these, neither ejected nor unhealthy
  std::vector<Lane*> preferred_;  // of these, in our own zone
  bool weighted_ = false;         // their weights differ
  std::vector<Lane*> ready_;      // while picking
  std::vector<Lane*> young_;      // while picking
  Lane* avoided_ = nullptr;       // while picking
  size_t turn_ = 0;
  QueueAge age_;             // of waiting_
  TimePoint not_full_at_{};  // the last look at waiting_ that did not find AllFull()
  boost::intrusive::list<Place, boost::intrusive::base_hook<PlaceHook>,
                         boost::intrusive::constant_time_size<false>>
      waiting_;
  // Posted wake-ups outlive the channel.
  std::shared_ptr<Channel*> self_;
  uint64_t watch_ = 0;
};

class Channel::Place final : public PlaceHook, private Timer, private CancelListener {
 public:
  Place(Channel& channel, Priority priority, const EndpointState* avoid, TimePoint deadline,
        Cancellation& cancel)
      : channel_(channel),
        priority_(priority),
        avoid_(avoid),
        deadline_(deadline),
        cancel_(cancel) {}
  ~Place() override;

  bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const {}

  // Lives as long as this. Null: see status().
  Lane* lane() const { return lane_; }
  const absl::Status& status() const { return status_; }
  // Of the end point's breaker, for whoever records what becomes of the attempt.
  Breaker::Ticket TakeTicket() { return std::move(ticket_); }

 private:
  friend class Channel;
  void OnTimer() override;
  void OnCancel(const absl::Status& reason) override;
  void LeaveQueue();
  void End(absl::Status status);

  Channel& channel_;
  const Priority priority_;
  const EndpointState* const avoid_;
  const TimePoint deadline_;
  Cancellation& cancel_;
  std::coroutine_handle<> waiter_;
  bool queued_ = false;
  TimePoint arrived_;
  Lane* lane_ = nullptr;
  Breaker::Ticket ticket_;
  absl::Status status_;
};

}  // namespace frontdesk::upstream
