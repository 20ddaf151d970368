// Connection: bytes in and out, and time.
#include <sys/uio.h>

#include <algorithm>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/http/connection.h"

namespace frontdesk::http {

void Connection::Wake(std::coroutine_handle<>& slot) {
  if (slot) std::exchange(slot, nullptr).resume();
}

// The client will not read the answer, so whoever works on it may stop.
void Connection::ClientLeft() {
  if (!cancel_ || cancel_->cancelled()) return;
  cancel_->Cancel(Failure(absl::StatusCode::kCancelled, "CLIENT_CLOSED_REQUEST",
                          "the client closed the connection")
                      .Http(499));
}

// While a request is in flight, read ahead only into what room there is: nothing may move, and a
// client that sends more than that waits.
void Connection::ArmRead(bool waiting) {
  if (read_armed_ || gone()) return;
  if (!waiting && phase_ == Phase::kExchange && input_.room() == 0) return;
  read_armed_ = true;
  stream_.WhenReadable(
      [self = Ref(this)](const boost::system::error_code& error) { self->OnReadable(error); });
}

void Connection::OnReadable(const boost::system::error_code& error) {
  read_armed_ = false;
  if (error || gone()) return;
  if (input_waiter_) input_.Reserve(wanted_);
  if (input_.room() == 0) return;
  const Transfer got = stream_.Read(input_.tail(), input_.room());
  switch (got.outcome) {
    case Transfer::Outcome::kBytes:
      input_.Filled(got.bytes);
      body_received_ += got.bytes;
      break;
    case Transfer::Outcome::kWouldBlock:
      break;
    case Transfer::Outcome::kEnd:
      eof_ = true;
      break;
    case Transfer::Outcome::kBroken:
      Fail();
      return;
  }
  if (input_waiter_ && got.outcome != Transfer::Outcome::kWouldBlock) {
    Wake(input_waiter_);
  } else if (eof_) {
    ClientLeft();
  }
  ArmRead(input_waiter_ != nullptr);
}

// Writes both pieces as far as the socket takes them; false when it broke.
bool Connection::Transmit(std::string_view first, std::string_view second, size_t& sent) {
  sent = 0;
  const size_t total = first.size() + second.size();
  while (sent < total) {
    const std::string_view head = first.substr(std::min(sent, first.size()));
    const std::string_view rest =
        second.substr(sent > first.size() ? sent - first.size() : size_t{0});
    const iovec pieces[2] = {{const_cast<char*>(head.data()), head.size()},
                             {const_cast<char*>(rest.data()), rest.size()}};
    const Transfer wrote = head.empty() ? stream_.Write(pieces + 1, 1) : stream_.Write(pieces, 2);
    if (wrote.outcome == Transfer::Outcome::kBroken) return false;
    if (wrote.outcome != Transfer::Outcome::kBytes) break;
    sent += wrote.bytes;
  }
  return true;
}

void Connection::Flush() {
  if (broken_ || closed_ || write_armed_) return;
  size_t sent = 0;
  if (unsent() > 0 && !Transmit(std::string_view(out_).substr(out_sent_), {}, sent)) {
    Fail();
    return;
  }
  out_sent_ += sent;
  if (unsent() > 0) {
    SetSendDeadline(worker_.loop.Now() + worker_.limits.send_timeout);
    write_armed_ = true;
    stream_.WhenWritable(
        [self = Ref(this)](const boost::system::error_code& error) { self->OnWritable(error); });
  } else {
    send_deadline_ = TimePoint::max();
    out_sent_ = 0;
    worker_.texts.Give(std::exchange(out_, std::string()));
  }
  // Outside this stack, since a flush is no place to start the next request.
  if (output_waiter_) worker_.loop.Defer(std::exchange(output_waiter_, nullptr));
}

void Connection::OnWritable(const boost::system::error_code& error) {
  write_armed_ = false;
  if (!error) Flush();
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
