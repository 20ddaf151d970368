// Connection: the TLS handshake before everything else.
#include <utility>

#include "gateway/http/connection.h"

namespace frontdesk::http {

using tls::Session;

Connection::HandshakeWait Connection::HandshakeTurn() {
  SetInputDeadline(head_began_ + worker_.handshake_timeout);
  return HandshakeWait(*this);
}

void Connection::ShakeHands() {
  if (broken_ || closed_) return;
  if (timed_out_ || eof_) {
    if (worker_.observer) {
      worker_.observer->OnHandshakeFailed(tls::Trouble::kTimeout, peer_address_,
                                          "it took too long");
    }
    persistent_ = false;
    return;
  }
  const Session::Outcome outcome = stream_.Handshake();
  readable_ = outcome != Session::Outcome::kWouldBlock;
  if (stream_.unsent() > 0 && outcome != Session::Outcome::kDone) {
    write_blocked_ = true;
    SetSendDeadline(worker_.loop.Now() + worker_.limits.send_timeout);
  }
  if (outcome == Session::Outcome::kDone) return OnSecure();
  if (outcome == Session::Outcome::kFailed) OnHandshakeFailed();
}

void Connection::OnSecure() {
  const Session& session = *stream_.session();
  phase_ = Phase::kHead;
  // The first head has its own time.
  head_began_ = idle_since_ = worker_.loop.Now();
  request_.scheme = "https";
  if (std::optional<tls::Certificate> peer = session.peer_certificate()) {
    peer_certificate_ = std::make_unique<const tls::Certificate>(*std::move(peer));
    request_.peer_certificate = peer_certificate_.get();
  }
  if (worker_.observer) worker_.observer->OnHandshake(session.resumed());
  // The next request may have come with the end of the handshake; if not, what there is to say
  // leaves now: a client may wait for its tickets.
  readable_ = true;
  worker_.loop.FlushSoon(*this);
}

void Connection::OnHandshakeFailed() {
  const tls::Trouble trouble = stream_.session()->trouble();
  if (worker_.observer) {
    worker_.observer->OnHandshakeFailed(trouble, peer_address_, stream_.session()->error());
  }
  persistent_ = false;
  input_deadline_ = TimePoint::max();
  // The rest is read and dropped, so that no reset overtakes the alert, or the answer.
  unframed_ = true;
  if (trouble == tls::Trouble::kPlainHttp) {
    stream_.Unsecure();
    Refuse(AsFailure(refusal::kPlainHttp));
  }
}

}  // namespace frontdesk::http
