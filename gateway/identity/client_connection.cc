#include "gateway/identity/client_connection.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "gateway/base/text.h"

namespace frontdesk::identity {
namespace {

using Outcome = tls::Session::Outcome;

absl::Status Broken(std::string_view what) { return absl::UnavailableError(Absl(what)); }
absl::Status Broken(std::string_view what, int error) {
  return Broken(Cat(what, ": ", std::generic_category().message(error)));
}

struct AddressFreed {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

absl::StatusOr<std::unique_ptr<ClientConnection>> ClientConnection::Open(
    const std::string& address, uint16_t port, std::shared_ptr<const tls::Context> context,
    std::string_view host, std::shared_ptr<tls::Resumption> resumption, const Patience& patience) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), Cat(port).c_str(), &hints, &found) != 0) {
    return Broken("is no address");
  }
  const std::unique_ptr<addrinfo, AddressFreed> list(found);
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Broken("no socket", errno);
  std::unique_ptr<ClientConnection> connection(new ClientConnection(fd, patience));
  if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return Broken("cannot be connected to", errno);
    const absl::Status connected = connection->Wait(POLLOUT);
    if (!connected.ok()) return connected;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return Broken("cannot be connected to", error);
  }
  if (context) {
    connection->tls_ = tls::Session::Client(std::move(context), host, std::move(resumption));
    const absl::Status shaken = connection->ShakeHands();
    if (!shaken.ok()) return shaken;
  }
  return connection;
}

ClientConnection::~ClientConnection() {
  if (tls_) {
    tls_->Goodbye();
    const std::string_view word = tls_->output();
    // Whoever does not take it now goes without.
    if (!word.empty()) static_cast<void>(send(fd_, word.data(), word.size(), MSG_NOSIGNAL));
  }
  close(fd_);
}

absl::Status ClientConnection::Wait(short events) {
  std::array<pollfd, 2> fds = {pollfd{fd_, events, 0}, pollfd{patience_.stop, POLLIN, 0}};
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(patience_.deadline - Clock::now()).count();
    if (left <= 0) return Broken("took too long");
    const int ready =
        poll(fds.data(), fds.size(), static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return Broken("cannot be waited for", errno);
    if (fds[1].revents != 0) return absl::CancelledError("the program ends");
    if (ready > 0) return absl::OkStatus();
  }
}

absl::Status ClientConnection::SendAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return Broken("cannot be written to", errno);
    const absl::Status ready = Wait(POLLOUT);
    if (!ready.ok()) return ready;
  }
  return absl::OkStatus();
}

absl::Status ClientConnection::SendOutput() {
  const size_t size = tls_->output().size();
  const absl::Status sent = SendAll(tls_->output());
  if (sent.ok()) tls_->Sent(size);
  return sent;
}

// Bytes into received_, 0 at the end.
absl::StatusOr<size_t> ClientConnection::Receive() {
  while (true) {
    // Looked at for each piece, so that whoever sends all the time does not go on for ever.
    const absl::Status ready = Wait(POLLIN);
    if (!ready.ok()) return ready;
    const ssize_t size = recv(fd_, received_.data(), received_.size(), 0);
    if (size >= 0) return static_cast<size_t>(size);
    if (errno != EINTR && errno != EAGAIN) return Broken("cannot be read from", errno);
  }
}

absl::Status ClientConnection::ShakeHands() {
  while (true) {
    const Outcome outcome = tls_->Handshake();
    if (outcome == Outcome::kFailed) {
      static_cast<void>(SendOutput());  // why, for the server
      return Broken(tls_->error());
    }
    const absl::Status sent = SendOutput();
    if (!sent.ok()) return sent;
    if (outcome == Outcome::kAgain) continue;
    if (outcome == Outcome::kDone) {
      pending_ = true;
      return absl::OkStatus();
    }
    const absl::StatusOr<size_t> size = Receive();
    if (!size.ok()) return size.status();
    if (*size == 0) return Broken("ended during the handshake of TLS");
    tls_->Feed(std::string_view(received_).substr(0, *size));
  }
}

absl::Status ClientConnection::Write(std::string_view bytes) {
  if (!tls_) return SendAll(bytes);
  if (!tls_->Write(bytes)) return Broken(tls_->error());
  return SendOutput();
}

absl::StatusOr<std::string_view> ClientConnection::Read(bool& cleanly) {
  cleanly = false;
  while (true) {
    if (tls_ && pending_) {
      size_t size = 0;
      const Outcome outcome = tls_->Read(plain_.data(), plain_.size(), size);
      if (outcome == Outcome::kBytes) return std::string_view(plain_).substr(0, size);
      if (outcome == Outcome::kAgain) continue;
      cleanly = outcome == Outcome::kEnd;
      if (outcome == Outcome::kEnd || outcome == Outcome::kCut) return std::string_view();
      if (outcome != Outcome::kWouldBlock) return Broken(tls_->error());
      pending_ = false;
      const absl::Status sent = SendOutput();
      if (!sent.ok()) return sent;
    }
    const absl::StatusOr<size_t> size = Receive();
    if (!size.ok()) return size.status();
    const std::string_view bytes = std::string_view(received_).substr(0, *size);
    if (!tls_ || bytes.empty()) {
      cleanly = !tls_;
      return bytes;
    }
    tls_->Feed(bytes);
    pending_ = true;
  }
}

}  // namespace frontdesk::identity
