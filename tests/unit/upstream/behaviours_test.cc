// Everything a back end can do to a unary call, one row each, through both transports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/upstream/attempt.h"
#include "gateway/upstream/channel.h"
#include "gateway/upstream/grpc_transport.h"
#include "gateway/upstream/h2_transport.h"
#include "gateway/upstream/verdict.h"
#include "tests/support/light_backend.h"
#include "tests/support/run_on_loop.h"
#include "tests/unit/upstream/behaviours.h"
#include "tests/unit/upstream/behaviours_answers.h"
#include "tests/unit/upstream/transport_driver.h"

namespace frontdesk::upstream {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kShort(100);

// As servers do that keep the deadline, a moment before this process does.
Script AlmostInTime(const std::function<void(ScriptedConnection&, int32_t)>& end) {
  return [=](ScriptedConnection& c, int) {
    if (!c.Handshake()) return;
    while (const auto request = c.NextRequest()) {
      // "100m": so little is told in milliseconds.
      const milliseconds left(std::atoi(request->Field("grpc-timeout").c_str()));
      std::this_thread::sleep_for(std::min(left, kShort) - milliseconds(1));
      end(c, request->stream);
    }
  };
}

std::vector<Row> Breaks() {
  std::vector<Row> rows = {
      {"Refused",
       ResetWith(7),
       {StatusCode::kUnavailable, "UPSTREAM_REFUSED", 0, "refused", true},
       // Does not say so that one could rely on it.
       WasReset(StatusCode::kUnavailable)},
      {"RefusedAfterHeaders", Then([](ScriptedConnection& c, int32_t s) { c.Reset(s, 7); }),
       WasReset(StatusCode::kUnavailable)},
      {"ResetInsideAMessage", Then([](ScriptedConnection& c, int32_t s) {
         c.Data(s, GrpcMessage("whole").substr(0, 7), !kEnd);
         c.Reset(s, 2);
       }),
       WasReset(StatusCode::kInternal, "INTERNAL_ERROR")},
      {"ClosedInsideAMessage", Then([](ScriptedConnection& c, int32_t s) {
         c.Data(s, GrpcMessage("whole").substr(0, 7), !kEnd);
         c.Close();
       }),
       WasReset(StatusCode::kUnavailable, "connection lost")},
      {"ClosedAfterRequest", Each([](ScriptedConnection& c, int32_t) { c.Close(); }),
       WasReset(StatusCode::kUnavailable, "connection lost")},
      {"ResetConnection",
       [](ScriptedConnection& c, int) {
         if (!c.Handshake() || !c.NextRequest()) return;
         c.Close(true);
       },
       WasReset(StatusCode::kUnavailable, "connection lost")},
      {"GoawayBelowTheCall",
       [](ScriptedConnection& c, int nth) {
         if (!c.Handshake()) return;
         if (nth == 0) {
           if (!c.NextRequest()) return;
           c.Goaway(0, 0);
           return c.WaitForEnd();
         }
         while (const auto next = c.NextRequest()) c.Answer(next->stream, "elsewhere");
       },
       NeverProcessed(""),
       // Starts again by itself.
       Ok("elsewhere")},
      {"GoawayAboveTheCall", Each([](ScriptedConnection& c, int32_t s) {
         c.Goaway(0x7fffffff, 0);
         c.Goaway(s, 0);
         c.Answer(s, "finished");
       }),
       Ok("finished")},
      {"GoawayAndClose", Each([](ScriptedConnection& c, int32_t s) {
         c.Goaway(s, 0);
         c.Close();
       }),
       WasReset(StatusCode::kUnavailable)},
      {"HangsBeforeSettings", [](ScriptedConnection& c, int) { c.WaitForEnd(); },
       NotReached("no SETTINGS")},
      {"ClosesAtOnce", [](ScriptedConnection&, int) {}, NotReached()},
      {"AnswersHttp1",
       [](ScriptedConnection& c, int) {
         c.Raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
         c.WaitForEnd();
       },
       NotReached()},
      {"HangsAfterRequest", Each([](ScriptedConnection&, int32_t) {}), TimedOut()},
      {"ResetsWhenTheTimeIsOver",
       AlmostInTime([](ScriptedConnection& c, int32_t s) { c.Reset(s, 8); }), TimedOut()},
      {"SaysSoWhenTheTimeIsOver", AlmostInTime([](ScriptedConnection& c, int32_t s) {
         HeaderFields fields = GrpcHead();
         fields.emplace_back("grpc-status", "4");
         c.Headers(s, fields, kEnd);
       }),
       TimedOut()},
      {"HangsInsideTheAnswer", Then([](ScriptedConnection& c, int32_t s) {
         c.Data(s, GrpcMessage("whole").substr(0, 7), !kEnd);
       }),
       TimedOut()},
      {"NoStreamsAllowed",
       Each([](ScriptedConnection&, int32_t) {}, {{3, 0}}),
       {StatusCode::kUnavailable, "UPSTREAM_OVERLOADED", 0, "every stream is taken", true},
       // Waits for one.
       TimedOut()},
      {"NoWindow", Each([](ScriptedConnection&, int32_t) {}, {{4, 0}}), TimedOut()},
      {"WindowComesLater",
       [](ScriptedConnection& c, int) {
         if (!c.Handshake({{4, 0}})) return;
         const auto head = c.NextHeaders();
         if (!head) return;
         for (int i = 0; i < 20; ++i) c.Frame(8, 0, head->stream, std::string({0, 0, 0, 1}));
         if (const auto request = c.NextRequest()) c.Answer(request->stream, request->body);
         c.WaitForEnd();
       },
       Ok(GrpcMessage("request"))},
      {"AnswersBeforeTheRequestIsRead",
       [](ScriptedConnection& c, int) {
         if (!c.Handshake({{4, 0}})) return;
         const auto head = c.NextHeaders();
         if (!head) return;
         c.Headers(head->stream, {{":status", "200"}, {"grpc-status", "16"}}, kEnd);
         c.WaitForReset(head->stream);
       },
       Given(StatusCode::kUnauthenticated, "")},
  };
  const StatusCode kCodes[] = {
      StatusCode::kInternal,         StatusCode::kInternal,    StatusCode::kInternal,
      StatusCode::kInternal,         StatusCode::kInternal,    StatusCode::kInternal,
      StatusCode::kInternal,         StatusCode::kUnavailable, StatusCode::kCancelled,
      StatusCode::kInternal,         StatusCode::kInternal,    StatusCode::kResourceExhausted,
      StatusCode::kPermissionDenied, StatusCode::kInternal};
  for (uint32_t code = 0; code < 14; ++code) {
    if (code == 7) continue;  // above
    rows.push_back({"ResetWith" + std::to_string(code), ResetWith(code),
                    WasReset(kCodes[code], std::string(NameOfHttp2Error(code)))});
  }
  return rows;
}

std::vector<Row> AllRows() {
  std::vector<Row> rows = Answers();
  for (const Row& row : WrongAnswers()) rows.push_back(row);
  for (const Row& row : Breaks()) rows.push_back(row);
  return rows;
}

Task<absl::StatusOr<UnaryReply>> Attempt(Transport& transport, CallContext& context,
                                         const CallSpec& spec) {
  UnaryAttempt attempt(transport, context.loop, context.cancel, spec, "request");
  co_await attempt;
  co_return attempt.TakeResult();
}

absl::StatusOr<UnaryReply> Call(const ScriptedH2Server& server, TransportKind kind,
                                const Outcome& outcome) {
  Loop loop;
  Cancellation cancel;
  CallContext context{loop, cancel};
  UpstreamSettings settings;
  settings.connect_timeout = milliseconds(500);
  const Random random = [] { return 0.5; };
  CountingOwner owner;
  const EndpointTarget target = TargetOf(server.address());
  std::unique_ptr<Transport> transport;
  if (kind == TransportKind::kH2) {
    transport = std::make_unique<H2Transport>(loop, settings, target, random, owner);
  } else {
    transport = std::make_unique<GrpcTransport>(loop, settings, target, owner);
  }
  transport->Connect();
  const auto decided = [&] {
    loop.Post([] {});  // what another thread does is no event of this loop
    return transport->readiness() != Readiness::kConnecting;
  };
  if (!decided()) loop.RunUntil(decided);
  CallSpec spec;
  spec.path = "/shop.order.v1.Orders/GetOrder";
  const bool waits = outcome.code == StatusCode::kDeadlineExceeded;
  spec.deadline = loop.Now() + (waits ? kShort : milliseconds(20000));
  spec.max_reply_bytes = settings.max_message_bytes;
  return testing_support::RunOnLoop(loop, Attempt(*transport, context, spec));
}

void Expect(const absl::StatusOr<UnaryReply>& reply, const Outcome& outcome) {
  const absl::Status& status = reply.status();
  EXPECT_EQ(status.code(), outcome.code) << status;
  if (reply.ok()) {
    EXPECT_EQ(reply->message, outcome.message);
    return;
  }
  EXPECT_EQ(ReasonOf(status), outcome.reason) << status;
  EXPECT_EQ(HttpOverrideOf(status), outcome.http) << status;
  EXPECT_EQ(WasNeverSent(status), outcome.never_sent) << status;
  // Whoever found it first.
  if (outcome.reason == "DEADLINE_EXCEEDED") {
    EXPECT_EQ(OriginOf(status), Origin::kGateway);
  }
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(outcome.message));
}

