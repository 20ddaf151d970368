// How long a socket that is ready waits until an epoll tells of it.
#pragma once

#include "gateway/base/clock.h"

namespace frontdesk::http {

// An event of our own (an eventfd) that queues up behind those of all sockets that are ready: when
// it is told, so were they. Costs a system call each time that it goes round, which is only while
// more is ready than is told at once. On one loop.
class QueueProbe {
 public:
  // Throws std::system_error when there is no descriptor left.
  QueueProbe();
  QueueProbe(const QueueProbe&) = delete;
  QueueProbe& operator=(const QueueProbe&) = delete;
  ~QueueProbe();

  // To be registered edge-triggered for input.
  int fd() const { return fd_; }

  // More is ready than was told: joins the queue, unless it is in it.
  void Join(TimePoint now);
  // It was told.
  void Arrive(TimePoint now);
  // There is no queue: all that was ready was told.
  void Clear();

  // What the queue took the last time, or has taken by now if that is longer.
  Duration Age(TimePoint now) const;

 private:
  const int fd_;
  bool queued_ = false;
  TimePoint joined_;
  Duration took_{};
};

}  // namespace frontdesk::http
