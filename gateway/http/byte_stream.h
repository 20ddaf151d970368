// The bytes of one connection, as they are or within TLS. Readiness, not completion: a transfer is
// tried at once and says whether it would have to wait, so that an idle connection lends no buffer
// to the kernel and TLS fits behind the same few operations.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "gateway/http/poller.h"
#include "gateway/tls/session.h"

namespace frontdesk::http {

struct Transfer {
  enum class Outcome { kBytes, kWouldBlock, kEnd, kBroken };
  Outcome outcome = Outcome::kBroken;
  size_t bytes = 0;  // only with kBytes, and then more than 0
  // Another read may bring something without further notice.
  bool more = false;
};

// Owns the socket. One loop only.
class ByteStream {
 public:
  // `fd` is a connected, non-blocking socket whose events go to `watched`, first of all one that
  // says what is there already.
  ByteStream(Poller& poller, int fd, Watched& watched)
      : poller_(poller), watched_(watched), fd_(fd) {
    if (!poller_.Watch(fd_, watched_)) Close();
  }
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  ~ByteStream() { Close(); }

  // From here on within TLS, whose handshake comes first. Nothing was read or written before.
  void Secure(std::shared_ptr<const tls::Context> context) {
    session_ = tls::Session::Server(std::move(context), fd_);
  }
  // Null when there is no TLS, or no more.
  const tls::Session* session() const { return session_.get(); }
  // Goes on with the handshake; what it has to say is sent as far as the socket takes it.
  tls::Session::Outcome Handshake();
  // What comes from now on is no TLS; what was received of it is forgotten.
  void Unsecure() { session_.reset(); }

  // kEnd: the peer will send nothing more.
  Transfer Read(char* into, size_t size) {
    if (session_) return ReadSecure(into, size);
    Transfer got = Result(::recv(fd_, into, size, 0));
    // Less than there was room for was all; the end would follow unannounced.
    got.more = got.bytes == size;
    return got;
  }
  // What was taken of the pieces, at least some unless it has to wait. Within TLS it may still be
  // unsent() here: then the next Write(), be it of nothing, goes on with it.
  Transfer Write(const iovec* pieces, size_t count) {
    if (session_) return WriteSecure(pieces, count);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = count;
    const Transfer sent = Result(::sendmsg(fd_, &message, MSG_NOSIGNAL));
    return sent.outcome == Transfer::Outcome::kEnd ? Transfer() : sent;
  }
  // Bytes that were taken, and not by the socket. A Read() may bring some, too: TLS answers what is
  // no data, such as hellos that ask for new keys.
  size_t unsent() const { return session_ ? session_->output().size() : 0; }
  // With more than that nothing should be read: who asks and does not listen would fill our memory.
  static constexpr size_t kMostUnsent = 128 << 10;
  // Something to read, or the end, is there already.
  bool HasInput() const {
    char first;
    return ::recv(fd_, &first, 1, MSG_PEEK) >= 0;
  }

  // Tells the peer that all that was written is all there is, as far as there is a word for that:
  // within TLS an end without it means that something was cut. To be said before Close().
  void Goodbye();
  // The same, and ends what we send. What is read from now on comes as it is: it is thrown away.
  void ShutdownWrite() {
    Goodbye();
    Unsecure();
    ::shutdown(fd_, SHUT_WR);
  }
  // No event comes after this.
  void Close() {
    if (fd_ < 0) return;
    poller_.Forget(watched_);
    ::close(std::exchange(fd_, -1));
  }
  // Closes with a reset, so that the peer cannot take what it got for the whole.
  void Reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    Close();
  }
  bool open() const { return fd_ >= 0; }

 private:
  static Transfer Result(ssize_t bytes) {
    using Outcome = Transfer::Outcome;
    if (bytes > 0) return {Outcome::kBytes, static_cast<size_t>(bytes)};
    if (bytes == 0) return {Outcome::kEnd, 0};
    const bool again = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    return {again ? Outcome::kWouldBlock : Outcome::kBroken, 0};
  }
  Transfer ReadSecure(char* into, size_t size);
  Transfer WriteSecure(const iovec* pieces, size_t count);
  // False when the socket broke.
  bool SendOutput();

  Poller& poller_;
  Watched& watched_;
  int fd_;
  std::unique_ptr<tls::Session> session_;
};

}  // namespace frontdesk::http
