// Connection: bytes in and out, and time.
#include <sys/uio.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/http/connection.h"

namespace frontdesk::http {

void Connection::Wake(std::coroutine_handle<>& slot) {
  if (slot) std::exchange(slot, nullptr).resume();
}

// Nobody will read the answer, so whoever works on it may stop.
void Connection::Cancel(absl::Status reason) {
  if (cancel_ && !cancel_->cancelled()) cancel_->Cancel(std::move(reason));
}

void Connection::ClientLeft() {
  Cancel(Failure(absl::StatusCode::kCancelled, "CLIENT_CLOSED_REQUEST",
                 "the client closed the connection")
             .Http(499));
}

void Connection::OnReady(uint32_t events) {
  const Ref self(this);
  reads_in_a_row_ = 0;
  if (events & EPOLLERR) {
    Fail();
    return;
  }
  if ((events & EPOLLOUT) && write_blocked_) {
    write_blocked_ = false;
    Flush();
  }
  if (events & (EPOLLRDHUP | EPOLLHUP)) hung_up_ = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) readable_ = true;
  if (!readable_ || gone()) return;
  if (phase_ == Phase::kHandshake) {
    // Not while it waits for its turn already.
    if (input_waiter_ && !is_linked() && worker_.handshakes.Admit(*this)) Wake(input_waiter_);
  } else if (!input_waiter_) {
    ReadAhead();
  } else if (ReadNow()) {
    Wake(input_waiter_);
  }
}

// While a request is in flight, only into what room there is: nothing may move, and a client that
// sends more than that waits.
void Connection::ReadAhead() {
  while (ReadInput()) {
  }
  if (input_.room() > 0 && MayRead()) ReadLater();
  // What is left unread changes nothing: no answer will be read.
  if (eof_ || (hung_up_ && input_.room() == 0)) ClientLeft();
}

// Whether a read may bring something, and is in order.
bool Connection::MayRead() {
  if (!readable_ || gone()) return false;
  read_held_ = stream_.unsent() > ByteStream::kMostUnsent;
  return !read_held_;
}

// One read, if it may bring something; true when there is news: bytes, or the end.
bool Connection::ReadInput() {
  const size_t room = input_.room();
  if (room == 0 || !MayRead()) return false;
  const Transfer got = stream_.Read(input_.tail(), room);
  // Answers of TLS: only a flush finds out that the socket does not take them, and sets a deadline.
  if (stream_.unsent() > 0 && !write_blocked_) worker_.loop.FlushSoon(*this);
  switch (got.outcome) {
    case Transfer::Outcome::kBytes:
      input_.Filled(got.bytes);
      body_received_ += got.bytes;
      readable_ = got.more || hung_up_;
      return true;
    case Transfer::Outcome::kWouldBlock:
      readable_ = got.more;
      return false;
    case Transfer::Outcome::kEnd:
      readable_ = false;
      eof_ = true;
      return true;
    case Transfer::Outcome::kBroken:
      Fail();
      return true;
  }
  return false;
}

// For somebody who waits for input, so that what there is may move. After some reads in a row
// other connections have their turn.
bool Connection::ReadNow() {
  constexpr uint32_t kMostReadsInARow = 8;
  if (gone()) return true;
  if (!readable_) return false;
  if (++reads_in_a_row_ > kMostReadsInARow) {
    ReadLater();
    return false;
  }
  input_.Reserve(wanted_);
  if (ReadInput()) return true;
  if (MayRead()) ReadLater();
  return false;
}

void Connection::ReadLater() {
  boost::asio::post(worker_.loop.io(), [self = Ref(this)] { self->OnReady(0); });
}

// Writes both pieces as far as the socket takes them, and what the stream has of earlier ones;
// false when it broke.
bool Connection::Transmit(std::string_view first, std::string_view second, size_t& sent) {
  sent = 0;
  const size_t total = first.size() + second.size();
  while (sent < total || stream_.unsent() > 0) {
    const std::string_view head = first.substr(std::min(sent, first.size()));
    const std::string_view rest =
        second.substr(sent > first.size() ? sent - first.size() : size_t{0});
    const iovec pieces[2] = {{const_cast<char*>(head.data()), head.size()},
                             {const_cast<char*>(rest.data()), rest.size()}};
    const Transfer wrote = head.empty() ? stream_.Write(pieces + 1, 1) : stream_.Write(pieces, 2);
    if (wrote.outcome == Transfer::Outcome::kBroken) return false;
    if (wrote.outcome == Transfer::Outcome::kWouldBlock) {
      if (sent == total && stream_.unsent() == 0) break;
      write_blocked_ = true;
      SetSendDeadline(worker_.loop.Now() + worker_.limits.send_timeout);
      break;
    }
    sent += wrote.bytes;
  }
  if (read_held_ && MayRead()) ReadLater();
  return true;
}

void Connection::Flush() {
  if (broken_ || closed_ || write_blocked_) return;
  size_t sent = 0;
  if (unsent() > 0 && !Transmit(std::string_view(out_).substr(out_sent_), {}, sent)) {
    Fail();
    return;
  }
  out_sent_ += sent;
  if (unsent() == 0) {
    send_deadline_ = TimePoint::max();
    // An answer that took its time has not been idle for so long.
    if (out_sent_ > 0 && phase_ == Phase::kHead && !first_) {
      idle_since_ = worker_.loop.Now();
      if (input_waiter_ && !parser_.started()) {
        SetInputDeadline(idle_since_ + worker_.limits.idle_timeout);
      }
    }
    out_sent_ = 0;
    worker_.texts.Give(std::exchange(out_, std::string()));
  }
  // Outside this stack, since a flush is no place to start the next request.
  if (output_waiter_) worker_.loop.Defer(std::exchange(output_waiter_, nullptr));
}

void Connection::SetInputDeadline(TimePoint when) {
  input_deadline_ = when;
  ArmFor(when);
}

void Connection::SetSendDeadline(TimePoint when) {
  send_deadline_ = when;
  ArmFor(when);
}

// The timer moves only to an earlier time: one that comes too early looks again, so that a busy
// connection, whose deadlines move with every request, leaves it alone.
void Connection::ArmFor(TimePoint when) {
  if (closed_ || (armed() && armed_for_ <= when)) return;
  armed_for_ = when;
  worker_.loop.Arm(*this, when);
}

void Connection::OnTimer() {
  const TimePoint now = worker_.loop.Now();
  const Ref self(this);
  if (now >= send_deadline_) {
    Fail();
    return;
  }
  if (now >= input_deadline_) {
    input_deadline_ = TimePoint::max();
    if (input_waiter_) {
      timed_out_ = true;
      worker_.loop.Defer(std::exchange(input_waiter_, nullptr));
    }
  }
  const TimePoint next = std::min(input_deadline_, send_deadline_);
  if (next != TimePoint::max()) ArmFor(next);
}

}  // namespace frontdesk::http
