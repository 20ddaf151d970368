// A connection that a thread makes for one request, and that never takes longer than it may:
// connecting, the handshake of TLS, and each byte count towards one deadline.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/tls/session.h"

namespace frontdesk::identity {

// When to give up.
struct Patience {
  TimePoint deadline;  // of Clock
  int stop = -1;       // a descriptor that becomes readable when nobody wants an answer any more
};

// Blocking; one thread at a time. All failures are UNAVAILABLE, with what has happened, or
// CANCELLED.
class ClientConnection {
 public:
  // `address` is numeric. `context` is null for none of TLS; else the server must prove to be
  // `host`.
  static absl::StatusOr<std::unique_ptr<ClientConnection>> Open(
      const std::string& address, uint16_t port, std::shared_ptr<const tls::Context> context,
      std::string_view host, std::shared_ptr<tls::Resumption> resumption, const Patience& patience);
  ~ClientConnection();
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  absl::Status Write(std::string_view bytes);
  // Some bytes, until the next call; none at the end. `cleanly`, then: nothing was cut off.
  absl::StatusOr<std::string_view> Read(bool& cleanly);

 private:
  ClientConnection(int fd, const Patience& patience) : fd_(fd), patience_(patience) {}

  absl::Status Wait(short events);
  absl::Status SendAll(std::string_view bytes);
  absl::Status SendOutput();
  absl::StatusOr<size_t> Receive();
  absl::Status ShakeHands();

  const int fd_;
  const Patience patience_;
  std::unique_ptr<tls::Session> tls_;
  std::string received_ = std::string(16 << 10, '\0');
  std::string plain_ = std::string(16 << 10, '\0');
  bool pending_ = false;  // tls_ may have more without the socket's help
};

}  // namespace frontdesk::identity
