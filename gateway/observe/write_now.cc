#include "gateway/observe/write_now.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace frontdesk::observe {

ssize_t WriteNow(int fd, std::string_view bytes) {
  struct stat status {};
  // Of a regular file EAGAIN says that its pages are not at hand, not that nobody reads.
  if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) {
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    const ssize_t written = pwritev2(fd, &piece, 1, -1, RWF_NOWAIT);
    if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS)) return written;
  }
  return write(fd, bytes.data(), bytes.size());
}

}  // namespace frontdesk::observe
