#include "gateway/upstream/grpc_room.h"

#include <algorithm>
#include <chrono>

namespace frontdesk::upstream {
namespace {

// A write takes microseconds. Earlier it would often still be under way, and asking costs something
// too; later, more calls would have gone into the library for nothing.
constexpr Duration kLong = std::chrono::milliseconds(1);
// Where a back end is short of streams, calls are found waiting all the time. It may allow more
// meanwhile, and one of several behind a name may be short of them alone: so nobody waits for long
// because others did.
constexpr Duration kKnownFor = std::chrono::milliseconds(100);

}  // namespace

std::deque<GrpcRoom::Waiting>::iterator GrpcRoom::Find(Call call) {
  return std::find_if(waiting_.begin(), waiting_.end(),
                      [call](const Waiting& one) { return one.call == call; });
}

std::deque<GrpcRoom::Waiting>::const_iterator GrpcRoom::Witness() const {
  return std::upper_bound(waiting_.begin(), waiting_.end(), heard_,
                          [](TimePoint time, const Waiting& one) { return time < one.since; });
}

void GrpcRoom::OnStream(Call call) {
  // Streams are given in order: those before it wait for another back end of the same name.
  const auto found = Find(call);
  if (found != waiting_.end()) waiting_.erase(waiting_.begin(), found + 1);
  ++streams_;
  most_ = std::max(most_, streams_);
}

void GrpcRoom::OnGone(Call call) {
  const auto found = Find(call);
  if (found != waiting_.end()) waiting_.erase(found);
}

void GrpcRoom::OnNoConnection(TimePoint now) {
  heard_ = now;
  known_until_ = {};
}

std::optional<TimePoint> GrpcRoom::Ask(TimePoint now) {
  const auto witness = Witness();
  if (asking_ || witness == waiting_.end() || now - witness->since < kLong) return std::nullopt;
  asking_ = true;
  return witness->since;
}

void GrpcRoom::OnTold(TimePoint asked_about, TimePoint now) {
  asking_ = false;
  const auto witness = Witness();
  // Others have not waited for as long.
  if (witness == waiting_.end() || witness->since > asked_about) return;
  heard_ = asked_about;
  most_ = streams_;
  known_until_ = now + kKnownFor;
}

}  // namespace frontdesk::upstream
