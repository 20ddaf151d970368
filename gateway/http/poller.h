// Readiness of many sockets through one epoll of our own, waited for by the loop as a whole. A
// socket is registered once, edge-triggered, for everything: Asio's reactor wants a system call
// for each wait, which is a tenth of what a keep-alive request costs.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>

#include "gateway/base/loop.h"

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
class Poller final : private Flushable {
 public:
  explicit Poller(Loop& loop);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller() override;

  // False when the kernel has no room for it. Closing `fd` ends the registration.
  bool Watch(int fd, Watched& watched);
  // No event reaches `watched` after this; the caller closes the socket.
  void Forget(const Watched& watched);

 private:
  void Wait();
  void Dispatch();
  void Flush() override { Wait(); }

  Loop& loop_;
  boost::asio::posix::stream_descriptor epoll_;
  std::array<epoll_event, 64> ready_{};
  size_t next_ = 0;  // of ready_, while it is dispatched
  size_t count_ = 0;
};

}  // namespace frontdesk::http
