// H2Connection: within TLS.
#include <algorithm>
#include <array>
#include <chrono>

#include "gateway/base/text.h"
#include "gateway/tls/credentials.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/h2_connection.h"

namespace frontdesk::upstream {
namespace {

using Outcome = tls::Session::Outcome;

constexpr std::string_view kProtocol = "h2";
// One record.
constexpr size_t kPlainBytes = 16 << 10;

}  // namespace

void H2Connection::BeginTls() {
  const std::shared_ptr<const tls::Context> context = settings_.tls->current();
  if (!context) return FailTls("the certificates for TLS cannot be read");
  tls_ = tls::Session::Client(context, endpoint_.host, endpoint_.resumption);
  ShakeHands();
}

bool H2Connection::ShakeHands() {
  const Outcome outcome = tls_->Handshake();
  OnWantWrite();
  if (outcome == Outcome::kFailed) {
    FailTls(tls_->error());
  } else if (outcome == Outcome::kDone) {
    // Without the word that it speaks HTTP/2 it may well be a server of something else.
    if (tls_->protocol() != kProtocol) {
      FailTls("the server does not offer HTTP/2 (ALPN h2)");
    } else {
      OnUsable();
    }
  }
  return !closed_;
}

bool H2Connection::FeedTls(std::string_view ciphertext) {
  tls_->Feed(ciphertext);
  if (!connected_ && (!ShakeHands() || !connected_)) return !closed_;
  // One for the thread: it is dealt with before anybody else needs it.
  static thread_local std::array<char, kPlainBytes> plain;
  while (!closed_) {
    size_t size = 0;
    switch (tls_->Read(plain.data(), plain.size(), size)) {
      case Outcome::kBytes:
        if (!FeedSession({plain.data(), size})) return false;
        break;
      case Outcome::kAgain:
        break;
      case Outcome::kWouldBlock:
        // Answers to what is no data.
        if (!tls_->output().empty()) OnWantWrite();
        return true;
      case Outcome::kEnd:
        Close(Lost(boost::asio::error::eof));
        return false;
      default:
        FailTls(tls_->error());
        return false;
    }
  }
  return false;
}

bool H2Connection::Encrypt() {
  const bool good = tls_->Write(out_);
  out_.clear();
  if (!good) FailTls(tls_->error());
  return good;
}

void H2Connection::FailTls(std::string_view why) {
  const std::string what = Cat(endpoint_.address_text, ": ", why);
  // The answer's reason says only that the upstream could not be reached.
  settings_.tls->Complain(what, loop_.Now());
  Close(ready_ ? absl::Status(Reset(absl::StatusCode::kUnavailable, what))
               : absl::Status(Unreachable(what)));
}

}  // namespace frontdesk::upstream
