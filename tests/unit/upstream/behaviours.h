// How a scripted back end behaves, and how a call to it must end: the shape of a row, and the words
// that rows are written in.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/upstream/grpc_wire.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk::upstream {

using absl::StatusCode;
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

inline void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

// Serves each request with `answer`.
inline Script Each(const std::function<void(ScriptedConnection&, int32_t)>& answer,
                   const std::vector<std::pair<uint16_t, uint32_t>>& settings = {}) {
  return [=](ScriptedConnection& connection, int) {
    if (!connection.Handshake(settings)) return;
    while (const auto request = connection.NextRequest()) answer(connection, request->stream);
  };
}

inline Script Fields(const HeaderFields& fields) {
  return Each([=](ScriptedConnection& c, int32_t stream) { c.Headers(stream, fields, kEnd); });
}

// A web server's page.
inline Script Page(const std::string& status) {
  return Each([=](ScriptedConnection& c, int32_t stream) {
    c.Headers(stream, {{":status", status}, {"content-type", "text/html"}}, !kEnd);
    c.Data(stream, "<html>secret</html>", kEnd);
  });
}

inline Script Body(const std::string& bytes) {
  return Each([=](ScriptedConnection& c, int32_t stream) {
    c.Headers(stream, GrpcHead(), !kEnd);
    c.Data(stream, bytes, !kEnd);
    c.Headers(stream, {{"grpc-status", "0"}}, kEnd);
  });
}

// After the headers of the answer.
inline Script Then(const std::function<void(ScriptedConnection&, int32_t)>& go_on) {
  return Each([=](ScriptedConnection& c, int32_t stream) {
    c.Headers(stream, GrpcHead(), !kEnd);
    go_on(c, stream);
  });
}

inline Script ResetWith(uint32_t code) {
  return Each([=](ScriptedConnection& c, int32_t stream) { c.Reset(stream, code); });
}

inline Outcome Ok(const std::string& message) { return {StatusCode::kOk, "", 0, message}; }
inline Outcome Given(StatusCode code, const std::string& message) {
  return {code, absl::StatusCodeToString(code), 0, message};
}
inline Outcome Broken(StatusCode code, const std::string& message = "", int http = 502) {
  return {code, "UPSTREAM_PROTOCOL", http, message};
}
inline Outcome WasReset(StatusCode code, const std::string& message = "") {
  return {code, "UPSTREAM_RESET", 502, message};
}
inline Outcome NotReached(const std::string& message = "") {
  return {StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE", 0, message, true};
}
inline Outcome NeverProcessed(const std::string& message) {
  return {StatusCode::kUnavailable, "UPSTREAM_RESET", 0, message, true};
}
inline Outcome TimedOut() { return {StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"}; }
inline Outcome TooLarge(const std::string& message = "") {
  return {StatusCode::kResourceExhausted, "UPSTREAM_MESSAGE_TOO_LARGE", 502, message};
}

}  // namespace frontdesk::upstream
