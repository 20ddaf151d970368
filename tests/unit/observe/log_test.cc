#include "gateway/observe/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <unistd.h>

#include <string>

#include "tests/support/stderr_pipe.h"

namespace frontdesk::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing_support::StderrPipe;

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
