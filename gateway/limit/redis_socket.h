// hiredis on an event loop: one connection to one Redis, commands written together once per turn.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/loop.h"

namespace frontdesk::limit {

// What Redis said. A list holds integers only, or it is an error.
struct RedisReply {
  std::string error;  // "" when there is none
  std::string text;
  std::vector<int64_t> integers;
};

// On one loop. Never waits by itself: what takes too long is given up by whoever owns it.
class RedisSocket {
 public:
  using OnReply = std::function<void(RedisReply)>;

  // Begins to connect; `host` is numeric. `connected` is called once unless it fails, `closed` once
  // at the end, whoever ended it, after every command's OnReply. None of them before this returns;
  // they may destroy nothing of this.
  RedisSocket(Loop& loop, const std::string& host, uint16_t port, std::function<void()> connected,
              std::function<void(const std::string& why)> closed);
  RedisSocket(const RedisSocket&) = delete;
  RedisSocket& operator=(const RedisSocket&) = delete;
  ~RedisSocket();

  // Commands are carried out in order. `reply` is called once, also when the connection ends.
  void Send(const std::vector<std::string>& words, OnReply reply);
  void Close(const std::string& why);

 private:
  class Adapter;
  const std::shared_ptr<Adapter> adapter_;
};

}  // namespace frontdesk::limit
