// Channels::Unary over a transport that does what the test says: deadlines, cancellation, limits.
#include <limits>
#include <thread>

#include "gateway/upstream/head_limit.h"
#include "tests/unit/upstream/chain.h"

namespace frontdesk::upstream {
namespace {

using CallTest = Chain;

TEST_F(CallTest, GivesMessageHeadersAndTrailers) {
  Pending& pending = Start();
  ASSERT_EQ(Live().size(), 1u);
  FakeTransport::Call& call = *Live()[0];
  EXPECT_EQ(call.path, "/s.S/M");
  EXPECT_EQ(call.sent, std::vector<std::string>{"request"});
  EXPECT_EQ(call.previous_attempts, 0u);
  EXPECT_TRUE(call.closed);
  EXPECT_EQ(channels().in_flight(), 1u);
  call.events.OnHeaders({{"h", "1"}});
  call.events.OnMessage("reply");
  call.events.OnDone(absl::OkStatus(), {{"t", "2"}});
  EXPECT_FALSE(pending.result.has_value()) << "resumed from inside the transport";
  const auto& result = ResultOf(pending);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->message, "reply");
  EXPECT_EQ(result->headers, (Metadata{{"h", "1"}}));
  EXPECT_EQ(result->trailers, (Metadata{{"t", "2"}}));
  EXPECT_EQ(counts_.started, 1);
  EXPECT_EQ(counts_.codes, std::vector{absl::StatusCode::kOk});
  EXPECT_TRUE(Live().empty());
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
    deadline_ = now + row.context;
    CallOptions options;
    options.timeout = row.options;
    Pending& pending = Start(contract::Idempotency::kUnknown, options);
    EXPECT_EQ(NextLive().deadline, now + row.expected);
    NextLive().Fail(absl::InternalError("over"));
    EXPECT_FALSE(ResultOf(pending).ok());
  }
}

TEST_F(CallTest, EndsAtTheDeadlineAndDropsTheCall) {
  CallOptions options;
  options.timeout = milliseconds(5);
  Pending& pending = Start(contract::Idempotency::kUnknown, options);
  const absl::Status status = ResultOf(pending).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(status), "DEADLINE_EXCEEDED");
  EXPECT_EQ(OriginOf(status), Origin::kGateway);
  EXPECT_FALSE(WasNeverSent(status));
  EXPECT_TRUE(Live().empty());
}

