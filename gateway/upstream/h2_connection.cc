#include "gateway/upstream/h2_connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/verdict.h"

namespace frontdesk::upstream {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kReadBytes = 64 << 10;
// Gathered before a write; more is gathered once this is gone.
constexpr size_t kGatherBytes = 128 << 10;
// A connection that lived this long without an answer was simply not needed.
constexpr std::chrono::seconds kLongLife{5};

}  // namespace

H2Connection::H2Connection(Loop& loop, const UpstreamSettings& settings, const H2Endpoint& endpoint,
                           Duration max_age, Owner& owner)
    : loop_(loop),
      settings_(settings),
      keepalive_interval_(endpoint.keepalive_interval),
      max_age_(max_age),
      owner_(&owner),
      socket_(loop.io()),
      endpoint_(endpoint),
      connect_timer_(*this),
      idle_timer_(*this),
      age_timer_(*this),
      keepalive_timer_(*this),
      session_(settings.tls ? "https" : "http", endpoint.authority, settings.user_agent, *this) {}

H2Connection::~H2Connection() = default;

void H2Connection::Connect() {
  loop_.Arm(connect_timer_, loop_.Now() + settings_.connect_timeout);
  socket_.async_connect(endpoint_.address, [self = shared_from_this()](const error_code& error) {
    self->OnConnected(error);
  });
}

void H2Connection::OnConnected(const error_code& error) {
  if (closed_) return;
  if (error) return Close(Lost(error));
  error_code ignored;  // on a socket that died meanwhile; reading tells
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  const auto silence = static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(settings_.unacknowledged_timeout)
          .count());
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence);
  in_.resize(kReadBytes);
  last_read_ = loop_.Now();
  if (settings_.tls) {
    BeginTls();
  } else {
    OnUsable();
  }
  if (!closed_) Read();
}

void H2Connection::OnUsable() {
  connected_ = true;
  OnWantWrite();
}

void H2Connection::Read() {
  socket_.async_read_some(boost::asio::buffer(in_),
                          [self = shared_from_this()](const error_code& error, size_t size) {
                            self->OnRead(error, size);
                          });
}

void H2Connection::OnRead(const error_code& error, size_t size) {
  if (closed_) return;
  if (error) return Close(Lost(error));
  last_read_ = loop_.Now();
  if (keepalive_interval_ > Duration::zero() && std::exchange(ping_sent_, false)) {
    loop_.Arm(keepalive_timer_, last_read_ + MostSilence());
  }
  const std::string_view bytes(in_.data(), size);
  if (tls_ ? !FeedTls(bytes) : !FeedSession(bytes)) return;
  if (broken_ && session_.streams() == 0) {
    return Close(absl::UnavailableError("the connection went away"));
  }
  if (session_.Finished()) return OnWantWrite();  // closes after what is left to say
  Read();
}

bool H2Connection::FeedSession(std::string_view bytes) {
  if (!session_.Feed(bytes)) {
    Close(ProtocolError(absl::StatusCode::kInternal,
                        Cat("the back end breaks HTTP/2: ", session_.error())));
  }
  return !closed_;
}

void H2Connection::Flush() {
  if (closed_ || writing_ || broken_) return;
  while (true) {
    if (connected_ && !session_.Gather(out_, kGatherBytes)) {
      return Close(ProtocolError(absl::StatusCode::kInternal, session_.error()));
    }
    if (closed_ || (tls_ && !Encrypt())) return;
    if (outgoing().empty()) break;
    if (!WriteOut()) return;
  }
  if (closed_ || !connected_ || !session_.Finished()) return;
  // nghttp2 stops while streams are open only after the peer broke the protocol.
  if (session_.streams() == 0) return Close(absl::UnavailableError("the connection went away"));
  Close(ProtocolError(absl::StatusCode::kInternal,
                      Cat("the back end breaks HTTP/2: ", session_.error())));
}

// True when everything gathered was taken.
bool H2Connection::WriteOut() {
  while (!outgoing().empty()) {
    error_code error;
    const std::string_view bytes = outgoing();
    Sent(socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error));
    if (error == boost::asio::error::would_block) {
      writing_ = true;
      socket_.async_wait(
          tcp::socket::wait_write,
          [self = shared_from_this()](const error_code& waited) { self->OnWritable(waited); });
      return false;
    }
    // What the peer said before it closed is still read, and explains more than the failed write.
    if (error) {
      broken_ = true;
      return false;
    }
  }
  return true;
}

std::string_view H2Connection::outgoing() const {
  return tls_ ? tls_->output() : std::string_view(out_).substr(written_);
}

void H2Connection::Sent(size_t size) {
  if (tls_) return tls_->Sent(size);
  written_ += size;
  if (written_ < out_.size()) return;
  out_.clear();
  written_ = 0;
}

void H2Connection::OnWritable(const error_code& error) {
  writing_ = false;
  if (closed_) return;
  if (error) return Close(Lost(error));
  if (WriteOut()) OnWantWrite();
}

