#include "gateway/http/queue_probe.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace frontdesk::http {
namespace {

int MakeEvent() {
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

QueueProbe::QueueProbe() : fd_(MakeEvent()) {}

QueueProbe::~QueueProbe() { ::close(fd_); }

void QueueProbe::Join(TimePoint now) {
  if (queued_) return;
  // The count is never read: each write is an edge, and its 64 bits last.
  queued_ = ::eventfd_write(fd_, 1) == 0;
  joined_ = now;
}

void QueueProbe::Arrive(TimePoint now) {
  if (queued_) took_ = now - joined_;
  queued_ = false;
}

void QueueProbe::Clear() {
  queued_ = false;
  took_ = Duration::zero();
}

Duration QueueProbe::Age(TimePoint now) const {
  return queued_ ? std::max(took_, now - joined_) : took_;
}

}  // namespace frontdesk::http
