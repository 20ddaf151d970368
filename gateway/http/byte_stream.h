// The bytes of one connection. Readiness, not completion: a transfer is tried at once and says
// whether it would have to wait, so that an idle connection lends no buffer to the kernel and TLS
// fits behind the same few operations.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "gateway/http/poller.h"

namespace frontdesk::http {

struct Transfer {
  enum class Outcome { kBytes, kWouldBlock, kEnd, kBroken };
  Outcome outcome = Outcome::kBroken;
  size_t bytes = 0;  // only with kBytes, and then more than 0
};

// Plain TCP. Owns the socket. One loop only.
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

  // kEnd: the peer will send nothing more.
  Transfer Read(char* into, size_t size) { return Result(::recv(fd_, into, size, 0)); }
  Transfer Write(const iovec* pieces, size_t count) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = count;
    const Transfer sent = Result(::sendmsg(fd_, &message, MSG_NOSIGNAL));
    return sent.outcome == Transfer::Outcome::kEnd ? Transfer() : sent;
  }
  // Something to read, or the end, is there already.
  bool HasInput() const {
    char first;
    return ::recv(fd_, &first, 1, MSG_PEEK) >= 0;
  }

  void ShutdownWrite() { ::shutdown(fd_, SHUT_WR); }
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

  Poller& poller_;
  Watched& watched_;
  int fd_;
};

}  // namespace frontdesk::http