class Behaviours : public ::testing::TestWithParam<Row> {};

TEST_P(Behaviours, OverH2) {
  const ScriptedH2Server server(GetParam().script);
  Expect(Call(server, TransportKind::kH2, GetParam().h2), GetParam().h2);
}

TEST_P(Behaviours, OverGrpc) {
  const Row& row = GetParam();
  if (!row.grpc_never.empty()) GTEST_SKIP() << row.grpc_never;
  Outcome outcome = row.grpc.value_or(row.h2);
  if (!row.grpc && outcome.code != StatusCode::kOk) outcome.message = "";
  const ScriptedH2Server server(row.script);
  Expect(Call(server, TransportKind::kGrpc, outcome), outcome);
}

// What ends with its connection has that one cause, whatever the number of calls.
TEST(LostConnections, AreToldFromResetStreams) {
  const ScriptedH2Server lost([](ScriptedConnection& c, int) {
    if (c.Handshake()) c.NextRequest();
  });
  const ScriptedH2Server reset(
      Each([](ScriptedConnection& c, int32_t stream) { c.Reset(stream, 2); }));
  const Outcome outcome{StatusCode::kUnavailable};
  for (const TransportKind kind : {TransportKind::kH2, TransportKind::kGrpc}) {
    SCOPED_TRACE(kind == TransportKind::kH2 ? "h2" : "grpc");
    const absl::Status with_connection = Call(lost, kind, outcome).status();
    EXPECT_EQ(ReasonOf(with_connection), "UPSTREAM_RESET") << with_connection;
    EXPECT_TRUE(WasLost(with_connection)) << with_connection;
    const absl::Status alone = Call(reset, kind, outcome).status();
    EXPECT_EQ(ReasonOf(alone), "UPSTREAM_RESET") << alone;
    EXPECT_FALSE(WasLost(alone)) << alone;
  }
}

