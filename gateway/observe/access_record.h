// One line of the access log.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace frontdesk::observe {

// What became of a request. Views are read before AccessLog::Channel::Write() returns; those that
// are empty are left out of the line.
struct AccessRecord {
  std::chrono::system_clock::time_point time;  // when the head was complete
  std::string_view request_id;
  std::string_view method;    // "GET"
  std::string_view target;    // as the client sent it
  std::string_view protocol;  // "HTTP/1.1"
  std::string_view route;     // the template, "none" without one
  std::string_view rpc;       // "package.Service/Method"
  bool deprecated = false;    // the method is; left out when it is not
  std::string_view api;       // the front it came for, where there are any
  int status = 0;             // of HTTP
  int grpc_code = -1;         // of the answer's status; left out when negative
  std::string_view reason;    // stable, such as "JSON_SYNTAX"; for failures
  std::string_view cause;     // CauseOf() the failure
  std::chrono::nanoseconds duration{0};
  uint64_t request_bytes = 0;  // of the bodies
  uint64_t response_bytes = 0;
  std::string_view peer;  // numeric address of the client
  std::string_view user_agent;
  std::string_view caller;
  uint32_t upstream_calls = 0;
  uint32_t upstream_retries = 0;  // attempts beyond the first of each call; left out when 0
  // Of upstreams that have several, those that were called last: "order@next, payment@stable".
  std::string_view upstream_versions;
  std::string_view incomplete;  // as in the header frontdesk-incomplete: "payment;reason=..."
};

// What the gateway itself says of a failure for which a client gets 502, 503 or 504 (`http`):
// "127.0.0.1:50052: Connection refused". "" of any other, and of those that a back end has told:
// its words may be the client's. Lives as long as the failure.
std::string_view CauseOf(const absl::Status& failure, int http);

// Writes records as JSON, one line each. Not thread-safe: a formatter per thread.
class AccessFormatter {
 public:
  AccessFormatter();

  // The line with its newline, valid until the next call.
  std::string_view Format(const AccessRecord& record);

 private:
  void Time(std::chrono::system_clock::time_point time);
  void Raw(std::string_view text);
  // `key` comes with everything that stands before the value: `,"name":`.
  void Text(std::string_view key, std::string_view value, size_t limit);
  void Number(std::string_view key, int64_t value);

  const std::unique_ptr<char[]> line_;  // the longest there can be
  char* at_ = nullptr;                  // its end so far
  // "2026-01-31T23:59:59" of second_, since most lines share it with the one before.
  int64_t second_ = INT64_MIN;
  std::string second_text_;
};

// Appends "2026-01-31T23:59:59.123456Z" (RFC 3339).
void AppendRfc3339(std::string& out, std::chrono::system_clock::time_point time);

}  // namespace frontdesk::observe
