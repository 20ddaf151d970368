#include "gateway/client/fake_caller.h"

#include <gtest/gtest.h>

#include "gateway/base/failure.h"
#include "tests/support/run_on_loop.h"
#include "tests/unit/client/echo.h"

namespace frontdesk::client {
namespace {

using google::protobuf::StringValue;
using std::chrono::hours;
using std::chrono::milliseconds;

class FakeCallerTest : public ::testing::Test {
 protected:
  // What comes of a call: the text, or the reason.
  std::string Say(std::string_view text, upstream::CallOptions options = {}) {
    const EchoClient echo(fake_, options);
    const auto answer = testing_support::RunOnLoop(loop_, echo.Say(context_, Text(text)));
    return answer.ok() ? answer->value() : ReasonOf(answer.status());
  }

  Loop loop_;
  Cancellation cancel_;
  upstream::CallContext context_{.loop = loop_, .cancel = cancel_};
  FakeCaller fake_{loop_};
};

TEST_F(FakeCallerTest, SaysWhatItWasTold) {
  EXPECT_EQ(Say("x"), "NO_SCRIPT");
  fake_.Reply("test.Echo/Say", Text("always this"));
  EXPECT_EQ(Say("x"), "always this");
  fake_.Fail("test.Echo/Say", absl::NotFoundError("gone"));
  EXPECT_EQ(Say("x"), "NOT_FOUND");
  fake_.Answer("test.Echo/Say", [](std::string_view request) { return std::string(request); });
  EXPECT_EQ(Say("echo"), "echo");
  fake_.Answer("test.Echo/Say", [](std::string_view) { return std::string("\xff"); });
  EXPECT_EQ(Say("x"), "UPSTREAM_PROTOCOL");
}

TEST_F(FakeCallerTest, KeepsTheRequests) {
  fake_.Reply("test.Echo/Say", Text(""), milliseconds(1));
  Say("a");
  Say("b");
  const auto requests = fake_.Requests<StringValue>("test.Echo/Say");
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].value(), "b");
  EXPECT_EQ(fake_.seen()[0].first, "test.Echo/Say");
  EXPECT_EQ(context_.calls, 2u);
}

TEST_F(FakeCallerTest, DeadlinesAndCancellationHold) {
  fake_.Reply("test.Echo/Say", Text("late"), hours(1));
  EXPECT_EQ(Say("x", {.timeout = milliseconds(5)}), "DEADLINE_EXCEEDED");
  context_.deadline = loop_.Now() - milliseconds(1);
  EXPECT_EQ(Say("x"), "DEADLINE_EXCEEDED");
  cancel_.Cancel(Failure(absl::StatusCode::kCancelled, "CLIENT_CLOSED", "gone"));
  EXPECT_EQ(Say("x"), "CLIENT_CLOSED");
}

}  // namespace
}  // namespace frontdesk::client
