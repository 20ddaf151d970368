#include "gateway/observe/log_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "gateway/base/text.h"
#include "gateway/observe/write_now.h"

namespace frontdesk::observe {
LogSink::~LogSink() {
  if (!path_.empty() && fd_ >= 0) close(fd_);
}

void LogSink::ChoosePiece() {
  struct stat status {};
  const bool file = fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  // A pipe that is ready takes PIPE_BUF without blocking, and takes it as one piece.
  piece_ = file ? 1 << 20 : PIPE_BUF;
}

absl::Status LogSink::Open() {
  if (path_.empty()) return absl::OkStatus();
  // Does not wait for the reader of a named pipe: without one that is an error.
  const int fd = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
  if (fd < 0) {
    return absl::FailedPreconditionError(Absl(
        Cat("cannot open the log file ", path_, ": ", std::generic_category().message(errno))));
  }
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
  ChoosePiece();
  return absl::OkStatus();
}

bool LogSink::WaitWritable(int wake_fd, std::chrono::milliseconds time) {
  pollfd fds[2] = {{fd_, POLLOUT, 0}, {wake_fd, POLLIN, 0}};
  if (poll(fds, 2, static_cast<int>(time.count())) < 0) return false;
  // An error counts as ready: write() then tells it.
  return fds[0].revents != 0;
}

size_t LogSink::Write(std::string_view lines) {
  std::string_view piece = lines.substr(0, piece_);
  // Whole lines where possible, so that those of other programs on the same pipe don't cut in.
  if (const size_t end = piece.rfind('\n'); end != std::string_view::npos) {
    piece = piece.substr(0, end + 1);
  }
  if (torn_) piece = "\n";
  const ssize_t written = WriteNow(fd_, piece);
  if (written < 0) {
    if (errno == EINTR || errno == EAGAIN) return 0;
    return Lose(lines);
  }
  if (torn_) {
    torn_ = written == 0;
    return 0;
  }
  if (written > 0) mid_line_ = piece[static_cast<size_t>(written) - 1] != '\n';
  return static_cast<size_t>(written);
}

size_t LogSink::Lose(std::string_view lines) {
  // Up to the end of a line, if there is one: what comes later begins afresh.
  const size_t end = lines.rfind('\n');
  if (end != std::string_view::npos) lines = lines.substr(0, end + 1);
  lost_ += static_cast<uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  torn_ = torn_ || mid_line_;
  mid_line_ = false;
  return lines.size();
}

}  // namespace frontdesk::observe
