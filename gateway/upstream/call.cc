#include "gateway/upstream/call.h"

#include <utility>

#include "gateway/base/failure.h"
#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {
namespace {

Failure DeadlineExceeded() {
  return Failure(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED",
                 "the upstream call did not end in time", Origin::kGateway);
}

// How gRPC calls an answer of none or several messages (doc/statuscodes.md).
Failure NotOneMessage(std::string_view what) {
  return ProtocolError(absl::StatusCode::kUnimplemented, what);
}

}  // namespace

UnaryAttempt::UnaryAttempt(Transport& transport, CallContext& context, const CallSpec& spec,
                           std::string_view request)
    : transport_(transport), context_(context), spec_(spec), request_(request) {}

UnaryAttempt::~UnaryAttempt() = default;

bool UnaryAttempt::await_ready() {
  if (context_.cancel.cancelled()) {
    status_ = context_.cancel.reason();
  } else if (spec_.deadline <= context_.loop.Now()) {
    status_ = DeadlineExceeded().NeverSent();
  }
  ended_ = !status_.ok();
  return ended_;
}

void UnaryAttempt::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  Listen(context_.cancel);
  if (spec_.deadline != TimePoint::max()) context_.loop.Arm(*this, spec_.deadline);
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

void UnaryAttempt::OnTimer() { End(DeadlineExceeded()); }

void UnaryAttempt::OnCancel(const absl::Status& reason) { End(reason); }

void UnaryAttempt::End(absl::Status status) {
  if (std::exchange(ended_, true)) return;
  status_ = std::move(status);
  Disarm();
  Unlisten();
  // Before the end it came to by itself, this cancels the call.
  call_.reset();
  context_.loop.Defer(waiter_);
}

absl::StatusOr<UnaryReply> UnaryAttempt::TakeResult() {
  if (!status_.ok()) return std::move(status_);
  return std::move(reply_);
}

}  // namespace frontdesk::upstream
