// Channels::Unary over a transport that does what the test says: deadlines, cancellation, limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/failure.h"
#include "gateway/base/together.h"
#include "gateway/upstream/channels.h"
#include "tests/support/run_on_loop.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Notes what is asked of it; a call ends only by the test's hand.
class FakeTransport final : public Transport {
 public:
  struct Call final : OutgoingCall {
    Call(FakeTransport& owner, const CallSpec& spec, CallEvents& to)
        : transport(owner), path(spec.path), deadline(spec.deadline), events(to) {
      limit = spec.max_reply_bytes;
      transport.live.push_back(this);
    }
    ~Call() override { std::erase(transport.live, this); }
    void Send(std::string_view message, bool last) override {
      sent.emplace_back(message);
      closed = last;
    }
    void Cancel() override {}

    FakeTransport& transport;
    std::string path;
    TimePoint deadline;
    size_t limit;
    CallEvents& events;
    std::vector<std::string> sent;
    bool closed = false;
  };

  std::unique_ptr<OutgoingCall> Start(const CallSpec& spec, CallEvents& events) override {
    ++started;
    return std::make_unique<Call>(*this, spec, events);
  }
  size_t in_flight() const override { return live.size(); }
  void Drain() override { drained = true; }

  std::vector<Call*> live;
  int started = 0;
  bool drained = false;
};

struct Counts final : CallObserver {
  void OnStart(const contract::MethodName&) override { ++started; }
  void OnEnd(const contract::MethodName&, absl::StatusCode code, Duration) override {
    codes.push_back(code);
  }
  int started = 0;
  std::vector<absl::StatusCode> codes;
};

class CallTest : public ::testing::Test {
 protected:
  CallTest() {
    method_.service = "s.S";
    method_.path = "/s.S/M";
    settings_.services = {"s.S"};
    settings_.max_message_bytes = 1000;
    settings_.timeout = seconds(15);
    channels_.emplace(
        loop_, std::vector<UpstreamSettings>{settings_}, [] { return 0.0; }, &counts_,
        [this](Loop&, const UpstreamSettings&, const Random&) {
          auto transport = std::make_unique<FakeTransport>();
          transport_ = transport.get();
          return transport;
        });
  }

  void Start(std::string_view request = "request") {
    result_.reset();
    testing_support::internal::Finish(channels_->Unary(context_, method_, request, options_),
                                      &result_);
  }
  absl::StatusOr<UnaryReply>& Result() {
    loop_.Post([] {});
    loop_.RunUntil([&] { return result_.has_value(); });
    return *result_;
  }

  Loop loop_;
  Cancellation cancel_;
  CallContext context_{loop_, cancel_};
  contract::MethodName method_;
  UpstreamSettings settings_;
  CallOptions options_;
  Counts counts_;
  FakeTransport* transport_ = nullptr;
  std::optional<Channels> channels_;
  std::optional<absl::StatusOr<UnaryReply>> result_;
};

TEST_F(CallTest, GivesMessageHeadersAndTrailers) {
  Start();
  ASSERT_EQ(transport_->live.size(), 1u);
  FakeTransport::Call& call = *transport_->live[0];
  EXPECT_EQ(call.path, "/s.S/M");
  EXPECT_EQ(call.sent, std::vector<std::string>{"request"});
  EXPECT_TRUE(call.closed);
  EXPECT_EQ(channels_->in_flight(), 1u);
  call.events.OnHeaders({{"h", "1"}});
  call.events.OnMessage("reply");
  call.events.OnDone(absl::OkStatus(), {{"t", "2"}});
  EXPECT_FALSE(result_.has_value()) << "resumed from inside the transport";
  ASSERT_TRUE(Result().ok());
  EXPECT_EQ(Result()->message, "reply");
  EXPECT_EQ(Result()->headers, (Metadata{{"h", "1"}}));
  EXPECT_EQ(Result()->trailers, (Metadata{{"t", "2"}}));
  EXPECT_EQ(counts_.started, 1);
  EXPECT_EQ(counts_.codes, std::vector{absl::StatusCode::kOk});
  EXPECT_TRUE(transport_->live.empty());
}

