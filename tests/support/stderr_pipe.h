// What the program says on stderr, kept from it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace frontdesk::testing_support {

// Stderr goes into a pipe while this lives.
class StderrPipe {
 public:
  StderrPipe() : stderr_(dup(STDERR_FILENO)) {
    EXPECT_EQ(pipe2(fds_, O_CLOEXEC), 0);
    fcntl(fds_[0], F_SETFL, O_NONBLOCK);
    dup2(fds_[1], STDERR_FILENO);
  }
  StderrPipe(const StderrPipe&) = delete;
  StderrPipe& operator=(const StderrPipe&) = delete;
  ~StderrPipe() {
    dup2(stderr_, STDERR_FILENO);
    for (const int fd : {stderr_, fds_[0], fds_[1]}) close(fd);
  }

  // What was written since the last time, at most 128 KiB; "" when nothing was.
  std::string ReadSome() const {
    std::string text(1 << 17, '\0');
    const ssize_t n = read(fds_[0], text.data(), text.size());
    text.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return text;
  }

 private:
  const int stderr_;
  int fds_[2] = {-1, -1};
};

}  // namespace frontdesk::testing_support
