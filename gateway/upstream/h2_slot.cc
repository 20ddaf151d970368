#include "gateway/upstream/h2_slot.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {

H2Slot::H2Slot(Loop& loop, const UpstreamSettings& settings, const Random& random,
               H2Endpoint& endpoint, bool first, Owner& owner)
    : loop_(loop),
      settings_(settings),
      random_(random),
      endpoint_(endpoint),
      first_(first),
      owner_(owner),
      wait_timer_(*this) {}

H2Slot::~H2Slot() {
  if (connection_) connection_->Abandon();
  for (const auto& connection : retired_) connection->Abandon();
}

void H2Slot::Open() {
  state_ = State::kConnecting;
  wanted_ = false;
  connection_ = std::make_shared<H2Connection>(loop_, settings_, endpoint_.authority,
                                               endpoint_.keepalive_interval,
                                               static_cast<H2Connection::Owner&>(*this));
  connection_->Connect(endpoint_.addresses);
}

void H2Slot::Drain() {
  if (std::exchange(draining_, true)) return;
  wait_timer_.Disarm();
  if (state_ == State::kOpen) {
    const std::shared_ptr<H2Connection> connection = connection_;
    OnRetired(*connection, false);
    connection->Retire();
  }
}

void H2Slot::OnReady(H2Connection& connection) {
  state_ = State::kOpen;
  if (draining_) {
    OnRetired(connection, false);
    return connection.Retire();
  }
  owner_.OnRoom();
}

void H2Slot::OnRetired(H2Connection& connection, bool calm) {
  if (calm && endpoint_.keepalive_interval > Duration::zero()) endpoint_.keepalive_interval *= 2;
  if (&connection != connection_.get()) return;  // known already
  retired_.push_back(std::move(connection_));
  // One that goes away before it did anything is replaced at once, but a second one in a row is a
  // failed attempt: no storm of new ones.
  const bool answered = connection.session().answered();
  if (answered || !std::exchange(left_unused_, true)) {
    left_unused_ = !answered;
    failures_ = 0;
    state_ = State::kIdle;
  } else {
    WaitForNextAttempt();
  }
  // Calls that wait need another connection.
  owner_.OnLost(Unreachable("the back end closes its connections"));
}

void H2Slot::OnClosed(H2Connection& connection, const absl::Status& why, bool useful) {
  if (&connection != connection_.get()) {
    std::erase_if(retired_, [&](const auto& one) { return one.get() == &connection; });
    return;
  }
  connection_.reset();
  if (useful) {
    left_unused_ = false;
    failures_ = 0;
    state_ = State::kIdle;
  } else {
    WaitForNextAttempt();
  }
  owner_.OnLost(why);
}

void H2Slot::WaitForNextAttempt() {
  const double first = std::chrono::duration<double>(settings_.first_backoff).count();
  const double last = std::chrono::duration<double>(settings_.last_backoff).count();
  const double full = std::min(last, first * std::pow(1.6, std::min(failures_, 40)));
  const std::chrono::duration<double> wait(full * (1 - 0.2 * random_()));
  ++failures_;
  state_ = State::kWaiting;
  if (draining_) return;
  loop_.Arm(wait_timer_, loop_.Now() + std::chrono::duration_cast<Duration>(wait));
}

void H2Slot::OnWaited() {
  if (wanted_) return Open();
  // Nobody asked meanwhile: what was learnt then says little about now.
  state_ = State::kIdle;
  failures_ = 0;
}

}  // namespace frontdesk::upstream
