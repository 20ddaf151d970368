// What a client may ask of a listener: the Limits of config.proto that concern HTTP, with the
// defaults that are safe at the edge.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "gateway/base/clock.h"

namespace frontdesk::http {

struct ServerLimits {
  uint32_t header_bytes = 64 << 10;  // all field lines of a head together; above it 431
  uint32_t header_fields = 100;      // above it 431
  uint32_t target_bytes = 8 << 10;   // above it 414
  uint64_t body_bytes = 4 << 20;     // above it 413

  // For a whole head, counted from its first byte (the first one from the connection's start).
  Duration header_timeout = std::chrono::seconds(10);  // 408
  // A body may keep us waiting for `body_grace` and for its size at this rate, in bytes per second.
  // Who sends faster saves up no more than `body_saved`, which a phone takes to change its network.
  uint32_t body_rate = 1024;
  Duration body_grace = std::chrono::seconds(5);
  Duration body_saved = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(60);  // between requests
  Duration send_timeout = std::chrono::seconds(30);  // without the client reading anything
  // How long and how much is read and thrown away after an answer that ends the connection, so
  // that a reset does not overtake the answer.
  Duration linger_timeout = std::chrono::seconds(2);
  uint64_t linger_bytes = 1 << 20;
  // An unread body up to this size is read and dropped to keep the connection; above it, closed.
  uint64_t unread_body_bytes = 64 << 10;

  uint32_t connections = 20000;  // per process; above it idle ones make room, or new ones wait
};

}  // namespace frontdesk::http
