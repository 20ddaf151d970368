// Where clients come in: one listener per worker on a shared port (SO_REUSEPORT).
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "gateway/base/byte_room.h"
#include "gateway/base/loop.h"
#include "gateway/http/connection_share.h"
#include "gateway/http/message.h"
#include "gateway/http/server_limits.h"
#include "gateway/http/worker.h"
#include "gateway/observe/metrics.h"

namespace frontdesk::http {

// Fails when somebody listens there already, which SO_REUSEPORT would hide.
absl::Status CheckPortIsFree(const std::string& address, uint16_t port);

// A connected, non-blocking socket on its way to a worker, which owns it once it has adopted it.
struct Accepted {
  int fd = -1;
  std::string peer_address;  // numeric
  uint16_t peer_port = 0;
};

// Everything on its loop. Destroyed only after connections() is 0: Abort(), then run the loop.
class Listener final : private ConnectionObserver, private Timer {
 public:
  // Has something done with the listener of another worker, on its loop (Loop::Post).
  using Elsewhere = std::function<void(size_t worker, std::function<void(Listener&)> work)>;

  // `handler` and `share` outlive the listener. Without `elsewhere` it keeps what it accepts.
  Listener(Loop& loop, Handler& handler, const ServerLimits& limits, ConnectionShare& share,
           size_t worker, Elsewhere elsewhere = nullptr);
  ~Listener() override;

  // Open connections are counted there; `metrics` belongs to this loop and outlives the listener.
  void CountIn(observe::MetricsShard& metrics) { metrics_ = &metrics; }
  // Tells `lateness`, which outlives the listener, how late its loop serves clients. While that is
  // late one newcomer is accepted each moment; while it is very late requests are read when nothing
  // else is left to do, too.
  void Watch(Lateness& lateness);
  // What is held of large heads is taken of `room`, which outlives the listener; who finds none
  // there is answered 503.
  void HoldIn(ByteRoom& room) { worker_.room = &room; }
  // Clients speak TLS here, with what `credentials`, which outlive the listener, have at the time.
  // A handshake is given up after `timeout`. Before Open().
  void Secure(tls::Credentials& credentials, Duration timeout);
  // Listens on a numeric address. Port 0 takes a free one, which the other workers then open.
  absl::Status Open(const std::string& address, uint16_t port, int backlog = 1024);
  uint16_t port() const { return port_; }

  // Serves a socket that another worker accepted.
  void Adopt(Accepted accepted);

  // The steps of an orderly end. From Drain() on every answer ends its connection, while new
  // connections are still taken: whoever sends them may not have heard yet.
  void Drain();
  // Nobody new gets through from here on: their SYN is dropped. Who has shaken hands, or is about
  // to end that, is still taken. All workers at the same time, since the kernel spreads new
  // connections over the listeners.
  void StopNewcomers();
  // Takes what waits in the backlog, then closes the port; the next SYN is refused. Some time after
  // StopNewcomers(), so that no handshake is cut in its middle.
  void StopAccepting();
  // Ends connections on which no request has been in flight for so long. A fresh one needs a moment
  // until its first request is here.
  void CloseIdle(Duration idle_for = Duration::zero());
  // Ends everything; the requests in flight are cancelled.
  void Abort();
  // Spare buffers that no connection has needed since the last time are let go of.
  void DropUnusedBuffers();

  // Open connections of this worker, those included that still finish their last answer.
  size_t connections() const { return worker_.connections.size(); }
  bool accepting() const { return acceptor_.is_open(); }

 private:
  void WaitForClients();
  void TakeSome();
  // False when the backlog is empty or accepting has to pause.
  bool AcceptOne(bool beyond_share = false);
  bool IsLate() const;
  void Take(Accepted accepted);
  void Serve(Accepted accepted);
  void Pause(Duration time);
  void MakeRoom();
  size_t ShedIdle(size_t most, Duration idle_for);
  void OnHandshake(bool resumed) override;
  void OnHandshakeFailed(tls::Trouble trouble, const std::string& peer_address,
                         const std::string& why) override;
  void OnClosed() override;
  void OnTimer() override;

  Worker worker_;
  ConnectionShare& share_;
  const size_t index_;
  const Elsewhere elsewhere_;
  boost::asio::posix::stream_descriptor acceptor_;
  observe::MetricsShard* metrics_ = nullptr;
  Lateness* lateness_ = nullptr;
  uint16_t port_ = 0;
  TimePoint told_failure_{};  // of a handshake, in the log
  uint64_t untold_failures_ = 0;
  bool paused_ = false;  // not waiting for clients: at the cap, late, or out of descriptors
};

}  // namespace frontdesk::http
