// Whether an end point can be reached, as all workers of the process know it together.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"

namespace frontdesk::upstream {

class Transport;

enum class Connection : uint8_t {
  kIdle,  // there is none, and nobody makes one
  kConnecting,
  kConnected,
  kFailing,  // the last attempt to connect failed, and none has succeeded since
};

// What one worker has, by the transport's own word.
Connection ConnectionOf(const Transport& transport);

// Attempts to connect that failed since one has last succeeded, on whichever worker. Of transports
// whose library connects by itself these are the failures that a worker has seen.
struct ConnectFailures {
  uint64_t count = 0;
  TimePoint first{};
  TimePoint last{};
  std::string why;  // of the last one; at most kMostWhy bytes

  static constexpr size_t kMostWhy = 256;
};

// Guarded by whoever has it.
class Reachability {
 public:
  // What is worth a line of the log.
  enum class News { kNone, kUnreachable, kConnected };

  // What a worker has went from `before` to `now`; where both are kFailing, an attempt of its
  // failed once more. `why` is of the failure. An end point that comes and goes is told of at most
  // once a minute, and that it is connected only after it was told of: so the log's last word on it
  // is not wrong for longer than that, while somebody tries.
  News Change(Connection before, Connection now, std::string_view why, TimePoint at);

  // Connected while any worker is; failing while none is and what was tried last has failed.
  Connection connection() const;
  // count is 0 when there are none.
  const ConnectFailures& failures() const { return failures_; }

 private:
  std::array<size_t, 4> workers_{};  // by Connection; those that are kIdle are not counted
  ConnectFailures failures_;
  bool told_ = false;  // of these failures
  TimePoint told_at_ = TimePoint::min();
};

}  // namespace frontdesk::upstream
