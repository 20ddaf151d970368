#include "gateway/upstream/h2_slot.h"

#include <utility>

#include "gateway/base/mechanism/backoff.h"
#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {

H2Slot::H2Slot(Loop& loop, const UpstreamSettings& settings, const Random& random,
               H2Endpoint& endpoint, Owner& owner)
    : loop_(loop),
      settings_(settings),
      random_(random),
      endpoint_(endpoint),
      owner_(owner),
      wait_timer_(*this) {}

H2Slot::~H2Slot() {
  if (connection_) connection_->Abandon();
  for (const auto& connection : retired_) connection->Abandon();
}

void H2Slot::Open() {
  state_ = State::kConnecting;
  wanted_ = false;
  connection_ = std::make_shared<H2Connection>(loop_, settings_, endpoint_, MaxAge(),
                                               static_cast<H2Connection::Owner&>(*this));
  connection_->Connect();
}

// Those opened together are not replaced together.
Duration H2Slot::MaxAge() const {
  if (settings_.max_connection_age == Duration::max()) return Duration::max();
  const std::chrono::duration<double> most = settings_.max_connection_age;
  return std::chrono::duration_cast<Duration>(most * (1 - 0.1 * random_()));
}

void H2Slot::Drain() {
  if (std::exchange(draining_, true)) return;
  wait_timer_.Disarm();
  if (state_ == State::kOpen) {
    const std::shared_ptr<H2Connection> connection = connection_;
    OnRetired(*connection, Retired::kByUs);
    connection->Retire();
  } else if (state_ == State::kConnecting) {
    state_ = State::kIdle;
    std::exchange(connection_, nullptr)->Abandon();
  }
}

void H2Slot::Forgive() {
  failures_ = 0;
  if (state_ != State::kWaiting) return;
  wait_timer_.Disarm();
  wanted_ = false;
  state_ = State::kIdle;
}

void H2Slot::OnReady(H2Connection&) {
  state_ = State::kOpen;
  owner_.OnChange();
}

void H2Slot::OnRetired(H2Connection& connection, Retired why) {
  if (why == Retired::kTooManyPings) endpoint_.keepalive_interval *= 2;
  if (&connection != connection_.get()) return;  // known already
  retired_.push_back(std::move(connection_));
  const bool answered = connection.session().answered();
  const bool useful = connection.useful();
  if (why == Retired::kByUs) {
    failures_ = 0;
    state_ = State::kIdle;
    if (useful) owner_.OnUsefulEnd();
    return owner_.OnChange();
  }
  // One that goes away before it did anything is replaced at once, but a second one in a row is a
  // failed attempt: no storm of new ones.
  if (answered || !std::exchange(left_unused_, true)) {
    left_unused_ = !answered;
    failures_ = 0;
    state_ = State::kIdle;
    if (useful) owner_.OnUsefulEnd();
  } else {
    WaitForNextAttempt();
  }
  owner_.OnLost(Unreachable("the back end closes its connections"));
}

void H2Slot::OnClosed(H2Connection& connection, const absl::Status& why, bool useful) {
  if (&connection != connection_.get()) {
    std::erase_if(retired_, [&](const auto& one) { return one.get() == &connection; });
    return owner_.OnChange();
  }
  connection_.reset();
  if (useful) {
    left_unused_ = false;
    failures_ = 0;
    state_ = State::kIdle;
    owner_.OnUsefulEnd();
  } else {
    WaitForNextAttempt();
  }
  owner_.OnLost(why);
}

void H2Slot::WaitForNextAttempt() {
  const Backoff backoff{settings_.first_backoff, settings_.last_backoff, 1.6};
  const auto wait = Grown(backoff, ++failures_) * (1 - 0.2 * random_());
  state_ = State::kWaiting;
  if (draining_) return;
  loop_.Arm(wait_timer_, loop_.Now() + std::chrono::duration_cast<Duration>(wait));
}

void H2Slot::OnWaited() {
  if (wanted_) return Open();
  // Nobody asked meanwhile: what was learnt then says little about now.
  state_ = State::kIdle;
  failures_ = 0;
  owner_.OnChange();
}

}  // namespace frontdesk::upstream
