// Where lines of the log end: a file, or a descriptor such as stderr that may be a pipe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace frontdesk::observe {

// For one thread.
class LogSink {
 public:
  // Takes no ownership of `fd`.
  explicit LogSink(int fd) : fd_(fd) { ChoosePiece(); }
  // Open() comes next.
  explicit LogSink(std::string path) : path_(std::move(path)) {}
  ~LogSink();
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  // Opens the file, anew if it was open; the old one stays when that fails. OK without a path.
  absl::Status Open();

  // Waits until writing is possible, or `wake_fd` becomes readable, or the time is over.
  bool WaitWritable(int wake_fd, std::chrono::milliseconds time);
  // Writes some of `lines`, which may end in the middle of one, and returns how many bytes are done
  // with. A pipe that WaitWritable() found ready does not block. Bytes that can't be written
  // because the disk is full or the reader is gone count as lost: the lines among them are added to
  // lost().
  size_t Write(std::string_view lines);
  uint64_t lost() const { return lost_; }

 private:
  void ChoosePiece();
  size_t Lose(std::string_view lines);

  const std::string path_;
  int fd_ = -1;
  size_t piece_ = 0;       // largest single write
  bool mid_line_ = false;  // what was written last did not end a line
  bool torn_ = false;      // and its rest was lost, so that a newline is owed
  uint64_t lost_ = 0;
};

}  // namespace frontdesk::observe
