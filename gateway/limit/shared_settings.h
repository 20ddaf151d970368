// How limits are shared through a Redis, from the configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "gateway/base/mechanism/backoff.h"

namespace frontdesk::limit {

struct RedisSettings {
  std::string password;  // "" for none
  uint32_t database = 0;
  // Longest time that a request waits for an answer.
  Duration timeout = std::chrono::milliseconds(10);
  Duration connect_timeout = std::chrono::seconds(1);
  // A connection that says nothing for so long, though it was asked, is given up.
  Duration silence = std::chrono::seconds(1);
  Backoff reconnect{std::chrono::milliseconds(50), std::chrono::seconds(1), 2};
};

struct SharedSettings {
  RedisSettings redis;
  std::string name;                       // of the Redis, for the log
  std::string key_prefix = "frontdesk:";  // of every key
  // While Redis does not answer: true: this process allows `1 / instances` of every limit by
  // itself; false: requests are answered kUnavailable.
  bool open = true;
  uint32_t instances = 1;
  size_t bytes = 64 << 20;  // of this process' memory, for grants and for buckets of its own
};

}  // namespace frontdesk::limit
