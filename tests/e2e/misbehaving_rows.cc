#include "tests/e2e/misbehaving_rows.h"

#include "gateway/base/text.h"

namespace frontdesk::e2e {
namespace {

using testing_support::GrpcHead;
using testing_support::GrpcMessage;
using testing_support::HeaderFields;
using testing_support::kEnd;
using testing_support::ScriptedConnection;

using Answer = std::function<void(ScriptedConnection&, int32_t stream, Seen&)>;

constexpr size_t kMiB = 1 << 20;

// The order "order-1".
constexpr char kOrder[] = "\x0a\x07order-1";

// Serves each request with `answer`.
Script Each(const Answer& answer, const std::vector<std::pair<uint16_t, uint32_t>>& settings = {}) {
  return [=](ScriptedConnection& connection, int, Seen& seen) {
    if (!connection.Handshake(settings)) return;
    while (const auto request = connection.NextRequest()) {
      ++seen.requests;
      answer(connection, request->stream, seen);
    }
  };
}

Script Then(const Answer& go_on) {
  return Each([=](ScriptedConnection& c, int32_t stream, Seen& seen) {
    c.Headers(stream, GrpcHead(), !kEnd);
    go_on(c, stream, seen);
  });
}

Script Fields(const HeaderFields& fields) {
  return Each([=](ScriptedConnection& c, int32_t s, Seen&) { c.Headers(s, fields, kEnd); });
}

Script Failure(const std::string& status, const std::string& message,
               const std::string& details = "") {
  return Fields({{":status", "200"},
                 {"content-type", "application/grpc"},
                 {"grpc-status", status},
                 {"grpc-message", message},
                 {"grpc-status-details-bin", details}});
}

Script Page(const std::string& status) {
  return Each([=](ScriptedConnection& c, int32_t stream, Seen&) {
    c.Headers(stream, {{":status", status}, {"content-type", "text/html"}}, !kEnd);
    c.Data(stream, "<html>secret</html>", kEnd);
  });
}

Script Body(const std::string& bytes) {
  return Then([=](ScriptedConnection& c, int32_t stream, Seen&) {
    c.Data(stream, bytes, !kEnd);
    c.Headers(stream, {{"grpc-status", "0"}}, kEnd);
  });
}

Script Message(const std::string& message) { return Body(GrpcMessage(message)); }

void WaitForStop(ScriptedConnection& c, int32_t stream, Seen& seen) {
  if (c.WaitForReset(stream)) ++seen.stopped;
}

// Up to 1 GiB of `piece`s. gRPC C++ may take all of it within the time of the call; then it says
// at the end of that time that it is enough.
void SendOneGiB(ScriptedConnection& c, int32_t stream, const std::string& piece, Seen& seen) {
  for (size_t sent = 0; sent < 1024 * kMiB; sent += piece.size()) {
    if (c.Data(stream, piece, !kEnd)) continue;
    ++seen.stopped;
    return;
  }
  WaitForStop(c, stream, seen);
}

Script ResetWith(uint32_t code) {
  return Each([=](ScriptedConnection& c, int32_t stream, Seen&) { c.Reset(stream, code); });
}

std::string Varint(size_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

std::string Field(uint32_t number, const std::string& bytes) {
  return Varint(number << 3 | 2) + Varint(bytes.size()) + bytes;
}

// A Product whose attributes hold lists in lists.
std::string NestedProduct(int depth) {
  std::string value;
  for (int i = 0; i < depth; ++i) value = Field(6, value.empty() ? value : Field(1, value));
  const std::string entry = Field(1, "a") + Field(2, value);
  return Field(1, "p") + Field(13, Field(1, entry));
}

const Outcome kFine{200};
const Outcome kUnreachable{503, "UPSTREAM_UNREACHABLE"};
const Outcome kReset{502, "UPSTREAM_RESET"};
const Outcome kProtocol{502, "UPSTREAM_PROTOCOL"};
const Outcome kTooLarge{502, "UPSTREAM_MESSAGE_TOO_LARGE"};
const Outcome kMalformed{502, "MALFORMED_MESSAGE"};
const Outcome kTooLate{504, "DEADLINE_EXCEEDED"};

}  // namespace

std::vector<Row> UnreachableRows() {
  return {
      {.name = "Down", .h2 = kUnreachable, .requests = 0},
      {.name = "HangsBeforeSettings",
       .script = [](ScriptedConnection& c, int, Seen&) { c.WaitForEnd(); },
       .h2 = kUnreachable,
       .requests = 0},
      {.name = "ClosesAtOnce",
       .script = [](ScriptedConnection&, int, Seen&) {},
       .h2 = kUnreachable,
       .requests = 0},
      {.name = "AnswersHttp1",
       .script =
           [](ScriptedConnection& c, int, Seen&) {
             c.Raw("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
             c.WaitForEnd();
           },
       .h2 = kUnreachable,
       .requests = 0},
      {.name = "RefusedOnce",
       .script =
           [](ScriptedConnection& c, int, Seen& seen) {
             if (!c.Handshake()) return;
             while (const auto request = c.NextRequest()) {
               if (seen.requests++ == 0) {
                 c.Reset(request->stream, 7);
               } else {
                 c.Answer(request->stream, kOrder);
               }
             }
           },
       .h2 = kFine,
       .grpc = kReset,
       .requests = 2},
      {.name = "RefusedAlways",
       .script = ResetWith(7),
       .h2 = {503, "UPSTREAM_REFUSED"},
       .grpc = kReset,
       .requests = 2},
      {.name = "GoawayBelowTheCall",
       .script =
           [](ScriptedConnection& c, int nth, Seen& seen) {
             if (!c.Handshake()) return;
             while (const auto request = c.NextRequest()) {
               ++seen.requests;
               if (nth == 0) {
                 c.Goaway(0, 0, "secret");
                 return c.WaitForEnd();
               }
               c.Answer(request->stream, kOrder);
             }
           },
       .h2 = kFine,
       .requests = 2},
      {.name = "GoawayAboveTheCall",
       .script = Each([](ScriptedConnection& c, int32_t s, Seen&) {
         c.Goaway(0x7fffffff, 0);
         c.Goaway(s, 0);
         c.Answer(s, kOrder);
       }),
       .h2 = kFine},
  };
}

std::vector<Row> SilentRows() {
  return {
      {.name = "HangsAfterTheRequest",
       .script = Each(WaitForStop),
       .h2 = kTooLate,
       .stopped = true},
      {.name = "HangsInsideTheAnswer",
       .script = Then([](ScriptedConnection& c, int32_t s, Seen& seen) {
         c.Data(s, GrpcMessage("whole").substr(0, 7), !kEnd);
         WaitForStop(c, s, seen);
       }),
       .h2 = kTooLate,
       .stopped = true},
      {.name = "HangsBeforeTrailers",
       .script = Then([](ScriptedConnection& c, int32_t s, Seen& seen) {
         c.Data(s, GrpcMessage(kOrder), !kEnd);
         WaitForStop(c, s, seen);
       }),
       .h2 = kTooLate,
       .stopped = true},
      {.name = "TakesNoStreams",
       .script = Each([](ScriptedConnection&, int32_t, Seen&) {}, {{3, 0}}),
       // It has enough to do: nobody waits for that until his time is over.
       .h2 = {503, "UPSTREAM_OVERLOADED", "1"},
       .grpc = kTooLate,
       .requests = 0},
      {.name = "TakesNoBody",
       .script = Each([](ScriptedConnection&, int32_t, Seen&) {}, {{4, 0}}),
       .h2 = kTooLate,
       .requests = 0},
  };
}

std::vector<Row> BrokenRows() {
  return {
      {.name = "ResetsTheConnection",
       .script =
           [](ScriptedConnection& c, int, Seen& seen) {
             if (!c.Handshake() || !c.NextRequest()) return;
             ++seen.requests;
             c.Close(true);
           },
       .h2 = kReset},
      {.name = "ResetsTheStream", .script = ResetWith(2), .h2 = kReset},
      {.name = "CancelsTheStream", .script = ResetWith(8), .h2 = kReset},
      {.name = "ClosesInsideTheAnswer",
       .script = Then([](ScriptedConnection& c, int32_t s, Seen&) {
         c.Data(s, GrpcMessage("whole").substr(0, 7), !kEnd);
         c.Close();
       }),
       .h2 = kReset},
      {.name = "Page200", .script = Page("200"), .h2 = kProtocol},
      {.name = "Page401", .script = Page("401"), .h2 = kProtocol},
      {.name = "Page404", .script = Page("404"), .h2 = kProtocol},
      {.name = "Page503", .script = Page("503"), .h2 = {503, "UPSTREAM_PROTOCOL"}},
      {.name = "NoStatus",
       .script = Then(
           [](ScriptedConnection& c, int32_t s, Seen&) { c.Data(s, GrpcMessage(kOrder), kEnd); }),
       .h2 = kProtocol},
      {.name = "NoMessage", .script = Body(""), .h2 = kProtocol},
      {.name = "TwoMessages",
       .script = Body(GrpcMessage(kOrder) + GrpcMessage(kOrder)),
       .h2 = kProtocol},
      {.name = "EndsInsideAMessage",
       .script = Body(GrpcMessage(kOrder).substr(0, 8)),
       .h2 = kProtocol},
      {.name = "BadFrames",
       .script = Each([](ScriptedConnection& c, int32_t s, Seen&) {
         c.Frame(1, 0x4, s, "\xff\xff\xff\xff\xff");
       }),
       .h2 = kProtocol},
      {.name = "CrLfInAHeader",
       .script = Fields({{":status", "200"},
                         {"content-type", "application/grpc"},
                         {"x-a", "b\r\nset-cookie: secret"},
                         {"grpc-status", "5"}}),
       .h2 = kProtocol,
       // Does not check values; none of them goes on to the client.
       .grpc = Outcome{404, "NOT_FOUND"}},
  };
}

std::vector<Row> LargeRows() {
  return {
      {.name = "LengthSays4GiB",
       .script = Body(std::string({0, '\xff', '\xff', '\xff', '\xff'}) + "secret"),
       .h2 = kTooLarge,
       // Sees the end of the answer before the claim.
       .grpc = kProtocol},
      {.name = "OneGiBMessage",
       .script = Then([](ScriptedConnection& c, int32_t s, Seen& seen) {
         c.Data(s, std::string({0, '\x40', 0, 0, 0}), !kEnd);
         SendOneGiB(c, s, std::string(kMiB, 'x'), seen);
       }),
       .h2 = kTooLarge,
       .stopped = true},
      {.name = "OneGiBOfMessages",
       .script = Then([](ScriptedConnection& c, int32_t s, Seen& seen) {
         std::string many;
         while (many.size() < kMiB) many += GrpcMessage("x");
         SendOneGiB(c, s, many, seen);
       }),
       .h2 = kProtocol,
       .stopped = true},
      {.name = "OneGiBPage",
       .script = Each([](ScriptedConnection& c, int32_t s, Seen& seen) {
         c.Headers(s, {{":status", "200"}, {"content-type", "text/html"}}, !kEnd);
         SendOneGiB(c, s, std::string(kMiB, 'x'), seen);
       }),
       .h2 = kProtocol,
       // Takes the text for a message and waits for its end.
       .grpc = kTooLate,
       .stopped = true},
      {.name = "FiveMiBMessage", .script = Message(std::string(5 * kMiB, 'x')), .h2 = kTooLarge},
      {.name = "HugeHeaders",
       .script = Each([](ScriptedConnection& c, int32_t s, Seen&) {
         HeaderFields fields = GrpcHead();
         for (int i = 0; i < 40; ++i) fields.emplace_back(Cat("x-", i), std::string(4000, 'a'));
         c.Headers(s, fields, !kEnd);
         c.Data(s, GrpcMessage(kOrder), !kEnd);
         c.Headers(s, {{"grpc-status", "0"}}, kEnd);
       }),
       .h2 = kProtocol},
      {.name = "EndlessContinuation",
       .script = Each([](ScriptedConnection& c, int32_t s, Seen&) {
         c.Frame(1, 0, s, "\x88");
         for (int i = 0; i < 20000; ++i) c.Frame(9, 0, s, std::string(1000, '\x88'));
       }),
       .h2 = kProtocol},
  };
}

std::vector<Row> BadMessageRows() {
  const std::string kVarint11(11, '\xff');
  return {
      {.name = "NoProtobuf", .script = Message("\xff\xff\xff\xff"), .h2 = kMalformed},
      {.name = "LengthPastTheEnd", .script = Message("\x0a\x7fx"), .h2 = kMalformed},
      {.name = "LengthOf4GiB", .script = Message("\x0a\xff\xff\xff\xff\x0f"), .h2 = kMalformed},
      {.name = "FieldZero", .script = Message(std::string("\x02\0", 2)), .h2 = kMalformed},
      {.name = "VarintOf11Bytes", .script = Message("\x18" + kVarint11), .h2 = kMalformed},
      {.name = "GroupWithoutEnd", .script = Message("\xab\x3e"), .h2 = kMalformed},
      {.name = "GroupsInGroups", .script = Message(std::string(100000, '\x9b')), .h2 = kMalformed},
      {.name = "TextIsNotUtf8", .script = Message("\x0a\x02\xc3\x28"), .h2 = {502, "INVALID_UTF8"}},
      {.name = "TextIsOverlong",
       .script = Message("\x0a\x02\xc0\xaf"),
       .h2 = {502, "INVALID_UTF8"}},
      {.name = "TextIsASurrogate",
       .script = Message("\x0a\x03\xed\xa0\x80"),
       .h2 = {502, "INVALID_UTF8"}},
      {.name = "TimeOutOfRange",
       .script = Message("\x22\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x10"),
       .h2 = kMalformed},
      {.name = "NestedTooDeep",
       .script = Message(NestedProduct(5000)),
       .h2 = {502, "MESSAGE_TOO_DEEP"},
       .target = "/api/v1/products/p"},
      {.name = "NestedALittle",
       .script = Message(NestedProduct(20)),
       .h2 = kFine,
       .target = "/api/v1/products/p"},
  };
}

std::vector<Row> FailureRows() {
  return {
      {.name = "Internal", .script = Failure("13", "secret"), .h2 = {500, "INTERNAL"}},
      {.name = "Unknown", .script = Failure("2", "secret"), .h2 = {500, "UNKNOWN"}},
      {.name = "Unavailable", .script = Failure("14", "secret"), .h2 = {503, "UNAVAILABLE"}},
      {.name = "NoSuchCode", .script = Failure("99", "secret"), .h2 = {500, "UNKNOWN"}},
      {.name = "NoNumber", .script = Failure("secret", "secret"), .h2 = {500, "UNKNOWN"}},
      {.name = "CrLfInTheMessage",
       .script = Failure("5", "gone%0d%0aset-cookie: a=b"),
       .h2 = {404, "NOT_FOUND"}},
      {.name = "MessageIsNotUtf8",
       .script = Failure("3", "%ff%c0%af %zz %"),
       .h2 = {400, "INVALID_ARGUMENT"}},
      {.name = "DetailsAreNoBase64",
       .script = Failure("3", "no", "$$$"),
       .h2 = {400, "INVALID_ARGUMENT"},
       .grpc = kProtocol},
      {.name = "DetailsAreNoStatus",
       .script = Failure("3", "no", "/////w"),
       .h2 = {400, "INVALID_ARGUMENT"}},
      // google.rpc.RetryInfo of 2.5 s, of 30 s, and of 30 s where trying again helps nobody.
      {.name = "SaysWhenToComeBack",
       .script = Failure(
           "14", "secret",
           "CA4aNgoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIKCggIAhCAyrXuAQ"),
       .h2 = {503, "UNAVAILABLE", "3"}},
      {.name = "SaysWhenThereIsRoom",
       .script = Failure("8", "full",
                         "CAgaMAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIECgIIHg"),
       .h2 = {429, "RESOURCE_EXHAUSTED", "30"}},
      {.name = "SaysWhenForNothing",
       .script = Failure("5", "gone",
                         "CAUaMAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIECgIIHg"),
       .h2 = {404, "NOT_FOUND"}},
  };
}

}  // namespace frontdesk::e2e
