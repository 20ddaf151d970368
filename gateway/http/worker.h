// What all connections of one loop share.
#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "gateway/base/byte_room.h"
#include "gateway/base/loop.h"
#include "gateway/base/spares.h"
#include "gateway/http/handshake_queue.h"
#include "gateway/http/input_buffer.h"
#include "gateway/http/message.h"
#include "gateway/http/poller.h"
#include "gateway/http/response_head.h"
#include "gateway/http/server_limits.h"
#include "gateway/tls/credentials.h"
#include "gateway/tls/session.h"

namespace frontdesk::http {

class Connection;

// Spare output buffers, so that an answer allocates nothing and an idle connection holds none.
class TextPool {
 public:
  std::string Take() { return spare_.Take(); }
  void Give(std::string text) {
    if (text.capacity() > kMostCapacity) return;
    text.clear();
    spare_.Give(std::move(text));
  }
  void DropUnused() { spare_.DropUnused(); }

 private:
  static constexpr size_t kMostSpare = 128;
  static constexpr size_t kMostCapacity = 64 << 10;
  Spares<std::string> spare_{kMostSpare};
};

// Told what becomes of connections.
class ConnectionObserver {
 public:
  virtual ~ConnectionObserver() = default;
  virtual void OnHandshake(bool resumed) = 0;
  virtual void OnHandshakeFailed(tls::Trouble trouble, const std::string& peer_address,
                                 const std::string& why) = 0;
  virtual void OnClosed() = 0;
};

struct Worker {
  Worker(Loop& the_loop, Handler& the_handler, const ServerLimits& the_limits)
      : loop(the_loop),
        handler(the_handler),
        limits(the_limits),
        poller(the_loop),
        handshakes(the_loop) {}

  Loop& loop;
  Handler& handler;
  const ServerLimits limits;
  Poller poller;
  HandshakeQueue handshakes;
  tls::Credentials* tls = nullptr;  // null when clients speak without TLS
  Duration handshake_timeout = std::chrono::seconds(10);
  ConnectionObserver* observer = nullptr;
  ByteRoom* room = nullptr;  // for large heads; null for as much as they like
  bool draining = false;     // every answer ends its connection
  BlockPool blocks;
  TextPool texts;
  DateCache date{[] { return std::time(nullptr); }};
  absl::flat_hash_set<Connection*> connections;
};

}  // namespace frontdesk::http
