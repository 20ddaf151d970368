// Connection: the answer.
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/http/connection.h"
#include "gateway/http/response_head.h"

namespace frontdesk::http {
namespace {

// A body from this size on is written at once instead of being copied.
constexpr size_t kLargeBody = 32 << 10;
// Output that a streaming answer may have waiting.
constexpr size_t kHighWater = 64 << 10;

}  // namespace

void Connection::Queue(std::string_view bytes) {
  if (out_.capacity() < bytes.size() && out_.empty()) out_ = worker_.texts.Take();
  out_.append(bytes);
  worker_.loop.FlushSoon(*this);
}

// The Connection field's value. Whether another request may follow is settled here.
std::string_view Connection::DecideConnection(bool may_drop_body) {
  persistent_ = persistent_ && !unframed_ && !gone() && !worker_.draining && parser_.keep_alive();
  if (persistent_ && may_drop_body) persistent_ = BodyFits();
  if (!persistent_) return "close";
  return parser_.http11() ? std::string_view() : std::string_view("keep-alive");
}

void Connection::Send(const ResponseHead& head, std::string_view body) {
  if (answer_ != Answer::kNone || aborted_) return;
  answer_ = Answer::kWhole;
  ResponseFraming framing;
  framing.connection = DecideConnection(true);
  if (broken_ || closed_) return;
  if (!HasNoBody(head.status)) framing.content_length = body.size();
  if (HasNoBody(head.status) || request_.method == "HEAD") body = {};
  if (out_.empty()) out_ = worker_.texts.Take();
  AppendResponseHead(out_, head, framing, worker_.date.At(worker_.loop.Now()));
  worker_.loop.FlushSoon(*this);
  if (body.size() < kLargeBody || write_blocked_) {
    out_.append(body);
    return;
  }
  size_t sent = 0;
  const std::string_view before = std::string_view(out_).substr(out_sent_);
  if (!Transmit(before, body, sent)) {
    Fail();
    return;
  }
  if (sent < before.size()) {
    out_sent_ += sent;
    out_.append(body);
  } else {
    out_.assign(body.substr(sent - before.size()));
    out_sent_ = 0;
  }
}

void Connection::Begin(const ResponseHead& head) {
  if (answer_ != Answer::kNone || aborted_) return;
  answer_ = Answer::kStreaming;
  no_answer_body_ = HasNoBody(head.status) || request_.method == "HEAD";
  chunked_answer_ = parser_.http11() && !HasNoBody(head.status);
  // In HTTP/1.0 the end of the connection is the end of the answer.
  if (!chunked_answer_ && !no_answer_body_) persistent_ = false;
  ResponseFraming framing;
  framing.connection = DecideConnection(false);
  framing.chunked = chunked_answer_;
  if (broken_ || closed_) return;
  if (out_.empty()) out_ = worker_.texts.Take();
  AppendResponseHead(out_, head, framing, worker_.date.At(worker_.loop.Now()));
  worker_.loop.FlushSoon(*this);
}

Task<absl::Status> Connection::Write(std::string_view piece) {
  if (answer_ == Answer::kStreaming && !gone() && !piece.empty() && !no_answer_body_) {
    if (out_sent_ > out_.size() / 2) out_.erase(0, std::exchange(out_sent_, 0));
    if (out_.empty()) out_ = worker_.texts.Take();
    if (chunked_answer_) {
      AppendChunk(out_, piece);
    } else {
      out_.append(piece);
    }
    worker_.loop.FlushSoon(*this);
  }
  while (unsent() > kHighWater && !gone()) {
    co_await Wait(output_waiter_);
  }
  if (answer_ != Answer::kStreaming || gone()) {
    ClientLeft();
    const bool left = cancel_ && cancel_->cancelled();
    co_return left ? cancel_->reason() : absl::CancelledError("the answer has ended");
  }
  co_return absl::OkStatus();
}

void Connection::End() {
  if (answer_ != Answer::kStreaming) return;
  answer_ = Answer::kWhole;
  if (broken_ || closed_) return;
  if (chunked_answer_ && !no_answer_body_) Queue("0\r\n\r\n");
}

void Connection::AbortAnswer() {
  persistent_ = false;
  aborted_ = true;
  answer_ = Answer::kWhole;
  // A chunked answer without its last chunk is visibly cut; anything else only by a reset.
  if (!chunked_answer_ && !broken_ && !closed_) Fail();
}

}  // namespace frontdesk::http