TEST_F(CallTest, StartsNothingWhenItIsTooLate) {
  deadline_ = loop_.Now() - milliseconds(1);
  Pending& late = Start();
  ASSERT_TRUE(late.result.has_value());
  EXPECT_EQ(late.result->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(WasNeverSent(late.result->status()));
  EXPECT_TRUE(transports_.empty());
  EXPECT_EQ(counts_.codes.size(), 1u);
}

TEST_F(CallTest, IsCancelledWithItsContext) {
  Pending& pending = Start();
  pending.cancel.Cancel(absl::CancelledError("the client left"));
  EXPECT_TRUE(Live().empty());
  EXPECT_FALSE(pending.result.has_value()) << "resumed from inside Cancel()";
  EXPECT_EQ(ResultOf(pending).status(), absl::CancelledError("the client left"));
}

TEST_F(CallTest, TheFirstEndWins) {
  Pending& pending = Start();
  Live()[0]->Answer("reply");
  pending.cancel.Cancel(absl::CancelledError("too late"));
  ASSERT_TRUE(ResultOf(pending).ok());
  EXPECT_EQ(ResultOf(pending)->message, "reply");
}

TEST_F(CallTest, WantsExactlyOneMessage) {
  Pending& none = Start();
  Live()[0]->Fail(absl::OkStatus());
  EXPECT_EQ(ResultOf(none).status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(HttpOverrideOf(ResultOf(none).status()), 502);
  Pending& two = Start();
  FakeTransport::Call& call = *Live()[0];
  call.events.OnMessage("one");
  call.events.OnMessage("two");  // drops the call: no further event
  EXPECT_TRUE(Live().empty());
  EXPECT_EQ(ReasonOf(ResultOf(two).status()), "UPSTREAM_PROTOCOL");
}

TEST_F(CallTest, KeepsToTheSizesAgreed) {
  Pending& large = Start({}, {}, std::string(1001, 'x'));
  ASSERT_TRUE(large.result.has_value());
  EXPECT_EQ(ReasonOf(large.result->status()), "UPSTREAM_REQUEST_TOO_LARGE");
  EXPECT_EQ(HttpOverrideOf(large.result->status()), 413);
  EXPECT_TRUE(transports_.empty());
  Pending& fits = Start({}, {}, std::string(1000, 'x'));
  EXPECT_EQ(Live()[0]->limit, 1000u);
  Live()[0]->Fail(absl::InternalError(""));
  ResultOf(fits);
  CallOptions options;
  options.max_reply_bytes = 10;
  Pending& small = Start({}, options);
  EXPECT_EQ(Live()[0]->limit, 10u);
  Live()[0]->Fail(absl::InternalError(""));
  ResultOf(small);
}

TEST_F(CallTest, MetadataThatIsTooLargeGoesNowhere) {
  const size_t most = kMostMetadataBytes - kFieldBytes;  // of one field, with its name
  const auto text = [](size_t bytes) { return std::string(bytes, 'x'); };
  const struct {
    Metadata metadata;
    bool fits;
  } rows[] = {
      {{{"n", text(most - 1)}}, true},
      {{{"n", text(most)}}, false},
      {{{"n", text(most / 2)}, {"m", text(most / 2)}}, false},
      {{{text(most), ""}}, true},
      {{{"x-bin", text((most - 5) / 4 * 3)}}, true},
      {{{"x-bin", text((most - 5) / 4 * 3 + 3)}}, false},
      {Metadata(kMostMetadataBytes / (kFieldBytes + 1), {"n", ""}), true},
      {Metadata(kMostMetadataBytes / (kFieldBytes + 1) + 1, {"n", ""}), false},
  };
  int fitting = 0;
  for (const auto& row : rows) {
    metadata_ = row.metadata;
    Pending& pending = Start();
    EXPECT_EQ(pending.result.has_value(), !row.fits) << &row - rows;
    if (row.fits) {
      ++fitting;
      NextLive().Answer("reply");
      EXPECT_TRUE(ResultOf(pending).ok());
      continue;
    }
    const absl::Status status = ResultOf(pending).status();
    EXPECT_EQ(ReasonOf(status), "REQUEST_METADATA_TOO_LARGE");
    EXPECT_EQ(HttpOverrideOf(status), 431);
    EXPECT_EQ(OriginOf(status), Origin::kClient);
    EXPECT_TRUE(WasNeverSent(status));
  }
  EXPECT_EQ(counts_.started, fitting) << "it is no call";
}

// Where an end point takes less than others that is known only once a connection has been found.
TEST_F(CallTest, AHeadTooLargeForItsEndpointIsNobodysFaultButTheClients) {
  settings_.endpoints = {"127.0.0.1:1", "127.0.0.1:2"};
  settings_.outlier.consecutive_failures = 1;
  policy().retry.max_attempts = 3;
  policy().breaker.consecutive_failures = 1;
  CallPolicy hedged = policy();
  hedged.hedge = {.on = true, .delay = seconds(1), .max_attempts = 3};
  for (int i = 0; i < 6; ++i) {
    CallOptions options;
    if (i >= 3) options.policy = &hedged;
    Pending& pending = Start(contract::Idempotency::kNoSideEffects, options);
    FakeTransport::Call& call = NextLive();
    EXPECT_EQ(call.transport.address, "127.0.0.1:1") << "who is not slow is called again";
    call.Fail(HeadTooLarge(9000, 4000));
    EXPECT_EQ(ReasonOf(ResultOf(pending).status()), "REQUEST_METADATA_TOO_LARGE");
    EXPECT_EQ(pending.context.retries, 0u);
    EXPECT_TRUE(Live().empty());
  }
  EXPECT_TRUE(counts_.retries.empty());
  EXPECT_EQ(counts_.refused, 0) << "the breaker of the method is closed";
}

// As after SIGSTOP: how long the answers took is not their senders' doing.
TEST_F(CallTest, AStandstillOfOurOwnMakesNobodySlow) {
  settings_.breaker.slow_call = policy().breaker.slow_call = milliseconds(20);
  settings_.breaker.minimum_calls = policy().breaker.minimum_calls = 1;
  const auto closed = [&](const SharedBreaker& breaker) {
    return breaker.Look().state(loop_.Now()) == Breaker::State::kClosed;
  };
  for (int stalls = 0; stalls < 3;) {
    // At last nothing stands still, unless the machine does.
    const bool stall = stalls < 2;
    Pending& pending = Start();
    const TimePoint began = loop_.Now();
    if (stall) loop_.Post([] { std::this_thread::sleep_for(milliseconds(600)); });
    while (loop_.Now() - began < milliseconds(20)) Turn();
    Live()[0]->Answer("reply");
    EXPECT_TRUE(ResultOf(pending).ok());
    const bool stalled = loop_.StalledSince(began);
    EXPECT_EQ(closed((*cluster().endpoints())[0].state->breaker), stalled);
    EXPECT_EQ(closed(cluster().Method(pending.method).breaker), stalled);
    if (stall || !stalled) ++stalls;
  }
}

TEST_F(CallTest, AdaptiveConcurrencyBeginsWithinTheLimit) {
  const struct {
    const char* name;
    bool adaptive;
    size_t max_in_flight;
    GradientSettings gradient;
    size_t expected;
  } rows[] = {
      {"no adaptive concurrency", false, 8, {}, 8},
      {"less than it begins with", true, 8, {}, 8},
      {"more than it begins with", true, 100, {}, 32},
      {"no other limit", true, std::numeric_limits<size_t>::max(), {}, 32},
      {"its own most", true, 100, {.max = 20}, 20},
      {"its own least is more", true, 2, {}, 2},
  };
  for (const auto& row : rows) {
    settings_.adaptive = {.on = row.adaptive, .gradient = row.gradient};
    settings_.max_in_flight = row.max_in_flight;
    EXPECT_EQ(Cluster(settings_, loop_.Now()).room().limit(), row.expected) << row.name;
  }
}

TEST_F(CallTest, KnowsNoOtherService) {
  settings_.services = {"s.Other"};
  Pending& pending = Start();
  ASSERT_TRUE(pending.result.has_value());
  EXPECT_EQ(ReasonOf(pending.result->status()), "UPSTREAM_NOT_CONFIGURED");
  EXPECT_EQ(counts_.started, 0);
}

}  // namespace
}  // namespace frontdesk::upstream
