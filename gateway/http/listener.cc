#include "gateway/http/listener.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/http/connection.h"
#include "gateway/observe/log.h"

namespace frontdesk::http {
namespace {

// Connections taken before those that are open have their turn. Few: where turns are long, more
// come in each than a turn can do, before the loop knows that it is late.
constexpr int kAcceptsPerTurn = 8;
constexpr std::chrono::milliseconds kPause{50};
// How many idle connections make room at once where there are as many as there may be, and since
// when they must be idle: whoever asks now and then is not sent away after each answer.
constexpr size_t kMostShed = 32;
constexpr std::chrono::seconds kIdleEnough{1};
// Between two newcomers while late: a full backlog is gone through in seconds, and what
// accepting costs is not to be seen.
constexpr std::chrono::milliseconds kLatePause{5};
// Between two lines in the log.
constexpr std::chrono::seconds kTellFailures{1};

absl::Status SystemFailure(std::string_view what, int error) {
  return Failure(absl::StatusCode::kUnavailable, "LISTEN", Cat(what, ": ", std::strerror(error)),
                 Origin::kGateway);
}

// Options that accepted sockets inherit are set here once instead of on each of them.
int Configure(int fd, int family, bool shared) {
  const int on = 1, off = 0, idle_seconds = 60, interval_seconds = 10, probes = 3;
  int failed = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) failed |= setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  failed |= setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  failed |= setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  failed |= setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
  failed |= setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_seconds, sizeof interval_seconds);
  failed |= setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  if (family == AF_INET6) failed |= setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  return failed;
}

uint16_t PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::string AddressOf(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return text.data();
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

bool SomebodyWaits(int listening) {
  pollfd wanted{listening, POLLIN, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

// A bound socket; `shared` lets others of the same user bind it as well.
absl::StatusOr<int> Bind(const std::string& address, uint16_t port, bool shared) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), Cat(port).c_str(), &hints, &found) != 0) {
    return Failure(absl::StatusCode::kInvalidArgument, "LISTEN",
                   Cat("not a numeric address: ", address), Origin::kGateway);
  }
  const std::string where = Cat(address, " port ", port);
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const bool bound = fd >= 0 && Configure(fd, found->ai_family, shared) == 0 &&
                     ::bind(fd, found->ai_addr, found->ai_addrlen) == 0;
  const int error = errno;
  freeaddrinfo(found);
  if (bound) return fd;
  if (fd >= 0) ::close(fd);
  return SystemFailure(where, error);
}

}  // namespace

absl::Status CheckPortIsFree(const std::string& address, uint16_t port) {
  const absl::StatusOr<int> fd = Bind(address, port, false);
  if (!fd.ok()) return fd.status();
  ::close(*fd);
  return absl::OkStatus();
}

Listener::Listener(Loop& loop, Handler& handler, const ServerLimits& limits, ConnectionShare& share,
                   size_t worker, Elsewhere elsewhere)
    : worker_(loop, handler, limits),
      share_(share),
      index_(worker),
      elsewhere_(std::move(elsewhere)),
      acceptor_(loop.io()) {
  worker_.observer = this;
}

Listener::~Listener() = default;

absl::Status Listener::Open(const std::string& address, uint16_t port, int backlog) {
  const absl::StatusOr<int> opened = Bind(address, port, true);
  if (!opened.ok()) return opened.status();
  const int fd = *opened;
  if (::listen(fd, backlog) != 0) {
    const int error = errno;
    ::close(fd);
    return SystemFailure(Cat(address, " port ", port), error);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
  port_ = PortOf(bound);
  acceptor_.assign(fd);
  WaitForClients();
  return absl::OkStatus();
}

void Listener::WaitForClients() {
  paused_ = false;
  acceptor_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (error || !acceptor_.is_open()) return;
                         TakeSome();
                         if (!paused_) WaitForClients();
                       });
}

void Listener::TakeSome() {
  const bool late = IsLate();
  const int most = late ? 1 : kAcceptsPerTurn;
  int taken = 0;
  while (taken < most && AcceptOne()) ++taken;
  // Nobody new at all would leave probes without an answer for as long as those that are connected
  // ask as fast as they can.
  if (late && taken > 0) Pause(kLatePause);
}

void Listener::Watch(Lateness& lateness) {
  lateness_ = &lateness;
  worker_.poller.Measure(lateness);
}

void Listener::Secure(tls::Credentials& credentials, Duration timeout) {
  worker_.tls = &credentials;
  worker_.handshake_timeout = timeout;
}

// Already by once the limit: those who have been let in when it is twice that stay, and each of
// them makes it later.
bool Listener::IsLate() const {
  // Who waits when the port is about to close is not left waiting.
  return lateness_ && !worker_.draining &&
         lateness_->level(worker_.loop.Now()) != Lateness::Level::kNone;
}

bool Listener::AcceptOne(bool beyond_share) {
  if (share_.full() && !beyond_share) {
    if (SomebodyWaits(acceptor_.native_handle())) MakeRoom();
    Pause(kPause);
    return false;
  }
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  const int fd = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    Take({fd, AddressOf(peer), PortOf(peer)});
    return true;
  }
  switch (errno) {
    case EAGAIN:
      return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      // Linux says so even when nobody waits. When somebody does, the backlog stays readable:
      // waiting for it again at once would spin.
      if (!SomebodyWaits(acceptor_.native_handle())) return false;
      ShedIdle(1, Duration::zero());
      Pause(kPause);
      return false;
    default:
      return true;  // this client has gone; the next may not have
  }
}

