// write() that does not wait for the reader of a pipe.
#pragma once

#include <sys/types.h>
#include <cstddef>
#include <string_view>

namespace frontdesk::observe {

// As write(2). On a pipe it fails with EAGAIN instead of blocking, without touching O_NONBLOCK,
// which would hold for every process that shares the pipe. Kernels before 6.4 can't do that: there
// only a poll() beforehand protects, but for a moment.
ssize_t WriteNow(int fd, std::string_view bytes);

}  // namespace frontdesk::observe
