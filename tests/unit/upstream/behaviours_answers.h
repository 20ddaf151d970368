// Answers that come to an end, right ones and wrong ones.
#pragma once

#include "tests/unit/upstream/behaviours.h"

namespace frontdesk::upstream {

inline std::vector<Row> Answers() {
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
      {"TenKiBOfDetails", Each([](ScriptedConnection& c, int32_t s) {
         HeaderFields fields = GrpcHead();
         fields.insert(fields.end(),
                       {{"grpc-status", "3"},
                        {"grpc-message", "many violations"},
                        {"grpc-status-details-bin", std::string((10 << 10) / 3 * 4, 'A')}});
         c.Headers(s, fields, kEnd);
       }),
       Given(StatusCode::kInvalidArgument, "many violations"),
       Given(StatusCode::kInvalidArgument, "many violations")},
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

inline std::vector<Row> WrongAnswers() {
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
       TooLarge("1073741824 bytes"),
       // Ends at the quota of memory.
       TooLarge()},
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
       Broken(StatusCode::kInternal), std::nullopt,
       "after the message tells the failure, or nothing, as its threads happen to run"},
  };
}

}  // namespace frontdesk::upstream
