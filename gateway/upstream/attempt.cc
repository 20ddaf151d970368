#include "gateway/upstream/attempt.h"

#include <utility>

#include "gateway/base/failure.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/pushback.h"
#include "gateway/upstream/verdict.h"

namespace frontdesk::upstream {
namespace {

// How gRPC calls an answer of none or several messages (doc/statuscodes.md).
Failure NotOneMessage(std::string_view what) {
  return ProtocolError(absl::StatusCode::kUnimplemented, what);
}

Failure OutOfTime() { return DeadlineExceeded("the upstream call did not end in time"); }

}  // namespace

UnaryAttempt::UnaryAttempt(Transport& transport, Loop& loop, Cancellation& cancel,
                           const CallSpec& spec, std::string_view request)
    : transport_(transport),
      loop_(loop),
      cancel_(cancel),
      spec_(spec),
      deadline_(spec.deadline),
      request_(request) {}

UnaryAttempt::~UnaryAttempt() = default;

bool UnaryAttempt::await_ready() {
  if (cancel_.cancelled()) {
    status_ = cancel_.reason();
  } else if (deadline_ <= loop_.Now()) {
    status_ = DeadlineExceeded("the time was over before the call").NeverSent();
  }
  ended_ = !status_.ok();
  return ended_;
}

void UnaryAttempt::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  Listen(cancel_);
  if (deadline_ != TimePoint::max()) loop_.Arm(*this, deadline_);
  call_ = transport_.Start(spec_, *this);
  call_->Send(request_, true);
}

void UnaryAttempt::OnMessage(std::string message) {
  if (has_message_) return End(NotOneMessage("more than one message in a unary answer"));
  has_message_ = true;
  reply_.message = std::move(message);
}

void UnaryAttempt::OnDone(absl::Status status, Metadata trailers) {
  if (status.ok() && !has_message_) status = NotOneMessage("no message in a unary answer");
  if (RanOut(status)) status = OutOfTime();
  reply_.trailers = std::move(trailers);
  End(std::move(status));
}

// Servers say so, or reset the stream with CANCEL. Who says when to try again means that.
bool UnaryAttempt::RanOut(const absl::Status& status) const {
  const bool may = status.code() == absl::StatusCode::kCancelled ||
                   status.code() == absl::StatusCode::kDeadlineExceeded;
  return may && loop_.Now() >= deadline_ - kEarly && OriginOf(status) == Origin::kUpstream &&
         !PushbackOf(status);
}

void UnaryAttempt::OnTimer() { End(OutOfTime()); }

void UnaryAttempt::OnCancel(const absl::Status& reason) { End(reason); }

void UnaryAttempt::End(absl::Status status) {
  if (std::exchange(ended_, true)) return;
  status_ = std::move(status);
  if (call_ && call_->IsHeld()) MarkHeld(status_);
  Disarm();
  Unlisten();
  // Before the end it came to by itself, this cancels the call.
  call_.reset();
  loop_.Defer(waiter_);
}

absl::StatusOr<UnaryReply> UnaryAttempt::TakeResult() {
  if (!status_.ok()) return std::move(status_);
  return std::move(reply_);
}

}  // namespace frontdesk::upstream