void Listener::Take(Accepted accepted) {
  const size_t chosen = elsewhere_ ? share_.Choose(index_) : index_;
  share_.Opened(chosen);
  if (chosen == index_) {
    Serve(std::move(accepted));
  } else {
    elsewhere_(chosen, [taken = std::move(accepted)](Listener& other) { other.Adopt(taken); });
  }
}

void Listener::Adopt(Accepted accepted) { Serve(std::move(accepted)); }

void Listener::Serve(Accepted accepted) {
  if (metrics_) metrics_->AddConnections(1);
  Connection::Start(worker_, accepted.fd, std::move(accepted.peer_address), accepted.peer_port);
}

void Listener::Pause(Duration time) {
  paused_ = true;
  worker_.loop.Arm(*this, worker_.loop.Now() + time);
}

void Listener::OnTimer() {
  if (paused_ && acceptor_.is_open()) WaitForClients();
}

// The connections that have been idle longest make room for those that have something to ask. Where
// this worker has none, others have.
void Listener::MakeRoom() {
  if (ShedIdle(kMostShed, kIdleEnough) > 0 || !elsewhere_) return;
  for (size_t i = 0; i < share_.workers(); ++i) {
    if (i == index_) continue;
    elsewhere_(i, [](Listener& other) {
      if (other.share_.full()) other.ShedIdle(1, kIdleEnough);
    });
  }
}

size_t Listener::ShedIdle(size_t most, Duration idle_for) {
  const TimePoint since = worker_.loop.Now() - idle_for;
  std::vector<Connection*> idle;
  for (Connection* connection : worker_.connections) {
    if (connection->idle() && connection->idle_since() <= since) idle.push_back(connection);
  }
  const size_t count = std::min(most, idle.size());
  std::partial_sort(
      idle.begin(), idle.begin() + static_cast<ptrdiff_t>(count), idle.end(),
      [](const Connection* a, const Connection* b) { return a->idle_since() < b->idle_since(); });
  for (size_t i = 0; i < count; ++i) idle[i]->CloseIfIdle();
  return count;
}

void Listener::OnHandshake(bool resumed) {
  if (metrics_) metrics_->OnHandshake(resumed ? "resumed" : "full");
}

void Listener::OnHandshakeFailed(tls::Trouble trouble, const std::string& peer_address,
                                 const std::string& why) {
  if (metrics_) metrics_->OnHandshake(tls::NameOf(trouble));
  // Anybody can make them fail as fast as they like; one line in a moment is enough to learn why.
  ++untold_failures_;
  const TimePoint now = worker_.loop.Now();
  if (now < told_failure_ + kTellFailures) return;
  told_failure_ = now;
  const uint64_t more = std::exchange(untold_failures_, 0) - 1;
  observe::LogInfo(Cat("TLS handshake with ", peer_address, " failed: ", why,
                       more > 0 ? Cat(" (and ", more, " more since the last such line)") : ""));
}

void Listener::OnClosed() {
  if (metrics_) metrics_->AddConnections(-1);
  share_.Closed(index_);
}

void Listener::Drain() { worker_.draining = true; }

void Listener::StopNewcomers() {
  Drain();
  if (!acceptor_.is_open()) return;
  // The filter sees packets from the TCP header on. It must not drop the last ACK of a handshake:
  // that client believes to be connected, and closing the port would reset it, request and all.
  constexpr uint32_t kFlagsAt = 13, kSyn = 0x02, kAck = 0x10, kDrop = 0, kKeep = 0xffffffff;
  sock_filter steps[] = {
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, kFlagsAt},
      {BPF_ALU | BPF_AND | BPF_K, 0, 0, kSyn | kAck},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, kSyn},
      {BPF_RET | BPF_K, 0, 0, kDrop},
      {BPF_RET | BPF_K, 0, 0, kKeep},
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(steps)), steps};
  setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

void Listener::StopAccepting() {
  Drain();
  if (!acceptor_.is_open()) return;
  // Also beyond the share of connections: whoever is left in the queue would be reset.
  while (AcceptOne(true)) {
  }
  Disarm();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

void Listener::CloseIdle(Duration idle_for) {
  const TimePoint since = worker_.loop.Now() - idle_for;
  // Closing changes the set only later, when the connection's coroutine ends; a copy all the same.
  const std::vector<Connection*> all(worker_.connections.begin(), worker_.connections.end());
  for (Connection* connection : all) {
    if (connection->idle_since() <= since) connection->CloseIfIdle();
  }
}

void Listener::Abort() {
  Drain();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  Disarm();
  const std::vector<Connection*> all(worker_.connections.begin(), worker_.connections.end());
  for (Connection* connection : all) connection->Abort();
}

void Listener::DropUnusedBuffers() {
  worker_.blocks.DropUnused();
  worker_.texts.DropUnused();
}

}  // namespace frontdesk::http
