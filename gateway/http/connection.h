// One client connection that speaks HTTP/1.1.
//
// Requests are handled one after another, in the order in which they came, however many were sent
// at once. While a request is in flight the input is read ahead as far as the buffer has room, so
// that a client that leaves is noticed; a client that closes its sending half counts as gone.
// Where the worker has certificates a TLS handshake comes first.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/base/byte_room.h"
#include "gateway/base/cancel.h"
#include "gateway/base/loop.h"
#include "gateway/base/task.h"
#include "gateway/http/body_decoder.h"
#include "gateway/http/byte_stream.h"
#include "gateway/http/handshake_queue.h"
#include "gateway/http/input_buffer.h"
#include "gateway/http/message.h"
#include "gateway/http/parser.h"
#include "gateway/http/worker.h"

namespace frontdesk::http {

// Owned by its coroutine and by what it waits for; counted in worker.connections until it is
// closed. Everything on the worker's loop.
class Connection final : private Flushable,
                         private Timer,
                         private Watched,
                         private HandshakeQueue::Waiter {
 public:
  using Ref = boost::intrusive_ptr<Connection>;

  // `fd` is a connected, non-blocking socket, which is owned from here on. `worker` outlives the
  // connection.
  static void Start(Worker& worker, int fd, std::string peer_address, uint16_t peer_port);

  // Waiting for a request of which no byte has come, with nothing left to send, or for a client
  // that does not go on with its handshake.
  bool idle() const {
    if (phase_ == Phase::kHandshake) return input_waiter_ && !is_linked();
    return phase_ == Phase::kHead && input_waiter_ && !parser_.started() && unsent() == 0;
  }
  TimePoint idle_since() const { return idle_since_; }
  // Ends an idle connection; any other one ends with its present answer.
  void CloseIfIdle();
  // Ends it now: the request in flight is cancelled, and what it still answers goes nowhere.
  void Abort();

 private:
  enum class Phase : uint8_t { kHandshake, kHead, kExchange, kLinger };
  enum class Answer : uint8_t { kNone, kStreaming, kWhole };
  class Body final : public BodySource {
   public:
    explicit Body(Connection& connection) : connection_(connection) {}
    Task<absl::StatusOr<std::string_view>> Next(TimePoint until) override {
      return connection_.NextPiece(until);
    }

   private:
    Connection& connection_;
  };
  class Reply final : public ReplySink {
   public:
    explicit Reply(Connection& connection) : connection_(connection) {}
    void Send(const ResponseHead& head, std::string_view body) override {
      connection_.Send(head, body);
    }
    void Begin(const ResponseHead& head) override { connection_.Begin(head); }
    Task<absl::Status> Write(std::string_view piece) override { return connection_.Write(piece); }
    void End() override { connection_.End(); }
    void Abort() override { connection_.AbortAnswer(); }

   private:
    Connection& connection_;
  };
  // Suspends until woken; the caller looks for itself at what has happened.
  struct Wait {
    explicit Wait(std::coroutine_handle<>& waiter_slot) : slot(waiter_slot) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { slot = waiter; }
    void await_resume() const noexcept {}
    std::coroutine_handle<>& slot;
  };
  // The same for input, of which some may be there without further notice.
  struct InputWait {
    explicit InputWait(Connection& whose) : connection(whose) {}
    bool await_ready() { return connection.ReadNow(); }
    void await_suspend(std::coroutine_handle<> waiter) { connection.input_waiter_ = waiter; }
    void await_resume() const noexcept {}
    Connection& connection;
  };
  // For the client's part of a handshake, and for its turn.
  struct HandshakeWait {
    explicit HandshakeWait(Connection& whose) : connection(whose) {}
    bool await_ready() {
      return connection.gone() ||
             (connection.readable_ && connection.worker_.handshakes.Admit(connection));
    }
    void await_suspend(std::coroutine_handle<> waiter) { connection.input_waiter_ = waiter; }
    void await_resume() const noexcept {}
    Connection& connection;
  };

  Connection(Worker& worker, int fd, std::string peer_address, uint16_t peer_port);
  ~Connection() override;
  friend void intrusive_ptr_add_ref(Connection* self) { ++self->references_; }
  friend void intrusive_ptr_release(Connection* self) {
    if (--self->references_ == 0) delete self;
  }

  // connection.cc: the life of the connection.
  internal::Detached Serve(Ref self);
  RequestParser::Progress ParseHead();
  bool HoldInput();
  void TrimInput();
  void RefuseHead(RequestParser::Progress progress);
  InputWait HeadInput();
  void BeginExchange();
  void EndExchange();
  void Refuse(const absl::Status& failure);
  Wait NextTurn();
  bool LingerOn();
  InputWait LingerInput();
  void Close();
  void Fail();  // the transport broke, or the client takes too long to read

  // connection_handshake.cc
  HandshakeWait HandshakeTurn();
  void ShakeHands();
  void OnSecure();
  void OnHandshakeFailed();
  void OnTurn() override { Wake(input_waiter_); }

  // connection_io.cc: bytes and time.
  void OnReady(uint32_t events) override;
  void ReadAhead();
  bool ReadInput();
  bool MayRead();
  bool ReadNow();
  void ReadLater();
  void Flush() override;
  bool Transmit(std::string_view first, std::string_view second, size_t& sent);
  void Wake(std::coroutine_handle<>& slot);
  void Cancel(absl::Status reason);
  void ClientLeft();
  void SetInputDeadline(TimePoint when);
  void SetSendDeadline(TimePoint when);
  void ArmFor(TimePoint when);
  void OnTimer() override;

  // connection_body.cc
  Task<absl::StatusOr<std::string_view>> NextPiece(TimePoint until);
  bool OfferContinue();
  void WaitedForBody();
  bool BodyFits();      // the rest of the body is small enough to be dropped
  bool DropBuffered();  // true when that was all of it
  bool MustDropMore();
  InputWait BodyInput(TimePoint until);

  // connection_reply.cc
  void Send(const ResponseHead& head, std::string_view body);
  void Begin(const ResponseHead& head);
  Task<absl::Status> Write(std::string_view piece);
  void End();
  void AbortAnswer();
  std::string_view DecideConnection(bool may_drop_body);
  void Queue(std::string_view bytes);
  size_t unsent() const { return out_.size() - out_sent_ + stream_.unsent(); }

  bool gone() const { return eof_ || broken_ || closed_; }

  Worker& worker_;
  ByteStream stream_;
  InputBuffer input_;
  ByteRoom::Held input_room_;
  RequestParser parser_;
  BodyDecoder decoder_;
  Request request_;
  Body body_{*this};
  Reply reply_{*this};
  std::optional<Cancellation> cancel_;
  std::unique_ptr<const tls::Certificate> peer_certificate_;
  std::string out_;
  size_t out_sent_ = 0;
  const std::string peer_address_;
  const uint16_t peer_port_;

  std::coroutine_handle<> input_waiter_;   // wants bytes, or to know that none will come
  std::coroutine_handle<> output_waiter_;  // wants the output to drain
  std::coroutine_handle<> turn_waiter_;    // lets others have their turn
  TimePoint input_deadline_ = TimePoint::max();
  TimePoint send_deadline_ = TimePoint::max();
  TimePoint armed_for_ = TimePoint::max();
  TimePoint head_began_;
  TimePoint idle_since_;
  TimePoint body_wait_began_;
  Duration body_waited_{};
  uint64_t body_received_ = 0;
  uint64_t lingered_ = 0;
  size_t wanted_ = 1;  // room to make before the next read, when somebody waits for input
  int references_ = 0;
  uint32_t in_a_row_ = 0;  // requests since the last pause
  uint32_t reads_in_a_row_ = 0;

  Phase phase_ = Phase::kHead;
  Answer answer_ = Answer::kNone;
  bool first_ = true;           // no request has come yet
  bool readable_ = false;       // a read may bring something without further notice
  bool hung_up_ = false;        // the end of the input is near, with or without bytes before it
  bool read_held_ = false;      // nothing is read until the client has taken what waits for it
  bool write_blocked_ = false;  // the socket takes nothing until further notice
  bool eof_ = false;
  bool broken_ = false;
  bool closed_ = false;
  bool timed_out_ = false;
  bool crowded_ = false;    // there is no room for the rest of the head
  bool persistent_ = true;  // another request may follow
  bool unframed_ = false;   // the input cannot be trusted any more
  bool aborted_ = false;    // the answer was cut
  bool chunked_answer_ = false;
  bool no_answer_body_ = false;  // HEAD, 204, 304
  bool continue_due_ = false;    // the client waits for 100 Continue
};

}  // namespace frontdesk::http
