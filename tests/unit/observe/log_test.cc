#include "gateway/observe/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <string>

namespace frontdesk::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// Stderr goes into a pipe while this lives.
class StderrPipe {
 public:
  StderrPipe() : stderr_(dup(STDERR_FILENO)) {
    EXPECT_EQ(pipe2(fds_, O_CLOEXEC), 0);
    dup2(fds_[1], STDERR_FILENO);
  }
  ~StderrPipe() {
    dup2(stderr_, STDERR_FILENO);
    for (const int fd : {stderr_, fds_[0], fds_[1]}) close(fd);
  }
  std::string ReadSome() const {
    char buffer[1 << 17];
    const ssize_t n = read(fds_[0], buffer, sizeof buffer);
    return {buffer, n > 0 ? static_cast<size_t>(n) : 0};
  }

 private:
  const int stderr_;
  int fds_[2] = {-1, -1};
};

TEST(Log, WritesAJsonLine) {
  StderrPipe pipe;
  LogWarn("listening on \"x\"\nforged\x1b");
  EXPECT_THAT(pipe.ReadSome(),
              MatchesRegex("\\{\"time\":\"[0-9T:.-]+Z\",\"kind\":\"program\",\"level\":\"warn\","
                           "\"text\":\"listening on ..x..\\\\nforged\\\\u001b\"\\}\n"));
  LogInfo("a");
  EXPECT_THAT(pipe.ReadSome(), HasSubstr(R"("level":"info","text":"a"})"));
  LogError("b");
  EXPECT_THAT(pipe.ReadSome(), HasSubstr(R"("level":"error","text":"b"})"));
}

TEST(Log, ALineStaysWholeHoweverLongItsText) {
  StderrPipe pipe;
  LogError(std::string(1 << 20, '\x01'));
  const std::string line = pipe.ReadSome();
  EXPECT_LE(line.size(), static_cast<size_t>(PIPE_BUF));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(Log, NobodyReadingHoldsNobodyUp) {
  StderrPipe pipe;
  for (int i = 0; i < 5000; ++i) LogInfo("nobody reads this line, which is of medium length");
  // What was written before the pipe was full is whole.
  const std::string got = pipe.ReadSome();
  EXPECT_EQ(got.front(), '{');
  EXPECT_EQ(got.substr(got.size() - 3), "\"}\n");
}

}  // namespace
}  // namespace frontdesk::observe
