#include "gateway/http/connection.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/observe/mistake.h"

namespace frontdesk::http {
namespace {

// Output that may be waiting before the next request is looked at.
constexpr size_t kMostUnsent = 256 << 10;
// Pipelined requests that are handled before other connections have their turn.
constexpr uint32_t kMostInARow = 16;
constexpr size_t kHeadRoom = 1024;
// Of so much input nobody keeps count.
constexpr size_t kUncounted = 2 * BlockPool::kBlock;

size_t CountedOf(size_t bytes) { return bytes > kUncounted ? bytes - kUncounted : 0; }

}  // namespace

void Connection::Start(Worker& worker, int fd, std::string peer_address, uint16_t peer_port) {
  const Ref self(new Connection(worker, fd, std::move(peer_address), peer_port));
  self->Serve(self);
}

Connection::Connection(Worker& worker, int fd, std::string peer_address, uint16_t peer_port)
    : worker_(worker),
      stream_(worker.poller, fd, *this),
      input_(worker.blocks),
      parser_(worker.limits),
      decoder_(worker.limits),
      peer_address_(std::move(peer_address)),
      peer_port_(peer_port),
      head_began_(worker.loop.Now()),
      idle_since_(worker.loop.Now()) {
  closed_ = !stream_.open();
  const std::shared_ptr<const tls::Context> context = worker.tls ? worker.tls->current() : nullptr;
  if (context && !closed_) {
    stream_.Secure(context);
    phase_ = Phase::kHandshake;
  }
  worker_.connections.insert(this);
  request_.scheme = "http";
  request_.peer_address = peer_address_;
  request_.peer_port = peer_port_;
}

Connection::~Connection() { worker_.texts.Give(std::move(out_)); }

internal::Detached Connection::Serve([[maybe_unused]] Ref self) {
  while (phase_ == Phase::kHandshake && persistent_ && !broken_ && !closed_) {
    co_await HandshakeTurn();
    ShakeHands();
  }
  while (persistent_ && !broken_ && !closed_) {
    RequestParser::Progress progress = ParseHead();
    while (progress == RequestParser::Progress::kMore && !gone() && !timed_out_) {
      co_await HeadInput();
      progress = ParseHead();
    }
    if (progress != RequestParser::Progress::kDone) {
      RefuseHead(progress);
      break;
    }
    BeginExchange();
    try {
      const Incoming incoming = {request_, body_, reply_, *cancel_};
      Task<void> handling = worker_.handler.Handle(incoming);
      co_await std::move(handling);
    } catch (...) {
      observe::LogMistake(Cat(request_.method, ' ', request_.path));
    }
    // A handler that gave no answer was mistaken too.
    if (answer_ == Answer::kNone && !aborted_) Refuse(observe::Mistake());
    while (MustDropMore()) {
      co_await BodyInput(TimePoint::max());
      WaitedForBody();
    }
    EndExchange();
    while (unsent() > kMostUnsent && !broken_ && !closed_) {
      co_await Wait(output_waiter_);
    }
    if (++in_a_row_ >= kMostInARow && !input_.empty()) {
      co_await NextTurn();
    }
  }
  while (unsent() > 0 && !broken_ && !closed_) {
    co_await Wait(output_waiter_);
  }
  while (LingerOn()) {
    co_await LingerInput();
  }
  Close();
}

RequestParser::Progress Connection::ParseHead() {
  using Progress = RequestParser::Progress;
  if (input_.empty()) return Progress::kMore;
  // The first head of a connection has had its time since the connection began.
  if (!parser_.started() && !first_) head_began_ = worker_.loop.Now();
  const Progress progress = parser_.Parse(input_.data(), input_.size());
  crowded_ = progress != Progress::kRefused && !HoldInput();
  return crowded_ ? Progress::kRefused : progress;
}

// Counts the memory of a large head until it is answered; false when there is no room for it.
bool Connection::HoldInput() {
  const size_t counted = CountedOf(input_.capacity());
  const size_t held = input_room_.held();
  return counted <= held || !worker_.room ||
         worker_.room->Take(counted - held, worker_.room->most(), input_room_);
}

void Connection::TrimInput() {
  input_.Trim();
  input_room_.Keep(CountedOf(input_.capacity()));
}

// No whole head will come: an answer is owed unless nothing at all came.
void Connection::RefuseHead(RequestParser::Progress progress) {
  const Refusal* refusal = nullptr;
  if (progress == RequestParser::Progress::kRefused) {
    refusal = crowded_ ? &refusal::kHeadCrowd : &parser_.refusal();
  } else if (!parser_.started() || broken_ || closed_) {
    return;
  } else {
    refusal = eof_ ? &refusal::kHeadCut : &refusal::kHeadSlow;
  }
  timed_out_ = false;
  unframed_ = true;
  input_deadline_ = TimePoint::max();
  parser_.Fill(input_.data(), request_);
  Refuse(AsFailure(*refusal));
}

// Nothing is held while no byte of a request has come.
Connection::InputWait Connection::HeadInput() {
  in_a_row_ = 0;
  wanted_ = kHeadRoom;
  if (parser_.started() || first_) {
    SetInputDeadline(head_began_ + worker_.limits.header_timeout);
  } else {
    SetInputDeadline(idle_since_ + worker_.limits.idle_timeout);
  }
  if (input_.empty()) input_.Shrink();
  return InputWait(*this);
}

void Connection::BeginExchange() {
  phase_ = Phase::kExchange;
  input_deadline_ = TimePoint::max();
  parser_.Fill(input_.data(), request_);
  request_.received = worker_.loop.Now();
  input_.Consume(parser_.consumed());
  input_.Pin();
  // Not for each of many requests that came at once: their buffer would grow with every one.
  if (input_.room() == 0 && input_.size() < BlockPool::kBlock) input_.Reserve(kHeadRoom);
  decoder_.Start(parser_.framing(), parser_.content_length());
  continue_due_ = parser_.expects_continue();
  body_waited_ = Duration::zero();
  body_received_ = input_.size();
  cancel_.emplace();
  answer_ = Answer::kNone;
  chunked_answer_ = no_answer_body_ = false;
  if (hung_up_) ReadAhead();
}

void Connection::EndExchange() {
  if (answer_ == Answer::kStreaming) AbortAnswer();
  if (!decoder_.done()) unframed_ = true;
  if (cancel_->cancelled() || unframed_) persistent_ = false;
  cancel_.reset();
  input_.Unpin();
  TrimInput();
  parser_.Reset();
  phase_ = Phase::kHead;
  first_ = false;
  idle_since_ = worker_.loop.Now();
}

// Also for a request that was accepted and then failed inside the program.
void Connection::Refuse(const absl::Status& failure) {
  persistent_ = false;
  request_.received = worker_.loop.Now();
  answer_ = Answer::kNone;
  chunked_answer_ = no_answer_body_ = false;
  worker_.handler.Refuse(failure, request_, reply_);
  if (answer_ == Answer::kStreaming) AbortAnswer();
}

Connection::Wait Connection::NextTurn() {
  in_a_row_ = 0;
  boost::asio::post(worker_.loop.io(), [self = Ref(this)] { self->Wake(self->turn_waiter_); });
  return Wait(turn_waiter_);
}

// Closing a socket that holds unread input resets it, and the reset may overtake the answer.
bool Connection::LingerOn() {
  if (gone() || timed_out_ || aborted_) return false;
  if (phase_ != Phase::kLinger) {
    if (!unframed_ && input_.empty()) return false;
    phase_ = Phase::kLinger;
    stream_.ShutdownWrite();
    SetInputDeadline(worker_.loop.Now() + worker_.limits.linger_timeout);
  }
  lingered_ += input_.size();
  input_.Consume(input_.size());
  TrimInput();
  return lingered_ <= worker_.limits.linger_bytes;
}

Connection::InputWait Connection::LingerInput() {
  wanted_ = BlockPool::kBlock;
  return InputWait(*this);
}

void Connection::CloseIfIdle() {
  // A request that has reached this machine is still answered.
  if (!idle() || stream_.HasInput()) return;
  stream_.Goodbye();
  Abort();
}

void Connection::Abort() {
  if (closed_) return;
  closed_ = true;
  Cancel(Failure(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", "the gateway is stopping",
                 Origin::kGateway));
  // A resource that others may look at ends at once; the coroutine unwinds in its own time.
  stream_.Close();
  for (std::coroutine_handle<>* slot : {&input_waiter_, &output_waiter_}) {
    if (*slot) worker_.loop.Defer(std::exchange(*slot, nullptr));
  }
}

void Connection::Fail() {
  if (broken_) return;
  broken_ = true;
  stream_.Reset();
  ClientLeft();
  for (std::coroutine_handle<>* slot : {&input_waiter_, &output_waiter_}) {
    if (*slot) worker_.loop.Defer(std::exchange(*slot, nullptr));
  }
}

void Connection::Close() {
  closed_ = true;
  input_deadline_ = send_deadline_ = TimePoint::max();
  Disarm();
  // What was cut must look so.
  if (stream_.open() && !aborted_ && unsent() == 0) stream_.Goodbye();
  if (stream_.open()) stream_.Close();
  worker_.connections.erase(this);
  if (worker_.observer) worker_.observer->OnClosed();
}

}  // namespace frontdesk::http
