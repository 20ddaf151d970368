// The keys under which clients keep their sessions for us (RFC 5077, RFC 8446 section 4.6.1).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/mutex.h"

namespace frontdesk::tls {

struct TicketKey {
  std::array<uint8_t, 16> name{};
  std::array<uint8_t, 32> cipher{};  // AES-256
  std::array<uint8_t, 32> mac{};     // HMAC-SHA-256
};

// One per process, shared by all workers and by every reload of certificates, so that a session is
// resumed wherever its client comes back. Kept in memory only: a restarted gateway, or another one,
// shakes hands in full. Any thread; locks are short, and taken once in a handshake.
class TicketKeys {
 public:
  // A key seals tickets for one period and opens them for as long as they live after that.
  static constexpr std::chrono::hours kPeriod{1};
  static constexpr std::chrono::hours kLifetime{2};  // of a ticket

  explicit TicketKeys(std::function<TimePoint()> now = Clock::now) : now_(std::move(now)) {}

  // Seals from now on.
  TicketKey Current();
  struct Found {
    TicketKey key;
    bool is_current;  // otherwise the client should have a new ticket
  };
  // Nothing for a ticket of another process, or one too old.
  std::optional<Found> Find(const uint8_t* name);

 private:
  void Rotate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  struct Aged {
    TicketKey key;
    TimePoint made;
  };
  const std::function<TimePoint()> now_;
  Mutex mutex_;
  std::vector<Aged> keys_ ABSL_GUARDED_BY(mutex_);  // the newest last
};

}  // namespace frontdesk::tls
