#include "gateway/upstream/reachability.h"

#include <utility>

#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {
namespace {

constexpr std::chrono::minutes kSayAgain{1};

}  // namespace

Connection ConnectionOf(const Transport& transport) {
  switch (transport.readiness()) {
    case Transport::Readiness::kIdle:
    case Transport::Readiness::kClosed:
      return Connection::kIdle;
    case Transport::Readiness::kFailing:
      return Connection::kFailing;
    case Transport::Readiness::kConnecting:  // perhaps one more
    case Transport::Readiness::kReady:       // perhaps only to find out why there is none
    case Transport::Readiness::kFull:
      break;
  }
  return transport.connections() > 0 ? Connection::kConnected : Connection::kConnecting;
}

Reachability::News Reachability::Change(Connection before, Connection now, std::string_view why,
                                        TimePoint at) {
  if (before != Connection::kIdle) --workers_[static_cast<size_t>(before)];
  if (now != Connection::kIdle) ++workers_[static_cast<size_t>(now)];
  if (now == Connection::kConnected) {
    failures_ = {};
    return std::exchange(told_, false) ? News::kConnected : News::kNone;
  }
  if (now != Connection::kFailing) return News::kNone;
  if (failures_.count++ == 0) failures_.first = at;
  failures_.last = at;
  failures_.why = why.substr(0, ConnectFailures::kMostWhy);
  if (told_ || (told_at_ != TimePoint::min() && at - told_at_ < kSayAgain)) return News::kNone;
  told_ = true;
  told_at_ = at;
  return News::kUnreachable;
}

Connection Reachability::connection() const {
  const auto any = [this](Connection what) { return workers_[static_cast<size_t>(what)] > 0; };
  if (any(Connection::kConnected)) return Connection::kConnected;
  if (failures_.count > 0) return Connection::kFailing;
  return any(Connection::kConnecting) ? Connection::kConnecting : Connection::kIdle;
}

}  // namespace frontdesk::upstream
