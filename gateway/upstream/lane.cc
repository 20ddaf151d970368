#include "gateway/upstream/lane.h"

#include "gateway/base/text.h"

namespace frontdesk::upstream {

Lane::~Lane() {
  transport.reset();  // it may have a last word
  if (connection != Connection::kIdle) Tell(Connection::kIdle, "");
}

Transport::Readiness Lane::Look(const Transport& of) {
  const Transport::Readiness readiness = of.readiness();
  // As almost always.
  if (readiness == Transport::Readiness::kReady && connection == Connection::kConnected) {
    return readiness;
  }
  Connection now = ConnectionOf(of);
  // One that only finishes its calls was not made now.
  if (readiness == Transport::Readiness::kConnecting && connection != Connection::kConnected) {
    now = Connection::kConnecting;
  }
  if (now != connection) Tell(now, Std(of.last_failure().message()));
  return readiness;
}

void Lane::Tell(Connection now, std::string_view why) {
  const Connection before = std::exchange(connection, now);
  cluster.RecordConnection(*state, before, now, why, loop.Now());
}

void Lane::OnReadiness(Transport& of) {
  Look(of);
  owner.OnReadiness();
}

void Lane::OnConnectFailed(Transport& of) {
  Tell(Connection::kFailing, Std(of.last_failure().message()));
  owner.OnReadiness();
}

}  // namespace frontdesk::upstream
