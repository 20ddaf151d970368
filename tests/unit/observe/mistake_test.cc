#include "gateway/observe/mistake.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "gateway/base/failure.h"
#include "tests/support/stderr_pipe.h"

namespace frontdesk::observe {
namespace {

void ThrowsText() { throw std::runtime_error("no /etc/secret"); }
void ThrowsNumber() { throw 7; }

TEST(Mistake, SaysInTheLogWhatWasThrownAndNowhereElse) {
  const struct {
    void (*code)();
    const char* says;
  } rows[] = {
      {ThrowsText, R"("level":"error","text":"work ended with an exception: no /etc/secret"})"},
      {ThrowsNumber,
       R"("level":"error","text":"work ended with an exception: unknown exception"})"},
  };
  for (const auto& row : rows) {
    std::string log;
    {
      const testing_support::StderrPipe pipe;
      try {
        row.code();
      } catch (...) {
        LogMistake("work");
      }
      log = pipe.ReadSome();
    }
    EXPECT_NE(log.find(row.says), std::string::npos) << log;
  }
  EXPECT_EQ(Mistake().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ReasonOf(Mistake()), "INTERNAL");
  EXPECT_EQ(Mistake().message(), "something went wrong here");
}

}  // namespace
}  // namespace frontdesk::observe
