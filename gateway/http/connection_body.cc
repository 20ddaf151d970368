// Connection: the request's body, as the handler reads it and as it is dropped unread.
#include <algorithm>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/http/connection.h"

namespace frontdesk::http {
namespace {

constexpr uint64_t kLeastBodyRoom = 4 << 10;
constexpr uint64_t kMostBodyRoom = 64 << 10;

}  // namespace

Task<absl::StatusOr<std::string_view>> Connection::NextPiece(TimePoint until) {
  while (true) {
    if (unframed_) co_return AsFailure(refusal::kChunkEnd);
    const BodyDecoder::Step step = decoder_.Next(input_.data(), input_.size());
    input_.Consume(step.consumed);
    if (step.refusal) {
      unframed_ = true;
      co_return AsFailure(*step.refusal);
    }
    if (!step.piece.empty() || decoder_.done()) co_return step.piece;
    if (gone()) {
      ClientLeft();
      co_return cancel_->reason();
    }
    // The connection is as good as with any other body that is not read to its end.
    if (until <= worker_.loop.Now()) {
      co_return DeadlineExceeded("the body did not come in time").NeverSent();
    }
    if (OfferContinue()) Queue("HTTP/1.1 100 Continue\r\n\r\n");
    co_await BodyInput(until);
    WaitedForBody();
    if (std::exchange(timed_out_, false) && worker_.loop.Now() < until) {
      unframed_ = true;
      co_return AsFailure(refusal::kBodySlow);
    }
  }
}

// Once, unless the body is on its way already or the answer has begun.
bool Connection::OfferContinue() {
  const bool offer = continue_due_ && body_received_ == 0 && answer_ == Answer::kNone;
  continue_due_ = false;
  return offer;
}

// A client may keep us waiting for the grace and for as long as what it sent takes at the lowest
// rate: one deadline that moves with every byte. Little of that can be saved up, or whoever sends
// most of a large body at once could then be silent for an hour.
Connection::InputWait Connection::BodyInput(TimePoint until) {
  const ServerLimits& limits = worker_.limits;
  const TimePoint now = worker_.loop.Now();
  body_wait_began_ = now;
  Duration allowed = limits.idle_timeout;
  if (limits.body_rate > 0) {
    const auto earned = std::chrono::milliseconds(body_received_ * 1000 / limits.body_rate);
    body_waited_ = std::max<Duration>(body_waited_, earned - limits.body_saved);
    allowed = std::max<Duration>(limits.body_grace + earned - body_waited_, Duration::zero());
  }
  SetInputDeadline(std::min(now + allowed, until));
  // What is dropped needs no room.
  const bool small = decoder_.chunked() || answer_ != Answer::kNone;
  const uint64_t left = small ? kLeastBodyRoom : decoder_.left();
  wanted_ = static_cast<size_t>(std::clamp(left, kLeastBodyRoom, kMostBodyRoom));
  return InputWait(*this);
}

void Connection::WaitedForBody() {
  input_deadline_ = TimePoint::max();
  body_waited_ += worker_.loop.Now() - body_wait_began_;
}

bool Connection::BodyFits() {
  if (decoder_.done()) return true;
  // Whether the client sends a body that it was not asked for is its choice: nobody can tell.
  if (continue_due_ || unframed_ || gone()) return false;
  // How much of a chunked one is to come is not known: it is dropped as far as it fits.
  if (decoder_.chunked()) {
    return DropBuffered() || (!unframed_ && body_received_ <= worker_.limits.unread_body_bytes);
  }
  return decoder_.left() <= worker_.limits.unread_body_bytes;
}

bool Connection::DropBuffered() {
  while (!decoder_.done()) {
    const BodyDecoder::Step step = decoder_.Next(input_.data(), input_.size());
    input_.Consume(step.consumed);
    if (step.refusal) {
      unframed_ = true;
      return false;
    }
    if (step.piece.empty() && input_.empty()) return decoder_.done();
  }
  return true;
}

bool Connection::MustDropMore() {
  if (!persistent_ || unframed_ || gone() || timed_out_) return false;
  if (!BodyFits()) {
    persistent_ = false;
    return false;
  }
  return !DropBuffered() && !unframed_;
}

}  // namespace frontdesk::http