absl::Status H2Connection::Lost(const error_code& error) const {
  const std::string& who = endpoint_.address_text;
  if (tls_ && !connected_) return Unreachable(Cat(who, ": closed within the TLS handshake"));
  if (!connected_) return Unreachable(Cat(who, ": ", error.message()));
  if (!ready_) return Unreachable(Cat(who, ": closed before HTTP/2's SETTINGS"));
  return Reset(absl::StatusCode::kUnavailable, Cat(who, ": connection lost: ", error.message()));
}

void H2Connection::Close(absl::Status why) {
  if (std::exchange(closed_, true)) return;
  const std::shared_ptr<H2Connection> keep = shared_from_this();
  connect_timer_.Disarm();
  idle_timer_.Disarm();
  age_timer_.Disarm();
  keepalive_timer_.Disarm();
  if (tls_ && !broken_ && !writing_) {
    // What is not taken at once is not worth waiting for.
    tls_->Goodbye();
    WriteOut();
  }
  error_code ignored;
  socket_.close(ignored);
  if (!ready_ && !WasNeverSent(why)) why = Unreachable(Std(why.message()));
  if (owner_) std::exchange(owner_, nullptr)->OnClosed(*this, why, useful());
  if (!WasNeverSent(why)) MarkLost(why);
  session_.FailAll(why);
}

bool H2Connection::useful() const {
  return session_.answered() || (ready_ && loop_.Now() - ready_at_ > kLongLife);
}

void H2Connection::Abandon() {
  owner_ = nullptr;
  // What is on it may have been acted on; what was not sent yet is told so by the session.
  Close(Reset(absl::StatusCode::kUnavailable, "the transport was closed"));
}

void H2Connection::Retire() {
  if (closed_ || std::exchange(retired_, true)) return;
  idle_timer_.Disarm();
  age_timer_.Disarm();
  session_.SayGoodbye();
}

void H2Connection::OnSettings() {
  if (!std::exchange(ready_, true)) {
    connect_timer_.Disarm();
    ready_at_ = idle_since_ = loop_.Now();
    loop_.Arm(idle_timer_, loop_.Now() + settings_.idle_timeout);
    if (max_age_ != Duration::max()) loop_.Arm(age_timer_, loop_.Now() + max_age_);
    loop_.Arm(keepalive_timer_, loop_.Now() + MostSilence());
    if (owner_) owner_->OnReady(*this);
    return;
  }
  if (owner_) owner_->OnRoom();
}

void H2Connection::OnGoaway(uint32_t http2_error, std::string_view debug) {
  constexpr uint32_t kEnhanceYourCalm = 0xb;
  const bool calm = http2_error == kEnhanceYourCalm && debug == "too_many_pings";
  if (owner_)
    owner_->OnRetired(*this, calm ? Owner::Retired::kTooManyPings : Owner::Retired::kByPeer);
}

void H2Connection::OnStreamClosed() {
  if (keepalive_interval_ == Duration::zero() && session_.answers() != answers_at_ping_) {
    ping_sent_ = false;
  }
  if (session_.streams() == 0) idle_since_ = loop_.Now();
  if (UsedUp()) RetireItself();
  if (owner_) owner_->OnRoom();
}

void H2Connection::OnConnectTimeout() {
  if (tls_ && !connected_) return FailTls("no TLS handshake within the time to connect");
  Close(Unreachable(connected_ ? "no SETTINGS within the time to connect"
                               : "no connection within the time to connect"));
}

void H2Connection::OnIdleTimer() {
  const TimePoint now = loop_.Now();
  const bool idle = session_.streams() == 0;
  if (idle && now - idle_since_ >= settings_.idle_timeout) return RetireItself();
  loop_.Arm(idle_timer_, (idle ? idle_since_ : now) + settings_.idle_timeout);
}

void H2Connection::OnAgeTimer() { RetireItself(); }

void H2Connection::RetireItself() {
  if (retired_) return;
  if (owner_) owner_->OnRetired(*this, Owner::Retired::kByUs);
  Retire();
}

// Without keepalive one PING is sent in each silence: where the peer's machine is gone it is the
// data that nobody acknowledges, when all else had arrived before. gRPC servers allow for two
// between two answers, and calls that are ended here are none.
Duration H2Connection::MostSilence() const {
  return keepalive_interval_ > Duration::zero() ? keepalive_interval_
                                                : settings_.unacknowledged_timeout / 2;
}

void H2Connection::OnKeepaliveTimer() {
  const TimePoint now = loop_.Now();
  const bool keepalive = keepalive_interval_ > Duration::zero();
  if (keepalive && ping_sent_) {
    return Close(Reset(absl::StatusCode::kUnavailable, "the back end does not answer PING"));
  }
  const bool waits = session_.streams() > 0 && !ping_sent_;
  if (waits && now - last_read_ >= MostSilence()) {
    session_.Ping();
    ping_sent_ = true;
    answers_at_ping_ = session_.answers();
    loop_.Arm(keepalive_timer_, now + (keepalive ? settings_.keepalive_timeout : MostSilence()));
    return;
  }
  // With calls in flight it is the silence that has a limit, not the time between two looks.
  loop_.Arm(keepalive_timer_, (waits ? last_read_ : now) + MostSilence());
}

}  // namespace frontdesk::upstream
