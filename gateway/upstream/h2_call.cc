#include "gateway/upstream/h2_call.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/h2_session.h"

namespace frontdesk::upstream {

H2Call::H2Call(H2CallHost& host, const CallSpec& spec, CallEvents& events)
    : host_(host),
      events_(events),
      deadline_(spec.deadline),
      request_(spec),
      reply_(spec.max_reply_bytes) {}

H2Call::~H2Call() {
  if (destroyed_) *destroyed_ = true;
  if (state_ == State::kOnStream) AbandonStream();
  if (state_ != State::kEnded) host_.Gone();
}

void H2Call::Send(std::string_view message, bool last) {
  if (state_ == State::kEnded || state_ == State::kFailing || last_sent_) return;
  AppendFramed(message, body_);
  last_sent_ = last;
  if (std::exchange(body_blocked_, false)) session_->Resume(*this);
}

void H2Call::Cancel() {
  if (state_ == State::kEnded || state_ == State::kFailing) return;
  if (state_ == State::kOnStream) AbandonStream();
  host_.FailSoon(*this, absl::CancelledError("the call was cancelled"));
}

void H2Call::SetFailing(absl::Status status) {
  state_ = State::kFailing;
  failing_ = std::move(status);
}

void H2Call::OnStream(H2Session& session, int32_t stream_id, uint64_t gather) {
  session_ = &session;
  stream_id_ = stream_id;
  started_at_gather_ = gather;
  state_ = State::kOnStream;
}

ssize_t H2Call::ReadBody(uint8_t* to, size_t size, uint32_t* flags) {
  const size_t count = std::min(size, body_.size() - body_read_);
  std::memcpy(to, body_.data() + body_read_, count);
  body_read_ += count;
  const bool drained = body_read_ == body_.size();
  if (drained && last_sent_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    body_complete_ = true;
  } else if (count == 0) {
    body_blocked_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  if (drained) {
    body_.clear();
    body_read_ = 0;
  }
  return static_cast<ssize_t>(count);
}

void H2Call::OnEndOfFields(bool last) {
  if (absl::Status status = reply_.EndFields(last); !status.ok()) return Abort(std::move(status));
  if (!TellHeaders()) return;
  if (last) OnEndOfAnswer();
}

void H2Call::OnData(std::string_view data) {
  while (!data.empty()) {
    std::string message;
    bool complete = false;
    if (absl::Status status = reply_.NextMessage(data, message, complete); !status.ok()) {
      return Abort(std::move(status));
    }
    if (complete && !TellMessage(std::move(message))) return;
  }
}

void H2Call::OnEndOfAnswer() {
  absl::Status status = reply_.Finish();
  // The answer is complete; a request that is not has no reader any more.
  if (!body_complete_) {
    AbandonStream();
  } else {
    LeaveStream();
  }
  TellDone(std::move(status));
}

void H2Call::OnNeverProcessed(std::string_view reason, std::string_view what) {
  // Whoever has begun an answer has acted, whatever it says later.
  if (reply_.started()) return Fail(Reset(absl::StatusCode::kUnavailable, what));
  Fail(Failure(absl::StatusCode::kUnavailable, reason, what, Origin::kUpstream).NeverSent());
}

void H2Call::LeaveStream() {
  if (!session_) return;
  session_->Detach(*this);
  session_ = nullptr;
  unlink();
}

void H2Call::AbandonStream() {
  H2Session* session = session_;
  const int32_t stream = stream_id_;
  LeaveStream();
  session->ResetStream(stream);
}

void H2Call::Abort(absl::Status status) {
  AbandonStream();
  TellDone(std::move(status));
}

void H2Call::Fail(absl::Status status) {
  LeaveStream();
  if (is_linked()) unlink();
  TellDone(std::move(status));
}

bool H2Call::TellHeaders() {
  std::optional<Metadata> headers = reply_.TakeHeaders();
  if (!headers) return true;
  bool destroyed = false;
  destroyed_ = &destroyed;
  events_.OnHeaders(std::move(*headers));
  if (destroyed) return false;
  destroyed_ = nullptr;
  return state_ == State::kOnStream;
}

bool H2Call::TellMessage(std::string message) {
  bool destroyed = false;
  destroyed_ = &destroyed;
  events_.OnMessage(std::move(message));
  if (destroyed) return false;
  destroyed_ = nullptr;
  return state_ == State::kOnStream;
}

void H2Call::TellDone(absl::Status status) {
  state_ = State::kEnded;
  host_.Gone();
  events_.OnDone(std::move(status), reply_.TakeTrailers());
}

}  // namespace frontdesk::upstream
