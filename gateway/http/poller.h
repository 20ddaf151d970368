// Readiness of many sockets through one epoll of our own, waited for by the loop as a whole. A
// socket is registered once, edge-triggered, for everything: Asio's reactor wants a system call
// for each wait, which is a tenth of what a keep-alive request costs.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "gateway/base/loop.h"
#include "gateway/base/mechanism/lateness.h"
#include "gateway/http/queue_probe.h"

namespace frontdesk::http {

// Told when something has changed at its socket since it last found nothing more to do.
class Watched {
 public:
  Watched() = default;
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  virtual ~Watched() = default;

 private:
  friend class Poller;
  // EPOLL* bits. May close any socket of the poller and end any Watched, itself included.
  virtual void OnReady(uint32_t events) = 0;
};

// One per worker, on its loop; outlives what it watches.
//
// Looks once in a turn of the loop and tells a bounded number of sockets; the others have their
// turn after what these made of it was flushed. A thousand clients at once are so served in parts
// that fit the processor's cache, and back ends work on the first part while the next is read.
//
// While the loop is very late it looks only when nothing else is left to do, or after a moment:
// what has been read is answered before more is read.
class Poller final : private Flushable, private Idler, private Timer {
 public:
  explicit Poller(Loop& loop);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller() override;

  // Tells `lateness` from now on for how long what it finds has been ready.
  void Measure(Lateness& lateness);
  // False when the kernel has no room for it. Closing `fd` ends the registration.
  bool Watch(int fd, Watched& watched);
  // No event reaches `watched` after this; the caller closes the socket.
  void Forget(const Watched& watched);

 private:
  // Told by the epoll like any socket.
  class Probe final : public Watched {
   public:
    explicit Probe(Loop& loop) : loop_(loop) {}
    QueueProbe& queue() { return queue_; }

   private:
    void OnReady(uint32_t) override { queue_.Arrive(loop_.Now()); }
    Loop& loop_;
    QueueProbe queue_;
  };

  void Wait();
  void Look();
  void Dispatch();
  void TellAge();
  void Flush() override;
  void OnIdle() override;
  void OnTimer() override;

  Loop& loop_;
  Lateness* lateness_ = nullptr;
  std::optional<Probe> probe_;  // with lateness_
  boost::asio::posix::stream_descriptor epoll_;
  std::array<epoll_event, 64> ready_{};
  size_t next_ = 0;  // of ready_, while it is dispatched
  size_t count_ = 0;
};

}  // namespace frontdesk::http
