// The bytes of one connection. Readiness, not completion: a transfer is tried at once and says
// whether it would have to wait, so that an idle connection lends no buffer to the kernel and TLS
// fits behind the same four operations.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace frontdesk::http {

struct Transfer {
  enum class Outcome { kBytes, kWouldBlock, kEnd, kBroken };
  Outcome outcome = Outcome::kBroken;
  size_t bytes = 0;  // only with kBytes, and then more than 0
};

// Plain TCP. Owns the socket. One loop only.
class ByteStream {
 public:
  // `fd` is a connected, non-blocking socket.
  ByteStream(boost::asio::io_context& io, int fd) : descriptor_(io, fd) {}

  // kEnd: the peer will send nothing more.
  Transfer Read(char* into, size_t size) {
    return Result(::recv(descriptor_.native_handle(), into, size, 0));
  }
  Transfer Write(const iovec* pieces, size_t count) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = count;
    const Transfer sent = Result(::sendmsg(descriptor_.native_handle(), &message, MSG_NOSIGNAL));
    return sent.outcome == Transfer::Outcome::kEnd ? Transfer() : sent;
  }

  // Something to read, or the end, is there already.
  bool HasInput() {
    char first;
    return ::recv(descriptor_.native_handle(), &first, 1, MSG_PEEK) >= 0;
  }

  // Calls `handler(boost::system::error_code)` once when a transfer is worth trying; with an error
  // after Close(). At most one wait of each kind at a time.
  template <class Handler>
  void WhenReadable(Handler&& handler) {
    descriptor_.async_wait(Wait::wait_read, std::forward<Handler>(handler));
  }
  template <class Handler>
  void WhenWritable(Handler&& handler) {
    descriptor_.async_wait(Wait::wait_write, std::forward<Handler>(handler));
  }

  void ShutdownWrite() { ::shutdown(descriptor_.native_handle(), SHUT_WR); }
  void Close() {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
  }
  // Closes with a reset, so that the peer cannot take what it got for the whole.
  void Reset() {
    const linger now{1, 0};
    ::setsockopt(descriptor_.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    Close();
  }
  bool open() const { return descriptor_.is_open(); }

 private:
  using Wait = boost::asio::posix::descriptor_base;

  static Transfer Result(ssize_t bytes) {
    using Outcome = Transfer::Outcome;
    if (bytes > 0) return {Outcome::kBytes, static_cast<size_t>(bytes)};
    if (bytes == 0) return {Outcome::kEnd, 0};
    const bool again = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    return {again ? Outcome::kWouldBlock : Outcome::kBroken, 0};
  }

  boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace frontdesk::http
