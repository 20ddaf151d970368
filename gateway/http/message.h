// A request and an answer as the rest of the program sees them: nothing here tells by which
// protocol they travel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/base/cancel.h"
#include "gateway/base/clock.h"
#include "gateway/base/task.h"
#include "gateway/tls/certificate.h"

namespace frontdesk::http {

// Views into the connection's buffer. Names are lower case.
struct Header {
  std::string_view name;
  std::string_view value;
};

// Header fields in the order they came; a name may stand several times.
class Headers {
 public:
  void Add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }
  void clear() { fields_.clear(); }
  // First value of the lower-case name, or nothing.
  std::optional<std::string_view> Find(std::string_view name) const;
  size_t Count(std::string_view name) const;
  const std::vector<Header>& fields() const { return fields_; }

 private:
  std::vector<Header> fields_;
};

// Everything views memory that the connection keeps until Handler::Handle() has returned.
struct Request {
  std::string_view method;     // as sent: "GET"
  std::string_view target;     // as sent, for the log
  std::string_view scheme;     // "http" or "https"
  std::string_view authority;  // Host, or the authority of an absolute target
  std::string_view path;       // begins with '/', still percent-encoded, without the query
  std::string_view query;      // without '?'
  std::string_view protocol;   // "HTTP/1.1"
  Headers headers;
  // From Content-Length; nothing for chunked. 0 when there is no body.
  std::optional<uint64_t> content_length;
  bool has_body = false;          // a body was announced (it may still turn out empty)
  std::string_view peer_address;  // numeric, without port
  uint16_t peer_port = 0;
  // That the client has proved to own, and an authority of ours has signed; null without one.
  const tls::Certificate* peer_certificate = nullptr;
  TimePoint received;  // when the head was complete
};

// The body as it comes in. Nothing of it is read, and no `100 Continue` is sent, before the first
// Next().
class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next piece, valid until the next call; empty at the end. Fails with HTTP 400, 408 or 413
  // as a Failure, CANCELLED when the client left, or DEADLINE_EXCEEDED when `until` comes first.
  virtual Task<absl::StatusOr<std::string_view>> Next(TimePoint until) = 0;
};

// Response fields that many answers have alike, put together once and then only read. Whoever made
// them sees to it that no other field of an answer has one of their names.
class CommonFields {
 public:
  // `name` is a token, and `value` text that may stand in a header.
  void Add(std::string_view name, std::string_view value);
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  // The same, as HTTP/1.1 writes it.
  const std::string& lines() const { return lines_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
  std::string lines_;
};

// Response fields that the program sets; framing fields (Content-Length, Transfer-Encoding,
// Connection, Date) are the protocol's.
struct ResponseHead {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // names as they should be written
  const CommonFields* common = nullptr;                      // besides; outlives the answer
};

// Takes exactly one answer: Send() for a whole one, or Begin(), Write() ..., End().
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  // A whole answer. For HEAD the body is left out but counted in Content-Length. `body` is copied
  // or written before this returns.
  virtual void Send(const ResponseHead& head, std::string_view body) = 0;
  // An answer in pieces; Write() waits while the client does not read.
  virtual void Begin(const ResponseHead& head) = 0;
  virtual Task<absl::Status> Write(std::string_view piece) = 0;
  virtual void End() = 0;
  // Ends an answer that can't be completed so that the client sees it was cut.
  virtual void Abort() = 0;
};

// One request's worth of the connection. `cancel` happens when the client leaves.
struct Incoming {
  Request& request;
  BodySource& body;
  ReplySink& reply;
  Cancellation& cancel;
};

// What a server does with a request: gateway.cc. Called on the connection's loop.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Task<void> Handle(Incoming incoming) = 0;
  // The parser refused what came, so no request exists: answer `failure` (rendered as JSON by the
  // program, logged and counted like any other). The connection closes afterwards.
  virtual void Refuse(const absl::Status& failure, const Request& partial, ReplySink& reply) = 0;
};

}  // namespace frontdesk::http
