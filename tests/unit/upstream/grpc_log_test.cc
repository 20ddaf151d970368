// What gRPC C++ says is said in the program's log, and holds nobody up.
#include "gateway/upstream/grpc_log.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "gateway/upstream/grpc_poller.h"
#include "tests/support/stderr_pipe.h"

namespace frontdesk::upstream {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing_support::StderrPipe;

class GrpcLog : public ::testing::Test {
 protected:
  void Say(int line, const std::string& what, gpr_log_severity severity = GPR_LOG_SEVERITY_ERROR) {
    gpr_log("src/core/some.cc", line, severity, "%s", what.c_str());
  }

  const GrpcPoller poller_;  // comes before every channel
  const StderrPipe pipe_;
};

TEST_F(GrpcLog, IsTheProgramsOwn) {
  Say(100, "handshake failed: \"x\"");
  EXPECT_THAT(pipe_.ReadSome(),
              MatchesRegex("\\{\"time\":\"[0-9T:.-]+Z\",\"kind\":\"program\",\"level\":\"warn\","
                           "\"text\":\"gRPC C\\+\\+: handshake failed: .*x.*\\(some.cc:100\\)"
                           "\"\\}\n"));
}

TEST_F(GrpcLog, OnePlaceIsHeardOnceAMinute) {
  for (int i = 0; i < 10; ++i) Say(200, "failed again: " + std::to_string(i));
  const std::string text = pipe_.ReadSome();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  EXPECT_THAT(text, HasSubstr("failed again: 0"));
  Say(201, "another");
  EXPECT_THAT(pipe_.ReadSome(), HasSubstr("another"));
}

// They are the process' last words.
TEST_F(GrpcLog, AssertionsAreAlwaysHeard) {
  for (int i = 0; i < 2; ++i) {
    Say(300, "assertion failed: x");
    EXPECT_THAT(pipe_.ReadSome(), HasSubstr(R"("level":"error","text":"gRPC C++: assertion)"));
  }
}

TEST_F(GrpcLog, NobodyReadingHoldsNobodyUp) {
  for (int i = 0; i < 5000; ++i) {
    Say(i, "assertion failed: nobody reads this line, which is of medium length");
  }
  const std::string got = pipe_.ReadSome();
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got.front(), '{');
  EXPECT_EQ(got.substr(got.size() - 3), "\"}\n");
}

}  // namespace
}  // namespace frontdesk::upstream