// Nor does the system's word for it make it another thing: here it gives up on a silent peer.
TEST(LostConnections, SilenceToo) {
  for (const TransportKind kind : {TransportKind::kH2, TransportKind::kGrpc}) {
    SCOPED_TRACE(kind == TransportKind::kH2 ? "h2" : "grpc");
    Loop loop;
    testing_support::LightBackend backend(loop, {.reply = "x"});
    UpstreamSettings settings;
    settings.transport = kind;
    settings.unacknowledged_timeout = milliseconds(500);
    CountingOwner owner;
    const auto transport = MakeTransport(
        loop, settings, TargetOf(Cat("127.0.0.1:", backend.port())), [] { return 0.5; }, owner);
    ASSERT_EQ(WaitForRoom(loop, *transport), Readiness::kReady);
    ASSERT_TRUE(backend.Drop(true));
    std::vector<Record> records(3);
    std::vector<std::unique_ptr<OutgoingCall>> calls;
    CallSpec spec;
    spec.path = "/s.S/M";
    for (Record& record : records) {
      calls.push_back(transport->Start(spec, record));
      calls.back()->Send("request", true);
    }
    for (const Record& record : records) {
      loop.RunUntil([&] { return record.done; });
      EXPECT_EQ(ReasonOf(record.status), "UPSTREAM_RESET") << record.status;
      EXPECT_TRUE(WasLost(record.status)) << record.status;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Behaviours, ::testing::ValuesIn(AllRows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace frontdesk::upstream
