// Whether the back end has streams left on one connection of gRPC C++, which keeps a call to itself
// while there is none for it (MAX_CONCURRENT_STREAMS), and says neither that nor how many there
// are.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "gateway/base/clock.h"

namespace frontdesk::upstream {

// Plain values, on the loop of a transport; shared with its calls.
//
// That a call waits proves nothing: the library, its threads or the loop may be late. So when one
// has waited for longer than a write takes, the library is asked to tell something at once
// (GrpcPoller::Tell()). It tells in order: who still waits when that comes waits for a stream;
// who is wrongly held for one is set right by its OnStream(). There are as many streams then as
// there are calls that have one. One call more may wait in the library, so that a stream that
// becomes free is taken at once.
class GrpcRoom {
 public:
  using Call = const void*;

  // The library has the call, which waits until OnStream() or OnGone().
  void OnCall(Call call, TimePoint now) { waiting_.push_back({call, now}); }
  // It has a stream, until OnEnd().
  void OnStream(Call call);
  void OnGone(Call call);
  void OnEnd() { --streams_; }

  // A large message fills the back end's windows: until it is written, what stands behind it waits
  // for something else than streams.
  void OnLarge() { ++large_; }
  void OnLargeWritten() { --large_; }
  bool has_large() const { return large_ > 0; }

  // There is no connection: who waits now does not wait for its streams.
  void OnNoConnection(TimePoint now);
  // Something if the library is to be asked now, for OnTold(). Once at a time.
  std::optional<TimePoint> Ask(TimePoint now);
  void OnTold(TimePoint asked_about, TimePoint now);

  // Whether another call would wait for a stream. Not for long: a call that gets one shows that
  // there are more, and after a moment others may find out.
  bool IsFull(TimePoint now) const {
    return !waiting_.empty() && streams_ + waiting_.size() > most_ && now < known_until_;
  }

 private:
  struct Waiting {
    Call call;
    TimePoint since;
  };
  std::deque<Waiting>::iterator Find(Call call);
  // The first of them that has not said anything yet.
  std::deque<Waiting>::const_iterator Witness() const;

  std::deque<Waiting> waiting_;  // who came first stands first
  size_t streams_ = 0;
  size_t most_ = 0;  // streams there are, as far as is known
  TimePoint known_until_{};
  TimePoint heard_{};  // who came until then says nothing more
  bool asking_ = false;
  size_t large_ = 0;
};

}  // namespace frontdesk::upstream