TEST_F(CallTest, TakesTheLeastOfAllDeadlines) {
  const struct {
    Duration context, options, expected;
  } rows[] = {{seconds(100), seconds(100), seconds(15)},
              {seconds(100), seconds(7), seconds(7)},
              {seconds(3), seconds(7), seconds(3)},
              {seconds(100), Duration::max(), seconds(15)}};
  for (const auto& row : rows) {
    const TimePoint now = loop_.Now();
    context_.deadline = now + row.context;
    options_.timeout = row.options;
    Start();
    EXPECT_EQ(transport_->live.back()->deadline, now + row.expected);
    transport_->live.back()->events.OnDone(absl::InternalError("over"), {});
    EXPECT_FALSE(Result().ok());
  }
}

TEST_F(CallTest, EndsAtTheDeadlineAndDropsTheCall) {
  options_.timeout = milliseconds(5);
  Start();
  EXPECT_EQ(Result().status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(Result().status()), "DEADLINE_EXCEEDED");
  EXPECT_EQ(OriginOf(Result().status()), Origin::kGateway);
  EXPECT_FALSE(WasNeverSent(Result().status()));
  EXPECT_TRUE(transport_->live.empty());
}

TEST_F(CallTest, StartsNothingWhenItIsTooLate) {
  context_.deadline = loop_.Now() - milliseconds(1);
  Start();
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(WasNeverSent(result_->status()));
  context_.deadline = TimePoint::max();
  cancel_.Cancel(absl::CancelledError("the client left"));
  Start();
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(result_->status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(transport_->started, 0);
  EXPECT_EQ(counts_.codes.size(), 2u);
}

TEST_F(CallTest, IsCancelledWithItsContext) {
  Start();
  cancel_.Cancel(absl::CancelledError("the client left"));
  EXPECT_TRUE(transport_->live.empty());
  EXPECT_FALSE(result_.has_value()) << "resumed from inside Cancel()";
  EXPECT_EQ(Result().status(), absl::CancelledError("the client left"));
}

TEST_F(CallTest, TheFirstEndWins) {
  Start();
  FakeTransport::Call& call = *transport_->live[0];
  call.events.OnMessage("reply");
  call.events.OnDone(absl::OkStatus(), {});
  cancel_.Cancel(absl::CancelledError("too late"));
  ASSERT_TRUE(Result().ok());
  EXPECT_EQ(Result()->message, "reply");
}

TEST_F(CallTest, WantsExactlyOneMessage) {
  Start();
  transport_->live[0]->events.OnDone(absl::OkStatus(), {});
  EXPECT_EQ(Result().status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(HttpOverrideOf(Result().status()), 502);
  Start();
  FakeTransport::Call& call = *transport_->live[0];
  call.events.OnMessage("one");
  call.events.OnMessage("two");  // drops the call: no further event
  EXPECT_TRUE(transport_->live.empty());
  EXPECT_EQ(ReasonOf(Result().status()), "UPSTREAM_PROTOCOL");
}

TEST_F(CallTest, KeepsToTheSizesAgreed) {
  Start(std::string(1001, 'x'));
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(ReasonOf(result_->status()), "UPSTREAM_REQUEST_TOO_LARGE");
  EXPECT_EQ(HttpOverrideOf(result_->status()), 413);
  EXPECT_EQ(transport_->started, 0);
  Start(std::string(1000, 'x'));
  EXPECT_EQ(transport_->live.back()->limit, 1000u);
  transport_->live.back()->events.OnDone(absl::InternalError(""), {});
  Result();
  options_.max_reply_bytes = 10;
  Start();
  EXPECT_EQ(transport_->live.back()->limit, 10u);
  transport_->live.back()->events.OnDone(absl::InternalError(""), {});
  Result();
}

TEST_F(CallTest, KnowsNoOtherService) {
  method_.service = "s.Other";
  Start();
  ASSERT_TRUE(result_.has_value());
  EXPECT_EQ(ReasonOf(result_->status()), "UPSTREAM_NOT_CONFIGURED");
  EXPECT_EQ(counts_.started, 0);
  channels_->Drain();
  EXPECT_TRUE(transport_->drained);
}

}  // namespace
}  // namespace frontdesk::upstream
