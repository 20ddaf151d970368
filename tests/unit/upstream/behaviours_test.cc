// Everything a back end can do to a unary call, one row each, through both transports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "gateway/base/failure.h"
#include "gateway/upstream/channels.h"
#include "gateway/upstream/grpc_wire.h"
#include "tests/support/run_on_loop.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk::upstream {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using testing_support::GrpcHead;
using testing_support::GrpcMessage;
using testing_support::HeaderFields;
using testing_support::kEnd;
using testing_support::ScriptedConnection;
using testing_support::ScriptedH2Server;
using Script = ScriptedH2Server::Script;

// How a call ends.
struct Outcome {
  StatusCode code = StatusCode::kOk;
  std::string reason = "";   // unless OK
  int http = 0;              // 0: what the code says
  std::string message = "";  // the reply when OK, otherwise part of the status' message
  bool never_sent = false;
};

struct Row {
  std::string name;
  Script script;
  Outcome h2;
  // Where gRPC C++ 1.51 ends it otherwise. Texts are compared only here.
  std::optional<Outcome> grpc = std::nullopt;
  // Not run over gRPC C++, and why.
  std::string grpc_never = "";
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// Serves each request with `answer`.
Script Each(const std::function<void(ScriptedConnection&, int32_t)>& answer,
            const std::vector<std::pair<uint16_t, uint32_t>>& settings = {}) {
  return [=](ScriptedConnection& connection, int) {
    if (!connection.Handshake(settings)) return;
    while (const auto request = connection.NextRequest()) answer(connection, request->stream);
  };
}

Script Fields(const HeaderFields& fields) {
  return Each([=](ScriptedConnection& c, int32_t stream) { c.Headers(stream, fields, kEnd); });
}

// A web server's page.
Script Page(const std::string& status) {
  return Each([=](ScriptedConnection& c, int32_t stream) {
    c.Headers(stream, {{":status", status}, {"content-type", "text/html"}}, !kEnd);
    c.Data(stream, "<html>secret</html>", kEnd);
  });
}

Script Body(const std::string& bytes) {
  return Each([=](ScriptedConnection& c, int32_t stream) {
    c.Headers(stream, GrpcHead(), !kEnd);
    c.Data(stream, bytes, !kEnd);
    c.Headers(stream, {{"grpc-status", "0"}}, kEnd);
  });
}

// After the headers of the answer.
Script Then(const std::function<void(ScriptedConnection&, int32_t)>& go_on) {
  return Each([=](ScriptedConnection& c, int32_t stream) {
    c.Headers(stream, GrpcHead(), !kEnd);
    go_on(c, stream);
  });
}

Script ResetWith(uint32_t code) {
  return Each([=](ScriptedConnection& c, int32_t stream) { c.Reset(stream, code); });
}

Outcome Ok(const std::string& message) { return {StatusCode::kOk, "", 0, message}; }
Outcome Given(StatusCode code, const std::string& message) {
  return {code, absl::StatusCodeToString(code), 0, message};
}
Outcome Broken(StatusCode code, const std::string& message = "", int http = 502) {
  return {code, "UPSTREAM_PROTOCOL", http, message};
}
Outcome WasReset(StatusCode code, const std::string& message = "") {
  return {code, "UPSTREAM_RESET", 502, message};
}
Outcome NotReached(const std::string& message = "") {
  return {StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE", 0, message, true};
}
Outcome TimedOut() { return {StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"}; }
Outcome TooLarge(const std::string& message = "") {
  return {StatusCode::kResourceExhausted, "UPSTREAM_MESSAGE_TOO_LARGE", 502, message};
}

std::vector<Row> Answers() {
  const std::string kPercent = "100%, %zz %4 %41%";
  return {
      {"Ok", Each([](ScriptedConnection& c, int32_t s) { c.Answer(s, "fine"); }), Ok("fine")},
      {"OkByteByByte", Then([](ScriptedConnection& c, int32_t s) {
         for (const char byte : GrpcMessage("fine")) c.Data(s, std::string(1, byte), !kEnd);
         c.Headers(s, {{"grpc-status", "0"}}, kEnd);
       }),
       Ok("fine")},
      {"OkWithEmptyData", Then([](ScriptedConnection& c, int32_t s) {
         c.Data(s, "", !kEnd);
         c.Data(s, GrpcMessage(""), !kEnd);
         c.Data(s, "", !kEnd);
         c.Headers(s, {{"grpc-status", "0"}}, kEnd);
       }),
       Ok("")},
      {"OkAfterInformationalHead", Each([](ScriptedConnection& c, int32_t s) {
         c.Headers(s, {{":status", "103"}, {"link", "</x>"}}, !kEnd);
         c.Answer(s, "fine");
       }),
       Ok("fine"),
       // Takes the informational head for the answer's.
       Broken(StatusCode::kUnknown, "103")},
      {"OkWithOtherContentType", Each([](ScriptedConnection& c, int32_t s) {
         c.Headers(s, {{":status", "200"}, {"content-type", "application/grpc+proto"}}, !kEnd);
         c.Data(s, GrpcMessage("fine"), !kEnd);
         c.Headers(s, {{"grpc-status", "0"}}, kEnd);
       }),
       Ok("fine")},
      {"TrailersOnly",
       Fields({{":status", "200"},
               {"content-type", "application/grpc"},
               {"grpc-status", "5"},
               {"grpc-message", "no%20order"}}),
       Given(StatusCode::kNotFound, "no order")},
      {"TrailersOnlyWithoutContentType",
       Fields({{":status", "200"}, {"grpc-status", "7"}, {"grpc-message", "no"}}),
       Given(StatusCode::kPermissionDenied, "no")},
      {"StatusAfterHeaders", Then([](ScriptedConnection& c, int32_t s) {
         c.Headers(s, {{"grpc-status", "9"}, {"grpc-message", "not now"}}, kEnd);
       }),
       Given(StatusCode::kFailedPrecondition, "not now")},
      {"StatusAfterAMessage", Then([](ScriptedConnection& c, int32_t s) {
         c.Data(s, GrpcMessage("half done"), !kEnd);
         c.Headers(s, {{"grpc-status", "10"}}, kEnd);
       }),
       Given(StatusCode::kAborted, "")},
      {"BadPercentEscapes",
       Fields({{":status", "200"}, {"grpc-status", "3"}, {"grpc-message", kPercent}}),
       Given(StatusCode::kInvalidArgument, "100%, %zz %4 A%")},
      {"StatusOutOfRange", Fields({{":status", "200"}, {"grpc-status", "99"}}),
       Given(StatusCode::kUnknown, ""), std::nullopt,
       "takes the number for a grpc_status_code, which is undefined"},
      {"StatusNoNumber", Fields({{":status", "200"}, {"grpc-status", "fine"}}),
       Given(StatusCode::kUnknown, "")},
      {"StatusNegative", Fields({{":status", "200"}, {"grpc-status", "-1"}}),
       Given(StatusCode::kUnknown, "")},
      {"NoStatus",
       Then([](ScriptedConnection& c, int32_t s) { c.Data(s, GrpcMessage("x"), kEnd); }),
       Broken(StatusCode::kUnknown, "without grpc-status")},
      {"NoStatusInTrailers", Then([](ScriptedConnection& c, int32_t s) {
         c.Data(s, GrpcMessage("x"), !kEnd);
         c.Headers(s, {{"x-other", "1"}}, kEnd);
       }),
       Broken(StatusCode::kUnknown, "without grpc-status"), std::nullopt,
       "aborts the process by an assertion of Debian's build"},
      {"NoMessage", Then([](ScriptedConnection& c, int32_t s) {
         c.Headers(s, {{"grpc-status", "0"}}, kEnd);
       }),
       Broken(StatusCode::kUnimplemented, "no message")},
      {"NoMessageTrailersOnly",
       Fields({{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "0"}}),
       Broken(StatusCode::kUnimplemented, "no message")},
      {"TwoMessages", Body(GrpcMessage("one") + GrpcMessage("two")),
       Broken(StatusCode::kUnimplemented, "more than one")},
      {"OneGiBOfMessages", Then([](ScriptedConnection& c, int32_t s) {
         std::string many;
         while (many.size() < (1 << 20)) many += GrpcMessage("x");
         for (int i = 0; i < 1024 && c.Data(s, many, !kEnd); ++i) {
         }
       }),
       Broken(StatusCode::kUnimplemented, "more than one")},
  };
}

std::vector<Row> WrongAnswers() {
  const std::string kLie = {0, '\x7f', '\xff', '\xff', '\xff'};
  const std::string kLargestLie = {0, '\xff', '\xff', '\xff', '\xff'};
  return {
      {"Page200", Page("200"), Broken(StatusCode::kUnknown, "not gRPC")},
      {"Page400", Page("400"), Broken(StatusCode::kInternal)},
      {"Page401", Page("401"), Broken(StatusCode::kUnauthenticated)},
      {"Page403", Page("403"), Broken(StatusCode::kPermissionDenied)},
      {"Page404", Page("404"), Broken(StatusCode::kUnimplemented)},
      {"Page429", Page("429"), Broken(StatusCode::kUnavailable, "", 503)},
      {"Page500", Page("500"), Broken(StatusCode::kUnknown)},
      {"Page503", Page("503"), Broken(StatusCode::kUnavailable, "", 503)},
      {"PageOfOneGiB", Each([](ScriptedConnection& c, int32_t s) {
         c.Headers(s, {{":status", "200"}, {"content-type", "text/html"}}, !kEnd);
         const std::string page(1 << 20, 'x');
         for (int i = 0; i < 1024 && c.Data(s, page, !kEnd); ++i) {
         }
       }),
       Broken(StatusCode::kUnknown),
       // Looks for a message in it that never ends.
       TimedOut()},
      {"WebTextAsContentType",
       Fields({{":status", "200"}, {"content-type", "application/grpc-web"}, {"grpc-status", "0"}}),
       Broken(StatusCode::kUnknown),
       // Does not look at the content type.
       Broken(StatusCode::kUnimplemented, "no message")},
      {"LengthSays2GiB", Body(kLie + "x"), TooLarge("2147483647 bytes"),
       // Sees the end of the answer before the claim.
       Broken(StatusCode::kUnimplemented, "no message")},
      {"LengthSays4GiB", Body(kLargestLie + "x"), TooLarge("4294967295 bytes"),
       // As above.
       Broken(StatusCode::kUnimplemented, "no message")},
      {"OneGiBMessage", Then([](ScriptedConnection& c, int32_t s) {
         c.Data(s, std::string({0, '\x40', 0, 0, 0}), !kEnd);
         const std::string piece(1 << 20, 'x');
         for (int i = 0; i < 1024 && c.Data(s, piece, !kEnd); ++i) {
         }
       }),
       TooLarge("1073741824 bytes"), std::nullopt,
       "takes the whole message into memory before it refuses it"},
      {"CompressedWithoutEncoding", Body("\x01" + GrpcMessage("x").substr(1)),
       Broken(StatusCode::kInternal, "compressed"),
       // Takes the flag for a mistake.
       Ok("x")},
      {"UnknownFlag", Body("\x02" + GrpcMessage("x").substr(1)), Broken(StatusCode::kInternal),
       std::nullopt, "gives an empty message or none, as its threads happen to run"},
      {"EndsInsideAMessage", Body(GrpcMessage("whole").substr(0, 8)),
       Broken(StatusCode::kInternal, "inside a message"),
       // Takes the end for a clean one.
       Broken(StatusCode::kUnimplemented, "no message")},
      {"EndsInsideAPrefix", Body(std::string(3, '\0')),
       Broken(StatusCode::kInternal, "inside a message"),
       // As above.
       Broken(StatusCode::kUnimplemented, "no message")},
      {"HugeHeaders", Each([](ScriptedConnection& c, int32_t s) {
         HeaderFields fields = GrpcHead();
         for (int i = 0; i < 40; ++i) {
           fields.emplace_back("x-" + std::to_string(i), std::string(4000, 'a'));
         }
         c.Headers(s, fields, !kEnd);
         c.Data(s, GrpcMessage("x"), !kEnd);
         c.Headers(s, {{"grpc-status", "0"}}, kEnd);
       }),
       Broken(StatusCode::kResourceExhausted, "header")},
      {"HeadersBetweenMessages", Then([](ScriptedConnection& c, int32_t s) {
         c.Data(s, GrpcMessage("x"), !kEnd);
         c.Headers(s, {{"grpc-status", "0"}}, !kEnd);
         c.Data(s, GrpcMessage("y"), kEnd);
       }),
       Broken(StatusCode::kInternal), Broken(StatusCode::kUnknown, "Stream removed")},
      {"UpperCaseHeader", Fields({{":status", "200"}, {"X-Upper", "1"}, {"grpc-status", "0"}}),
       Broken(StatusCode::kInternal),
       // Does not check names.
       Broken(StatusCode::kUnimplemented, "no message")},
      {"NoHttpStatus", Fields({{"content-type", "application/grpc"}, {"grpc-status", "0"}}),
       Broken(StatusCode::kInternal),
       // Does not miss it.
       Broken(StatusCode::kUnimplemented, "no message")},
      {"WrongContentLength", Each([](ScriptedConnection& c, int32_t s) {
         HeaderFields fields = GrpcHead();
         fields.emplace_back("content-length", "3");
         c.Headers(s, fields, !kEnd);
         c.Data(s, GrpcMessage("much more"), !kEnd);
         c.Headers(s, {{"grpc-status", "0"}}, kEnd);
       }),
       Broken(StatusCode::kInternal),
       // Does not look at content-length.
       Ok("much more")},
      {"DataBeforeHeaders", Each([](ScriptedConnection& c, int32_t s) {
         c.Data(s, GrpcMessage("x"), !kEnd);
         c.Answer(s, "y");
       }),
       Broken(StatusCode::kInternal),
       // Takes data first as well.
       Broken(StatusCode::kUnimplemented, "more than one")},
      {"BadHeaderBlock", Each([](ScriptedConnection& c, int32_t s) {
         c.Frame(1, 0x4, s, "\xff\xff\xff\xff\xff\xff\xff");
       }),
       Broken(StatusCode::kInternal, "breaks HTTP/2"),
       Broken(StatusCode::kUnknown, "Stream removed")},
      {"FrameTooLarge",
       Each([](ScriptedConnection& c, int32_t s) { c.Frame(0, 0, s, std::string(70000, 'x')); }),
       Broken(StatusCode::kInternal, "breaks HTTP/2"),
       // Waits for more.
       TimedOut()},
      {"PushPromise", Each([](ScriptedConnection& c, int32_t s) {
         c.Frame(5, 0x4, s, std::string({0, 0, 0, 2, '\x82'}));
       }),
       Broken(StatusCode::kInternal, "breaks HTTP/2"),
       // Waits for more.
       TimedOut()},
      {"WindowOverflow",
       Each([](ScriptedConnection& c, int32_t s) { c.Frame(8, 0, s, "\x7f\xff\xff\xff"); }),
       Broken(StatusCode::kInternal),
       // Waits for more.
       TimedOut()},
      {"DataOnStreamZero", Each([](ScriptedConnection& c, int32_t) { c.Frame(0, 0, 0, "x"); }),
       Broken(StatusCode::kInternal, "breaks HTTP/2"),
       // Waits for more.
       TimedOut()},
      {"DataBeyondTheWindow", Then([](ScriptedConnection& c, int32_t s) {
         c.Frame(0, 0, s, std::string({0, 0, '\x3f', 0, 0}));
         for (int i = 0; i < 4096; ++i) c.Frame(0, 0, s, std::string(16384, 'x'));
       }),
       // Our window grows as fast as data is read: what follows the message is no prefix.
       Broken(StatusCode::kInternal)},
  };
}

std::vector<Row> Breaks() {
  std::vector<Row> rows = {
      {"RefusedOnce",
       [](ScriptedConnection& c, int) {
         if (!c.Handshake()) return;
         const auto first = c.NextRequest();
         if (!first) return;
         c.Reset(first->stream, 7);
         while (const auto next = c.NextRequest()) c.Answer(next->stream, "second try");
       },
       Ok("second try"),
       // Does not start again, and does not say so that one could rely on it.
       WasReset(StatusCode::kUnavailable)},
      {"RefusedAlways",
       ResetWith(7),
       {StatusCode::kUnavailable, "UPSTREAM_RESET", 0, "refused", true},
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
      {"HangsInsideTheAnswer", Then([](ScriptedConnection& c, int32_t s) {
         c.Data(s, GrpcMessage("whole").substr(0, 7), !kEnd);
       }),
       TimedOut()},
      {"NoStreamsAllowed", Each([](ScriptedConnection&, int32_t) {}, {{3, 0}}), TimedOut()},
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

absl::StatusOr<UnaryReply> Call(const ScriptedH2Server& server, TransportKind kind,
                                const Outcome& outcome) {
  Loop loop;
  Cancellation cancel;
  CallContext context{loop, cancel};
  contract::Method method;
  method.service = "shop.order.v1.Orders";
  method.path = "/shop.order.v1.Orders/GetOrder";
  UpstreamSettings settings;
  settings.services = {method.service};
  settings.endpoints = {server.address()};
  settings.transport = kind;
  settings.connect_timeout = milliseconds(500);
  Channels channels(
      loop, {settings}, [] { return 0.5; }, nullptr);
  CallOptions options;
  const bool waits = outcome.code == StatusCode::kDeadlineExceeded;
  options.timeout = waits ? milliseconds(100) : milliseconds(20000);
  settings.timeout = options.timeout;
  return testing_support::RunOnLoop(loop, channels.Unary(context, method, "request", options));
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

INSTANTIATE_TEST_SUITE_P(All, Behaviours, ::testing::ValuesIn(AllRows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace frontdesk::upstream
