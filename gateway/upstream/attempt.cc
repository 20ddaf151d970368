#include "gateway/upstream/attempt.h"

#include <utility>

#include "gateway/base/failure.h"
#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {
namespace {

// How gRPC calls an answer of none or several messages (doc/statuscodes.md).
Failure NotOneMessage(std::string_view what) {
  return ProtocolError(absl::StatusCode::kUnimplemented, what);
}

}  // namespace

UnaryAttempt::UnaryAttempt(Transport& transport, Loop& loop, Cancellation& cancel,
                           const CallSpec& spec, std::string_view request)
    : transport_(transport), loop_(loop), cancel_(cancel), spec_(spec), request_(request) {}

UnaryAttempt::~UnaryAttempt() = default;

bool UnaryAttempt::await_ready() {
  if (cancel_.cancelled()) {
    status_ = cancel_.reason();
  } else if (spec_.deadline <= loop_.Now()) {
    status_ = DeadlineExceeded("the time was over before the call").NeverSent();
  }
  ended_ = !status_.ok();
  return ended_;
}

void UnaryAttempt::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  Listen(cancel_);
  if (spec_.deadline != TimePoint::max()) loop_.Arm(*this, spec_.deadline);
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
  reply_.trailers = std::move(trailers);
  End(std::move(status));
}

void UnaryAttempt::OnTimer() { End(DeadlineExceeded("the upstream call did not end in time")); }

void UnaryAttempt::OnCancel(const absl::Status& reason) { End(reason); }

void UnaryAttempt::End(absl::Status status) {
  if (std::exchange(ended_, true)) return;
  status_ = std::move(status);
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
